"""Numbers of applicants kept with dots, spaces or hyphens, before they were tidied on entry: rewritten once."""

from typing import NamedTuple

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.history import because
from app.i18n import N_
from app.models import Account, User
from app.models.account import IdKind, number_message
from app.models.identifiers import tidy_number
from app.services.official import official

_MOST = 200  # at once


class Left(NamedTuple):
    """A number that stays as it is: whose account, the number, and why."""

    account_id: int
    number: str
    why: str


def untidy(session: Session, after: int = 0) -> list[Account]:
    """Return the next accounts whose number is not kept as it would be today, by id; those beyond ``after``."""
    number = Account.id_number
    odd: list[sa.ColumnElement[bool]] = [number.like(f"%{sign}%") for sign in (".", " ", "\t", "\n", "\r")]
    odd += [sa.and_(Account.id_kind == IdKind.tax_code, number.like("%-%")), number != sa.func.upper(number)]
    query = sa.select(Account).where(sa.or_(*odd), Account.id > after).options(joinedload(Account.user))
    return list(session.scalars(query.order_by(Account.id).limit(_MOST)))


def tidy_numbers(session: Session, after: int = 0) -> tuple[int, list[Left], int | None]:
    """Rewrite the next untidy numbers; returns how many, those that stay with the reason, and where to go on.

    A number stays that is not valid even so, or that another applicant has: then somebody must look at both. The
    login named like the number is renamed with it. Four statements for all, but for those of the rewritten rows.
    """
    rows = untidy(session, after)
    wanted = {row.id: tidy_number(row.id_kind, row.id_number) for row in rows}
    taken = _taken(session, set(wanted.values()))
    done, left = 0, []
    because(session, reason=official(N_("Number kept without dots, spaces and hyphens")))
    for row in rows:
        why = _why_not(row, wanted[row.id], taken)
        if why:
            left.append(Left(row.id, row.id_number, why))
            continue
        taken[row.id_kind, wanted[row.id]] = row.id
        if row.user is not None and row.user.username.lower() == row.id_number.lower():
            row.user.username = wanted[row.id]
        row.id_number, done = wanted[row.id], done + 1
    session.flush()
    return done, left, rows[-1].id if len(rows) == _MOST else None


def _taken(session: Session, numbers: set[str]) -> dict[tuple[str, str], int]:
    """Return who has a number, by kind and number; a login of that name stands under the kind "login"."""
    query = sa.select(Account.id_kind, Account.id_number, Account.id).where(Account.id_number.in_(numbers))
    found = {(row.id_kind, row.id_number): row.id for row in session.execute(query)}
    names = sa.select(User.id, User.username).where(sa.func.lower(User.username).in_({n.lower() for n in numbers}))
    return found | {("login", row.username.lower()): row.id for row in session.execute(names)}


def _why_not(row: Account, number: str, taken: dict[tuple[str, str], int]) -> str:
    invalid = number_message(row.id_kind, number, row.born_on)
    if invalid:
        return invalid
    if taken.get((row.id_kind, number), row.id) != row.id:
        return _("Another applicant has this number.")
    if taken.get(("login", number.lower()), row.user_id) != row.user_id and row.user_id is not None:
        return _("Another login has this number as its user name. Please ask the administrator of the system.")
    return ""
