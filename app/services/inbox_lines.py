"""The statement behind the inbox: five counters and one page of lines, read at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.models import Dossier, Task
from app.models.task import TaskState
from app.models.task_copies import FACTS
from app.permissions import Actor, Role
from app.services import inbox_scope as scope
from app.services import pauses
from app.text import like_pattern
from app.types import UtcDateTime
from app.workflows.states import PAUSING, State

PAGE_SIZE = 25  # as every list; ``j`` on the last line opens the next page
MOST_COUNTED = 1000  # of a tab that is not open: shown as 999+


class Tab(StrEnum):
    """Whose work is listed."""

    mine = "mine"
    team = "team"
    reception = "reception"


class Show(StrEnum):
    """The five counters, each a filter."""

    soon = "soon"
    today = "today"
    overdue = "overdue"
    waiting = "waiting"
    unassigned = "unassigned"


@dataclass(frozen=True)
class Wanted:
    """What the address asks for; what makes no sense is dropped."""

    tab: Tab = Tab.mine
    show: Show | None = None
    q: str = ""
    channel: str = ""
    holder: int | None = None
    page: int = 1


@dataclass(frozen=True)
class Horizon:
    """The instants that part the counters: now, two working hours ahead, the end of today."""

    now: datetime
    soon: datetime
    midnight: datetime


@dataclass(frozen=True)
class Found:
    """What the statement says: {counter: number}, all lines, and this page's (dossier, task) ids."""

    counts: dict[str, int]
    total: int
    lines: list[tuple[int, int | None]]


SOURCES: dict[Tab, Callable[..., list[scope.Source]]] = {
    Tab.mine: scope.mine, Tab.team: scope.team, Tab.reception: scope.reception,
}  # fmt: skip
_NOW, _SOON, _MIDNIGHT = (sa.bindparam(name, type_=UtcDateTime) for name in ("now", "soon", "midnight"))
# The lines before anything is told of them, as inbox_scope selects them.
_WORK = sa.table(
    "work", *(sa.column(name, sa.Integer) for name in ("dossier_id", "task_id", "assignee_id")),
    sa.column("step_due", UtcDateTime), *(sa.column(fact, getattr(Dossier, fact).type) for fact in FACTS),
)  # fmt: skip
# What still runs towards a due date.
RUNNING = (State.registered, State.accepted, State.processing)


def find_lines(session: Session, actor: Actor, wanted: Wanted, horizon: Horizon) -> Found:
    """Return the counters of a tab under its filters and one page of its lines, the most urgent first."""
    query = _statement(session, actor, wanted, with_page=True)
    rows = session.execute(query, _values(wanted, horizon)).all()
    found: dict[str, int] = {show: getattr(rows[0], show) for show in Show}
    total = rows[0].total if wanted.show is None else found[wanted.show]
    return Found(found, total, [(row.dossier_id, row.task_id) for row in rows if row.dossier_id])


def count_lines(session: Session, actor: Actor, wanted: Wanted, horizon: Horizon) -> tuple[dict[str, int], int]:
    """Return the counters alone, and how many lines there are without them."""
    query = _statement(session, actor, wanted, with_page=False)
    row = session.execute(query, _values(wanted, horizon)).one()
    return {show: getattr(row, show) for show in Show}, row.total


def count_tabs(session: Session, actor: Actor, tabs: Iterable[Tab]) -> dict[str, int]:
    """Return how many lines each of ``tabs`` has without filters, ``MOST_COUNTED`` at most, in one statement."""
    counts = []
    for tab in tabs:
        lines = sa.union_all(*SOURCES[tab](actor)).subquery().c
        some = sa.select(lines.dossier_id).limit(MOST_COUNTED).subquery()
        counts.append(sa.select(sa.func.count()).select_from(some).scalar_subquery().label(str(tab)))
    return dict(session.execute(sa.select(*counts)).mappings().one()) if counts else {}


def _statement(session: Session, actor: Actor, wanted: Wanted, *, with_page: bool) -> sa.Select[Any]:
    """The counters, and beside them one page of lines in its order; asked with ``_values``."""
    may_decide = actor.has(Role.desk_officer, Role.agency_head)
    told = _told(wanted.tab, wanted.show, pauses.paused_states(session), may_decide=may_decide,
                 is_of_one=wanted.holder is not None, with_page=with_page)  # fmt: skip
    return told.add_cte(sa.union_all(*SOURCES[wanted.tab](actor, *_filters(wanted))).cte(_WORK.name))


def _values(wanted: Wanted, horizon: Horizon) -> dict[str, Any]:
    holder = {"holder": wanted.holder} if wanted.holder is not None else {}
    return {"now": horizon.now, "soon": horizon.soon, "midnight": horizon.midnight,
            "skipped": (wanted.page - 1) * PAGE_SIZE, **holder}  # fmt: skip


