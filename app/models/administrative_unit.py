"""Administrative units by official code, those of today and those before 1 July 2025."""

from __future__ import annotations

from datetime import date
from enum import StrEnum

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import CATALOGS
from app.permissions import EVERY_OFFICER, Role


class UnitKind(StrEnum):
    """Kinds of unit; districts and townships ended with the two-tier government."""

    province = "province"
    district = "district"
    ward = "ward"
    commune = "commune"
    township = "township"


UNIT_KINDS = {
    UnitKind.province: N_("Province or city under the Government"),
    UnitKind.district: N_("District"),
    UnitKind.ward: N_("Ward"),
    UnitKind.commune: N_("Commune"),
    UnitKind.township: N_("Township"),
}


class AdministrativeUnit(Searchable, Entity):
    """Đơn vị hành chính. A code may be used again later: the key is code and start."""

    code: Mapped[str] = mapped_column(sa.String(10), info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Name")})
    full_name: Mapped[str] = mapped_column(sa.String(160), info={"label": _l("Full official name")})
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": UNIT_KINDS}
    )
    parent_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("administrative_unit.id"), index=True, info={"label": _l("Belongs to")}
    )
    valid_from: Mapped[date] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    successor_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("administrative_unit.id"), index=True, info={"label": _l("Successor unit")}
    )
    parent: Mapped[AdministrativeUnit | None] = relationship(
        foreign_keys=[parent_id], remote_side="AdministrativeUnit.id"
    )
    successor: Mapped[AdministrativeUnit | None] = relationship(
        foreign_keys=[successor_id], remote_side="AdministrativeUnit.id"
    )
    __table_args__ = (sa.UniqueConstraint("code", "valid_from"),)

    screen = Screen(
        menu=CATALOGS, icon="map-pin",
        title=_l("Administrative units"), singular=_l("Administrative unit"),
        columns=["code", "full_name", "kind", "parent", "valid_from", "valid_to", "successor"],
        search=["code", "full_name"], filters=["kind", "parent"], order="code",
        read=EVERY_OFFICER, write=frozenset({Role.catalog_admin}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.full_name
