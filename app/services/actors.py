"""Who the present user is: posts, roles and rights, found in three statements a request."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import today
from app.models import Account, Agency, OfficerPosition, User
from app.permissions import Actor, Position, Role
from app.services.role_rights import rights_of


def build_actor(session: Session, user: User | None, *, ip: str | None = None) -> Actor:
    """Return the actor behind ``user``; ANONYMOUS (with the address) without one."""
    if user is None:
        return Actor(ip=ip)
    posts = positions_now(session, user.id)
    account_id = session.scalar(sa.select(Account.id).where(Account.user_id == user.id))
    roles = {post.role for post in posts} | ({Role.citizen} if account_id else set())
    return Actor(
        user_id=user.id, name=user.get_full_name(), roles=frozenset(roles), positions=posts,
        account_id=account_id, ip=ip, **rights_of(session, roles),
    )  # fmt: skip


def positions_now(session: Session, user_id: int) -> tuple[Position, ...]:
    """Return the posts a user holds today."""
    day = today()
    query = (
        sa.select(OfficerPosition, Agency.path, Agency.name)
        .join(Agency, OfficerPosition.agency_id == Agency.id)
        .where(OfficerPosition.user_id == user_id, OfficerPosition.valid_from <= day)
        .where(sa.or_(OfficerPosition.valid_to.is_(None), OfficerPosition.valid_to >= day))
        .order_by(OfficerPosition.id)
    )
    return tuple(
        Position(Role(post.role), post.agency_id, path, post.division_id, post.title or "", name)
        for post, path, name in session.execute(query)
    )


def actor_of(session: Session, username: str) -> Actor:
    """Return the actor of the user named ``username``; for commands and demo data.

    Raises LookupError if there is none.
    """
    user = session.scalar(sa.select(User).where(User.username == username))
    if user is None:
        raise LookupError(f"no user {username!r}")
    return build_actor(session, user)
