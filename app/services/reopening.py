"""Opening a dossier again that was refused, stopped or finished by mistake."""

from datetime import timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Dossier
from app.models.task import TaskState
from app.permissions import Actor
from app.services import lifecycle, linked, processing, results
from app.services.letters import cancel_letters
from app.services.notices import notify_transition
from app.services.opening import marking_of
from app.services.refunds import owe_again
from app.workflows.process import Graph, StepKind, StepSpec
from app.workflows.result import ResultState
from app.workflows.states import State

_ENDINGS = {("refusal", "refuse"), ("stop", "stop"), ("stop", "withdrawal")}
_AT_ONCE = timedelta(minutes=1)
_WORK = frozenset({StepKind.work, StepKind.check, StepKind.sign})


def needs_step(dossier: Dossier) -> bool:
    """Return whether it must be said where it goes on.

    Its result is there, or lost its seal or its signature when the dossier was stopped.
    """
    if State(dossier.state) is State.finished:
        return True
    if not dossier.results:
        return False
    result = results.current_result(dossier)
    return result is None or (result.state == ResultState.draft and _was_signed(dossier))


def _was_signed(dossier: Dossier) -> bool:
    signatures = [task for task in dossier.tasks if task.kind == StepKind.sign and task.is_current]
    return any(task.state == TaskState.done for task in signatures)


def steps_to_return_to(dossier: Dossier) -> list[StepSpec]:
    """Return the finished steps at which such a dossier may go on, the latest first.

    Its result is revoked, so it has to be signed again before it is sealed: only steps up to a signature.
    """
    whole = processing.graph(dossier)
    done = marking_of(dossier, whole).done
    return [step for step in reversed(whole.steps)
            if step.key in done and step.kind in _WORK and _leads_to_signature(whole, step)]  # fmt: skip


def _leads_to_signature(whole: Graph, step: StepSpec) -> bool:
    kinds = {step.kind, *(whole.find(key).kind for key in whole.later(step.key))}
    return StepKind.sign in kinds


def reopen(session: Session, dossier: Dossier, actor: Actor, reason: str, step_key: str = "") -> Dossier:
    """Put a closed dossier back to where it was; code and due date stay, the clock has no gap.

    step_key: at which step one goes on that had its result (``needs_step``); what was issued is revoked, its
    text is the draft of the new result, which is signed and numbered anew. Raises NotAllowed for others than
    the head of its agency, Invalid without a reason or such a step.
    """
    was_finished = State(dossier.state) is State.finished
    row = lifecycle.find_transition("reopen")
    lifecycle.refuse_unless_open(dossier, row, actor)
    step = _step(dossier, step_key) if needs_step(dossier) else None
    lifecycle.move(session, dossier, "reopen", actor, remark=reason.strip())
    cancel_letters(dossier, _ENDINGS)
    owe_again(session, dossier, actor)
    linked.expect_again(session, dossier)
    if was_finished:
        processing.drop(session, lifecycle.open_tasks(dossier))  # handing over the result
    elif dossier.tasks:
        _resume(session, dossier, actor)
    if step is not None:
        results.revoke(session, dossier, reason.strip())
        processing.go_back(session, dossier, step.key, actor)
    notify_transition(session, dossier, row)
    return dossier


def _resume(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Open again what was broken off.

    Before ways were recorded (databases upgraded since) it was not marked as broken off, but counts as no longer
    needed: what was cancelled last, with the end of the dossier, is marked now.
    """
    processing.resume(session, dossier, actor)
    if lifecycle.open_tasks(dossier):
        return
    gone = [(task.finished_at, task) for task in dossier.tasks
            if task.state == TaskState.cancelled and task.is_current and task.finished_at]  # fmt: skip
    last = max((at for at, _task in gone), default=None)
    for at, task in gone:
        task.is_current = last is None or last - at > _AT_ONCE
    if gone:
        session.flush()
        processing.resume(session, dossier, actor)


def _step(dossier: Dossier, key: str) -> StepSpec:
    found = next((step for step in steps_to_return_to(dossier) if step.key == key), None)
    if found is None:
        message = _("Choose the step at which the dossier goes on.")
        raise Invalid(message, {"step": message})
    return found
