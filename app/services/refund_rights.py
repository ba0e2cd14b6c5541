"""By which post one enters a refund or decides on it: nobody decides on his own, nor a delegate in his place."""

from sqlalchemy.orm import Session

from app.models import Dossier, Refund
from app.permissions import Actor, Position, Role
from app.services.notices import holders
from app.services.standing import DESK_ROLES, post_over, stands_at
from app.services.task_rights import is_own, persons
from app.workflows.refund import APPROVERS, ENTERERS, RefundState
from app.workflows.states import State

ENDED = frozenset({State.refused, State.stopped})


def may_enter(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor keeps the money of this dossier's desk and it ended without a result."""
    return State(dossier.state) in ENDED and any(stands_at(dossier, actor, Role(role)) for role in ENTERERS)


def entering_post(dossier: Dossier, actor: Actor) -> Position | None:
    """Return the post by which the actor enters a refund, None if he may not."""
    posts = [post_over(dossier, actor, Role(role)) for role in ENTERERS]
    return min((post for post in posts if post), key=lambda post: post.delegation_id is not None, default=None)


def deciding_post(refund: Refund, actor: Actor) -> Position | None:
    """Return the post by which the actor approves or refuses, his own first; None if it does not wait for him.

    Never who entered it, in whosever place, nor anybody in his place, nor who receives it as the applicant.
    """
    if RefundState(refund.state) is not RefundState.asked or is_own(refund.dossier, actor):
        return None
    posts = [post_over(refund.dossier, actor, Role(role)) for role in APPROVERS]
    fit = [post for post in posts if post and entered_by(refund).isdisjoint(persons(actor, post))]
    return min(fit, key=lambda post: post.delegation_id is not None, default=None)


def entered_by(refund: Refund) -> frozenset[int]:
    """Return who entered it, and in whose place."""
    return frozenset(number for number in (refund.cashier_id, refund.entered_for_id) if number is not None)


def deciders(session: Session, dossier: Dossier, without: frozenset[int]) -> set[int]:
    """Return the users who may approve a refund entered by ``without``."""
    found = set()
    for role in map(Role, APPROVERS):
        place = dossier.desk_id if role in DESK_ROLES else dossier.agency_id
        found |= set(holders(session, place, role, with_delegates=True))
    return found - without - dossier.account.people
