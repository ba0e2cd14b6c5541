"""The statement behind the inbox: five counters and one page of lines, read at once."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.models import Dossier
from app.permissions import Actor, Role
from app.services import inbox_scope as scope
from app.text import like_pattern
from app.workflows.states import PAUSING, State

PAGE_SIZE = 50


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


SOURCES: dict[Tab, Callable[[Actor], list[scope.Source]]] = {
    Tab.mine: scope.mine, Tab.team: scope.team, Tab.reception: scope.reception,
}  # fmt: skip
# What still runs towards a due date.
RUNNING = (State.registered, State.accepted, State.processing)


def find_lines(session: Session, actor: Actor, wanted: Wanted, horizon: Horizon) -> Found:
    """Return the counters of a tab under its filters and one page of its lines, the most urgent first."""
    lines = _lines(actor, wanted)
    counts = _counts(lines, horizon).subquery("counted")
    page = _page(lines, wanted, horizon).subquery("page")
    query = sa.select(counts, page).select_from(counts.outerjoin(page, sa.true()))
    rows = session.execute(query.order_by(*_order(page.c))).all()
    found: dict[str, int] = {show: getattr(rows[0], show) for show in Show}
    total = rows[0].total if wanted.show is None else found[wanted.show]
    return Found(found, total, [(row.dossier_id, row.task_id) for row in rows if row.dossier_id])


def count_lines(session: Session, actor: Actor, wanted: Wanted, horizon: Horizon) -> tuple[dict[str, int], int]:
    """Return the counters alone, and how many lines there are without them."""
    row = session.execute(_counts(_lines(actor, wanted), horizon)).one()
    return {show: getattr(row, show) for show in Show}, row.total


def _lines(actor: Actor, wanted: Wanted) -> sa.CTE:
    """Every line of the tab: its dossier, its task, its place in the order."""
    source = sa.union_all(*SOURCES[wanted.tab](actor)).subquery("work")
    columns = (Dossier.id.label("dossier_id"), source.c.task_id, Dossier.state.label("state"),
               _rank(actor).label("rank"), _clock(source.c.step_due).label("clock"),
               _is_free(source.c).label("is_free"))  # fmt: skip
    query = sa.select(*columns).select_from(source.join(Dossier, Dossier.id == source.c.dossier_id))
    if wanted.channel:
        query = query.where(Dossier.channel == wanted.channel)
    if wanted.holder is not None:
        query = query.where(source.c.assignee_id == wanted.holder)
    if wanted.q:
        query = query.where(Dossier.search_text.like(like_pattern(wanted.q), escape="\\"))
    return query.cte("line")


def _clock(step_due: Any) -> ColumnElement[datetime | None]:
    """The instant that decides: the answer before acceptance, then the step or the dossier,
    whichever is due first; nothing while it waits for somebody else or for collection."""
    running = Dossier.state.in_(RUNNING)
    step_first = sa.and_(Dossier.state == State.processing, step_due < Dossier.due_at)
    return sa.case(
        (sa.and_(running, Dossier.received_at.is_(None)), Dossier.reception_due_at),
        (step_first, step_due),
        (running, Dossier.due_at),
        else_=None,
    )


def _is_free(source: Any) -> ColumnElement[bool]:
    """Whether a step is open that nobody has."""
    has_step = source.task_id.is_not(None) | Dossier.step_name.is_not(None)
    return sa.and_(Dossier.state == State.processing, source.assignee_id.is_(None), has_step)


def _rank(actor: Actor) -> ColumnElement[int]:
    """What one may decide; then what runs; then what others must do; then collection."""
    may_decide = actor.has(Role.desk_officer, Role.agency_head)
    return sa.case(
        (Dossier.state == State.withdrawal_requested, 0 if may_decide else 2),
        (Dossier.state.in_(RUNNING), 1),
        (Dossier.state.in_(list(PAUSING)), 2),
        else_=3,
    )


def _counts(lines: sa.CTE, horizon: Horizon) -> sa.Select[Any]:
    columns: list[ColumnElement[Any]] = [
        sa.func.count(sa.case((_shown(lines.c, show, horizon), 1))).label(show) for show in Show
    ]
    return sa.select(*columns, sa.func.count().label("total")).select_from(lines)


def _shown(line: Any, show: Show, horizon: Horizon) -> ColumnElement[bool]:
    return {
        Show.overdue: line.clock < horizon.now,
        Show.soon: sa.and_(line.clock >= horizon.now, line.clock <= horizon.soon),
        Show.today: sa.and_(line.clock >= horizon.now, line.clock <= horizon.midnight),
        Show.waiting: line.state.in_(list(PAUSING)),
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
