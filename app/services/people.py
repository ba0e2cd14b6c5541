"""The users one may ask about: whose rights are explained, whose acts the history is searched for.

An applicant signs in with his personal number, so that nobody may read names by counting numbers up.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import OfficerPosition, User
from app.models.scope import users_of
from app.permissions import Actor, Role
from app.text import like_pattern

PEOPLE_LIMIT = 30


def _people(actor: Actor) -> Any:
    """Return a query of the users the actor may ask about: those he may see; who plans posts, every officer."""
    query, rule = sa.select(User), users_of(actor)
    if rule is None:
        return query
    officers = User.id.in_(sa.select(OfficerPosition.user_id))
    return query.where(sa.or_(rule, officers) if actor.has(Role.catalog_admin) else rule)


def find_people(session: Session, text: str, page: int, actor: Actor) -> dict[str, Any]:
    """Return users for a choice: {"results": [{id, text}], "more"}."""
    found = User.search_text.like(like_pattern(text[:200].replace("\x00", "")), escape="\\")
    start = (max(page, 1) - 1) * PEOPLE_LIMIT
    query = _people(actor).where(found).order_by(User.username).offset(start).limit(PEOPLE_LIMIT + 1)
    rows = list(session.scalars(query))
    results = [{"id": u.id, "text": f"{u.get_full_name()} ({u.username})"} for u in rows]
    return {"results": results[:PEOPLE_LIMIT], "more": len(rows) > PEOPLE_LIMIT}


def find_person(session: Session, number: int, actor: Actor) -> User | None:
    """Return one of those users by his number, else None."""
    found: User | None = session.scalar(_people(actor).where(User.id == number))
    return found
