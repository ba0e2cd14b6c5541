"""Undoing what one has just done, as an act of its own: nothing that was written is taken out of the history.

Offered for some minutes and only while nobody else has opened the dossier since; the rights are those
of the act that takes back: giving a task back, recalling a step, withdrawing questions (ux.md "Hoàn tác").
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, NotFound
from app.history import HistoryEntry
from app.models import Dossier, Movement, Task, User
from app.models.task import TaskState
from app.permissions import Actor
from app.services import consulting, handing, lifecycle, recalling, taking_back
from app.services.task_rights import may_do
from app.workflows.process import StepKind
from app.workflows.states import State

MINUTES = 15
LINES = frozenset({"claim", "hand_to", "finish_step", "start"})  # what can be undone line by line after an act on many
_CLAIM, _HAND, _FINISH, _ASK, _START = "claim", "hand_to", "finish_step", "ask_opinion", "start"


@dataclass(frozen=True)
class Undo:
    """What the actor did last with a dossier, and may still undo.

    task: the task it was done with; had: who had it before a handover, None for nobody.
    """

    act: str
    task: Task
    at: datetime
    words: str
    had: int | None = None

    @property
    def until(self) -> datetime:
        """Until when it is offered."""
        return self.at + timedelta(minutes=MINUTES)


def find_undo(session: Session, dossier: Dossier, actor: Actor) -> Undo | None:
    """Return what ``actor`` may undo now: his last act here, if it is young and nobody came after it."""
    if actor.user_id is None or State(dossier.state) is not State.processing:
        return None
    moved = _own_movement(dossier, actor)
    given = _last_giving(session, dossier, actor)
    if given is not None and (moved is None or given.at > moved.at):
        found = _giving(session, dossier, actor, given)
    else:
        found = _moving(session, dossier, actor, moved) if moved is not None else None
    return found


def undo(session: Session, dossier: Dossier, actor: Actor, act: str, task_id: int) -> str:
    """Undo ``act`` on a task; returns what was undone in words.

    Raises Conflict once it is too late, or somebody has opened the dossier; NotAllowed, NotFound.
    """
    handing.get_task(session, task_id, actor)  # locked: two pressing at once undo once
    found = find_undo(session, dossier, actor)
    if found is None or (found.act, found.task.id) != (act, task_id):
        raise Conflict(_("%(code)s: this cannot be undone any more.", code=dossier.code))
    _UNDO[act](session, found, actor)
    return found.words


def undo_line(session: Session, dossier_id: int, task_id: int, actor: Actor, act: str) -> str:
    """Undo ``act`` on a line of the inbox, as ``undo``; raises NotFound for what the actor may not see."""
    task = handing.get_task(session, task_id, actor)
    if task.dossier_id != dossier_id:
        raise NotFound(_("There is no such task, or you may not see it."))
    return undo(session, task.dossier, actor, act, task_id)


def _own_movement(dossier: Dossier, actor: Actor) -> Movement | None:
    """Return the dossier's last movement if it is the actor's and young."""
    last = dossier.movements[-1] if dossier.movements else None
    is_own = last is not None and last.actor_id == actor.user_id and last.at >= _since()
    return last if is_own else None


def _since() -> datetime:
    return now() - timedelta(minutes=MINUTES)


def _last_giving(session: Session, dossier: Dossier, actor: Actor) -> HistoryEntry | None:
    """Return the actor's last change of a task here, if it gave the task to somebody and did nothing else."""
    entry = HistoryEntry
    query = sa.select(entry).where(
        entry.aggregate == "dossier", entry.aggregate_id == dossier.id, entry.actor_id == actor.user_id,
        entry.record == "task", entry.at >= _since(),
    )  # fmt: skip
    last = session.scalar(query.order_by(entry.seq.desc()).limit(1))
    return last if last is not None and last.action == "update" and set(last.changes) == {"assignee_id"} else None