@cache  # wording it takes longer than asking it for a small desk
def _told(tab: Tab, show: Show | None, paused: frozenset[State], *, may_decide: bool, is_of_one: bool,
          with_page: bool) -> sa.Select[Any]:  # fmt: skip
    """What is told of the lines in "work", whoever's work that is."""
    lines = _lines(tab, paused, may_decide=may_decide, is_of_one=is_of_one)
    if not with_page:
        return _counts(lines)
    counts, page = _counts(lines).subquery("counted"), _page(lines, show).subquery("page")
    query = sa.select(counts, page).select_from(counts.outerjoin(page, sa.true()))
    return query.order_by(*_order(page.c))


def _lines(tab: Tab, paused: frozenset[State], *, may_decide: bool, is_of_one: bool) -> sa.CTE:
    """Every line of the tab: its dossier, its task, its place in the order."""
    source = _WORK.c
    columns: list[ColumnElement[Any]] = [
        source.dossier_id, source.task_id, source.state, _rank(source, may_decide=may_decide).label("rank"),
        _clock(paused, source).label("clock"), _is_free(source).label("is_free"),
        _is_waiting(source, tab).label("is_waiting"),
        pauses.overdue_at(_NOW, paused, source, source.dossier_id).label("is_overdue"),
    ]  # fmt: skip
    query = sa.select(*columns).select_from(_WORK)
    return (query.where(source.assignee_id == sa.bindparam("holder")) if is_of_one else query).cte("line")


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [Dossier.channel == wanted.channel] if wanted.channel else []
    if wanted.q:
        found.append(Dossier.search_text.like(like_pattern(wanted.q), escape="\\"))
    return found


def _clock(paused: frozenset[State], line: Any) -> ColumnElement[datetime | None]:
    """The instant that decides: the answer before acceptance, then the step or the dossier,
    whichever is due first; nothing while it waits for somebody else or for collection."""
    running = sa.and_(line.state.in_([*RUNNING, *PAUSING]), sa.not_(pauses.still_in(paused, line)))
    step_first = sa.and_(line.state == State.processing, line.step_due < line.due_at)
    return sa.case(
        (sa.and_(running, line.received_at.is_(None)), line.reception_due_at),
        (step_first, line.step_due),
        (running, line.due_at),
        else_=None,
    )


def _is_free(line: Any) -> ColumnElement[bool]:
    """Whether a step is open that nobody has, or whose officer may not do it any more."""
    lost = sa.select(Task.id).where(Task.state == TaskState.open, Task.stranded.is_not(None))
    return sa.and_(line.state == State.processing, sa.or_(line.assignee_id.is_(None), line.task_id.in_(lost)))


def _is_waiting(line: Any, tab: Tab) -> ColumnElement[bool]:
    """Whether others have to do something first: the applicant, or who was asked for an opinion.

    A line of mine without a step waits for my own decision, whoever was asked besides.
    """
    asked = sa.and_(Task.state == TaskState.open, Task.asked_by_id.is_not(None))
    found = [line.state.in_(list(PAUSING)), line.task_id.in_(sa.select(Task.asked_by_id).where(asked))]
    if tab is Tab.team:
        of_dossier = line.dossier_id.in_(sa.select(Task.dossier_id).where(asked))
        found.append(sa.and_(line.task_id.is_(None), of_dossier))
    return sa.or_(*found)


def _rank(line: Any, *, may_decide: bool) -> ColumnElement[int]:
    """What one may decide; then what runs; then what others must do; then collection."""
    return sa.case(
        (line.state == State.withdrawal_requested, 0 if may_decide else 2),
        (line.state.in_(RUNNING), 1),
        (line.state.in_(list(PAUSING)), 2),
        else_=3,
    )


def _counts(lines: sa.CTE) -> sa.Select[Any]:
    columns: list[ColumnElement[Any]] = [
        sa.func.count(sa.case((_shown(lines.c, show), 1))).label(show) for show in Show
    ]
    return sa.select(*columns, sa.func.count().label("total")).select_from(lines)


def _shown(line: Any, show: Show) -> ColumnElement[bool]:
    return {
        Show.overdue: sa.or_(line.clock < _NOW, line.is_overdue),
        Show.soon: sa.and_(line.clock >= _NOW, line.clock <= _SOON),
        Show.today: sa.and_(line.clock >= _NOW, line.clock <= _MIDNIGHT),
        Show.waiting: line.is_waiting,
        Show.unassigned: line.is_free,
    }[show]


def _page(lines: sa.CTE, show: Show | None) -> sa.Select[Any]:
    query = sa.select(lines.c.dossier_id, lines.c.task_id, lines.c.rank, lines.c.clock)
    if show is not None:
        query = query.where(_shown(lines.c, show))
    query = query.order_by(*_order(lines.c))
    return query.limit(PAGE_SIZE).offset(sa.bindparam("skipped", type_=sa.Integer))


def _order(line: Any) -> tuple[Any, ...]:
    return line.rank, line.clock.asc().nulls_last(), line.dossier_id, line.task_id
