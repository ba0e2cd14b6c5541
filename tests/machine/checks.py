"""What must hold of every dossier after every act; each check returns the faults it found, in words."""

import re
from collections.abc import Callable, Iterator
from datetime import datetime
from itertools import pairwise

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import VIETNAM, now
from app.history import HistoryEntry
from app.models import Dossier, LinkedDossier, Movement, Notice, Task
from app.permissions import Actor, Role
from app.services.guards import due_charges
from app.services.history import verify_record
from app.services.ledger import ledger_of
from app.services.lifecycle import open_questions, open_tasks
from app.services.processing import graph
from app.services.profiles import profile_value
from app.services.standing import acts
from app.services.task_rights import may_do
from app.services.timing import calendar_of, rules_on
from app.workflows.dossier import DOSSIER
from app.workflows.extension import ExtensionState
from app.workflows.process import StepKind
from app.workflows.states import CLOCK_OVER, FINAL, PAUSING, State, pauses_clock
from app.workflows.working_time import Rules, add_limit, add_minutes, closing, counting_from, minutes_between
from tests.machine.aside import paid_back

_UNITS = {"Time limit (working hours): %(value)s": "working_hour", "Time limit (hours): %(value)s": "hour",
          "Time limit (working days): %(value)s": "working_day", "Time limit (days): %(value)s": "day",
          "Time limit (months): %(value)s": "month"}  # fmt: skip
# Made by the process itself after an act that was the actor's to do.
_OF_ITSELF = frozenset({"finish", "request_payment_in_process", "open_linked"})
Faults = Iterator[str]


def course(dossier: Dossier) -> Faults:
    """The course is one chain of rows of the table, and ends where the dossier stands."""
    at = None
    for one in dossier.movements:
        if one.source != at:
            yield f"{one.transition} begins at {one.source}, not at {at}"
        if one.source != one.target:
            row = DOSSIER.find(one.transition)
            source = State(one.source) if one.source else None
            if source not in row.sources or State(one.target) not in DOSSIER.targets(row, source):
                yield f"{one.transition} does not lead from {one.source} to {one.target}"
        if not one.clause and one.source != one.target:
            yield f"{one.transition} without its clause"
        at = one.target
    if at != dossier.state:
        yield f"the course ends at {at}, the dossier stands at {dossier.state}"


def steps(dossier: Dossier) -> Faults:
    """No step stands open twice, nobody works on what is over, and the dossier tells who has it."""
    standing, state = open_tasks(dossier), State(dossier.state)
    keys = [(task.key, task.slot) for task in (*standing, *open_questions(dossier))]
    if len(keys) != len(set(keys)):
        yield f"a step stands open twice: {keys}"
    led = {key for task in dossier.tasks if task.is_current and task.state == "done" for key in task.went_to or ()}
    lost = {task.key for task in standing} - led - {graph(dossier).first.key}
    if lost:
        yield f"nothing leads to {lost}, which stands open"
    if state in FINAL and keys:
        yield f"closed with open steps: {keys}"
    if state is State.processing and not standing:
        yield "in processing at no step"
    if {q.asked_by_id for q in open_questions(dossier)} - {task.id for task in standing}:
        yield "a question from a step that is over"
    held = {task.assignee_id for task in standing}
    if dossier.holder_id is not None and dossier.holder_id not in held:
        yield f"held by {dossier.holder_id}, its steps by {held}"
    if len(held) == 1 and state is State.processing and dossier.holder_id not in held:
        yield f"its steps are {held}'s, the dossier says {dossier.holder_id}"
    if any(task.assignee_id == dossier.account.user_id for task in dossier.tasks if task.assignee_id):
        yield "the applicant has or did a step of his own dossier"
    if any((task.state == "open") != (task.finished_at is None) for task in dossier.tasks):
        yield "a step is finished and open"


def clock(session: Session, dossier: Dossier) -> Faults:
    """One holder at any time, segments add up to the whole exactly, and every pause was given back."""
    running = [part for part in dossier.segments if part.ended_at is None]
    is_over = State(dossier.state) in CLOCK_OVER
    if len(running) != (0 if is_over else 1):
        yield f"{len(running)} hold the clock"
    found = ledger_of(session, dossier)
    if found is None:
        yield "the calendar does not reach"
        return
    yield from found.faults
    sums = found.sums
    if sums.minutes() != sums.total or sum(bar.minutes for bar in found.bars) != sums.total:
        yield f"the segments have {sums.minutes()} minutes, in all it was {sums.total}"
    if sums.left is None or sums.granted is None:
        return
    given = sum(minutes for _change, minutes in sums.adjusted)
    if sums.granted + given - sums.used - sums.stood_still != sums.left:
        yield f"{sums.granted} + {given} - {sums.used} - {sums.stood_still} is not {sums.left}"
    granted = sum(one.minutes for one in dossier.extensions if one.state == ExtensionState.granted)
    if given != _pauses_over(session, dossier) + granted:
        yield f"given back {given}, stood still {_pauses_over(session, dossier)}, extended {granted}"


