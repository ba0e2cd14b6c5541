"""What waits for an officer today: tasks, registrations, payments; the most urgent first.

Numbers of statements do not depend on the rows: one for the counters, one for the page, one
for what is missing, one per working calendar.
"""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload

from app.clock import VIETNAM, now, to_local
from app.models import (
    Agency,
    Charge,
    Component,
    DocumentType,
    Dossier,
    DossierPaper,
    Task,
)
from app.models.money import ChargeState
from app.models.task import TaskState
from app.permissions import Actor, Role
from app.services import inbox_scope as scope
from app.services.inbox_scope import TASK_ROLES
from app.services.paging import page_number
from app.services.timing import calendar_of, prepare_calendars
from app.text import like_pattern
from app.workflows import deadlines
from app.workflows.calendars import Calendar
from app.workflows.states import PAUSING, State
from app.workflows.wording import Phrase
from app.workflows.working_time import add_minutes

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
    page: int = 1


@dataclass(frozen=True)
class Row:
    """One line of the inbox; ``left`` is None where no clock runs."""

    dossier: Dossier
    task: Task | None
    due_at: datetime | None
    left: Phrase | None
    urgency: str  # ok near overdue paused done, as the page colours it
    is_step: bool  # the step's limit comes first, not the dossier's
    missing: int
    is_unpaid: bool

    @property
    def explanation(self) -> list[tuple[str, datetime]]:
        """Which instants the remaining time is counted to: [(what, when)]."""
        dossier, pairs = self.dossier, []
        if dossier.received_at is None and dossier.reception_due_at is not None:
            pairs.append(("reception", dossier.reception_due_at))
        if self.task is not None and State(dossier.state) is State.processing:
            pairs.append(("step", self.task.due_at))
        if dossier.due_at is not None:
            pairs.append(("dossier", dossier.due_at))
        return pairs


@dataclass(frozen=True)
class Inbox:
    """One page: rows, the five counters, and how many rows there are under the filter."""

    rows: list[Row]
    counts: dict[str, int]
    total: int
    page: int

    @property
    def has_next(self) -> bool:
        """Whether there is another page."""
        return self.page * PAGE_SIZE < self.total


def wanted_of(args: Any, actor: Actor) -> Wanted:
    """Return what the query string asks for."""
    tab, show = args.get("tab", ""), args.get("show", "")
    channel = args.get("channel", "")
    tabs = tabs_of(actor)
    return Wanted(
        tab=Tab(tab) if tab in tabs else tabs[0],
        show=Show(show) if show in set(Show) else None,
        q=args.get("q", "").strip()[:100],
        channel=channel if channel in {"counter", "online", "post"} else "",
        page=page_number(args.get("page")),
    )


def tabs_of(actor: Actor) -> list[Tab]:
    """Return the tabs that have a meaning for an actor's posts, the first one opens."""
    if not actor.has(*TASK_ROLES):
        return [Tab.team]
    tabs = [Tab.mine, Tab.team]
    return [*tabs, Tab.reception] if actor.has(Role.desk_officer, Role.centre_director) else tabs


def find_inbox(session: Session, actor: Actor, wanted: Wanted) -> Inbox:
    """Return one page of an actor's inbox, the most urgent first."""
    horizon = _horizon(session, actor)
    rules = _rules(actor, wanted)
    counts = _counts(session, rules, horizon)
    if wanted.show is not None:
        rules.append(_shown(wanted.show, horizon))
    total = _count(session, rules) if wanted.show is None else counts[wanted.show]
    found = session.execute(_page(rules, wanted.page, actor)).unique().all()
    return Inbox(_rows(session, list(found)), counts, total, wanted.page)


def tab_counts(session: Session, actor: Actor) -> dict[Tab, int]:
    """Return how many dossiers each of the actor's tabs holds."""
    return {tab: _count(session, _rules(actor, Wanted(tab=tab))) for tab in tabs_of(actor)}


OPEN_TASK = sa.and_(Task.dossier_id == Dossier.id, Task.state == TaskState.open)
# The instant that decides: the answer before acceptance, then the step or the dossier,
# whichever is due first; nothing while it waits for somebody else or for collection.
_running = Dossier.state.in_([State.registered, State.accepted, State.processing])
_step_first = sa.and_(Dossier.state == State.processing, Task.due_at < Dossier.due_at)
clock: ColumnElement[datetime | None] = sa.case(
    (sa.and_(_running, Dossier.received_at.is_(None)), Dossier.reception_due_at),
    (_step_first, Task.due_at),
    (_running, Dossier.due_at),
    else_=None,
)


def _rank(actor: Actor) -> ColumnElement[int]:
    """What one may decide; then what runs; then what others must do; then collection."""
    may_decide = actor.has(Role.desk_officer, Role.agency_head)
    return sa.case(
        (Dossier.state == State.withdrawal_requested, 0 if may_decide else 2),
        (_running, 1),
        (Dossier.state.in_(list(PAUSING)), 2),
        else_=3,
    )


def _horizon(session: Session, actor: Actor) -> tuple[datetime, datetime, datetime]:
    """Return now, the instant two working hours ahead, and the end of today."""
    at = now()
    soon = at
    if actor.positions:
        place = session.get_one(Agency, actor.positions[0].agency_id)
        soon = add_minutes(calendar_of(session, place), at, deadlines.NEARLY_DUE_MINUTES)
    midnight = datetime.combine(to_local(at).date(), time.max, tzinfo=VIETNAM)
    return at, soon, midnight


