"""The one place where a dossier's state changes: by a row of the DOSSIER table or not at all."""

from collections.abc import Iterable
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.history import act_by, acting_post, because
from app.i18n import N_
from app.models import Agency, ClockSegment, Dossier, DueChange, Movement, Task
from app.permissions import Actor
from app.services.announcing import announce
from app.services.guards import GUARDS, faults_of
from app.services.guards import due_charges as due_charges  # callers ask the life cycle
from app.services.official import official
from app.services.pauses import entered, paused_states
from app.services.question_limits import move_limits
from app.services.reasons import given_reason
from app.services.standing import DESK_ROLES as DESK_ROLES
from app.services.standing import acts, open_tasks, post_for
from app.services.standing import handles as handles
from app.services.standing import open_questions as open_questions
from app.services.standing import post_over as post_over
from app.services.standing import stands_at as stands_at
from app.services.task_rights import is_own, keeper, lead_task
from app.services.timing import calendar_of, explained_due, reception_due
from app.transactions import enqueue
from app.workflows.calendars import to_minute
from app.workflows.deadlines import resume_due
from app.workflows.dossier import DOSSIER
from app.workflows.extension import PENDING, ExtensionState
from app.workflows.ledger import WORKING
from app.workflows.process import StepKind
from app.workflows.states import CLOCK_OVER, FINAL, PAUSING, State
from app.workflows.table import Transition

LINKED = "linked"  # the channel of a dossier that another one opened
_STOOD_STILL = PAUSING | {State.withdrawal_requested}
# Steps that others end, and what looks whether they have.
_GOES_ON = {StepKind.child: "linked.open", StepKind.consult: "consult.go_on"}


def offered(dossier: Dossier, actor: Actor) -> list[Transition[State]]:
    """Return the transitions ``actor`` may make now, the main one first; guards not asked."""
    rows = DOSSIER.allowed(State(dossier.state), actor.roles)
    return [row for row in rows if acts(dossier, row, actor)]


def find_transition(name: str) -> Transition[State]:
    """Return the row called ``name``; raises NotAllowed for a forged one."""
    try:
        return DOSSIER.find(name)
    except LookupError as exc:
        raise NotAllowed(_("There is no such action.")) from exc


def move(
    session: Session, dossier: Dossier, name: str, actor: Actor, *, remark: str | None = None, of_itself: bool = False
) -> Transition[State]:
    """Make transition ``name``: state, movement, clock; written, with the history, at the next flush.

    of_itself: the process makes it, after an act of ``actor`` that was his to do.
    Raises NotAllowed if state, role or place forbid it, Invalid if a reason is missing or a
    guard does not hold. Source: each row's ``clause``.
    """
    row = find_transition(name)
    source = State(dossier.state)
    if not of_itself or source not in row.sources:
        refuse_unless_open(dossier, row, actor)
    if not of_itself:
        act_by(session, actor, post_for(dossier, row, actor))
    refuse_unless(row, dossier, remark)
    moves = [(m.transition, State(m.source) if m.source else None, State(m.target))
             for m in dossier.movements if m.source != m.target]  # fmt: skip
    _enter(session, dossier, row, source, DOSSIER.outcome(row, source, moves), actor, remark)
    return row


def refuse_unless_open(dossier: Dossier, row: Transition[State], actor: Actor) -> None:
    """Raise NotAllowed if state, role or place forbid ``row``."""
    if State(dossier.state) not in row.sources or not acts(dossier, row, actor):
        refuse_own(dossier, actor)
        values = {"code": dossier.code, "step": _(row.label)}
        raise NotAllowed(_("%(code)s: “%(step)s” is not open to you in the present state.", **values))


def begin(
    session: Session, dossier: Dossier, name: str, actor: Actor, of_itself: bool = False, remark: str | None = None
) -> Transition[State]:
    """Put a new dossier into the state its creating transition leads to; as ``move``."""
    row = find_transition(name)
    # What rights are compared with.
    dossier.account_id, dossier.agency_id, dossier.desk_id = dossier.account.id, dossier.agency.id, dossier.desk.id
    session.add(dossier)
    if None not in row.sources or not (of_itself or acts(dossier, row, actor)):
        refuse_own(dossier, actor)
        raise NotAllowed(_("You may not enter dossiers here."))
    if not of_itself:
        act_by(session, actor, post_for(dossier, row, actor))
    refuse_unless(row, dossier, remark)
    _enter(session, dossier, row, None, DOSSIER.outcome(row, None), actor, remark)
    return row


