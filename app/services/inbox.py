"""What waits for an officer today: tasks, registrations, payments; the most urgent first.

Numbers of statements do not depend on the rows: one for counters and order, one for what the
lines say, one for the places and one per working calendar.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, time
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, aliased

from app.clock import VIETNAM, now, to_local
from app.models import (
    Agency,
    Apology,
    Charge,
    Component,
    DocumentType,
    Dossier,
    DossierPaper,
    Extension,
    Procedure,
    Task,
    User,
)
from app.models.task import TaskState
from app.permissions import Actor, Role
from app.services import pauses
from app.services.inbox_lines import (
    PAGE_SIZE,
    Horizon,
    Show,
    Tab,
    Wanted,
    count_lines,
    count_tabs,
    find_lines,
)
from app.services.inbox_scope import TASK_ROLES, is_due, owes_now
from app.services.paging import page_number
from app.services.timing import near_due_minutes, prepare_calendars
from app.types import UtcDateTime
from app.workflows import deadlines
from app.workflows.apology import ApologyState
from app.workflows.calendars import Calendar
from app.workflows.extension import PENDING
from app.workflows.states import CLOCK_OVER, State
from app.workflows.wording import Phrase
from app.workflows.working_time import add_minutes

LOOKS = {
    deadlines.Urgency.overdue: "overdue", deadlines.Urgency.two_hours: "near",
    deadlines.Urgency.today: "near", deadlines.Urgency.later: "ok",
}  # fmt: skip


@dataclass(frozen=True)
class Row:
    """One line of the inbox; ``left`` is None where no clock runs, ``task_id`` where no step is the reader's."""

    facts: Any  # the columns of ``_details``
    place: str  # the desk, by its short name
    due_at: datetime | None
    left: Phrase | None
    urgency: str  # ok near overdue paused done, as the page colours it
    is_step: bool  # the step's limit comes first, not the dossier's

    @property
    def code(self) -> str:
        """The dossier's code."""
        return str(self.facts.code)

    @property
    def state(self) -> State:
        """The dossier's state."""
        return State(self.facts.state)

    @property
    def task_id(self) -> int | None:
        """The open task this line stands for."""
        return self.facts.task_id

    @property
    def key(self) -> str:
        """What a chosen line sends: the ids of dossier and task."""
        return f"{self.facts.id}-{self.facts.task_id or 0}"

    @property
    def missing(self) -> int:
        """How many required papers are not there."""
        return int(self.facts.missing)

    @property
    def is_unpaid(self) -> bool:
        """Whether something is to be paid."""
        return bool(self.facts.owes)

    @property
    def explanation(self) -> list[tuple[str, datetime]]:
        """Which instants the remaining time is counted to: [(what, when)]."""
        facts, pairs = self.facts, []
        if facts.received_at is None and facts.reception_due_at is not None:
            pairs.append(("reception", facts.reception_due_at))
        if facts.task_id is not None and self.state is State.processing:
            pairs.append(("step", facts.step_due))
        if facts.due_at is not None:
            pairs.append(("dossier", facts.due_at))
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


