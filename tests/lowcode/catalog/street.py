"""Streets, by ward: what an address is chosen from."""

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models import AdministrativeUnit
from app.models.menus import CATALOGS
from app.permissions import EVERY_OFFICER, Role


class Street(Searchable, Entity):
    """Tuyến đường."""

    code: Mapped[str] = mapped_column(sa.String(20), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    ward_id: Mapped[int | None] = mapped_column(sa.ForeignKey("administrative_unit.id"), index=True,
                                                info={"label": _l("Administrative unit")})  # fmt: skip
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})
    ward: Mapped[AdministrativeUnit | None] = relationship()

    screen = Screen(menu=CATALOGS, icon="route", title=_l("Streets"), singular=_l("Street"),
                    columns=["code", "name", "ward", "is_active"], search=["code", "name"],
                    filters=["ward", "is_active"], order="name", read=EVERY_OFFICER,
                    write=frozenset({Role.catalog_admin}))  # fmt: skip

    def __str__(self) -> str:
        return self.name
