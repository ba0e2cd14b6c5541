"""Sectors and document types: the small catalogs procedures refer to."""

from __future__ import annotations

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column

from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import CATALOGS
from app.permissions import EVERY_OFFICER, Role


class Sector(Searchable, Entity):
    """Lĩnh vực: a field of government that procedures belong to."""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    is_active: Mapped[bool] = mapped_column(default=True, info={"label": _l("In use")})

    screen = Screen(
        menu=CATALOGS, icon="bookmark", title=_l("Sectors"), singular=_l("Sector"),
        columns=["code", "name", "is_active"], search=["code", "name"], filters=["is_active"],
        order="name", read=EVERY_OFFICER, write=frozenset({Role.catalog_admin}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name


class DocumentType(Searchable, Entity):
    """Loại giấy tờ: a kind of paper asked for or issued.

    ``is_shared_data``: the state already holds it, so it is not asked again (NĐ 107/2021 Đ21a).
    """

    code: Mapped[str] = mapped_column(sa.String(60), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    is_result: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("Result of a procedure")}
    )
    is_shared_data: Mapped[bool] = mapped_column(
        default=False, info={"label": _l("Already shared data, not asked again")}
    )

    screen = Screen(
        menu=CATALOGS, icon="file-text", title=_l("Document types"), singular=_l("Document type"),
        columns=["code", "name", "is_result", "is_shared_data"], search=["code", "name"],
        filters=["is_result", "is_shared_data"], order="name",
        read=EVERY_OFFICER, write=frozenset({Role.catalog_admin}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name
