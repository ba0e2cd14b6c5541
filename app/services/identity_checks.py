"""Whose number it is, made sure of at the counter before a dossier is bound to it (HUE25 Đ7.3, Đ21)."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.history import because
from app.i18n import N_
from app.models import Account, OfficerPosition, User
from app.services.official import official
from app.services.profiles import profile_value
from app.text import fold

OWN, FOREIGN = "own", "foreign"
COMPARED = 1  # below it nobody ever compared an identity card
_CONTACTS = ("phone", "email", "address", "unit")


def refuse_other_person(account: Account, values: Mapping[str, Any]) -> None:
    """Raise Invalid (fields "name", "born_on") if the number is known as somebody else's."""
    if fold(account.name) != fold(str(values["name"])):
        message = _("This number is known under another name. Please compare the identity card: press “Find” to see "
                    "whose it is, or correct the number or the name.")  # fmt: skip
        raise Invalid(message, {"name": message})
    born = values.get("born_on")
    if born and account.born_on and born != account.born_on:
        message = _("This number is known with another date of birth. Please compare the identity card.")
        raise Invalid(message, {"born_on": message})


def has_unverified_login(account: Account) -> bool:
    """Return whether somebody made a login with this number whom nobody ever verified."""
    return account.user is not None and account.verified_level < COMPARED


def settle_login(session: Session, account: Account, answer: str) -> None:
    """Make sure that a login nobody ever verified belongs to who stands at the desk.

    answer: OWN, compared with his identity card; or FOREIGN: that login is shut and its contacts are
    forgotten. Raises Invalid (field "login_check") while the question is open and not answered.
    """
    user = account.user
    if user is None or not has_unverified_login(account):
        return
    if answer not in {OWN, FOREIGN}:
        message = _("Somebody registered this number online and was never verified. Ask the applicant whether that "
                    "login is his own, and compare his identity card.")  # fmt: skip
        raise Invalid(message, {"login_check": message})
    if answer == OWN:
        because(session, reason=official(N_("Identity card compared at the counter")))
        raise_level(session, account)
    else:
        because(session, reason=official(N_("The applicant at the counter did not make this login")))
        _detach(session, account, user)
    session.flush()


def compared_level(session: Session) -> int:
    """Return the level of who showed his identity card at a desk (``desk_identity_level``)."""
    return int(profile_value(session, "desk_identity_level"))


def raise_level(session: Session, account: Account) -> None:
    """Keep that the identity card was compared; a higher level stays."""
    account.verified_level = max(account.verified_level, compared_level(session))


def _detach(session: Session, account: Account, user: User) -> None:
    account.user = None
    for name in _CONTACTS:
        setattr(account, name, None)
    posts = sa.select(OfficerPosition.id).where(OfficerPosition.user_id == user.id).limit(1)
    if session.scalar(posts) is None:  # an officer goes on working
        user.active = False