def nothing_yet(dossier: Dossier) -> None:
    """Say of a dossier just made that its lists are empty: they need not be looked up when it is written."""
    for relation in inspect(Dossier).relationships:
        if relation.uselist:
            set_committed_value(dossier, relation.key, [])


def refuse_own(dossier: Dossier, actor: Actor) -> None:
    """Raise NotAllowed, saying why, if an officer would act on his own dossier."""
    if actor.is_officer and is_own(dossier, actor):
        raise NotAllowed(_("%(code)s is a dossier of your own: a colleague has to handle it.", code=dossier.code))


def refuse_unless(row: Transition[State], dossier: Dossier, remark: str | None) -> None:
    """Raise Invalid if ``row`` wants a reason and has none, or its guard does not hold."""
    if row.needs_reason:
        given_reason(remark)
    if row.guard is not None and not GUARDS[row.guard](dossier):
        raise Invalid(_(DOSSIER.guards[row.guard]), faults_of(row.guard, dossier))


def note_step(
    session: Session, dossier: Dossier, name: str, actor: Actor, remark: str, clause: str | None = None
) -> None:
    """Record an act beside the states, as a handover: the course grows by one line."""
    note_steps(session, [dossier], name, actor, remark, clause)


def note_steps(
    session: Session, dossiers: Iterable[Dossier], name: str, actor: Actor, remark: str, clause: str | None = None
) -> None:
    """Record one act beside the states of many dossiers; told of all of them in one flush."""
    because(session, action=name, reason=remark)
    for dossier in dossiers:
        _record(session, dossier, name, dossier.state, dossier.state, actor, remark, clause, now())


def _enter(session: Session, dossier: Dossier, row: Transition[State], source: State | None, target: State,
           actor: Actor, remark: str | None) -> None:  # fmt: skip
    at = now()
    because(session, action=row.name, reason=remark)
    _record(session, dossier, row.name, source, target, actor, remark, row.clause, at)
    dossier.state = int(target)
    if source in CLOCK_OVER and target not in CLOCK_OVER:
        _undo_end(dossier, at, row.clause)
    _stamp(dossier, target, at)
    if source is not None:
        _restart_clock(session, dossier, source, target, at, row.clause, actor)
    announce(session, dossier)
    _hand_clock_to(session, dossier, target, row.clause, at)
    if dossier.channel == LINKED and target in CLOCK_OVER:
        enqueue("linked.ended", dossier_id=dossier.id)
    if target is State.processing and source in _STOOD_STILL:  # what is waited for may have come meanwhile
        for task in [task for task in open_tasks(dossier) if task.kind in _GOES_ON]:
            enqueue(_GOES_ON[StepKind(task.kind)], task_id=task.id)


def _record(session: Session, dossier: Dossier, name: str, source: int | None, target: int, actor: Actor,
            remark: str | None, clause: str | None, at: datetime) -> None:  # fmt: skip
    lent = acting_post(session, actor)
    post = lent or next(iter(actor.positions), None)
    session.add(Movement(
        dossier=dossier, at=at, transition=name, source=int(source) if source else None,
        target=int(target), actor_id=actor.user_id, actor_name=actor.name or official(N_("System")),
        agency_name=post.agency_name if post else None,
        on_behalf_of=lent.delegator if lent else None, delegation_id=lent.delegation_id if lent else None,
        remark=remark or None, clause=clause,
    ))  # fmt: skip


def _stamp(dossier: Dossier, target: State, at: datetime) -> None:
    if target is State.finished:
        dossier.finished_at = at
    if target is State.returned:
        dossier.returned_at = at
    if target in CLOCK_OVER:
        _lapse_extensions(dossier)
    if target in FINAL:
        dossier.closed_at = at
        dossier.holder_id, dossier.step_name = None, None


def _undo_end(dossier: Dossier, at: datetime, ground: str) -> None:
    """A closed dossier goes on: who had it last had it all the time, so that the clock has no gap."""
    dossier.finished_at = dossier.closed_at = None
    last = dossier.segments[-1] if dossier.segments else None
    if last is not None and last.ended_at is not None and last.ended_at < at:
        dossier.segments.append(ClockSegment(
            holder=last.holder, agency=last.agency, user_id=last.user_id, ground=ground[:120],
            started_at=last.ended_at, ended_at=at,
        ))  # fmt: skip