def _shown(show: Show, horizon: tuple[datetime, datetime, datetime]) -> ColumnElement[bool]:
    at, soon, midnight = horizon
    return {
        Show.overdue: clock < at,
        Show.soon: sa.and_(clock >= at, clock <= soon),
        Show.today: sa.and_(clock >= at, clock <= midnight),
        Show.waiting: Dossier.state.in_(list(PAUSING)),
        Show.unassigned: sa.and_(
            Task.id.is_not(None), Task.assignee_id.is_(None), Dossier.state == State.processing
        ),
    }[show]


def _rules(actor: Actor, wanted: Wanted) -> list[ColumnElement[bool]]:
    sets = {Tab.mine: scope.mine, Tab.team: scope.team, Tab.reception: scope.reception}
    rules = [sets[wanted.tab](actor)]
    if wanted.channel:
        rules.append(Dossier.channel == wanted.channel)
    if wanted.q:
        rules.append(Dossier.search_text.like(like_pattern(wanted.q), escape="\\"))
    return rules


def _base(*columns: Any) -> sa.Select[Any]:
    return sa.select(*columns).select_from(Dossier).outerjoin(Task, OPEN_TASK)


def _count(session: Session, rules: list[ColumnElement[bool]]) -> int:
    return session.scalar(_base(sa.func.count(Dossier.id)).where(*rules)) or 0


def _counts(
    session: Session, rules: list[ColumnElement[bool]], horizon: tuple[datetime, datetime, datetime]
) -> dict[str, int]:
    columns = [sa.func.count(sa.case((_shown(show, horizon), 1))).label(show) for show in Show]
    row = session.execute(_base(*columns).where(*rules)).one()
    return {show: getattr(row, show) for show in Show}


def _page(rules: list[ColumnElement[bool]], page: int, actor: Actor) -> sa.Select[Any]:
    loads = [joinedload(getattr(Dossier, name)) for name in ("procedure", "agency", "desk")]
    owes = sa.exists().where(Charge.dossier_id == Dossier.id, Charge.state == ChargeState.due)
    query = _base(Dossier, Task, _missing().label("missing"), owes.label("owes")).where(*rules)
    query = query.options(*loads, joinedload(Task.assignee), joinedload(Task.agency))
    query = query.order_by(_rank(actor), clock.asc().nulls_last(), Dossier.id)
    return query.limit(PAGE_SIZE).offset((page - 1) * PAGE_SIZE)


def _missing() -> sa.ScalarSelect[int]:
    """How many required papers are not there; what the state holds already is not asked."""
    held = sa.exists().where(
        DossierPaper.dossier_id == Dossier.id, DossierPaper.component_id == Component.id,
        DossierPaper.is_received.is_(True),
    )  # fmt: skip
    shared = sa.func.coalesce(DocumentType.is_shared_data, sa.false())
    return (
        sa.select(sa.func.count(Component.id))
        .outerjoin(DocumentType, DocumentType.id == Component.document_type_id)
        .where(Component.version_id == Dossier.version_id, Component.is_required.is_(True))
        .where(sa.not_(shared), ~held)
        .correlate(Dossier)
        .scalar_subquery()
    )


def _rows(session: Session, found: list[Any]) -> list[Row]:
    places = [_clock_place(dossier, task) for dossier, task, *_rest in found]
    calendars = prepare_calendars(session, places)
    at = now()
    return [
        _row(dossier, task, missing, owes, calendars.get(place.id), at)
        for (dossier, task, missing, owes), place in zip(found, places, strict=True)
    ]


def _clock_place(dossier: Dossier, task: Task | None) -> Agency:
    if dossier.received_at is None:
        return dossier.desk
    return task.agency if task is not None else dossier.agency


def _row(
    dossier: Dossier, task: Task | None, missing: int, owes: bool, calendar: Calendar | None,
    at: datetime,
) -> Row:  # fmt: skip
    state = State(dossier.state)
    if state in PAUSING:
        return Row(dossier, task, dossier.due_at, None, "paused", False, missing, owes)
    if state in {State.finished, State.withdrawal_requested}:
        look = "done" if state is State.finished else "paused"
        return Row(dossier, task, dossier.due_at, None, look, False, missing, owes)
    due_at = dossier.due_at if dossier.received_at is not None else dossier.reception_due_at
    is_step = (
        task is not None and state is State.processing
        and (due_at is None or task.due_at < due_at)
    )  # fmt: skip
    if is_step and task is not None:
        due_at = task.due_at
    if due_at is None or calendar is None:
        return Row(dossier, task, due_at, None, "ok", is_step, missing, owes)
    left = deadlines.remaining_phrase(at, due_at, calendar)
    urgency = LOOKS[deadlines.urgency(at, due_at, calendar)]
    return Row(dossier, task, due_at, left, urgency, is_step, missing, owes)


LOOKS = {
    deadlines.Urgency.overdue: "overdue", deadlines.Urgency.two_hours: "near",
    deadlines.Urgency.today: "near", deadlines.Urgency.later: "ok",
}  # fmt: skip
