"""Catalogs that an administrator defines while the system runs, and who may use each."""

from __future__ import annotations

import re
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, Session, mapped_column, object_session, relationship

from app.errors import Invalid
from app.lowcode.choosing import choosable
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.officer import OFFICER_ROLES
from app.permissions import EVERY_OFFICER, Actor, Role

WRITE = frozenset({Role.catalog_admin})
_CODE = re.compile(r"[a-z][a-z0-9_]{1,39}")


def _readable(actor: Actor) -> Any:
    return None if actor.has(Role.catalog_admin) else SharedCatalog.id.in_(catalogs_of(actor))


def catalogs_of(actor: Actor, *, to_write: bool = False) -> sa.Select[tuple[int]]:
    """Return a query of the ids of the catalogs that a definition opens to one of the actor's roles."""
    right = SharedCatalogRight
    query = sa.select(right.catalog_id).where(right.role.in_([str(role) for role in actor.roles]))
    return query.where(right.can_write.is_(True)) if to_write else query


class SharedCatalog(Searchable, Entity):
    """Danh mục dùng chung: hospitals, streets, kinds of vehicles …"""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={
        "label": _l("Code"), "help": _l("Small letters, digits and _; it stands in addresses.")})  # fmt: skip
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    description: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Description")})
    is_tree: Mapped[bool] = mapped_column(default=False, info={"label": _l("Items stand below one another")})
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})
    fields: Mapped[list[SharedCatalogField]] = relationship(  # type: ignore[name-defined]  # noqa: F821
        "SharedCatalogField", back_populates="catalog", order_by="SharedCatalogField.position",
        foreign_keys="SharedCatalogField.catalog_id", cascade="all, delete-orphan", info={"label": _l("Fields")},
    )  # fmt: skip
    rights: Mapped[list[SharedCatalogRight]] = relationship(
        back_populates="catalog", order_by="SharedCatalogRight.id", cascade="all, delete-orphan",
        info={"label": _l("Who may use it")},
    )  # fmt: skip

    screen = Screen(
        icon="database", title=_l("Definitions of shared catalogs"), singular=_l("Shared catalog"),
        columns=["code", "name", "is_tree", "is_active"], search=["code", "name"], filters=["is_active"],
        related=["fields", "rights"], order="name", rows=_readable, read=EVERY_OFFICER, write=WRITE,
        help=_l("Fields and rights are added after the catalog itself. Without rights only catalog "
                "administrators see it."),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a code that is no name, or one that changes: forms and programs refer to it."""
        if not _CODE.fullmatch(self.code or ""):
            message = _("Small letters, digits and _, beginning with a letter, for example benh_vien.")
            raise Invalid(message, {"code": message})
        if self.id is not None and sa.inspect(self).attrs.code.history.has_changes():
            message = _("The code stays: forms and programs refer to it.")
            raise Invalid(message, {"code": message})

    def check_delete(self, actor: Actor) -> None:
        """A catalog that a form offers stays; take it out of use instead."""
        session = object_session(self)
        if session is not None and is_in_forms(session, self.code):
            raise Invalid(_("A form offers this catalog. Take it out of use instead of deleting it."))


def is_in_forms(session: Any, code: str) -> bool:
    """Return whether a field of an electronic form offers the catalog ``code``."""
    from app.models.form_field import FormField

    query = sa.select(FormField.id).where(FormField.catalog_code == code).limit(1)
    return session.scalar(query) is not None


def choosable_codes(session: Session, codes: set[str], actor: Actor) -> set[str]:
    """Return those of ``codes`` that are catalogs which ``actor`` may read, in one statement."""
    query = sa.select(SharedCatalog.code).where(SharedCatalog.code.in_(codes))
    return set(session.scalars(choosable(query, SharedCatalog, actor))) if codes else set()


class SharedCatalogRight(Entity):
    """Who may use a catalog: default is nobody but the catalog administrators."""

    __history_owner__ = ("shared_catalog", "catalog_id")
    catalog_id: Mapped[int] = mapped_column(
        sa.ForeignKey("shared_catalog.id"), index=True, info={"label": _l("Shared catalog")})
    role: Mapped[str] = mapped_column(sa.String(40), info={"label": _l("Role"), "choices": OFFICER_ROLES})
    can_write: Mapped[bool] = mapped_column(default=False, info={"label": _l("May change items")})
    catalog: Mapped[SharedCatalog] = relationship(back_populates="rights")
    __table_args__ = (sa.UniqueConstraint("catalog_id", "role"),)

    screen = Screen(
        icon="lock", title=_l("Rights on shared catalogs"), singular=_l("Right on a shared catalog"),
        columns=["catalog", "role", "can_write"], filters=["catalog", "role"], order="id",
        read=WRITE, write=WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return _(OFFICER_ROLES[Role(self.role)])
