"""An applicant's login follows his record: he logs in with the number that stands there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import User
from flask_babel import gettext as _

from app.errors import Invalid
from app.extensions import db
from app.lowcode.entity import is_same
from app.models.identifiers import passport_problem, personal_id_problem, tax_code_problem
from app.models.officer import OfficerPosition
from app.permissions import Role
from app.text import family_and_given

if TYPE_CHECKING:
    from app.models.account import Account

# FAB wants a distinct address for every user; a family may share one mailbox, and an old
# phone has none. ".invalid" can never be a real host (RFC 2606).
NO_MAIL = "tai-khoan.invalid"
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
    the account had nor one by today's rules.
    Raises Invalid (field "id_number") if another login has the number as its name.
    """
    if is_same(account, _FOLLOWED):
        return
    before = _number_before(account)  # asked before a statement writes the account
    user = account.user
    if user is None or is_officers(user):
        return
    user.first_name, user.last_name = family_and_given(account.name[:MAX_USER_NAME])
    user.email = login_email(account.email, account.id_number, user.id)
    is_followed = user.username.lower() == before.lower() or _is_number(user.username)
    if is_followed and user.username != account.id_number:
        _rename(user, account.id_number)


def _number_before(account: Account) -> str:
    """Return the number as stored; numbers of older papers ("191234567") break today's rules."""
    return next(iter(sa.inspect(account).attrs.id_number.history.deleted or ()), None) or account.id_number


def _is_number(name: str) -> bool:
    return any(problem(name) is None for problem in (personal_id_problem, tax_code_problem, passport_problem))


def _rename(user: User, number: str) -> None:
    twin = sa.select(User.id).where(sa.func.lower(User.username) == number.lower(), User.id != user.id)
    if db.session.scalar(twin.limit(1)) is not None:
        message = _("Another login has this number as its user name. Please ask the administrator of the system.")
        raise Invalid(message, {"id_number": message})
    user.username = number
