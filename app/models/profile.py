"""Regulation profiles: what differs between provinces, as dated parameters (domain A15)."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import SYSTEM
from app.models.profile_values import value_problem
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import JSON

_WRITE = frozenset({Role.catalog_admin})


class Profile(Entity):
    """Quy chế: the active one gives its parameters; what it lacks its base gives."""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    base_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("profile.id"), index=True,
        info={"label": _l("Base profile"), "help": _l("Gives the parameters this one lacks")},
    )  # fmt: skip
    is_active: Mapped[bool] = mapped_column(default=False, info={"label": _l("In force")})
    base: Mapped[Profile | None] = relationship(remote_side="Profile.id")
    parameters: Mapped[list[ProfileParameter]] = relationship(
        back_populates="profile", order_by="ProfileParameter.key, ProfileParameter.valid_from",
        cascade="all, delete-orphan", info={"label": _l("Parameters")},
    )  # fmt: skip

    screen = Screen(
        menu=SYSTEM, menu_title=_l("Catalog of regulations"), icon="adjustments",
        title=_l("Regulation profiles"), singular=_l("Regulation profile"),
        columns=["code", "name", "base", "is_active"], related=["parameters"], order="code", ends="",
        readonly=["is_active"],  # changed on a page of its own, which shows what that changes
        read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name

    def check(self, actor: Actor) -> None:
        """Refuse a circle of bases."""
        node, seen = self.base, set()
        while node is not None and node.id not in seen:
            if node is self:
                message = _("A profile cannot rest on itself.")
                raise Invalid(message, {"base": message})
            seen.add(node.id)
            node = node.base


class ProfileParameter(Entity):
    """Tham số with its clause and validity; ``value`` is any JSON value."""

    __history_owner__ = ("profile", "profile_id")
    profile_id: Mapped[int] = mapped_column(
        sa.ForeignKey("profile.id"), index=True, info={"label": _l("Regulation profile")}
    )
    key: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Parameter")})
    value: Mapped[Any] = mapped_column(JSON, info={"label": _l("Value"), "kind": "json"})
    valid_from: Mapped[date] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    clause: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Clause")})
    note: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Note")})
    profile: Mapped[Profile] = relationship(back_populates="parameters")
    __table_args__ = (sa.UniqueConstraint("profile_id", "key", "valid_from"),)

    screen = Screen(
        icon="adjustments", title=_l("Profile parameters"), singular=_l("Parameter"),
        columns=["profile", "key", "value", "valid_from", "valid_to", "clause"],
        filters=["profile"], order="key", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.key

    def check(self, actor: Actor) -> None:
        """Refuse a validity that ends before it begins, a value the product could not use."""
        problem = value_problem(self.key, self.value)
        if problem is not None:
            message = f"{self.key}: {problem}"
            raise Invalid(message, {"value": message})
        if self.valid_to and self.valid_to < self.valid_from:
            message = _("The end of validity must not lie before its beginning.")
            raise Invalid(message, {"valid_to": message})
