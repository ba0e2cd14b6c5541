"""Electronic forms as data: sections and fields that a page, a check and a print are made of."""

from __future__ import annotations

from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.freezing import owners_of, refuse_in_force
from app.models.menus import PROCEDURES
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import JSON

_WRITE = frozenset({Role.catalog_admin})


class FieldKind(StrEnum):
    """What an applicant may be asked for."""

    text = "text"
    textarea = "textarea"
    number = "number"
    date = "date"
    select = "select"
    multi_select = "multi_select"
    checkbox = "checkbox"
    address = "address"
    personal_id = "personal_id"
    phone = "phone"
    email = "email"
    file = "file"
    table = "table"


FIELD_KINDS = {
    FieldKind.text: N_("One line of text"), FieldKind.textarea: N_("Several lines of text"),
    FieldKind.number: N_("Number"), FieldKind.date: N_("Date"),
    FieldKind.select: N_("One choice"), FieldKind.multi_select: N_("Several choices"),
    FieldKind.checkbox: N_("Tick box"), FieldKind.address: N_("Address by unit catalog"),
    FieldKind.personal_id: N_("Personal identification number"), FieldKind.phone: N_("Phone"),
    FieldKind.email: N_("E-mail"), FieldKind.file: N_("File"), FieldKind.table: N_("Table"),
}  # fmt: skip
PREFILLS = {
    "name": N_("Full name"), "id_number": N_("Identification number"),
    "born_on": N_("Date of birth"), "gender": N_("Sex"), "phone": N_("Phone"),
    "email": N_("E-mail"), "address": N_("Address"),
}  # fmt: skip


class Form(Searchable, Entity):
    """Mẫu đơn điện tử."""

    code: Mapped[str] = mapped_column(sa.String(60), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    legal_basis: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Legal basis")})
    sections: Mapped[list[FormSection]] = relationship(
        back_populates="form", order_by="FormSection.position", cascade="all, delete-orphan",
        info={"label": _l("Sections")},
    )  # fmt: skip

    screen = Screen(
        menu=PROCEDURES, icon="file-text", title=_l("Electronic forms"), singular=_l("Form"),
        columns=["code", "name"], search=["code", "name"], related=["sections"], order="name",
        read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def fields(self) -> list[FormField]:
        """Return every field of the form in reading order."""
        return [field for section in self.sections for field in section.fields]

    def check(self, actor: Actor) -> None:
        """Refuse a change of what a published version rests on."""
        refuse_in_force(self)

    check_delete = check


class FormSection(Entity):
    """Phần of a form."""

    __history_owner__ = ("form", "form_id")
    form_id: Mapped[int] = mapped_column(
        sa.ForeignKey("form.id"), index=True, info={"label": _l("Form")}
    )
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    title: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Title")})
    form: Mapped[Form] = relationship(back_populates="sections")
    fields: Mapped[list[FormField]] = relationship(
        back_populates="section", order_by="FormField.position", cascade="all, delete-orphan",
        info={"label": _l("Fields")},
    )  # fmt: skip

    screen = Screen(
        icon="list-check", title=_l("Form sections"), singular=_l("Form section"),
        columns=["form", "position", "title"], key=["form", "position"], filters=["form"], related=["fields"],
        order="position", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def check(self, actor: Actor) -> None:
        """Refuse a change of a published version's form."""
        for form in owners_of(self, "form"):
            refuse_in_force(form)

    check_delete = check


class FormField(Entity):
    """Trường of a form section. ``options``: [{value, label}]; ``columns``: of a table."""

    section_id: Mapped[int] = mapped_column(
        sa.ForeignKey("form_section.id"), index=True, info={"label": _l("Form section")}
    )
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    key: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Key")})
    label: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Label")})
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": FIELD_KINDS}
    )
    is_required: Mapped[bool] = mapped_column(default=True, info={"label": _l("Required")})
    help_text: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Help text")})
    options: Mapped[list[Any] | None] = mapped_column(
        JSON, info={"label": _l("Choices"), "kind": "options"}
    )
    pattern: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Pattern"), "kind": "pattern"}
    )
    pattern_message: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Message when the pattern does not fit")}
    )
    min_value: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("Smallest value")}
    )
    max_value: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("Largest value")}
    )
    max_length: Mapped[int | None] = mapped_column(info={"label": _l("Longest text")})
    prefill: Mapped[str | None] = mapped_column(
        sa.String(40), info={"label": _l("Filled from the profile"), "choices": PREFILLS}
    )
    columns: Mapped[list[Any] | None] = mapped_column(
        JSON, info={"label": _l("Table columns"), "kind": "columns"}
    )
    section: Mapped[FormSection] = relationship(back_populates="fields")
    __table_args__ = (sa.UniqueConstraint("section_id", "key"),)

    screen = Screen(
        icon="edit", title=_l("Form fields"), singular=_l("Form field"),
        columns=["section", "position", "key", "label", "kind", "is_required"],
        filters=["section", "kind"], order="position", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.label

    def check(self, actor: Actor) -> None:
        """Refuse a change of a published form, choices or columns that are missing or unusable."""
        self.check_delete(actor)
        if self.kind in {FieldKind.select, FieldKind.multi_select} and not self.options:
            message = _("A choice field needs at least one choice.")
            raise Invalid(message, {"options": message})
        if self.kind == FieldKind.table and not self.columns:
            message = _("A table field needs at least one column.")
            raise Invalid(message, {"columns": message})
        if self.columns is not None and not _are_columns(self.columns):
            message = _("Each column needs a key and a label, both texts.")
            raise Invalid(message, {"columns": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take a field away from a published version's form."""
        for section in owners_of(self, "section"):
            refuse_in_force(section.form)


def _are_columns(given: Any) -> bool:
    """Return whether ``given`` is a list of {"key": …, "label": …} objects."""
    return isinstance(given, list) and all(
        isinstance(item, dict) and all(isinstance(item.get(k), str) for k in ("key", "label"))
        for item in given
    )
