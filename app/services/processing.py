"""Inside "being processed": tasks of the configured steps, one after another (HUE25 Đ16)."""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.models import Agency, Dossier, ProcessStep, Task
from app.models.process import StepPlace
from app.models.task import TaskState
from app.permissions import Actor, Role
from app.services import lifecycle, results
from app.services.notices import holders, notify_transition, tell_task
from app.services.task_rights import leads, may_do
from app.services.timing import calendar_of
from app.services.users import root_agency
from app.workflows import process as engine
from app.workflows.process import StepKind, StepSpec
from app.workflows.states import State
from app.workflows.working_time import add_minutes


def specs(dossier: Dossier) -> list[StepSpec]:
    """Return the steps of the dossier's pinned process."""
    process = dossier.version.process
    if process is None or not process.steps:
        raise DomainError(_("This procedure has no internal process."))
    return [
        StepSpec(str(s.id), s.name, s.kind, s.role, s.place, s.working_minutes)
        for s in process.steps
    ]


def open_reception_task(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Open the reception step, held by the officer who received, if the process begins so."""
    first = engine.first(specs(dossier))
    if first.kind == StepKind.receive:
        open_task(session, dossier, first, actor, user_id=actor.user_id)


def start_process(session: Session, dossier: Dossier, actor: Actor) -> Task:
    """Close the reception step and open the one after it at the handling agency."""
    steps = specs(dossier)
    running = next(iter(lifecycle.open_tasks(dossier)), None)
    if running is None:
        return open_task(session, dossier, engine.first(steps), actor)
    _close(session, running, TaskState.done, actor, None)
    following = engine.after(steps, str(running.step_id))
    if not following:
        raise DomainError(_("The process has no step after the reception."))
    return open_task(session, dossier, following[0], actor)


def open_task(
    session: Session, dossier: Dossier, step: StepSpec, actor: Actor, *, user_id: int | None = None
) -> Task:
    """Return the new open task of ``step``.

    Given to ``user_id``, else to whoever did the step before, else to the only one who can.
    """
    agency = place_of_step(session, dossier, step)
    candidates = _fit(dossier, holders(session, agency.id, Role(step.role)))
    user_id = user_id or _natural_assignee(dossier, step, candidates)
    at = now()
    task = Task(
        dossier=dossier, step_id=int(step.key), name=step.name, kind=str(step.kind), role=step.role,
        position=_position(dossier, step), agency=agency, assignee_id=user_id, opened_at=at,
        due_at=add_minutes(calendar_of(session, agency), at, step.minutes), state=TaskState.open,
    )  # fmt: skip
    session.add(task)
    dossier.step_name, dossier.holder_id = step.name, user_id
    session.flush()
    if State(dossier.state).holder is not None:
        lifecycle.hold(
            session, dossier, _clock_holder(step.place), step.name, agency=agency, user_id=user_id
        )
    tell_task(session, task, [user_id] if user_id else candidates)
    return task


def _clock_holder(place: str) -> str:
    return "desk" if place == StepPlace.desk else "officer"


def finish_task(session: Session, task: Task, actor: Actor, remark: str | None = None) -> Dossier:
    """Finish a step: what its kind demands happens, and the next step opens.

    The last step before the return finishes the dossier (4 → 9). Raises Conflict when the
    step was finished by someone else meanwhile, NotAllowed, or Invalid naming what is missing.
    """
    dossier = task.dossier
    _refuse_unless_open_to(task, actor)
    steps = specs(dossier)
    following = engine.after(steps, str(task.step_id))
    _do(session, task, steps, actor)
    if following and following[0].kind != StepKind.return_:
        lifecycle.note_step(session, dossier, "finish_step", actor, _named(task, remark))
        _close(session, task, TaskState.done, actor, remark)
        open_task(session, dossier, following[0], actor)
        return dossier
    results.issue_unnumbered(session, dossier, actor)
    row = lifecycle.move(session, dossier, "finish", actor, remark=_named(task, remark))
    _close(session, task, TaskState.done, actor, remark)
    dossier.step_name, dossier.holder_id = None, None
    if following:
        open_task(session, dossier, following[0], actor)
    notify_transition(session, dossier, row)
    return dossier


def next_step(task: Task) -> StepSpec | None:
    """Return the step that opens when ``task`` is finished, None at the end."""
    return next(iter(engine.after(specs(task.dossier), str(task.step_id))), None)


def _named(task: Task, remark: str | None) -> str:
    return f"{task.name}: {remark.strip()}" if remark and remark.strip() else task.name


def _refuse_unless_open_to(task: Task, actor: Actor) -> None:
    refuse_unless_mine(task, actor)
    if State(task.dossier.state) is not State.processing:
        raise NotAllowed(_("%(code)s is not being processed at present.", code=task.dossier.code))


def _do(session: Session, task: Task, steps: list[StepSpec], actor: Actor) -> None:
    """What the kind of a step demands before it counts as finished."""
    later = _remaining(steps, str(task.step_id))
    has_later_sign = any(step.kind == StepKind.sign for step in later)
    if task.kind == StepKind.sign and not has_later_sign:
        results.approve(session, task.dossier, actor, task.agency)
    elif task.kind == StepKind.number_and_seal and not has_later_sign:
        results.number_and_issue(session, task.dossier, actor)
    elif later and later[0].kind == StepKind.sign:
        results.refuse_without_draft(task.dossier)


def _remaining(steps: list[StepSpec], key: str) -> list[StepSpec]:
    found: list[StepSpec] = []
    while following := engine.after(steps, key):
        found.append(following[0])
        key = following[0].key
    return found


def send_back(session: Session, task: Task, step_key: str, actor: Actor, reason: str) -> Task:
    """Return the dossier to an earlier step, to whoever did it, with a reason."""
    _refuse_unless_open_to(task, actor)
    if not reason.strip():
        message = _("Please give the reason.")
        raise Invalid(message, {"reason": message})
    target = next((step for step in earlier_steps(task) if step.key == step_key), None)
    if target is None:
        raise NotAllowed(_("The dossier cannot be sent back to this step."))
    dossier, remark = task.dossier, f"{target.name}: {reason.strip()}"
    lifecycle.note_step(session, dossier, "send_back_step", actor, remark)
    _close(session, task, TaskState.returned, actor, reason.strip())
    results.reopen(session, dossier, reason.strip())
    return open_task(session, dossier, target, actor)


def earlier_steps(task: Task) -> list[StepSpec]:
    """Return the steps a task may be sent back to, nearest first."""
    steps = specs(task.dossier)
    return [s for s in engine.earlier(steps, str(task.step_id)) if s.kind != StepKind.receive]


def claim(session: Session, task: Task, actor: Actor) -> Task:
    """Take an unassigned task; raises Conflict if a colleague was faster."""
    if task.assignee_id == actor.user_id:
        return task
    if task.assignee_id is not None:
        raise Conflict(_("%(name)s has already taken this task.", name=str(task.assignee)))
    refuse_unless_mine(task, actor)
    return _give(session, task, actor.user_id, actor)


def hand_to(session: Session, task: Task, user_id: int, actor: Actor) -> Task:
    """Give a task to a colleague who may do it: one's own, or as a head there anybody's."""
    if task.state != TaskState.open:
        _refuse_closed(task)
    if not leads(task, actor):
        refuse_unless_mine(task, actor)
    if user_id not in colleagues(session, task):
        message = _("This person may not do this step.")
        raise Invalid(message, {"user": message})
    return _give(session, task, user_id, actor)


def _give(session: Session, task: Task, user_id: int | None, actor: Actor) -> Task:
    task.assignee_id = task.dossier.holder_id = user_id
    session.flush()
    session.expire(task, ["assignee"])
    if State(task.dossier.state).holder in {"desk", "officer"}:
        holder = _clock_holder(task.step.place)
        lifecycle.hold(
            session, task.dossier, holder, task.name, agency=task.agency, user_id=user_id
        )
    if user_id is not None and user_id != actor.user_id:
        tell_task(session, task, [user_id], key=f"task:{task.id}:{task.row_version}")
    return task


def colleagues(session: Session, task: Task) -> list[int]:
    """Return the ids of those who may do a task."""
    return _fit(task.dossier, holders(session, task.agency_id, Role(task.role)))


def _fit(dossier: Dossier, user_ids: list[int]) -> list[int]:
    """Return the officers among ``user_ids`` who are not the applicant himself."""
    return [number for number in user_ids if number != dossier.account.user_id]


def refuse_unless_mine(task: Task, actor: Actor) -> None:
    """Raise Conflict if the task is over, NotAllowed if it is not the actor's."""
    if task.state != TaskState.open:
        _refuse_closed(task)
    if not may_do(task, actor):
        lifecycle.refuse_own(task.dossier, actor)
        raise NotAllowed(_("This step is not yours: %(step)s", step=task.name))


def _refuse_closed(task: Task) -> None:
    raise Conflict(_("%(code)s: this step was already finished by %(name)s.",
                     code=task.dossier.code, name=str(task.assignee or "")))  # fmt: skip


def place_of_step(session: Session, dossier: Dossier, step: StepSpec) -> Agency:
    """Return the agency at which a step of this dossier is done."""
    if step.place == StepPlace.desk:
        return dossier.desk
    return root_agency(session) if step.place == StepPlace.province else dossier.agency


def _natural_assignee(dossier: Dossier, step: StepSpec, candidates: list[int]) -> int | None:
    done = [
        t.assignee_id
        for t in dossier.tasks
        if str(t.step_id) == step.key and t.assignee_id in candidates
    ]
    if done:
        return done[-1]
    return candidates[0] if len(candidates) == 1 else None


def _position(dossier: Dossier, step: StepSpec) -> int:
    steps: list[ProcessStep] = dossier.version.process.steps if dossier.version.process else []
    return next(s.position for s in steps if str(s.id) == step.key)


def _close(
    session: Session, task: Task, state: TaskState, actor: Actor, remark: str | None
) -> None:
    task.state, task.finished_at, task.remark = state, now(), remark
    task.assignee_id = task.assignee_id or actor.user_id
    session.flush()


def cancel_tasks(session: Session, dossier: Dossier) -> None:
    """Close what is open of a dossier that ended otherwise."""
    for task in lifecycle.open_tasks(dossier):
        task.state, task.finished_at = TaskState.cancelled, now()
    dossier.step_name, dossier.holder_id = None, None
    session.flush()


def get_task(session: Session, pk: int, actor: Actor) -> Task:
    """Return a task of a dossier the actor may see, locked for a change; else NotFound."""
    from app.models.scope import through_dossier

    query = sa.select(Task).where(Task.id == pk)
    condition = through_dossier(Task.dossier_id, actor)
    query = query if condition is None else query.where(condition)
    task = session.scalar(query.with_for_update(of=Task).execution_options(populate_existing=True))
    if task is None:
        raise NotFound(_("There is no such task, or you may not see it."))
    return task
