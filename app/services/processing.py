"""Inside "being processed": the steps of the configured process, one after another or side by side.

What opens is decided by app.workflows.routing; here it is done and recorded (HUE25 Đ16, QN20 Đ4.2).
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import DomainError, Invalid, NotAllowed
from app.models import Dossier, Task
from app.models.task import TaskState
from app.permissions import Actor
from app.services import lifecycle, results
from app.services.guards import GUARDS
from app.services.handing import refuse_unless_mine
from app.services.notices import notify_transition
from app.services.opening import judge, keep_passed, marking_of, open_steps, show_place
from app.services.process_graphs import kept_graph
from app.services.reasons import given_reason
from app.services.unanswered import explained
from app.transactions import enqueue
from app.workflows import routing
from app.workflows.dossier import DOSSIER
from app.workflows.process import Graph, StepKind, StepSpec
from app.workflows.routing import Course, NoWay
from app.workflows.states import State

# Of two parallel signatures the first fixes the result; the second is recorded as a step.
_WORK = frozenset({StepKind.work, StepKind.check, StepKind.sign, StepKind.number_and_seal})


def graph(dossier: Dossier) -> Graph:
    """Return the graph of the dossier's process, or of the one it was moved to; else DomainError."""
    return kept_graph(dossier.process or dossier.version.process)


