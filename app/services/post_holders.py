"""Who holds which post on a day, is away, or is stood in for: found once while no post changes."""

from dataclasses import dataclass
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import today
from app.models import Absence, Delegation, OfficerPosition, User
from app.services.kept import kept, mark

Post = tuple[int, str]
"""Id of an agency, name of a role."""


@dataclass(frozen=True)
class Holder:
    """An officer who holds a post: user id, user name, title of the post; who stands in for him."""

    user_id: int
    username: str
    title: str
    delegate_ids: frozenset[int] = frozenset()
    is_away: bool = False


def holders_of(session: Session, posts: frozenset[Post]) -> dict[Post, tuple[Holder, ...]]:
    """Return who holds each of ``posts`` today, by user id; a post nobody holds may be left out.

    Statements: none while no post, delegation or absence changes, else one. Nobody may change
    what comes back: all requests of this process share it.
    """
    day = today()
    with session.no_autoflush:  # posts that were changed are written by ``mark``
        return kept(mark(session, "posts"), ("holders", day, posts), lambda: _find(session, day, posts))


def _find(session: Session, day: date, posts: frozenset[Post]) -> dict[Post, tuple[Holder, ...]]:
    post = OfficerPosition
    away = sa.exists().where(Absence.user_id == post.user_id, Absence.on(day))
    lent = sa.and_(Delegation.position_id == post.id, Delegation.in_force(day))
    query = (
        sa.select(post.agency_id, post.role, post.user_id, User.username, post.title, Delegation.delegate_id, away)
        .outerjoin(Delegation, lent)
        .join(User, User.id == post.user_id)
        .where(post.agency_id.in_({a for a, _role in posts}), post.role.in_({r for _a, r in posts}))
        .where(User.active.is_(True), post.valid_from <= day)
        .where(sa.or_(post.valid_to.is_(None), post.valid_to >= day))
        .order_by(post.user_id, post.id, Delegation.id)
    )
    found: dict[Post, dict[int, Holder]] = {}
    for agency_id, role, user_id, username, title, delegate_id, is_away in session.execute(query):
        some = found.setdefault((agency_id, role), {})
        known = some.get(user_id) or Holder(user_id, username, title or "", is_away=bool(is_away))
        delegates = known.delegate_ids | ({delegate_id} - {None})
        some[user_id] = Holder(user_id, username, known.title, delegates, known.is_away)
    return {place: tuple(some.values()) for place, some in found.items()}