def _pauses_over(session: Session, dossier: Dossier) -> int:
    """Return the working minutes of pauses after acceptance that have ended by going on."""
    calendar, total, since = calendar_of(session, dossier.agency), 0, None
    for move in dossier.movements:
        if move.source == move.target or dossier.received_at is None or move.at < dossier.received_at:
            continue
        stands = pauses_clock(State(move.target), payment_pauses=profile_value(session, "payment_pauses_clock"))
        if stands and move.transition != "reopen":
            since = move.at
        elif since is not None and State(move.target) not in CLOCK_OVER and not stands:
            total, since = total + minutes_between(calendar, since, move.at), None
    return total


def due(session: Session, dossier: Dossier) -> Faults:
    """Worked out again from its explanation, and from the reason of each change, the due date is the same."""
    if dossier.received_at is None or dossier.due_explanation is None:
        if dossier.due_at is not None:
            yield "a due date without explanation"
        return
    told = _from_explanation(session, dossier)
    if told != _minute(dossier.original_due_at):
        yield f"its explanation gives {told}, promised was {dossier.original_due_at}"
    at = dossier.original_due_at
    for change in dossier.due_changes:
        if change.old_due_at != at or not change.reason or not change.clause:
            yield f"the due date moved without a reason: {change.reason}"
        at = change.new_due_at
    if at != dossier.due_at:
        yield f"its changes give {at}, it says {dossier.due_at}"
    calendar = calendar_of(session, dossier.agency)
    for one in dossier.extensions:
        if one.state == ExtensionState.granted and one.new_due_at != add_minutes(calendar, one.old_due_at, one.minutes):
            yield "an extension gave another time than it says"


def _from_explanation(session: Session, dossier: Dossier) -> datetime | None:
    said = dict(dossier.due_explanation or [])
    received = said["Received at %(time)s on %(date)s"]
    at, calendar = _instant(received), calendar_of(session, dossier.agency)
    rules = rules_on(session, at.date())
    if "To be settled on the same working day" in said:
        counted = counting_from(calendar, at, Rules(cutoff_hour=rules.cutoff_hour))
        found = closing(calendar, counted.astimezone(VIETNAM).date())
    else:
        unit = next(_UNITS[msgid] for msgid in said if msgid in _UNITS)
        value = next(float(params["value"]) for msgid, params in said.items() if msgid in _UNITS)
        if unit not in {"working_hour", "hour"}:
            rules = Rules(_count_from(said), rules.cutoff_hour, _due_time(said), rules.rounding)
        found = add_limit(calendar, at, int(value), unit, rules)
    if _minute(found) != _instant(said["Due at %(time)s on %(date)s"]):
        return None
    return _minute(found)


def _count_from(said: dict[str, object]) -> str:
    return "same" if "The day of receipt is the first day" in said else "next"


def _due_time(said: dict[str, object]) -> str:
    return "same_time" if "Whole days are counted to the hour of receipt" in said else "end_of_session"


def _instant(said: dict[str, str]) -> datetime:
    day, month, year = map(int, re.findall(r"\d+", said["date"])[:3])
    hour, minute = map(int, re.findall(r"\d+", said["time"])[:2])
    return datetime(year, month, day, hour, minute, tzinfo=VIETNAM)


def _minute(at: datetime | None) -> datetime | None:
    return at.replace(second=0, microsecond=0) if at else None


def history(session: Session, dossier: Dossier) -> Faults:
    """The chain of the dossier is whole, tells of each of its parts, and ends in the state it has."""
    count, fault = verify_record(session, ("dossier", dossier.id))
    if fault is not None or not count:
        yield f"history: {fault}"
    entry = HistoryEntry
    query = sa.select(entry.record, entry.record_id, entry.changes).order_by(entry.seq)
    rows = session.execute(query.where(entry.aggregate == "dossier", entry.aggregate_id == dossier.id)).all()
    told = {(row.record, row.record_id) for row in rows}
    for part in (*dossier.movements, *dossier.tasks, *dossier.segments, *dossier.due_changes):
        if (part.__tablename__, part.id) not in told:
            yield f"history: nothing tells of {part.__tablename__} {part.id}"
    states = [row.changes["state"][1] for row in rows if row.record == "dossier" and "state" in row.changes]
    if states[-1:] != [dossier.state]:
        yield f"history: it ends in state {states[-1:]}, the dossier stands at {dossier.state}"


