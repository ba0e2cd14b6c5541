"""The typed fields of a catalog made at run time."""

from __future__ import annotations

import re
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.form_checks import said
from app.models.shared_catalog import WRITE, SharedCatalog
from app.permissions import EVERY_OFFICER, Actor
from app.types import JSON
from app.workflows import patterns

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
RESERVED = frozenset({"id", "code", "name", "parent", "valid_from", "valid_to", "is_active", "row_version",
                      "q", "sort", "size", "after", "before", "fields"})  # fmt: skip


class ValueKind(StrEnum):
    """What a field of a shared catalog holds."""

    text = "text"
    number = "number"
    date = "date"
    yes_no = "yes_no"
    choice = "choice"
    item = "item"
    agency = "agency"
    unit = "unit"


VALUE_KINDS = {
    ValueKind.text: N_("Text"), ValueKind.number: N_("Number"), ValueKind.date: N_("Date"),
    ValueKind.yes_no: N_("Yes or no"), ValueKind.choice: N_("One choice"),
    ValueKind.item: N_("Item of a shared catalog"), ValueKind.agency: N_("Agency"),
    ValueKind.unit: N_("Administrative unit"),
}  # fmt: skip
REFERENCES = frozenset({ValueKind.item, ValueKind.agency, ValueKind.unit})


class SharedCatalogField(Entity):
    """Trường of a shared catalog."""

    __history_owner__ = ("shared_catalog", "catalog_id")
    catalog_id: Mapped[int] = mapped_column(
        sa.ForeignKey("shared_catalog.id"), index=True, info={"label": _l("Shared catalog")})
    position: Mapped[int] = mapped_column(info={"label": _l("Order")})
    key: Mapped[str] = mapped_column(sa.String(40), info={
        "label": _l("Key"), "help": _l("Small letters, digits and _, for example so_giuong")})  # fmt: skip
    label: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Label")})
    kind: Mapped[str] = mapped_column(sa.String(20), info={"label": _l("Kind"), "choices": VALUE_KINDS})
    is_required: Mapped[bool] = mapped_column(default=False, info={"label": _l("Required")})
    is_unique: Mapped[bool] = mapped_column(default=False, info={"label": _l("No two items have the same")})
    is_listed: Mapped[bool] = mapped_column(default=True, info={"label": _l("Column of the list")})
    options: Mapped[list[Any] | None] = mapped_column(JSON, info={"label": _l("Choices"), "kind": "options"})
    target_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("shared_catalog.id"), index=True, info={"label": _l("Items of the catalog")})
    pattern: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Pattern"), "kind": "pattern"})
    min_value: Mapped[int | None] = mapped_column(sa.BigInteger, info={"label": _l("Smallest value")})
    max_value: Mapped[int | None] = mapped_column(sa.BigInteger, info={"label": _l("Largest value")})
    max_length: Mapped[int | None] = mapped_column(info={"label": _l("Longest text")})
    catalog: Mapped[SharedCatalog] = relationship(back_populates="fields", foreign_keys=[catalog_id])
    target: Mapped[SharedCatalog | None] = relationship("SharedCatalog", foreign_keys=[target_id])
    __table_args__ = (sa.UniqueConstraint("catalog_id", "key"),)

    screen = Screen(
        icon="edit", title=_l("Fields of shared catalogs"), singular=_l("Field of a shared catalog"),
        columns=["catalog", "position", "key", "label", "kind", "is_required"], filters=["catalog", "kind"],
        order="position", read=EVERY_OFFICER, write=WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.label

    def check(self, actor: Actor) -> None:
        """Refuse a definition that cannot be used, or that stored items would break."""
        from app.models.shared_values import broken_items

        for name, message in self._faults():
            raise Invalid(message, {name: message})
        session = object_session(self)
        if session is None or self.catalog.id is None:
            return
        broken = broken_items(session, self)
        if broken:
            message = _("Items do not fit this definition; correct them first: %(items)s", items="; ".join(broken))
            raise Invalid(message, {"kind": message})  # named: another change of the definition may mend it

    def check_delete(self, actor: Actor) -> None:
        """A field that items have values of stays."""
        from app.models.shared_values import holders

        session = object_session(self)
        found = holders(session, self.catalog_id, self.key) if session is not None else []
        if found:
            raise Invalid(_("Items have a value here; empty it first: %(items)s", items="; ".join(found)))

    def _faults(self) -> list[tuple[str, str]]:
        return [(name, message) for name, is_wrong, message in (
            ("key", not _KEY.fullmatch(self.key or "") or self.key in RESERVED,
             _("Small letters, digits and _, beginning with a letter, and no name every item has.")),
            ("options", self.kind == ValueKind.choice and not self.options,
             _("A choice field needs at least one choice.")),
            ("target", self.kind == ValueKind.item and self.target is None, _("Choose the catalog.")),
            ("pattern", bool(self.pattern and patterns.fault(self.pattern)),
             said(patterns.fault(self.pattern or "")) or ""),
            ("max_value", self.min_value is not None and self.max_value is not None
             and self.min_value > self.max_value, _("The largest value lies below the smallest.")),
            ("max_length", self.max_length is not None and not 1 <= self.max_length <= 2000,
             _("From 1 to %(top)d characters.", top=2000)),
        ) if is_wrong]  # fmt: skip