def _lapse_extensions(dossier: Dossier) -> None:
    """What was still asked for has no meaning once processing has ended."""
    for extension in dossier.extensions:
        if ExtensionState(extension.state) in PENDING:
            extension.state, extension.waits_for = ExtensionState.lapsed, None


def _hand_clock_to(
    session: Session, dossier: Dossier, target: State, ground: str, at: datetime
) -> None:
    """The clock goes to whom the state names; an officer's is whoever has the open task."""
    task = lead_task(open_tasks(dossier))
    if target.holder in {"desk", "officer"} and task is not None:
        hold(session, dossier, keeper(task, target.holder), ground, agency=task.agency, user_id=task.assignee_id, at=at)
    else:
        hold(session, dossier, target.holder, ground, at=at)


def hold(
    session: Session, dossier: Dossier, holder: str | None, ground: str,
    *, agency: Agency | None = None, user_id: int | None = None, at: datetime | None = None,
) -> None:  # fmt: skip
    """Close the running clock segment and open the next, held by ``holder`` (None = clock over).

    at: the instant of the act, when it moves due dates too; default now. An officer who held the
    dossier for no whole minute is replaced by the next: time runs in minutes, so none is lost. A
    pause keeps its segment, whatever its length, for its legal ground.
    """
    at = at or now()
    place = agency or (dossier.desk if holder == "desk" else dossier.agency)
    with session.no_autoflush:
        running = next((part for part in dossier.segments if part.ended_at is None), None)
    if running is not None:
        if (running.holder, running.agency_id, running.user_id) == (holder, place.id, user_id):
            return
        if holder in WORKING and running.holder in WORKING and _same_minute(running.started_at, at):
            running.holder, running.agency, running.agency_id, running.user_id = holder, place, place.id, user_id
            running.ground = ground[:120]
            return
        running.ended_at = max(at, running.started_at)  # one open segment per dossier: written before the next one
    if holder is not None:
        dossier.segments.append(ClockSegment(
            holder=holder, agency=place, agency_id=place.id, user_id=user_id, ground=ground[:120],
            started_at=running.ended_at or at if running is not None else at,
        ))  # fmt: skip


def _same_minute(one: datetime, other: datetime) -> bool:
    return to_minute(one) == to_minute(other)


def _restart_clock(
    session: Session, dossier: Dossier, source: State, target: State, at: datetime,
    clause: str, actor: Actor,
) -> None:  # fmt: skip
    """After a pause give back the working time that stood still, to dossier, open steps and questions."""
    if source not in PAUSING or target in PAUSING | CLOCK_OVER:
        return
    if dossier.received_at is None:  # the desk's time to answer begins anew
        dossier.reception_due_at = reception_due(session, dossier.desk, at).at
        return
    if source not in paused_states(session):
        return
    since = entered(dossier, source) or at
    reason = official(N_("The clock stood still: %(state)s"), state=official(source.label))
    move_limits(session, [
        (task, explained_due(resume_due, task.due_at, max(since, task.opened_at), at,
                             calendar_of(session, task.agency)).at)
        for task in [*open_tasks(dossier), *open_questions(dossier)]
    ], reason, clause)  # fmt: skip
    if dossier.due_at is not None:
        due = explained_due(resume_due, dossier.due_at, since, at, calendar_of(session, dossier.agency))
        change_due(session, dossier, due.at, reason, clause, actor)


def change_due(
    session: Session, dossier: Dossier, due_at: datetime, reason: str, clause: str, actor: Actor
) -> None:
    """Move the due date and keep why; the original due date stays as it was promised."""
    if due_at == dossier.due_at:
        return
    session.add(DueChange(
        dossier=dossier, at=now(), old_due_at=dossier.due_at, new_due_at=due_at, reason=reason,
        clause=clause[:120], actor_name=actor.name or official(N_("System")),
    ))  # fmt: skip
    dossier.due_at = due_at


def own_up(session: Session, task: Task, actor: Actor) -> None:
    """Write who did a task: the officer whose it was, and who did it in his place.

    What passed by an act elsewhere (an answer, a supplement) was done by nobody of its agency.
    """
    lent = acting_post(session, actor)
    if lent is not None:
        task.delegate_id = actor.user_id
    if task.assignee_id is None and any(post.agency_id == task.agency_id for post in actor.positions):
        task.assignee_id = lent.delegator_id if lent else actor.user_id
