"""Logins given or opened again at the desk, to who showed his identity card (TTH17 Đ10.4, Đ23.3; HUE25 Đ7.3)."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from werkzeug.security import check_password_hash

from app import history
from app.errors import Invalid, NotAllowed
from app.i18n import N_
from app.models import Account, Agency, User
from app.models.account_login import is_officers
from app.permissions import Actor
from app.services import users
from app.services.accounts import CLOSED_MAIL, give_user
from app.services.counter import desks_of, find_applicant
from app.services.identity_checks import COMPARED, compared_level, raise_level, settle_login
from app.services.notices import notice_users, send_mail
from app.services.official import official
from app.services.task_rights import is_self


@dataclass(frozen=True)
class Comparing:
    """What the officer says of the identity card, and the password to hand over.

    login_check: whose an unverified login is, see ``identity_checks.settle_login``.
    """

    password: str
    is_compared: bool
    login_check: str = ""


def find(session: Session, actor: Actor, id_kind: str, number: str) -> Account:
    """Return the applicant with exactly this number, the look recorded; raises Invalid (field "id_number")."""
    _refuse_others(actor)
    account = find_applicant(session, id_kind, number)
    if account is None:
        message = _("Nobody with this number is known yet. Receive his dossier at the counter first, or let him "
                    "register online.")  # fmt: skip
        raise Invalid(message, {"id_number": message})
    return account


def asks_whose(account: Account) -> bool:
    """Return whether it must be said whose the login is: it was made online and nobody ever compared."""
    return account.user is not None and account.verified_level < COMPARED


def why_not(session: Session, account: Account, actor: Actor) -> str:
    """Return why this desk gives no login for ``account``, "" if it does."""
    if is_self(account, actor):
        return _("This is your own account. A colleague at the desk does this for you.")
    user = account.user
    if user is not None and is_officers(user):
        return _("This login is also an officer's. Only a system administrator sets its password.")
    if user is not None and not user.active:
        return _("This login was shut by an administrator. Please ask the administrator of the system.")
    return ""


def give(session: Session, actor: Actor, account: Account, said: Comparing) -> User:
    """Return the applicant's login with the temporary password, made if he had none; his sessions end.

    The same form sent twice has one effect. Raises NotAllowed, or Invalid by field.
    """
    _refuse_others(actor)
    session.refresh(account, with_for_update=True)
    problem = why_not(session, account, actor)
    if problem:
        raise NotAllowed(problem)
    if account.user is not None and _is_given(session, account.user, said.password):
        return account.user
    _refuse_uncompared(said)
    settle_login(session, account, said.login_check)
    act = "give_login" if account.user is None else "reset_login"
    reason = official(N_("Identity card compared at the counter"))
    user = _opened(session, account, said.password, reason)
    raise_level(session, account)
    session.flush()
    history.record(session, ("account", account.id), act, reason=reason)
    _tell(session, actor, account, user)
    return user


def may_raise(session: Session, account: Account, actor: Actor) -> bool:
    """Return whether comparing the card here would raise the level of this login, not one's own."""
    is_lower = account.user is not None and account.user.active and account.verified_level < compared_level(session)
    return is_lower and account.id not in actor.own_accounts and actor.user_id not in account.people


def confirm(session: Session, actor: Actor, account: Account, said: Comparing) -> int:
    """Raise the level of a login whose holder showed his identity card, his password untouched; returns the level.

    Twice has one effect. Raises NotAllowed, or Invalid by field. Source: TTH17 Đ10.4, QN20 Đ11.2.
    """
    _refuse_others(actor)
    session.refresh(account, with_for_update=True)
    if account.verified_level >= compared_level(session):
        return account.verified_level
    if not may_raise(session, account, actor):
        raise NotAllowed(why_not(session, account, actor) or _("There is no login to confirm."))
    _refuse_uncompared(said)
    reason = official(N_("Identity card compared at the counter"))
    settle_login(session, account, said.login_check)
    raise_level(session, account)
    session.flush()
    history.record(session, ("account", account.id), "confirm_identity", reason=reason)
    _tell_level(session, account)
    return account.verified_level


def _refuse_uncompared(said: Comparing) -> None:
    if not said.is_compared:
        message = _("Please compare the identity card with the particulars first, and tick this box.")
        raise Invalid(message, {"is_compared": message})


def _tell_level(session: Session, account: Account) -> None:
    if account.user is None:
        return  # the login was not his
    title = official(N_("Your electronic identity is now level %(level)d"), level=account.verified_level)
    body = official(N_("Your identity card was compared at a one-stop desk. Dossiers you filled in and could not send "
                       "can be sent now."))  # fmt: skip
    notice_users(session, [account.user.id], None, f"level:{account.id}:{account.row_version}", title, body)


def _opened(session: Session, account: Account, password: str, reason: str) -> User:
    if account.user is not None:
        history.because(session, action="reset_login", reason=reason)
        users.set_password(session, account.user, password, is_temporary=True)
        return account.user
    message = users.password_message(password, account.id_number)
    if message:
        raise Invalid(message, {"password": message})
    _free_name(session, account)
    history.because(session, reason=reason)
    user = give_user(session, account, password)
    users.settings_of(session, user).must_change_password = True
    return user


def _free_name(session: Session, account: Account) -> None:
    """Rename a shut login that still holds the number, with what was done by it; raises Invalid for another one."""
    number = account.id_number
    holder = session.scalar(sa.select(User).where(sa.func.lower(User.username) == number.lower()))
    if holder is None:
        return
    kept = session.scalar(sa.select(Account.id).where(Account.user_id == holder.id))
    if holder.active or kept is not None or is_officers(holder):
        message = _("Another login has this number as its user name. Please ask the administrator of the system.")
        raise Invalid(message, {"id_number": message})
    holder.username, holder.email = f"{number}.{holder.id}", f"{holder.id}.{CLOSED_MAIL}"
    session.flush()


def _is_given(session: Session, user: User, password: str) -> bool:
    waits = users.settings_of(session, user).must_change_password
    return waits and bool(user.password) and check_password_hash(user.password, password)


def _tell(session: Session, actor: Actor, account: Account, user: User) -> None:
    """Tell the applicant himself: who did not ask for it learns that somebody did."""
    desk = session.get_one(Agency, desks_of(actor)[0])
    key = f"login:{account.id}:{users.settings_of(session, user).session_version}"
    title = official(N_("A temporary password was given for your login"))
    body = official(N_("It was handed out at %(desk)s after an identity card was compared. If it was not you who asked "
                       "for it, please tell the one-stop desk at once."), desk=desk.name)  # fmt: skip
    notice_users(session, [user.id], None, key, title, body)
    if account.email:
        send_mail(session, key, account.email, title, body)


def _refuse_others(actor: Actor) -> None:
    if not desks_of(actor):
        raise NotAllowed(_("Only a desk officer gives logins to applicants."))
