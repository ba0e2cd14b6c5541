"""The statement behind the inbox: five counters and one page of lines, read at once."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.models import Dossier, Task
from app.models.task import TaskState
from app.permissions import Actor, Role
from app.services import inbox_scope as scope
from app.services import pauses
from app.text import like_pattern
from app.workflows.states import PAUSING, State

PAGE_SIZE = 50
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
# What still runs towards a due date.
RUNNING = (State.registered, State.accepted, State.processing)


def find_lines(session: Session, actor: Actor, wanted: Wanted, horizon: Horizon) -> Found:
    """Return the counters of a tab under its filters and one page of its lines, the most urgent first."""
    lines = _lines(session, actor, wanted)
    counts = _counts(lines, horizon).subquery("counted")
    page = _page(lines, wanted, horizon).subquery("page")
    query = sa.select(counts, page).select_from(counts.outerjoin(page, sa.true()))
    rows = session.execute(query.order_by(*_order(page.c))).all()
    found: dict[str, int] = {show: getattr(rows[0], show) for show in Show}
    total = rows[0].total if wanted.show is None else found[wanted.show]
    return Found(found, total, [(row.dossier_id, row.task_id) for row in rows if row.dossier_id])


def count_lines(session: Session, actor: Actor, wanted: Wanted, horizon: Horizon) -> tuple[dict[str, int], int]:
    """Return the counters alone, and how many lines there are without them."""
    row = session.execute(_counts(_lines(session, actor, wanted), horizon)).one()
    return {show: getattr(row, show) for show in Show}, row.total


def count_tabs(session: Session, actor: Actor, tabs: Iterable[Tab]) -> dict[str, int]:
    """Return how many lines each of ``tabs`` has without filters, ``MOST_COUNTED`` at most, in one statement."""
    counts = []
    for tab in tabs:
        lines = sa.union_all(*SOURCES[tab](actor)).subquery().c
        some = sa.select(lines.dossier_id).limit(MOST_COUNTED).subquery()
        counts.append(sa.select(sa.func.count()).select_from(some).scalar_subquery().label(str(tab)))
    return dict(session.execute(sa.select(*counts)).mappings().one()) if counts else {}


def _lines(session: Session, actor: Actor, wanted: Wanted) -> sa.CTE:
    """Every line of the tab: its dossier, its task, its place in the order."""
    source = sa.union_all(*SOURCES[wanted.tab](actor, *_filters(wanted))).subquery("work").c
    columns: list[ColumnElement[Any]] = [
        source.dossier_id, source.task_id, source.state, _rank(actor, source).label("rank"),
        _clock(session, source).label("clock"), _is_free(source).label("is_free"),
        _is_waiting(source, wanted.tab).label("is_waiting"),
        pauses.overdue(session, source, source.dossier_id).label("is_overdue"),
    ]  # fmt: skip
    query = sa.select(*columns)
    return (query if wanted.holder is None else query.where(source.assignee_id == wanted.holder)).cte("line")


def _filters(wanted: Wanted) -> list[ColumnElement[bool]]:
    found = [Dossier.channel == wanted.channel] if wanted.channel else []
    if wanted.q:
        found.append(Dossier.search_text.like(like_pattern(wanted.q), escape="\\"))
    return found


def _clock(session: Session, line: Any) -> ColumnElement[datetime | None]:
    """The instant that decides: the answer before acceptance, then the step or the dossier,
    whichever is due first; nothing while it waits for somebody else or for collection."""
    running = sa.and_(line.state.in_([*RUNNING, *PAUSING]), sa.not_(pauses.still(session, line)))
    step_first = sa.and_(line.state == State.processing, line.step_due < line.due_at)
    return sa.case(
        (sa.and_(running, line.received_at.is_(None)), line.reception_due_at),
        (step_first, line.step_due),
        (running, line.due_at),
        else_=None,
    )


def _is_free(line: Any) -> ColumnElement[bool]:
    """Whether a step is open that nobody has."""
    return sa.and_(line.state == State.processing, line.assignee_id.is_(None))


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


def _rank(actor: Actor, line: Any) -> ColumnElement[int]:
    """What one may decide; then what runs; then what others must do; then collection."""
    may_decide = actor.has(Role.desk_officer, Role.agency_head)
    return sa.case(
        (line.state == State.withdrawal_requested, 0 if may_decide else 2),
        (line.state.in_(RUNNING), 1),
        (line.state.in_(list(PAUSING)), 2),
        else_=3,
    )


def _counts(lines: sa.CTE, horizon: Horizon) -> sa.Select[Any]:
    columns: list[ColumnElement[Any]] = [
        sa.func.count(sa.case((_shown(lines.c, show, horizon), 1))).label(show) for show in Show
    ]
    return sa.select(*columns, sa.func.count().label("total")).select_from(lines)


def _shown(line: Any, show: Show, horizon: Horizon) -> ColumnElement[bool]:
    return {
        Show.overdue: sa.or_(line.clock < horizon.now, line.is_overdue),
        Show.soon: sa.and_(line.clock >= horizon.now, line.clock <= horizon.soon),
        Show.today: sa.and_(line.clock >= horizon.now, line.clock <= horizon.midnight),
        Show.waiting: line.is_waiting,
        Show.unassigned: line.is_free,
    }[show]


def _page(lines: sa.CTE, wanted: Wanted, horizon: Horizon) -> sa.Select[Any]:
    query = sa.select(lines.c.dossier_id, lines.c.task_id, lines.c.rank, lines.c.clock)
    if wanted.show is not None:
        query = query.where(_shown(lines.c, wanted.show, horizon))
    query = query.order_by(*_order(lines.c))
    return query.limit(PAGE_SIZE).offset((wanted.page - 1) * PAGE_SIZE)


def _order(line: Any) -> tuple[Any, ...]:
    return line.rank, line.clock.asc().nulls_last(), line.dossier_id, line.task_id