def alive(session: Session, dossier: Dossier, people: Callable[[], list[Actor]]) -> Faults:
    """A dossier that is not closed can be moved on by somebody; each step of it, too."""
    state = State(dossier.state)
    if state in FINAL:
        return
    everybody = people()
    aside = {"reopen", "request_withdrawal"}
    rows = [row for row in DOSSIER.transitions if state in row.sources and row.name not in aside]
    if state is not State.processing:
        if not any(acts(dossier, row, one) for row in rows for one in everybody):
            yield f"stuck in state {state}"
        return
    for task in open_tasks(dossier):
        if not any(may_do(task, one) for one in everybody) and not _waits(session, dossier, task):
            yield f"nobody can do {task.key} ({task.kind}, {task.role})"


def _waits(session: Session, dossier: Dossier, task: Task) -> bool:
    """Return whether something outside moves the step on: an answer, money, a dossier elsewhere."""
    if task.kind == StepKind.consult:
        return any(one.asked_by_id == task.id for one in open_questions(dossier))
    if task.kind == StepKind.payment:
        return bool(due_charges(dossier))
    link = session.scalar(sa.select(LinkedDossier).where(LinkedDossier.task_id == task.id))
    return link is not None and link.ended_at is None


def right(dossier: Dossier, before: dict[str, set[int]], fresh: list[Movement], actor: Actor) -> Faults:
    """Whoever made a move held one of its roles at the right place, and was not the applicant as an officer."""
    for move in fresh:
        if move.transition not in {row.name for row in DOSSIER.transitions} or move.transition in _OF_ITSELF:
            continue
        roles = {Role(name) for name in DOSSIER.find(move.transition).roles}
        if actor.account_id == dossier.account_id:
            if Role.citizen not in roles or Role.citizen not in actor.roles:
                yield f"{actor.name} moved his own dossier: {move.transition}"
            continue
        posts = {(post.role, post.agency_id) for post in actor.positions if post.role in roles}
        if not any(place in before[_place(role)] for role, place in posts):
            yield f"{move.transition} by {actor.name}, whose posts are {posts}"


def earned(session: Session, dossier: Dossier, fresh: list[Movement]) -> Faults:
    """What a move rests on was there: papers, reasons, money, a result, the one supplement."""
    names = {move.transition for move in fresh}
    held = {paper.component_id for paper in dossier.papers if paper.is_received}
    if names & {"accept", "receive_at_counter"}:
        missing = [c.name for c in dossier.version.components if c.is_required and c.id not in held]
        if missing:
            yield f"accepted without {missing}"
    if names & {"ask_supplement", "ask_supplement_in_process"}:
        most, last = profile_value(session, "supplement_max"), dossier.supplements[-1]
        if len(dossier.supplements) > most and not last.fault_reason:
            yield f"supplement {len(dossier.supplements)} of {most} without saying whose fault"
    if names & {"return_result", "collect_online"} and due_charges(dossier):
        yield "returned before it was paid"
    if names & {"finish", "return_result", "collect_online"} and all(r.state != "issued" for r in dossier.results):
        yield "finished without a result"
    if any(m.transition in {"refuse", "stop", "reopen", "request_withdrawal"} and not m.remark for m in fresh):
        yield "ended or opened again without a reason"


def told(session: Session, since: int) -> Faults:
    """Nobody was told the same thing twice by one act; since: the last notice before it."""
    same = (Notice.user_id, Notice.dossier_id, Notice.title, Notice.body)
    query = sa.select(*same[:3], sa.func.count()).where(Notice.id > since).group_by(*same)
    for user_id, _dossier_id, title, times in session.execute(query.having(sa.func.count() > 1)):
        yield f"{user_id} was told {times} times: {title}"


def _place(role: Role) -> str:
    desk = {Role.desk_officer, Role.cashier, Role.centre_director}
    return "desk" if role in desk else "steps" if role is Role.specialist else "agency"


def places(dossier: Dossier) -> dict[str, set[int]]:
    """Return where each kind of role acts on a dossier, as it stands."""
    at_steps = {task.agency_id for task in open_tasks(dossier)}
    return {"desk": {dossier.desk_id}, "steps": at_steps, "agency": {dossier.agency_id, *at_steps}}


def faults(session: Session, dossier: Dossier, people: Callable[[], list[Actor]]) -> list[str]:
    """Return everything that is wrong with a dossier now."""
    parts = (course(dossier), steps(dossier), clock(session, dossier), due(session, dossier),
             history(session, dossier), alive(session, dossier, people), paid_back(session, dossier))  # fmt: skip
    found = [fault for part in parts for fault in part]
    if any(b.at < a.at for a, b in pairwise(dossier.movements)):
        found.append("the course goes back in time")
    if dossier.state not in PAUSING and dossier.received_at and dossier.received_at > now():
        found.append("accepted in the future")
    return found