def open_reception_task(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Open the reception step, held by the officer who received, if the process begins so."""
    whole = graph(dossier)
    if whole.first.kind == StepKind.receive:
        open_steps(session, dossier, whole, [whole.first.key], actor, user_id=actor.user_id)


def start_process(session: Session, dossier: Dossier, actor: Actor) -> list[Task]:
    """Close the reception step and open what comes after it at the handling agency."""
    whole = graph(dossier)
    running = next(iter(lifecycle.open_tasks(dossier)), None)
    if running is None:
        return resume(session, dossier, actor)
    course = _advance(whole, dossier, running.key)
    if not course.opened:
        raise DomainError(_("The process has no step after the reception."))
    close(session, running, TaskState.done, actor, None, course.passed[running.key])
    return _go_on(session, dossier, whole, course, running.key, actor)


def finish_task(session: Session, task: Task, actor: Actor, remark: str | None = None) -> Dossier:
    """Finish a step: what its kind demands happens, and the steps it leads to open.

    With the last step before the return the dossier is finished (4 → 9). Raises Conflict when
    the step was finished by someone else meanwhile, NotAllowed, or Invalid naming what is missing.
    """
    refuse_unless_open_to(task, actor)
    remark = explained(task, remark)
    whole = graph(task.dossier)
    _do(session, task, whole, actor)
    return leave(session, task, whole, actor, remark)


def leave(session: Session, task: Task, whole: Graph, actor: Actor, remark: str | None) -> Dossier:
    """Close an open task and open what follows; who may do so has been asked."""
    dossier = task.dossier
    course = _advance(whole, dossier, task.key)
    went_to, note = course.passed[task.key], _named(task, remark)
    if not _ends(whole, course):
        lifecycle.note_step(session, dossier, "finish_step", actor, note)
        close(session, task, TaskState.done, actor, remark, went_to)
        _go_on(session, dossier, whole, course, task.key, actor)
        return dossier
    results.issue_unnumbered(session, dossier, actor)
    row = lifecycle.move(session, dossier, "finish", actor, remark=note, of_itself=True)
    close(session, task, TaskState.done, actor, remark, went_to)
    _go_on(session, dossier, whole, course, task.key, actor)
    notify_transition(session, dossier, row)
    return dossier


def _go_on(
    session: Session, dossier: Dossier, whole: Graph, course: Course, key: str, actor: Actor
) -> list[Task]:
    """Record what was passed, cancel what is not needed any more, open what follows ``key``."""
    drop(session, [t for t in lifecycle.open_tasks(dossier) if t.key in course.cancelled])
    keep_passed(session, dossier, whole, {k: led for k, led in course.passed.items() if k != key})
    opened = open_steps(session, dossier, whole, course.opened, actor)
    if not opened:
        show_place(session, dossier)
    begin_waiting(session, dossier, opened, actor, left=key)
    return opened


def begin_waiting(
    session: Session, dossier: Dossier, opened: Iterable[Task], actor: Actor, left: str = ""
) -> None:
    """Set going what steps wait for: the other agency's dossier, the money. left: the step left for them."""
    for task in [t for t in opened if t.state == TaskState.open and t.kind == StepKind.child]:
        enqueue("linked.open", task_id=task.id)
    standing = lifecycle.open_tasks(dossier)
    paying = [task for task in standing if task.kind == StepKind.payment]
    if paying and GUARDS["charges_paid"](dossier):  # what follows asks for those beside it
        leave(session, paying[0], graph(dossier), actor, _("Nothing is left to pay"))
    elif paying and paying == standing and _runs(dossier) and not _was_paid(dossier, left, opened):
        row = lifecycle.move(session, dossier, "request_payment_in_process", actor, of_itself=True)
        notify_transition(session, dossier, row)


def _was_paid(dossier: Dossier, left: str, opened: Iterable[Task]) -> bool:
    """Return whether the steps beside a payment wait for the money that was just paid; else nobody works beside them.

    What is left then falls due with the result (QN20 Đ14.2), and is asked for there.
    """
    is_new = any(task.kind == StepKind.payment for task in opened)
    return bool(left) and not is_new and graph(dossier).find(left).kind == StepKind.payment


def _runs(dossier: Dossier) -> bool:
    """Return whether the money is still to be asked for: a reopened dossier may have been waiting for it."""
    return State(dossier.state) is State.processing


def _ends(whole: Graph, course: Course) -> bool:
    """Return whether nothing but returning the result is left to do."""
    return all(whole.find(key).kind == StepKind.return_ for key in course.marking.open)


def _advance(whole: Graph, dossier: Dossier, key: str) -> Course:
    try:
        return routing.advance(whole, marking_of(dossier, whole), key, judge(dossier))
    except NoWay as exc:
        raise _stuck(whole, str(exc)) from exc


def _stuck(whole: Graph, key: str) -> DomainError:
    return DomainError(_("After “%(step)s” no way is open for what the form says. Please tell the "
                         "catalog administrator.", step=whole.find(key).name))  # fmt: skip


@dataclass(frozen=True)
class Ahead:
    """What finishing a step now leads to: the steps that open, none at the end or where no way is open."""

    steps: tuple[StepSpec, ...] = ()
    is_end: bool = False  # the dossier is finished with it


def ahead_of(task: Task) -> Ahead:
    """Return what finishing ``task`` now leads to; the way is worked out once for all who ask."""
    whole = graph(task.dossier)
    try:
        course = routing.advance(whole, marking_of(task.dossier, whole), task.key, judge(task.dossier))
    except (NoWay, LookupError):
        return Ahead()
    return Ahead(tuple(whole.find(key) for key in course.opened), _ends(whole, course))


def _named(task: Task, remark: str | None) -> str:
    return f"{task.name}: {remark.strip()}" if remark and remark.strip() else task.name


def refuse_unless_open_to(task: Task, actor: Actor) -> None:
    """Raise Conflict or NotAllowed unless the actor may work at ``task`` now."""
    refuse_unless_mine(task, actor)
    if State(task.dossier.state) is not State.processing or task.asked_by_id is not None:
        raise NotAllowed(_("%(code)s is not being processed at present.", code=task.dossier.code))


def _do(session: Session, task: Task, whole: Graph, actor: Actor) -> None:
    """What the kind of a step demands before it counts as finished."""
    signs_later = any(whole.find(key).kind == StepKind.sign for key in whole.later(task.key))
    others = [t for t in lifecycle.open_tasks(task.dossier) if t is not task and t.kind == StepKind.sign]
    if task.kind == StepKind.sign and not signs_later and not others:
        results.approve(session, task.dossier, actor, task.agency)
    elif task.kind == StepKind.number_and_seal and not signs_later:
        results.number_and_issue(session, task.dossier, actor)
    elif task.kind == StepKind.payment and not GUARDS["charges_paid"](task.dossier):
        unpaid = DOSSIER.guards["charges_paid"]
        raise Invalid(_(unpaid))
    elif task.kind in _WORK and any(step.kind == StepKind.sign for step in whole.after(task.key)):
        results.refuse_without_draft(task.dossier)


def send_back(session: Session, task: Task, step_key: str, actor: Actor, reason: str) -> Task:
    """Return the dossier to an earlier step, to whoever did it, with a reason.

    Parallel steps behind that step are cancelled: they will be come to again.
    """
    refuse_unless_open_to(task, actor)
    reason = given_reason(reason)
    target = next((step for step in earlier_steps(task) if step.key == step_key), None)
    if target is None:
        raise NotAllowed(_("The dossier cannot be sent back to this step."))
    dossier = task.dossier
    lifecycle.note_step(session, dossier, "send_back_step", actor, f"{target.name}: {reason}")
    close(session, task, TaskState.returned, actor, reason)
    results.reopen(session, dossier, reason)
    return go_back(session, dossier, target.key, actor)


def go_back(
    session: Session, dossier: Dossier, key: str, actor: Actor, *, user_id: int | None = None
) -> Task:
    """Open the finished step ``key`` again; what was done or stands open behind it counts no longer."""
    whole = graph(dossier)
    course = routing.send_back(whole, marking_of(dossier, whole), key)
    behind = whole.later(key) | {key}
    drop(session, [t for t in lifecycle.open_tasks(dossier) if t.key in course.cancelled])
    for task in dossier.tasks:
        if task.key in behind and task.state != TaskState.open:
            task.is_current = False
    session.flush()
    return open_steps(session, dossier, whole, [key], actor, user_id=user_id)[0]


def earlier_steps(task: Task) -> list[StepSpec]:
    """Return the steps a task may be sent back to, nearest first: finished ones where people work."""
    whole = graph(task.dossier)
    done = marking_of(task.dossier, whole).done
    return [step for step in whole.earlier(task.key) if step.key in done and step.kind in _WORK]


def close(
    session: Session, task: Task, state: TaskState, actor: Actor, remark: str | None,
    went_to: Iterable[str] | None = None,
) -> None:  # fmt: skip
    """End a task and the questions asked from it; went_to: keys of the steps it led to."""
    task.state, task.finished_at, task.remark = state, now(), remark
    lifecycle.own_up(session, task, actor)
    task.went_to = list(went_to) if went_to is not None else None
    drop(session, [q for q in lifecycle.open_questions(task.dossier) if q.asked_by_id == task.id])


def drop(session: Session, tasks: Iterable[Task]) -> None:
    """Cancel open tasks that are no longer needed, with the questions asked from them."""
    gone = list(tasks)
    if not gone:
        return
    ids = {task.id for task in gone}
    for dossier in {task.dossier for task in gone}:
        gone += [q for q in lifecycle.open_questions(dossier) if q.asked_by_id in ids and q not in gone]
    for task in gone:
        task.state, task.finished_at = TaskState.cancelled, now()
    if gone:
        session.flush()


def cancel_tasks(session: Session, dossier: Dossier) -> None:
    """Close what is open of a dossier that ended otherwise; ``resume`` opens it again."""
    left = [*lifecycle.open_tasks(dossier), *lifecycle.open_questions(dossier)]
    for task in left:
        task.is_current = False
    drop(session, left)
    dossier.step_name, dossier.holder_id = None, None
    session.flush()


def resume(session: Session, dossier: Dossier, actor: Actor) -> list[Task]:
    """Open again the steps at which a dossier was broken off, for whoever had them."""
    whole = graph(dossier)
    try:
        course = routing.resume(whole, marking_of(dossier, whole), judge(dossier))
    except NoWay as exc:
        raise _stuck(whole, str(exc)) from exc
    return _go_on(session, dossier, whole, course, "", actor)


def pass_waiting(
    session: Session, dossier: Dossier, kind: StepKind, actor: Actor, remark: str, *, opened_by: datetime | None = None
) -> None:
    """Leave the open steps of ``kind`` that waited for something which has happened: now, or at ``opened_by``."""
    for task in [t for t in lifecycle.open_tasks(dossier) if t.kind == kind]:
        if opened_by is not None and task.opened_at > opened_by:
            continue
        if task.state == TaskState.open and State(dossier.state) is State.processing:
            leave(session, task, graph(dossier), actor, remark)


