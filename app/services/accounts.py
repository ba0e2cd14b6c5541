"""Applicants' accounts: registered by the person, one per number, kept up to date (domain A2)."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.errors import Conflict, Invalid, NotFound
from app.models import Account, AdministrativeUnit, User
from app.models.account import IDENTITY, NUMBER, AccountKind, IdKind, number_message, refuse_own_number
from app.models.account_login import MAX_USER_NAME, NO_MAIL, let_login_follow, login_email
from app.models.identifiers import tidy_number
from app.permissions import Actor
from app.services import users
from app.text import person_name

CLOSED_MAIL = f"da-khoa@{NO_MAIL}"
_CONTACTS = ("gender", "phone", "email", "address")


def register(session: Session, values: dict[str, Any], password: str) -> User:
    """Return the new user with his account; he logs in with his number.

    Raises Invalid with messages by field. A number that is known already is refused in the same
    words whoever holds it, and whether or not he ever logged in: nobody takes over another's
    dossiers by knowing a number.
    """
    given = _checked(values)
    if _is_taken(session, given["id_kind"], given["id_number"]):
        message = _("An account with this number exists already. If it is yours, log in with this "
                    "number or ask at a one-stop desk, with your identity card.")  # fmt: skip
        raise Invalid(message, {"id_number": message})
    problem = users.password_message(password, given["id_number"])
    if problem:
        raise Invalid(problem, {"password": problem})
    account = Account(**given)
    user = give_user(session, account, password)
    session.add(account)
    session.flush()
    return user


def give_user(session: Session, account: Account, password: str) -> User:
    """Return a new login for an account that has none: he logs in with his number. Raises Invalid, Conflict."""
    number = account.id_number
    account.user = users.create_user(
        session, username=number, name=account.name[:MAX_USER_NAME],
        email=login_email(account.email, number), password=password,
    )  # fmt: skip
    users.sync_roles(session, account.user, is_applicant=True)
    session.flush()
    return account.user


def _checked(values: dict[str, Any]) -> dict[str, Any]:
    given = {**values, "id_number": tidy_number(values.get("id_kind"), values.get("id_number"))}
    if given.get("name") and given.get("kind") != AccountKind.organisation:
        given["name"] = person_name(given["name"])
    faults = {}
    wanted = _fitting_kinds(given.get("kind"))
    if given.get("id_kind") not in wanted:
        faults["id_kind"] = _("Please choose the kind of number that fits.")
    message = number_message(given["id_kind"], given["id_number"], given.get("born_on"))
    if message:
        faults["id_number"] = message
    if given.get("kind") == AccountKind.citizen and given.get("born_on") is None:
        faults["born_on"] = _("Please fill this in.")
    if faults:
        raise Invalid(next(iter(faults.values())), faults)
    return given


def _fitting_kinds(kind: str | None) -> set[str]:
    if kind == AccountKind.organisation:
        return {IdKind.tax_code}
    return {IdKind.personal_id, IdKind.passport}


def _is_taken(session: Session, id_kind: str, number: str, but: int | None = None) -> bool:
    account = sa.select(Account.id).where(Account.id_kind == id_kind, Account.id_number == number)
    known = session.scalar(account.where(Account.id != but) if but else account)
    user = sa.select(User.id).where(sa.func.lower(User.username) == number.lower())
    own = sa.select(Account.user_id).where(Account.id == but)
    name = session.scalar(user.where(User.id.not_in(own)) if but else user)
    return known is not None or name is not None


def own_account(session: Session, actor: Actor) -> Account:
    """Return the actor's account; raises NotFound for a user without one."""
    query = sa.select(Account).where(Account.id == actor.account_id)
    loads = joinedload(Account.unit).joinedload(AdministrativeUnit.parent), joinedload(Account.user)
    account = session.scalar(query.options(*loads)) if actor.account_id else None
    if account is None:
        raise NotFound(_("You have no applicant's account."))
    return account


def is_identity_fixed(account: Account) -> bool:
    """Return whether name and number were verified and no longer change here."""
    return account.verified_level >= 1


def update_profile(
    session: Session, account: Account, values: dict[str, Any], base: str
) -> Account:
    """Change one's own particulars; name and number only before they are verified.

    base: row version of the form. Raises Conflict when stale, Invalid by field.
    """
    if base != str(account.row_version):
        raise Conflict(_("Someone else has just changed this record. Please look again."))
    with session.no_autoflush:  # what is written looks unchanged to the login that is to follow
        for name in _CONTACTS:
            setattr(account, name, values.get(name) or None)
        account.unit = _find_unit(session, values.get("unit"))
        if not is_identity_fixed(account):
            _change_identity(session, account, values)
        let_login_follow(account)
    session.flush()
    return account


def _change_identity(session: Session, account: Account, values: dict[str, Any]) -> None:
    given = _checked({name: values.get(name) for name in IDENTITY})
    if account.officer_id is not None:
        refuse_own_number([name for name in NUMBER if given[name] != getattr(account, name)])
    if _is_taken(session, given["id_kind"], given["id_number"], but=account.id):
        message = _("Another account has this number. Please check it, or ask at a one-stop desk.")
        raise Invalid(message, {"id_number": message})
    for name in IDENTITY:
        setattr(account, name, given[name])


def _find_unit(session: Session, code: str | None) -> AdministrativeUnit | None:
    if not code:
        return None
    query = sa.select(AdministrativeUnit).where(
        AdministrativeUnit.code == code, AdministrativeUnit.valid_to.is_(None))  # fmt: skip
    unit = session.scalar(query.order_by(AdministrativeUnit.valid_from.desc()).limit(1))
    if unit is None:
        message = _("Please choose one of the offered wards and communes.")
        raise Invalid(message, {"unit": message})
    return unit