def wanted_of(args: Mapping[str, str], actor: Actor) -> Wanted:
    """Return what the query string asks for."""
    tab, show = args.get("tab", ""), args.get("show", "")
    channel, holder = args.get("channel", ""), args.get("holder", "")
    tabs = tabs_of(actor)
    return Wanted(
        tab=Tab(tab) if tab in tabs else tabs[0],
        show=Show(show) if show in set(Show) else None,
        q=args.get("q", "").strip()[:100],
        channel=channel if channel in {"counter", "online", "post"} else "",
        holder=int(holder) if holder.isascii() and holder.isdigit() and len(holder) < 10 else None,
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
    found = find_lines(session, actor, wanted, _horizon(session, actor))
    return Inbox(find_rows(session, found.lines), found.counts, found.total, wanted.page)


def count_inbox(session: Session, actor: Actor, wanted: Wanted) -> tuple[dict[str, int], int]:
    """Return the five counters as they are now, and how many lines there are without them."""
    return count_lines(session, actor, wanted, _horizon(session, actor))


def count_others(session: Session, actor: Actor, tab: Tab) -> dict[str, int]:
    """Return how many lines the tabs have that are not open, by tab."""
    return count_tabs(session, actor, [other for other in tabs_of(actor) if other is not tab])


def _horizon(session: Session, actor: Actor) -> Horizon:
    at = now()
    soon = at
    if actor.positions:
        place = session.get_one(Agency, actor.positions[0].agency_id)
        calendar = prepare_calendars(session, [place]).get(place.id)  # a new system has none yet
        soon = add_minutes(calendar, at, near_due_minutes(session)) if calendar else at
    return Horizon(at, soon, datetime.combine(to_local(at).date(), time.max, tzinfo=VIETNAM))


def find_rows(
    session: Session, keys: list[tuple[int, int | None]], *conditions: ColumnElement[bool] | None
) -> list[Row]:
    """Return the lines of ``keys``, (dossier, task or None), that exist within ``conditions``, in their order."""
    if not keys:
        return []
    query = _details(pauses.paused_states(session)).where(*(rule for rule in conditions if rule is not None))
    dossiers, tasks = {dossier for dossier, _task in keys}, [task for _dossier, task in keys if task]
    found = session.execute(query, {"dossiers": list(dossiers), "tasks": tasks, "now": now()})
    by_key = {(facts.id, facts.task_id): facts for facts in found}
    lines = [by_key[key] for key in keys if key in by_key]
    ids = {number for facts in lines for number in (_clock_place(facts), facts.desk_id)}
    places = {place.id: place for place in session.scalars(sa.select(Agency).where(Agency.id.in_(ids)))}
    calendars = prepare_calendars(session, places.values())
    at = now()
    near = near_due_minutes(session)
    return [_row(facts, places[facts.desk_id], calendars.get(_clock_place(facts)), at, near,
                 is_still=pauses.stands_still(session, facts)) for facts in lines]  # fmt: skip


@cache
def _details(paused: frozenset[State]) -> sa.Select[Any]:
    """What the lines of one page say (``dossiers``, ``tasks``, ``now``); a task that is over is none any more."""
    holder, chosen = aliased(User), Task.id.in_(sa.bindparam("tasks", expanding=True))
    mine = sa.and_(Task.dossier_id == Dossier.id, chosen, Task.state == TaskState.open)
    overdue = pauses.overdue_at(sa.bindparam("now", type_=UtcDateTime), paused, Dossier, Dossier.id)
    held_by = sa.case((Task.id.is_(None), Dossier.holder_id), else_=Task.assignee_id)
    owes = sa.exists().where(Charge.dossier_id == Dossier.id, is_due())
    columns = (
        Dossier.id, Dossier.code, Dossier.state, Dossier.channel, Dossier.applicant_name, Dossier.account_id,
        Dossier.supplement_count, Dossier.received_at, Dossier.reception_due_at, Dossier.due_at,
        Dossier.step_name, Dossier.desk_id, Dossier.agency_id, Procedure.name.label("procedure"),
        Task.id.label("task_id"), Task.name.label("task_name"), Task.role, Task.due_at.label("step_due"),
        Task.agency_id.label("task_agency_id"), Task.assignee_id, Task.asked_by_id, Task.stranded,
        *_awaited(), overdue.label("is_overdue"),
        holder.first_name, holder.last_name, _missing().label("missing"), owes.label("owes"),
        owes_now().label("owes_now"),
    )  # fmt: skip
    return (
        sa.select(*columns)
        .select_from(Dossier)
        .join(Procedure, Procedure.id == Dossier.procedure_id)
        .outerjoin(Task, mine)
        .outerjoin(holder, holder.id == held_by)
        .where(Dossier.id.in_(sa.bindparam("dossiers", expanding=True)))
    )


def _awaited() -> list[ColumnElement[Any]]:
    """Whose word a line waits for: of an extension, of an apology, and how many opinions were asked from its step."""
    extension = sa.select(Extension.waits_for).where(
        Extension.dossier_id == Dossier.id, Extension.state.in_(list(PENDING)), Task.id.is_(None)
    ).order_by(Extension.id.desc()).limit(1).correlate(Dossier, Task)  # fmt: skip
    apology = sa.select(Apology.signer_role).where(
        Apology.dossier_id == Dossier.id, Apology.state == ApologyState.submitted, Task.id.is_(None)
    ).order_by(Apology.id).limit(1).correlate(Dossier, Task)  # fmt: skip
    question = aliased(Task)
    asked = sa.select(sa.func.count(question.id)).where(
        question.asked_by_id == Task.id, question.state == TaskState.open
    ).correlate(Task)  # fmt: skip
    return [extension.scalar_subquery().label("extension_waits"), apology.scalar_subquery().label("apology_waits"),
            asked.scalar_subquery().label("asked")]  # fmt: skip


def _missing() -> sa.ScalarSelect[int]:
    """How many required papers are not there; what the state holds already is not asked."""
    held = sa.exists().where(
        DossierPaper.dossier_id == Dossier.id, DossierPaper.component_id == Component.id,
        DossierPaper.is_received.is_(True),
    ).correlate(Dossier, Component)  # fmt: skip
    shared = sa.func.coalesce(DocumentType.is_shared_data, sa.false())
    return (
        sa.select(sa.func.count(Component.id))
        .outerjoin(DocumentType, DocumentType.id == Component.document_type_id)
        .where(Component.version_id == Dossier.version_id, Component.is_required.is_(True))
        .where(sa.not_(shared), ~held)
        .correlate(Dossier)
        .scalar_subquery()
    )


def _clock_place(facts: Any) -> int:
    """Return the agency by whose calendar a line's time is counted."""
    if facts.received_at is None:
        return int(facts.desk_id)
    return int(facts.task_agency_id or facts.agency_id)


def _row(facts: Any, desk: Agency, calendar: Calendar | None, at: datetime, near: int, *,
         is_still: bool) -> Row:  # fmt: skip
    state, place = State(facts.state), desk.short_name or desk.name
    if state in CLOCK_OVER:
        return Row(facts, place, facts.due_at, None, "done", False)
    if is_still or state is State.withdrawal_requested:
        return Row(facts, place, facts.due_at, None, "overdue" if facts.is_overdue else "paused", False)
    due_at = facts.due_at if facts.received_at is not None else facts.reception_due_at
    has_step = facts.task_id is not None and state is State.processing
    is_step = has_step and (due_at is None or facts.step_due < due_at)
    due_at = facts.step_due if is_step else due_at
    if due_at is None or calendar is None:
        return Row(facts, place, due_at, None, "ok", is_step)
    left = deadlines.remaining_phrase(at, due_at, calendar)
    urgency = LOOKS[deadlines.urgency(at, due_at, calendar, near)]
    return Row(facts, place, due_at, left, urgency, is_step)


__all__ = ["LOOKS", "PAGE_SIZE", "Inbox", "Row", "Show", "Tab", "Wanted", "count_inbox", "count_others", "find_inbox",
           "find_rows", "tabs_of", "wanted_of"]  # fmt: skip
