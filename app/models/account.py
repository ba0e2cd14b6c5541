"""Applicants: citizens and organisations, known by a number that is checked by its rule."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement, inspect
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity, SearchableByPhrase
from app.lowcode.screen import Screen
from app.models.account_login import let_login_follow
from app.models.identifiers import passport_problem, personal_id_problem, tax_code_problem, tidy_number
from app.models.menus import DOSSIERS
from app.permissions import Actor, Role

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.administrative_unit import AdministrativeUnit


class AccountKind(StrEnum):
    """Who applies."""

    citizen = "citizen"
    organisation = "organisation"


class IdKind(StrEnum):
    """Which number identifies the applicant."""

    personal_id = "personal_id"
    tax_code = "tax_code"
    passport = "passport"


ACCOUNT_KINDS = {
    AccountKind.citizen: N_("Citizen"),
    AccountKind.organisation: N_("Organisation"),
}
ID_KINDS = {
    IdKind.personal_id: N_("Personal identification number"),
    IdKind.tax_code: N_("Tax code"),
    IdKind.passport: N_("Passport number"),
}
# What stays as it was identified once the e-identity is verified (NĐ 69/2024 Đ7).
IDENTITY = ("kind", "name", "id_kind", "id_number", "born_on")
NUMBER = ("id_kind", "id_number")
GENDERS = {"male": N_("Male"), "female": N_("Female")}


class Account(SearchableByPhrase, Entity):
    """Tài khoản of an applicant; ``verified_level`` is the e-identity level (NĐ 69/2024)."""

    kind: Mapped[str] = mapped_column(
        sa.String(20), default=AccountKind.citizen,
        info={"label": _l("Kind of applicant"), "choices": ACCOUNT_KINDS},
    )  # fmt: skip
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Full name")})
    id_kind: Mapped[str] = mapped_column(
        sa.String(20), default=IdKind.personal_id,
        info={"label": _l("Kind of number"), "choices": ID_KINDS},
    )  # fmt: skip
    id_number: Mapped[str] = mapped_column(
        sa.String(20), index=True, info={"label": _l("Identification number")}
    )
    born_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of birth")})
    gender: Mapped[str | None] = mapped_column(
        sa.String(10), info={"label": _l("Sex"), "choices": GENDERS}
    )
    phone: Mapped[str | None] = mapped_column(sa.String(20), info={"label": _l("Phone"), "kind": "phone"})
    email: Mapped[str | None] = mapped_column(
        sa.String(120), info={"label": _l("E-mail"), "kind": "email"}
    )
    address: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Address")})
    unit_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("administrative_unit.id"), index=True, info={"label": _l("Ward or commune")}
    )
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), unique=True)
    officer_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))  # follows from OfficerIdentity
    verified_level: Mapped[int] = mapped_column(
        default=0, info={"label": _l("Electronic identity level")}
    )
    unit: Mapped[AdministrativeUnit | None] = relationship()
    user: Mapped[User | None] = relationship(foreign_keys=[user_id])
    __table_args__ = (
        sa.UniqueConstraint("id_kind", "id_number"), sa.Index("uq_account_officer", "officer_id", unique=True),
    )  # fmt: skip

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import accounts_of

        return accounts_of(actor)

    screen = Screen(
        menu=DOSSIERS, icon="users", title=_l("Applicants"), singular=_l("Applicant"),
        columns=["name", "kind", "id_number", "phone", "email"],
        search=["name", "id_number", "phone"], filters=["kind"], order="name",
        key=["id_kind", "id_number"],
        form=["kind", "name", "id_kind", "id_number", "born_on", "gender", "phone", "email",
              "address", "unit"],
        readonly=["verified_level"], can_add=False, can_delete=False, is_personal=True, rows=_rows,
        read=frozenset({Role.desk_officer, Role.control_focal_point, Role.auditor}),
        write=frozenset({Role.desk_officer}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def people(self) -> frozenset[int]:
        """The users who are this person: his login here, and the officer with this personal number."""
        return frozenset(number for number in (self.user_id, self.officer_id) if number is not None)

    def check(self, actor: Actor) -> None:
        """Refuse a number that breaks its rule, another identity for a verified person, another number for oneself.

        His login follows what may be changed.
        """
        kept = tidy_number(self.id_kind, self.id_number)
        if kept != self.id_number:
            self.id_number = kept
        if (self.verified_level or 0) >= 1 and _changed(self, IDENTITY):
            message = _("Name and number were verified with the electronic identity and stay.")
            raise Invalid(message, {"id_number": message})
        if actor.user_id in self.people:
            refuse_own_number(_changed(self, NUMBER))
        message = number_message(self.id_kind, self.id_number, self.born_on)
        if message:
            raise Invalid(message, {"id_number": message})
        let_login_follow(self)


def _changed(account: Account, names: Iterable[str]) -> list[str]:
    """Return which of ``names`` differ from what is stored; what was empty may be filled in."""
    states = inspect(account).attrs
    return [name for name in names
            if any(value not in (None, "") for value in states[name].history.deleted or ())]  # fmt: skip


def refuse_own_number(changed: Collection[str]) -> None:
    """Raise Invalid if an officer's own kind or number (``NUMBER``) is among ``changed``: he is known by them."""
    field = next((name for name in reversed(NUMBER) if name in changed), None)
    if field is not None:
        message = _("By kind and number of the identity paper an officer's own dossiers are known: a colleague at a "
                    "one-stop desk has to change them.")  # fmt: skip
        raise Invalid(message, {field: message})


def number_message(id_kind: str, number: str, born_on: date | None = None) -> str | None:
    """Return what is wrong with an identification number, in the user's language, or None."""
    if id_kind == IdKind.tax_code:
        return (
            _("The tax code is not valid: its check digit does not match.")
            if tax_code_problem(number) else None
        )  # fmt: skip
    if id_kind == IdKind.passport:
        return (
            _("A passport number has one or two capital letters and seven digits.")
            if passport_problem(number) else None
        )  # fmt: skip
    problem = personal_id_problem(number, born_on)
    if problem == "length":
        return _("The personal identification number must have 12 digits. You typed %(count)d.",
                 count=sum(char.isdigit() for char in number))  # fmt: skip
    if problem == "place":
        return _("The first three digits of the personal number are no province or country code.")
    if problem == "century":
        return _("The personal identification number does not match the date of birth.")
    return None
