"""Telling a person that his user name was changed: who does not know it cannot sign in, who did not ask is warned."""

from collections.abc import Iterable

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.i18n import N_
from app.models import Account, User
from app.models.account_login import NO_MAIL
from app.services.notices import notice_users, send_mail
from app.services.official import official

_SHOWN = 3  # last signs of a name that a mail tells: the old address may be somebody else's
_TITLE = N_("Your user name was changed")
_BODY = N_("Your user name was changed from %(before)s to %(now)s. Sign in with the new one from now on. If this is "
           "not your number, or you know nothing of it, please tell the one-stop desk or the administrator.")


def tell_renamed(session: Session, user_id: int, before: str, mails: Iterable[str], at: str) -> None:
    """Tell a user that his name is no longer ``before``: in the system, and at his old and new addresses.

    mails: addresses he had until then. at: the instant of the change. Mails show only the end of both names. A login
    that was shut meanwhile has nobody to be told.
    """
    user = session.get(User, user_id)
    if user is None or not user.active:
        return
    title, key = official(_TITLE), f"login-name:{user_id}:{at}"
    notice_users(session, [user_id], None, key, title, official(_BODY, before=before, now=user.username))
    body = official(_BODY, before=_end_of(before), now=_end_of(user.username))
    for address in _addresses(session, user, mails):
        send_mail(session, f"{key}:{address}"[:120], address, title, body)


def _addresses(session: Session, user: User, mails: Iterable[str]) -> list[str]:
    own = session.scalars(sa.select(Account.email).where(Account.user_id == user.id))
    found = {mail.lower(): mail for mail in (*mails, user.email, *own) if mail and not mail.endswith(NO_MAIL)}
    return sorted(found.values())


def _end_of(name: str) -> str:
    return f"…{name[-_SHOWN:]}"
