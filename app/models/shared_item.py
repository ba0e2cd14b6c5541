"""Items of catalogs made at run time: one table, values checked by the catalog's definition."""

from __future__ import annotations

import re
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.clock import today
from app.errors import Invalid
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.shared_catalog import SharedCatalog, catalogs_of, is_in_forms
from app.permissions import EVERY_OFFICER, Actor, Role
from app.transactions import one_at_a_time
from app.types import JSON

_CODE = re.compile(r"[^\s\x00-\x1f]{1,60}")
_DEEPEST = 10


def _readable(actor: Actor) -> Any:
    return None if actor.has(Role.catalog_admin) else SharedCatalogItem.catalog_id.in_(catalogs_of(actor))


def _writable(actor: Actor) -> Any:
    if actor.has(Role.catalog_admin):
        return None
    return SharedCatalogItem.catalog_id.in_(catalogs_of(actor, to_write=True))


class SharedCatalogItem(Searchable, Entity):
    """Mục of a shared catalog. ``data``: {field key: value}, checked on every way in."""

    catalog_id: Mapped[int] = mapped_column(
        sa.ForeignKey("shared_catalog.id"), info={"label": _l("Shared catalog")})
    parent_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("shared_catalog_item.id"), index=True, info={"label": _l("Stands below")})
    code: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    data: Mapped[dict[str, Any]] = mapped_column(
        JSON, default=dict, info={"label": _l("Values"), "kind": "json"})
    valid_from: Mapped[date | None] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})
    catalog: Mapped[SharedCatalog] = relationship("SharedCatalog")
    parent: Mapped[SharedCatalogItem | None] = relationship("SharedCatalogItem", remote_side="SharedCatalogItem.id")
    __table_args__ = (
        sa.UniqueConstraint("catalog_id", "code"),
        sa.Index("ix_shared_catalog_item_name", "catalog_id", "name", "id"),
    )
    search_columns = ("code", "name", "texts")

    screen = Screen(
        icon="list", title=_l("Items of shared catalogs"), singular=_l("Item of a shared catalog"),
        columns=["code", "name", "catalog", "is_active"], search=["code", "name"],
        filters=["catalog", "is_active"], order="name", rows=_readable, write_rows=_writable,
        depends={"parent": "catalog"},
        read=EVERY_OFFICER, write=EVERY_OFFICER, is_configuration=True,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    @property
    def texts(self) -> str:
        """The values that are texts: one searches in them too."""
        return " ".join(value for value in (self.data or {}).values() if isinstance(value, str))

    def is_valid_on(self, day: date) -> bool:
        """Return whether the item may be chosen on ``day``."""
        return (self.is_active and (self.valid_from is None or self.valid_from <= day)
                and (self.valid_to is None or self.valid_to >= day))  # fmt: skip

    def check(self, actor: Actor) -> None:
        """Refuse whatever the definition does not allow; tidies ``data``."""
        from app.models.shared_values import check_values

        session = object_session(self.catalog)
        assert session is not None  # the catalog was loaded by the form
        one_at_a_time(session, f"shared_catalog:{self.catalog.id}")
        self._check_place()
        if not _CODE.fullmatch(self.code):
            message = _("A code has no blanks.")
            raise Invalid(message, {"code": message})
        if self.valid_from and self.valid_to and self.valid_from > self.valid_to:
            message = _("The end lies before the beginning.")
            raise Invalid(message, {"valid_to": message})
        self.data = check_values(session, self.catalog, self.data or {}, actor, self)

    def _check_place(self) -> None:
        if self.id is not None and self.catalog_id not in (None, self.catalog.id):
            message = _("An item stays in its catalog.")
            raise Invalid(message, {"catalog": message})
        above, steps = self.parent, 0
        while above is not None:
            steps += 1
            if not self.catalog.is_tree or above.catalog is not self.catalog or above is self or steps > _DEEPEST:
                message = _("An item stands below another of its own catalog, never in a circle.")
                raise Invalid(message, {"parent": message})
            above = above.parent

    def check_delete(self, actor: Actor) -> None:
        """An item that may have been chosen somewhere stays, out of use."""
        from app.models.shared_values import referring_items

        session = object_session(self)
        if session is None:
            return
        users = referring_items(session, self)
        if users:
            raise Invalid(_("Other items refer to it: %(items)s. Take it out of use instead.", items="; ".join(users)))
        if is_in_forms(session, self.catalog.code):
            raise Invalid(_("A form offers this catalog: somebody may have chosen the item. "
                            "Take it out of use instead."))  # fmt: skip


def chosen_on(query: Any, day: date | None = None) -> Any:
    """Return ``query`` narrowed to the items that may be chosen on ``day`` (default: today)."""
    item, at = SharedCatalogItem, day or today()
    return query.where(
        item.is_active.is_(True), sa.or_(item.valid_from.is_(None), item.valid_from <= at),
        sa.or_(item.valid_to.is_(None), item.valid_to >= at),
    )  # fmt: skip
