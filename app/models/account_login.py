"""An applicant's login follows his record: he logs in with the number that stands there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid
from app.extensions import db
from app.lowcode.entity import is_same
from app.models.identifiers import passport_problem, personal_id_problem, tax_code_problem
from app.models.officer import OfficerPosition
from app.permissions import Role
from app.text import family_and_given
from app.transactions import enqueue

if TYPE_CHECKING:
    from app.models.account import Account

# FAB wants a distinct address for every user; a family may share one mailbox, and an old
# phone has none. ".invalid" can never be a real host (RFC 2606).
NO_MAIL = "tai-khoan.invalid"
_OLD_CARD = re.compile(r"\d{9}")  # chứng minh nhân dân, valid until 31/12/2024
_FOLLOWED = ("id_number", "name", "email")
MAX_USER_NAME = 64  # FAB's columns are short; the account keeps the whole name


def login_email(email: str | None, number: str, own: int | None = None) -> str:
    """Return the address kept for logging in; a made one if it is missing or shared."""
    query = sa.select(User.id).where(sa.func.lower(User.email) == (email or "").lower())
    taken = db.session.scalar(query.where(User.id != own) if own else query)
    return email if email and len(email) <= 64 and taken is None else f"{number.lower()}@{NO_MAIL}"


def is_officers(user: User) -> bool:
    """Return whether the user holds or held a post, or any role but the applicants'."""
    post = sa.select(OfficerPosition.id).where(OfficerPosition.user_id == user.id).limit(1)
    others = [role.name for role in user.roles if role.name != Role.citizen]
    return bool(others) or db.session.scalar(post) is not None


def let_login_follow(account: Account) -> None:
    """Give the login of ``account`` the number, name and e-mail address that stand in it now.

    The login of an officer stays as his administrator made it, and so does a user name that is neither the number
    the account had nor one of any paper.
    Raises Invalid (field "id_number") if another login has the number as its name.
    """
    if is_same(account, _FOLLOWED):
        return
    with db.session.no_autoflush:  # what a statement wrote looks unchanged: to what follows, and to who is told of it
        _follow(account)


def _follow(account: Account) -> None:
    before = _number_before(account)
    user = account.user
    if user is None or is_officers(user):
        return
    user.first_name, user.last_name = family_and_given(account.name[:MAX_USER_NAME])
    user.email = login_email(account.email, account.id_number, user.id)
    is_followed = user.username.lower() == before.lower() or is_number(user.username)
    if is_followed and user.username != account.id_number:
        _rename(user, account.id_number)


def _number_before(account: Account) -> str:
    """Return the number as stored; numbers of older papers ("191234567") break today's rules."""
    return _stored(account, "id_number") or account.id_number


def is_number(name: str) -> bool:
    """Return whether a user name is a number of a paper: by today's rules, or of the identity cards until 2024."""
    rules = (personal_id_problem, tax_code_problem, passport_problem)
    return _OLD_CARD.fullmatch(name) is not None or any(problem(name) is None for problem in rules)


def _rename(user: User, number: str) -> None:
    twin = sa.select(User.id).where(sa.func.lower(User.username) == number.lower(), User.id != user.id)
    if db.session.scalar(twin.limit(1)) is not None:
        message = _("Another login has this number as its user name. Please ask the administrator of the system.")
        raise Invalid(message, {"id_number": message})
    user.username = number


@event.listens_for(Session, "before_flush")
def _promise_to_tell(session: Session, _context: object, _instances: object) -> None:
    """Have the worker tell whose user name changes, on whatever path: only now it is known what stood there."""
    from app.models.account import Account  # it needs this file first

    for user in [row for row in session.dirty if isinstance(row, User) and row.active]:
        name = _stored(user, "username")
        if name and name.lower() != user.username.lower():
            rows = [user, *(row for row in session.dirty if isinstance(row, Account) and row.user_id == user.id)]
            mails = sorted({mail for mail in (_stored(row, "email") for row in rows) if mail})
            enqueue("logins.renamed", user_id=user.id, before=name, mails=mails, at=now().isoformat())


def _stored(row: Any, name: str) -> str:
    """Return what is stored as ``name`` where that changes, else ""."""
    return next(iter(sa.inspect(row).attrs[name].history.deleted or ()), None) or ""
