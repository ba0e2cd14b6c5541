"""Whose a task is: by role, by agency, by name."""

from app.models import Dossier, Task
from app.models.task import TaskState
from app.permissions import Actor, Role

# Who may stand in at the same agency without a delegation: the superior.
SUPERIOR = {Role.division_head: Role.agency_head, Role.specialist: Role.division_head}


def holds(actor: Actor, role: Role, agency_id: int | None) -> bool:
    """Return whether the actor is posted as ``role`` at exactly this agency.

    Seeing reaches down the tree, acting does not: the province's head signs what the
    province signs, not what a ward does.
    """
    return any(post.agency_id == agency_id for post in actor.positions_as(frozenset({role})))


def is_own(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor is the applicant: nobody decides, as an officer, on what he asks for."""
    return actor.account_id is not None and actor.account_id == dossier.account_id


def may_do(task: Task, actor: Actor) -> bool:
    """Return whether a task is the actor's to do: his role, his agency, his or nobody's.

    Never one of a dossier of his own.
    """
    if actor.account_id is not None and is_own(task.dossier, actor):
        return False
    is_fit = fits(actor, Role(task.role), task.agency_id)
    return task.state == TaskState.open and is_fit and task.assignee_id in {None, actor.user_id}


def fits(actor: Actor, role: Role, agency_id: int) -> bool:
    """Return whether the actor holds ``role`` at the agency, or a superior's post that stands in for it."""
    return holds(actor, role, agency_id) or (role in SUPERIOR and holds(actor, SUPERIOR[role], agency_id))


def leads(task: Task, actor: Actor) -> bool:
    """Return whether the actor heads the agency, or a division of it, where the task is."""
    return heads(actor, task.agency_id)


def heads(actor: Actor, agency_id: int) -> bool:
    """Return whether the actor heads the agency or a division of it."""
    return any(holds(actor, role, agency_id) for role in (Role.agency_head, Role.division_head))
