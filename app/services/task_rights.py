"""Whose a task is: by role, by agency, by name; and by which post one does it, one's own or a delegated one."""

from collections.abc import Iterable, Sequence

from sqlalchemy.orm import object_session

from app.models import Account, Dossier, Task
from app.models.task import TaskState
from app.permissions import Actor, Position, Role
from app.workflows.process import StepKind

# Who may stand in at the same agency without a delegation: the superior.
SUPERIOR = {Role.division_head: Role.agency_head, Role.specialist: Role.division_head}
_APPROVING = frozenset({StepKind.check, StepKind.sign})
_MADE = frozenset({StepKind.work, StepKind.check})
HEADS = frozenset({Role.agency_head, Role.division_head, Role.centre_director})

# Steps at which another agency has the dossier.
ELSEWHERE = frozenset({StepKind.consult, StepKind.child})


def lead_task(standing: Sequence[Task]) -> Task | None:
    """Return the open step that has the clock: one worked on here before those asked elsewhere."""
    return next((task for task in standing if task.kind not in ELSEWHERE), next(iter(standing), None))


def keeper(task: Task, usual: str) -> str:
    """Return who holds the clock at a step: another agency, or ``usual`` (desk, officer)."""
    return "other_agency" if task.kind in ELSEWHERE else usual


def holds(actor: Actor, role: Role, agency_id: int | None) -> bool:
    """Return whether the actor is posted as ``role`` at exactly this agency.

    Seeing reaches down the tree, acting does not: the province's head signs what the
    province signs, not what a ward does.
    """
    return find_post(actor, (role,), agency_id) is not None


def find_post(actor: Actor, roles: Iterable[Role], agency_id: int | None) -> Position | None:
    """Return the post of one of ``roles`` at exactly this agency by which the actor acts, his own first."""
    wanted = frozenset(roles)
    return next((post for post in actor.positions_as(wanted) if post.agency_id == agency_id), None)


def is_own(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor is the applicant, by whatever login: nobody decides, as an officer, on his own.

    Who he is his login tells, or his personal number (``OfficerIdentity``); of others ``Account.people`` tells it,
    and of himself where the account became his after the actor was worked out: entered in this very act.
    """
    return is_self(dossier.account, actor)


def is_self(account: Account, actor: Actor) -> bool:
    """Return whether the actor is the person of this account, by his login or as the officer with its number."""
    return account.id in actor.own_accounts or actor.user_id in account.people


def applies(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor stands here as the applicant: with the login that applied."""
    return actor.account_id is not None and actor.account_id == dossier.account_id


def without_applicant(dossier: Dossier, actor: Actor) -> Iterable[Position]:
    """Return the actor's posts without those in which he would stand for the applicant himself."""
    return (post for post in actor.positions
            if post.delegator_id is None or post.delegator_id not in dossier.account.people)  # fmt: skip


def askers(question: Task) -> frozenset[int]:
    """Return who asked a question: whose step it is asked from, and who did it in his place; nobody of other tasks."""
    session = object_session(question)
    asking = session.get(Task, question.asked_by_id) if session is not None and question.asked_by_id else None
    if asking is None:
        return frozenset()
    return frozenset(number for number in (asking.assignee_id, asking.delegate_id) if number is not None)


def may_do(task: Task, actor: Actor) -> bool:
    """Return whether a task is the actor's to do: his role, his agency, his or nobody's.

    Never one of a dossier of his own, nor a question he asked.
    """
    return post_at(task, actor) is not None


def post_at(task: Task, actor: Actor) -> Position | None:
    """Return the post by which a task is the actor's to do, his own first; None if it is not."""
    if task.state != TaskState.open or is_own(task.dossier, actor):
        return None
    posts = (post for post in without_applicant(task.dossier, actor) if _fits(post, task, actor))
    found = next((post for post in posts if _is_for_another(task, actor, post)), None)
    return found and (find_post(actor, (found.role,), found.agency_id) or found)  # the same post of his own


def _is_for_another(task: Task, actor: Actor, post: Position) -> bool:
    """Return whether by ``post`` he neither approves his own work nor answers his own question."""
    return not approves_himself(task, actor, post) and askers(task).isdisjoint(persons(actor, post))


def _fits(post: Position, task: Task, actor: Actor) -> bool:
    is_there = post.agency_id == task.agency_id and post.role in roles_for(Role(task.role))
    return is_there and task.assignee_id in {None, actor.user_id, post.delegator_id}


def roles_for(role: Role) -> frozenset[Role]:
    """Return the roles that may do what ``role`` does: it, and its superior."""
    return frozenset({role, SUPERIOR.get(role, role)})


def persons(actor: Actor, post: Position | None) -> frozenset[int]:
    """Return who stands behind an act by ``post``: who acts, and in whose place."""
    delegator = post.delegator_id if post is not None else None
    return frozenset(number for number in (actor.user_id, delegator) if number is not None)


def approves_himself(task: Task, actor: Actor, post: Position) -> bool:
    """Return whether a delegate would check or sign what he, or whom he stands for, wrote or did."""
    if post.delegation_id is None or task.kind not in _APPROVING:
        return False
    behind, dossier = persons(actor, post), task.dossier
    drafted = {result.drafted_by_id for result in dossier.results[-1:]}
    made = {
        number for other in dossier.tasks
        if other.key != task.key and other.is_current and other.state == TaskState.done and other.kind in _MADE
        for number in (other.assignee_id, other.delegate_id)
    }  # fmt: skip
    return not behind.isdisjoint(drafted | made)


def fits(actor: Actor, role: Role, agency_id: int) -> bool:
    """Return whether the actor holds ``role`` at the agency, or a superior's post that stands in for it."""
    return find_post(actor, roles_for(role), agency_id) is not None


def is_given(actor: Actor, role: Role, agency_id: int, assignee_id: int | None) -> bool:
    """Return whether a task given to ``assignee_id`` is the actor's: his, nobody's, or of whom he stands for."""
    posts = (post for post in actor.positions_as(roles_for(role)) if post.agency_id == agency_id)
    return any(assignee_id in {None, actor.user_id, post.delegator_id} for post in posts)


def post_where(task: Task, actor: Actor, roles: Iterable[Role]) -> Position | None:
    """Return the actor's post of one of ``roles`` where a task is, his own first.

    None for a dossier of his own, and by no post in which he would stand for its applicant.
    """
    if is_own(task.dossier, actor):
        return None
    wanted, posts = frozenset(roles), without_applicant(task.dossier, actor)
    return next((post for post in posts if post.role in wanted and post.agency_id == task.agency_id), None)


def leading_post(task: Task, actor: Actor) -> Position | None:
    """Return the post by which the actor heads the agency, centre or division where a task is; see ``post_where``."""
    return post_where(task, actor, HEADS)


def heads(actor: Actor, agency_id: int) -> bool:
    """Return whether the actor heads the agency, the centre or a division of it."""
    return find_post(actor, HEADS, agency_id) is not None
