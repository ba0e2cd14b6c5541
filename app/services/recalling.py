"""Taking back a step one has just finished, before anybody has begun with what it led to."""

from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, object_session

from app.errors import Conflict, NotAllowed
from app.history import HistoryEntry, act_by
from app.i18n import N_
from app.models import Task
from app.models.task import TaskState
from app.permissions import Actor, Position, Role
from app.services import lifecycle, linked, processing, results
from app.services.official import official
from app.services.task_rights import post_where, roles_for
from app.workflows.process import StepKind
from app.workflows.states import State

_RECALLED = frozenset({StepKind.work, StepKind.check, StepKind.sign})  # what is numbered is out


def recall(session: Session, task: Task, actor: Actor) -> Task:
    """Take back a step one has finished, as long as nobody has begun with what it led to.

    Raises NotAllowed if it was not one's own or one holds no post for it any more, Conflict once somebody has
    opened the dossier.
    """
    dossier = task.dossier
    lifecycle.refuse_own(dossier, actor)
    if not may_recall(task, actor):
        raise NotAllowed(_("This step cannot be taken back."))
    if was_opened(session, task, actor):
        raise Conflict(_("%(code)s: somebody has begun with it; ask for it to be sent back.", code=dossier.code))
    act_by(session, actor, _post_for(task, actor))
    lifecycle.note_step(session, dossier, "recall_step", actor, task.name)
    results.reopen(session, dossier, official(N_("Taken back: %(step)s"), step=task.name))
    return processing.go_back(session, dossier, task.key, actor, user_id=actor.user_id)


def may_recall(task: Task, actor: Actor) -> bool:
    """Return whether a step was the actor's, is of a post he holds, and what it led to stands open right behind it."""
    dossier, is_done = task.dossier, task.state == TaskState.done and task.is_current
    if not is_done or task.assignee_id != actor.user_id or task.asked_by_id is not None:
        return False
    if _post_for(task, actor) is None:
        return False
    standing = {t.key for t in lifecycle.open_tasks(dossier)}
    is_next = bool(task.went_to) and set(task.went_to or ()) <= standing and not _is_elsewhere(task)
    return is_next and task.kind in _RECALLED and State(dossier.state) is State.processing


def _is_elsewhere(task: Task) -> bool:
    """Return whether another agency has a dossier already that a step behind ``task`` opened."""
    session, led = object_session(task), set(task.went_to or ())
    waiting = [t for t in lifecycle.open_tasks(task.dossier) if t.kind == StepKind.child and t.key in led]
    return session is not None and any(linked.link_of_task(session, one.id) for one in waiting)


def _post_for(task: Task, actor: Actor) -> Position | None:
    return post_where(task, actor, roles_for(Role(task.role)))


def was_opened(session: Session, task: Task, actor: Actor) -> bool:
    """Return whether anybody else has read or touched the dossier since ``task`` was finished."""
    return task.finished_at is None or touched_since(session, task.dossier_id, actor, task.finished_at)


def touched_since(session: Session, dossier_id: int, actor: Actor, since: datetime) -> bool:
    """Return whether anybody else has read or touched a dossier since an instant."""
    entry = HistoryEntry
    query = sa.select(entry.id).where(
        entry.aggregate == "dossier", entry.aggregate_id == dossier_id,
        entry.actor_id.is_not(None), entry.actor_id != actor.user_id, entry.at >= since,
    )  # fmt: skip
    return session.scalar(query.limit(1)) is not None
