"""Whose a task is: taking it, giving it back, handing it to a colleague."""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, contains_eager, joinedload, object_session

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.history import act_by, acting_post
from app.i18n import N_
from app.models import Dossier, ProcedureVersion, Process, Task
from app.models.task import TaskState
from app.permissions import Actor, Position, Role
from app.services import lifecycle
from app.services.kept import mark
from app.services.notices import holders, notice_users, tell_tasks
from app.services.official import official
from app.services.opening import show_place
from app.services.task_rights import approves_himself, askers, find_post, leading_post, post_at, post_where, roles_for
from app.transactions import locked


def claim(session: Session, task: Task, actor: Actor) -> Task:
    """Take an unassigned task; raises Conflict if a colleague was faster."""
    lifecycle.refuse_own(task.dossier, actor)
    if task.assignee_id == actor.user_id:
        return task
    if task.assignee_id is not None:
        raise Conflict(_("%(name)s has already taken this task.", name=str(task.assignee)))
    refuse_unless_mine(task, actor)
    lent = acting_post(session, actor)  # what a delegate takes is whose place he takes: it stays when it ends
    return _give(session, task, lent.delegator_id if lent else actor.user_id, actor)


def unclaim(session: Session, task: Task, actor: Actor) -> Task:
    """Give one's task back to all who may do it. Raises Invalid if there is nobody else."""
    refuse_unless_mine(task, actor)
    if task.assignee_id is None:
        return task
    if set(colleagues(session, task)) <= {task.assignee_id}:
        raise Invalid(_("Nobody else may do this step; it stays with you."))
    return _give(session, task, None, actor)


def hand_to(session: Session, task: Task, user_id: int, actor: Actor) -> Task:
    """Give a task to a colleague who may do it: one's own, or as a head there anybody's.

    Never one of a dossier of one's own, nor by a post lent by its applicant.
    """
    lifecycle.refuse_own(task.dossier, actor)
    if task.state != TaskState.open:
        _refuse_closed(task)
    post = leading_post(task, actor)
    if post is None:
        refuse_unless_mine(task, actor)
    else:
        act_by(session, actor, post)
    if user_id not in colleagues(session, task):
        message = _("This person may not do this step.")
        raise Invalid(message, {"user": message})
    return _give(session, task, user_id, actor)


def may_take_back(task: Task, actor: Actor) -> bool:
    """Return whether a task handed over is still the actor's to take back: he does such tasks there, or heads them."""
    return _post_to_take_back(task, actor) is not None


def _post_to_take_back(task: Task, actor: Actor) -> Position | None:
    return post_where(task, actor, roles_for(Role(task.role))) or leading_post(task, actor)


def lay_back(session: Session, task: Task, user_id: int | None, actor: Actor) -> Task:
    """Give a task back to whoever had it before (None: to all who may do it), and tell whom it is taken from.

    Raises Conflict if it is over, NotAllowed, Invalid if that officer may not do it any more.
    """
    if task.state != TaskState.open:
        _refuse_closed(task)
    if not may_take_back(task, actor):
        lifecycle.refuse_own(task.dossier, actor)
        raise NotAllowed(_("This step is not yours: %(step)s", step=task.name))
    act_by(session, actor, _post_to_take_back(task, actor))
    if user_id is not None and user_id not in colleagues(session, task):
        raise Invalid(_("This person may not do this step."))
    had = task.assignee_id
    _give(session, task, user_id, actor)
    if had is not None and had != actor.user_id:
        title = official(N_("Taken back: %(step)s (%(code)s)"), step=task.name, code=task.dossier.code)
        notice_users(session, [had], task.dossier, f"task:{task.id}:back:{task.row_version}", title, "")
    return task


def _give(session: Session, task: Task, user_id: int | None, actor: Actor) -> Task:
    task.assignee_id = user_id
    session.flush()
    session.expire(task, ["assignee"])
    if task.asked_by_id is None:
        show_place(session, task.dossier)
    if user_id is not None and user_id != actor.user_id:
        tell_tasks(session, {task: [user_id]}, again=f":{task.row_version}")
    return task


def colleagues(session: Session, task: Task) -> list[int]:
    """Return the ids of those who may do a task."""
    return _fit(task, holders(session, task.agency_id, Role(task.role)))


def _fit(task: Task, user_ids: list[int]) -> list[int]:
    """Return the officers among ``user_ids`` who are neither the applicant himself nor who asked the question."""
    barred = task.dossier.account.people | askers(task)
    return [number for number in user_ids if number not in barred]


def refuse_unless_mine(task: Task, actor: Actor) -> None:
    """Raise Conflict if the task is over, NotAllowed if it is not the actor's; he acts by the post that fits."""
    if task.state != TaskState.open:
        _refuse_closed(task)
    post, session = post_at(task, actor), object_session(task)
    if post is not None and session is not None:
        act_by(session, actor, post)
    else:
        lifecycle.refuse_own(task.dossier, actor)
        _refuse_approving_himself(task, actor)
        raise NotAllowed(_("This step is not yours: %(step)s", step=task.name))


def _refuse_approving_himself(task: Task, actor: Actor) -> None:
    post = find_post(actor, roles_for(Role(task.role)), task.agency_id)
    if post is not None and approves_himself(task, actor, post):
        raise NotAllowed(_("A delegate does not approve what he, or the one he stands for, made: %(step)s",
                           step=task.name))  # fmt: skip


def _refuse_closed(task: Task) -> None:
    raise Conflict(_("%(code)s: this step was already finished by %(name)s.",
                     code=task.dossier.code, name=str(task.assignee or "")))  # fmt: skip


def task_of(dossier: Dossier, pk: int) -> Task:
    """Return a task of a dossier that is locked for a change, and its tasks with it; else NotFound."""
    found = next((task for task in dossier.tasks if task.id == pk), None)
    if found is None:
        raise NotFound(_("There is no such task, or you may not see it."))
    return found


def get_task(session: Session, pk: int, actor: Actor) -> Task:
    """Return a task of a dossier the actor may see, locked for a change; else NotFound.

    The dossier's row is locked with it: two parallel steps finished at once follow each other,
    so that the one that comes last opens the step where they meet.
    """
    from app.models.scope import through_dossier

    mark(session, "processes")  # before the steps are read: what is kept is never older than its mark
    query = sa.select(Task).where(Task.id == pk)
    condition = through_dossier(Task.dossier_id, actor)
    query = query if condition is None else query.where(condition)
    whole, version = contains_eager(Task.dossier), joinedload(Dossier.version)
    query = query.join(Task.dossier).options(
        whole.joinedload(Dossier.agency), whole.joinedload(Dossier.account), whole.options(
            version.joinedload(ProcedureVersion.process).selectinload(Process.steps)),
    )  # fmt: skip
    query = locked(query, Dossier, Task)
    task = session.scalar(query)
    if task is None:
        raise NotFound(_("There is no such task, or you may not see it."))
    session.expire(task.dossier, ["tasks", "movements", "segments"])  # as they are now, under the lock
    return task
