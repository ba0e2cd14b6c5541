"""Who the present user is: posts, roles and rights, found in one statement a request."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, aliased

from app.clock import today
from app.models import Account, Agency, Delegation, EndedSession, Notice, OfficerPosition, User, UserSetting
from app.permissions import Actor, Position, Role
from app.services.kept import MARKS, kept, remember_marks, stamp_column
from app.services.role_rights import rights_of

MOST_UNREAD = 100


@dataclass(frozen=True)
class Identity:
    """What is known of an active user: the version his sessions must carry, posts, account."""

    user: User
    session_version: int
    account_id: int | None
    officer_account_id: int | None
    posts: tuple[Position, ...]
    unread: int  # notices, at most MOST_UNREAD
    stamps: dict[str, str]  # all marks: what the rest of the request rests on came along
    is_ended: bool = False  # somebody logged out of the session asked for


def _posts_joined(query: sa.Select[Any]) -> sa.Select[Any]:
    """Return ``query`` of users with a row for each post held on the day given, his own first."""
    joined = query.outerjoin(_HELD, sa.true()).outerjoin(Agency, Agency.id == _HELD.c.agency_id)
    return joined.where(User.id == sa.bindparam("user_id")).order_by(_HELD.c.delegation_id.is_not(None), _HELD.c.id)


def _held(is_lent: sa.ColumnElement[bool] | None = None) -> Any:
    """Return the posts of a user: those that are his, and those in which he stands for another.

    is_lent: when a delegation counts; None: in force on the day, as far as is known now.
    """
    post, lent, giver = OfficerPosition, Delegation, aliased(User)
    day, user_id = sa.bindparam("day", type_=sa.Date), sa.bindparam("user_id", type_=sa.Integer)
    is_lent = lent.in_force(day) if is_lent is None else is_lent
    is_held = sa.and_(post.valid_from <= day, sa.or_(post.valid_to.is_(None), post.valid_to >= day))
    columns = [post.id, post.role, post.agency_id, post.division_id, post.title]
    nothing = [sa.cast(sa.null(), kind).label(name) for name, kind in (
        ("delegation_id", sa.Integer), ("delegator_id", sa.Integer), ("first", sa.String), ("last", sa.String))]
    own = sa.select(*columns, *nothing).where(post.user_id == user_id, is_held)
    others = (
        sa.select(*columns, lent.id, giver.id, giver.first_name, giver.last_name)
        .select_from(lent).join(post, post.id == lent.position_id).join(giver, giver.id == post.user_id)
        .where(lent.delegate_id == user_id, is_lent, is_held, giver.active.is_(True))
    )  # fmt: skip
    return sa.union_all(own, others).subquery("held")


_HELD = _held()
_POST = (_HELD.c.role, _HELD.c.agency_id, Agency.path, _HELD.c.division_id, _HELD.c.title, Agency.name,
         _HELD.c.delegation_id, _HELD.c.delegator_id, _HELD.c.first, _HELD.c.last)  # fmt: skip
_ACCOUNT = sa.select(Account.id).where(Account.user_id == User.id).scalar_subquery()
_AS_OFFICER = sa.select(Account.id).where(Account.officer_id == User.id).scalar_subquery()
_UNREAD = sa.select(Notice.id).where(Notice.user_id == sa.bindparam("user_id"), Notice.read_at.is_(None))
_ENDED = sa.exists().where(EndedSession.id == sa.bindparam("session_key"))
# Built once: building a statement costs as much as sending it.
_IDENTITY = _posts_joined(
    sa.select(
        User, UserSetting.session_version, _ACCOUNT, _AS_OFFICER,
        sa.select(sa.func.count()).select_from(_UNREAD.limit(MOST_UNREAD).subquery()).scalar_subquery(),
        _ENDED, *MARKS, *_POST,
    ).outerjoin(UserSetting, UserSetting.user_id == User.id).where(User.active.is_(True))
)  # fmt: skip
_ACTOR = _posts_joined(sa.select(_ACCOUNT, _AS_OFFICER, stamp_column("rights"), *_POST).select_from(User))


def find_identity(session: Session, user_id: int, session_key: str = "") -> Identity | None:
    """Return who the active user ``user_id`` is today; None if there is none.

    session_key: which session he comes with, if he comes with one.
    """
    values = {"user_id": user_id, "day": today(), "session_key": session_key}
    rows = session.execute(_IDENTITY, values).all()
    if not rows:
        return None
    user, version, account_id, as_officer, unread, is_ended = rows[0][:6]
    stamps = remember_marks(session, rows[0][6:6 + len(MARKS)])
    posts = _posts(row[6 + len(MARKS):] for row in rows)
    return Identity(user, version or 1, account_id, as_officer, posts, unread, stamps, is_ended)


def actor_as(session: Session, identity: Identity, *, ip: str | None = None) -> Actor:
    """Return the actor that ``identity`` describes."""
    accounts = identity.account_id, identity.officer_account_id
    return _actor(session, identity.user, identity.posts, accounts, identity.stamps.get("rights"), ip)


def build_actor(session: Session, user: User | None, *, ip: str | None = None, own_only: bool = False) -> Actor:
    """Return the actor behind ``user``; ANONYMOUS (with the address) without one.

    own_only: without the posts in which he stands for others.
    """
    if user is None:
        return Actor(ip=ip)
    rows = session.execute(_ACTOR, {"user_id": user.id, "day": today()}).all()
    account_id, as_officer, stamp = rows[0][:3] if rows else (None, None, None)
    posts = tuple(post for post in _posts(row[3:] for row in rows) if not own_only or post.delegation_id is None)
    return _actor(session, user, posts, (account_id, as_officer), stamp, ip)


def posts_held(
    session: Session, user_id: int, day: date, is_lent: sa.ColumnElement[bool]
) -> tuple[Position, ...]:
    """Return the posts of a user on ``day``, his own first, then those of delegations for which ``is_lent`` holds."""
    held = _held(is_lent)
    names = ("delegation_id", "delegator_id", "first", "last")
    query = sa.select(
        held.c.role, held.c.agency_id, Agency.path, held.c.division_id, held.c.title, Agency.name,
        *(held.c[name] for name in names),
    ).join(Agency, Agency.id == held.c.agency_id)  # fmt: skip
    query = query.order_by(held.c.delegation_id.is_not(None), held.c.id, held.c.delegation_id)
    return _posts(session.execute(query, {"user_id": user_id, "day": day}).all())


def _actor(
    session: Session, user: User, posts: tuple[Position, ...], accounts: tuple[int | None, int | None],
    stamp: str | None, ip: str | None,
) -> Actor:  # fmt: skip
    account_id, as_officer = accounts
    roles = frozenset({post.role for post in posts} | ({Role.citizen} if account_id else set()))
    rights = kept(stamp, ("rights", roles), lambda: rights_of(session, roles))
    return Actor(
        user_id=user.id, name=user.get_full_name(), roles=roles, positions=posts,
        account_id=account_id, officer_account_id=as_officer, ip=ip, **rights,
    )  # fmt: skip


def _posts(rows: Iterable[Sequence[Any]]) -> tuple[Position, ...]:
    """Return the posts in rows of _POST; a user without one has a row without values."""
    return tuple(
        Position(Role(role), agency_id, path, division_id, title or "", name, lent, giver, _name(first, last))
        for role, agency_id, path, division_id, title, name, lent, giver, first, last in rows if role is not None
    )  # fmt: skip


def _name(first: str | None, last: str | None) -> str:
    return f"{first or ''} {last or ''}".strip()


def actor_of(session: Session, username: str) -> Actor:
    """Return the actor of the user named ``username``; for commands and demo data.

    Raises LookupError if there is none.
    """
    user = session.scalar(sa.select(User).where(User.username == username))
    if user is None:
        raise LookupError(f"no user {username!r}")
    return build_actor(session, user)
