"""What an administrator does for users: find them, unlock, give a temporary password, sign out."""

import secrets
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now
from app.errors import NotAllowed, NotFound
from app.models import OfficerPosition, User, UserSetting
from app.permissions import Actor, Role
from app.services.sessions import end_all_sessions
from app.services.users import reset_password, unlock_user
from app.text import like_pattern

PAGE_SIZE = 50
_LETTERS = "abcdefghjkmnpqrstuvwxyz"  # none that is read for another, or for a digit
_DIGITS = "23456789"


@dataclass(frozen=True)
class UserRow:
    """A user, what he set, and the posts he holds or held."""

    user: User
    settings: UserSetting | None
    posts: list[OfficerPosition]

    @property
    def is_locked(self) -> bool:
        """True while wrong passwords keep him out."""
        until = self.settings.locked_until if self.settings is not None else None
        return until is not None and until > now()


def list_users(session: Session, q: str, after: int = 0) -> tuple[list[UserRow], int | None]:
    """Return (users whose names hold ``q``, by id; next cursor) in three statements."""
    query = sa.select(User).where(User.id > after).order_by(User.id).limit(PAGE_SIZE + 1)
    if q:
        query = query.where(User.search_text.like(like_pattern(q[:200]), escape="\\"))
    users = list(session.scalars(query).unique())
    rows = _with_details(session, users[:PAGE_SIZE])
    return rows, users[PAGE_SIZE - 1].id if len(users) > PAGE_SIZE else None


def get_user_row(session: Session, number: int) -> UserRow:
    """Return one user with his details; raises NotFound."""
    user = session.get(User, number)
    if user is None:
        raise NotFound(_("There is no such user."))
    return _with_details(session, [user])[0]


def _with_details(session: Session, users: list[User]) -> list[UserRow]:
    ids = [user.id for user in users]
    settings = {
        row.user_id: row
        for row in session.scalars(sa.select(UserSetting).where(UserSetting.user_id.in_(ids)))
    }
    query = sa.select(OfficerPosition).where(OfficerPosition.user_id.in_(ids))
    posts: dict[int, list[OfficerPosition]] = {}
    for post in session.scalars(query.options(joinedload(OfficerPosition.agency))):
        posts.setdefault(post.user_id, []).append(post)
    return [UserRow(user, settings.get(user.id), posts.get(user.id, [])) for user in users]


def new_password() -> str:
    """Return a random password that is easy to read out: three groups of four signs."""
    words = ["".join(secrets.choice(_LETTERS) for _i in range(4)) for _j in range(2)]
    return "-".join([*words, "".join(secrets.choice(_DIGITS) for _i in range(4))])


def give_password(session: Session, number: int, password: str, actor: Actor) -> User:
    """Give a user a temporary password, which he must replace; his sessions end, he is unlocked.

    Raises NotAllowed, NotFound, or Invalid (field "password").
    """
    _refuse(actor)
    user = get_user_row(session, number).user
    reset_password(session, user, password)
    return user


def unlock(session: Session, number: int, actor: Actor) -> User:
    """Let a locked user try again now."""
    _refuse(actor)
    user = get_user_row(session, number).user
    unlock_user(session, user)
    session.flush()
    return user


def end_sessions(session: Session, number: int, actor: Actor) -> User:
    """End every session and token of a user."""
    _refuse(actor)
    user = get_user_row(session, number).user
    end_all_sessions(session, user)
    return user


def _refuse(actor: Actor) -> None:
    if not actor.has(Role.system_admin):
        raise NotAllowed(_("Only a system administrator may do this."))