def _giving(session: Session, dossier: Dossier, actor: Actor, entry: HistoryEntry) -> Undo | None:
    """Taking a task, or handing it to a colleague."""
    had, has = entry.changes["assignee_id"]
    task = next((t for t in dossier.tasks if t.id == entry.record_id and t.state == TaskState.open), None)
    if task is None or has is None or task.assignee_id != has or _was_touched(session, dossier, actor, entry.at):
        return None
    if had is None and may_do(task, actor):
        return Undo(_CLAIM, task, entry.at, _("You took the task “%(step)s”.", step=task.name))
    if has == actor.user_id or not handing.may_take_back(task, actor):
        return None
    receiver = session.get(User, has)
    name = receiver.get_full_name() if receiver is not None else ""
    return Undo(_HAND, task, entry.at, _("You handed “%(step)s” to %(name)s.", step=task.name, name=name), had)


def _moving(session: Session, dossier: Dossier, actor: Actor, last: Movement) -> Undo | None:
    """Finishing a step, passing a dossier on from the desk, or asking for opinions."""
    if last.transition == _START:
        return _passing_on(session, dossier, actor, last)
    if last.transition == _FINISH:
        mine = (t for t in reversed(dossier.tasks) if t.finished_at is not None and t.finished_at >= _since())
        task = next((t for t in mine if recalling.may_recall(t, actor)), None)
        if task is None or recalling.was_opened(session, task, actor):
            return None
        return Undo(_FINISH, task, last.at, _("You finished the step “%(step)s”.", step=task.name))
    asked = _asked_with(dossier, last) if last.transition == _ASK else []
    asking = next((t for t in dossier.tasks if asked and t.id == asked[0].asked_by_id), None)
    if asking is None or not may_do(asking, actor) or _was_touched(session, dossier, actor, last.at):
        return None
    names = ", ".join(str(one.assignee or one.agency) for one in asked)
    return Undo(_ASK, asking, last.at, _("You asked %(names)s for an opinion.", names=names))


def _passing_on(session: Session, dossier: Dossier, actor: Actor, last: Movement) -> Undo | None:
    """Passing on; the task is the reception step it finished, where the process has one."""
    if not taking_back.may_take_back(dossier, actor, last) or _was_touched(session, dossier, actor, last.at):
        return None
    left = [t for t in dossier.tasks if t.kind == StepKind.receive and t.is_current] or lifecycle.open_tasks(dossier)
    return Undo(_START, left[-1], last.at, _("You passed the dossier on for processing.")) if left else None


def _asked_with(dossier: Dossier, last: Movement) -> list[Task]:
    """Return the questions asked with movement ``last`` and open still; those of consultation steps ask themselves."""
    before = dossier.movements[-2].at if len(dossier.movements) > 1 else last.at
    kinds = {t.id: t.kind for t in dossier.tasks}
    return [q for q in lifecycle.open_questions(dossier)
            if before < q.opened_at <= last.at and kinds.get(q.asked_by_id or 0) != StepKind.consult]  # fmt: skip


def _was_touched(session: Session, dossier: Dossier, actor: Actor, since: datetime) -> bool:
    return recalling.touched_since(session, dossier.id, actor, since)


def _unclaim(session: Session, found: Undo, actor: Actor) -> None:
    handing.lay_back(session, found.task, None, actor)
    lifecycle.note_step(session, found.task.dossier, "undo_claim", actor, found.task.name)


def _take_back(session: Session, found: Undo, actor: Actor) -> None:
    handing.lay_back(session, found.task, found.had, actor)
    lifecycle.note_step(session, found.task.dossier, "undo_hand_over", actor, found.task.name)


def _recall(session: Session, found: Undo, actor: Actor) -> None:
    recalling.recall(session, found.task, actor)


def _withdraw(session: Session, found: Undo, actor: Actor) -> None:
    for question in _asked_with(found.task.dossier, found.task.dossier.movements[-1]):
        consulting.take_back(session, question, actor)


def _bring_back(session: Session, found: Undo, actor: Actor) -> None:
    taking_back.take_back_start(session, found.task.dossier, actor)


_UNDO: dict[str, Callable[[Session, Undo, Actor], None]] = {
    _CLAIM: _unclaim, _HAND: _take_back, _FINISH: _recall, _ASK: _withdraw,
    _START: _bring_back,
}  # fmt: skip
