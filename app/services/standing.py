"""Who stands where over a dossier: at its desk, at its agency, at its open step; and by which post."""

from collections.abc import Iterable
from collections.abc import Set as AbstractSet

from app.models import Dossier, Task
from app.models.task import TaskState
from app.permissions import Actor, Position, Role
from app.services.task_rights import applies, is_own, post_at, without_applicant
from app.workflows.states import State
from app.workflows.table import Transition

DESK_ROLES = frozenset({Role.desk_officer, Role.cashier, Role.centre_director})


def acts(dossier: Dossier, row: Transition[State], actor: Actor) -> bool:
    """Return whether the actor holds one of the row's roles where this dossier is."""
    return any(stands_at(dossier, actor, Role(role)) for role in row.roles if role in actor.roles)


def post_for(dossier: Dossier, row: Transition[State], actor: Actor) -> Position | None:
    """Return the post by which the actor makes a transition open to him, his own first."""
    posts = [post_over(dossier, actor, Role(role)) for role in sorted(row.roles) if role in actor.roles]
    return _own_first(posts)


def _own_first(posts: Iterable[Position | None]) -> Position | None:
    return min((post for post in posts if post), key=lambda post: post.delegation_id is not None, default=None)


def stands_at(dossier: Dossier, actor: Actor, role: Role) -> bool:
    """Return whether ``actor`` holds ``role`` over this dossier.

    Desk roles: at its desk. Heads and clerks: at the agency that handles it or where its open
    step is. Specialists: only while the open step is theirs or nobody's. Citizens: as applicant,
    and the applicant in no other role.
    """
    if role is Role.citizen:
        return applies(dossier, actor)
    return not is_own(dossier, actor) and post_over(dossier, actor, role) is not None


def post_over(dossier: Dossier, actor: Actor, role: Role) -> Position | None:
    """Return the post as ``role`` by which an officer stands over this dossier, his own first; see ``stands_at``."""
    if role in DESK_ROLES:
        places = {dossier.desk_id}
    elif role is Role.specialist:
        places = {task.agency_id for task in open_tasks(dossier) if post_at(task, actor)}
    else:
        places = {dossier.agency_id, *(task.agency_id for task in open_tasks(dossier))}
    posts = (post for post in without_applicant(dossier, actor) if post.role is role)
    return next((post for post in posts if post.agency_id in places), None)


def handles(dossier: Dossier, actor: Actor, roles: AbstractSet[Role]) -> bool:
    """Return whether the actor handles the dossier in one of ``roles``: now, or did a step of it.

    Who did a step counts only while he holds its post, who gave an opinion never; nor the applicant himself.
    """
    return handling_post(dossier, actor, roles) is not None


def handling_post(dossier: Dossier, actor: Actor, roles: AbstractSet[Role]) -> Position | None:
    """Return the post by which the actor handles the dossier, his own first; see ``handles``."""
    if is_own(dossier, actor):
        return None
    over = [post_over(dossier, actor, role) for role in sorted(roles & actor.roles)]
    worked = [post for post in without_applicant(dossier, actor) for task in dossier.tasks
              if post.role in roles and (post.role, post.agency_id) == (task.role, task.agency_id)
              and task.asked_by_id is None and task.assignee_id is not None
              and task.assignee_id in {actor.user_id, post.delegator_id}]  # fmt: skip
    return _own_first([*over, *worked])


def open_tasks(dossier: Dossier) -> list[Task]:
    """Return the tasks at which the dossier stands now; questions to others are not among them."""
    return [task for task in dossier.tasks if task.state == TaskState.open and task.asked_by_id is None]


def open_questions(dossier: Dossier) -> list[Task]:
    """Return what agencies or colleagues were asked and have not answered yet."""
    return [task for task in dossier.tasks if task.state == TaskState.open and task.asked_by_id is not None]
