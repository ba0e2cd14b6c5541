"""Electronic forms as data: sections and fields that a page, a check and a print are made of."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.form_checks import condition_problem
from app.models.form_words import FieldKind
from app.models.freezing import owners_of, refuse_in_force
from app.models.menus import PROCEDURES
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import JSON

if TYPE_CHECKING:
    from app.models.form_field import FormField

_WRITE = frozenset({Role.catalog_admin})


class Form(Searchable, Entity):
    """Mẫu đơn điện tử."""

    code: Mapped[str] = mapped_column(sa.String(60), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    name_en: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Name in English")}
    )
    legal_basis: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Legal basis")})
    # What must hold between answers: [{"must": condition, "message": …, "at": key, "when": …}]
    rules: Mapped[list[Any] | None] = mapped_column(
        JSON, info={"label": _l("Rules between fields"), "kind": "json"}
    )
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
    title_en: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Title in English")}
    )
    help_text: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Help text")})
    help_text_en: Mapped[str | None] = mapped_column(
        sa.Text, info={"label": _l("Help text in English")}
    )
    show_when: Mapped[dict[str, Any] | None] = mapped_column(
        JSON, info={"label": _l("Shown when"), "kind": "json"}
    )
    form: Mapped[Form] = relationship(back_populates="sections")
    fields: Mapped[list[FormField]] = relationship(
        "FormField", back_populates="section", order_by="FormField.position", cascade="all, delete-orphan",
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
        self.check_delete(actor)
        message = condition_problem(self.show_when)
        if message is not None:
            raise Invalid(message, {"show_when": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take a section away from a published version's form."""
        for form in owners_of(self, "form"):
            refuse_in_force(form)


__all__ = ["FieldKind", "Form", "FormSection"]
