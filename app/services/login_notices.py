"""Telling a person that his user name was changed: who does not know it cannot sign in, who did not ask is warned."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.i18n import N_
from app.models import Account, User
from app.models.account_login import NO_MAIL, is_number
from app.services.notices import notice_users, send_mail
from app.services.official import official

_SHOWN = 3  # last signs of a name that a mail tells: the address may be somebody else's
_HIDDEN = 4  # at least so many are not told
_TITLE = N_("Your user name was changed")
_BODY = N_("Your user name was changed from %(before)s to %(now)s. Sign in with the new one from now on. If this is "
           "not your number, or you know nothing of it, please tell the one-stop desk or the administrator.")
_FORMER = N_("The user name %(before)s of an account that had this address was changed. The new one is not written "
             "here. If you do not know it, or know nothing of the change, please ask the one-stop desk or the "
             "administrator.")


def tell_renamed(session: Session, user_id: int, before: str, mails: Iterable[str], at: str) -> None:
    """Tell a user that his name is no longer ``before``: in the system, and at his old and new addresses.

    mails: addresses he had until then. at: the instant of the change. The mail to an address he has tells the new
    name, of a number only its end: he knows his own. One he has no longer is told that it changed, no more. A login
    that was shut meanwhile has nobody to be told.
    """
    user = session.get(User, user_id)
    if user is None or not user.active:
        return
    title, key = official(_TITLE), f"login-name:{user_id}:{at}"
    notice_users(session, [user_id], None, key, title, official(_BODY, before=before, now=user.username))
    former = official(_FORMER, before=_end_of(before))
    present = official(_BODY, before=_end_of(before), now=_readable(user.username))
    own = _addresses([user.email, *session.scalars(sa.select(Account.email).where(Account.user_id == user.id))])
    for lower, address in sorted((_addresses(mails) | own).items()):
        send_mail(session, f"{key}:{address}"[:120], address, title, present if lower in own else former)


def _addresses(mails: Iterable[str | None]) -> dict[str, str]:
    return {mail.lower(): mail for mail in mails if mail and not mail.endswith(NO_MAIL)}


def _readable(name: str) -> str:
    """Return a user name as its owner's mail tells it: whole, unless it is the number of a paper."""
    return _end_of(name) if name.isdigit() or is_number(name) else name


def _end_of(name: str) -> str:
    return f"…{name[-_SHOWN:]}" if len(name) >= _SHOWN + _HIDDEN else "…"
