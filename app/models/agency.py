"""Agencies in their tree, and their divisions (HUE25 Đ6.1a, HCM24 Đ7.1a)."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import event
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.clock import today
from app.errors import Invalid
from app.extensions import db
from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import ORGANISATION
from app.permissions import EVERY_OFFICER, Actor, Role

if TYPE_CHECKING:
    from app.models.administrative_unit import AdministrativeUnit
    from app.models.calendar import WorkingCalendar


_ABBREVIATION = re.compile(r"[A-Z0-9ĂÂĐÊÔƠƯ]+([&-][A-Z0-9ĂÂĐÊÔƠƯ]+)*")


AGENCY_RULES: list[Callable[[Agency], None]] = []  # of services, which know the regulation in force


def abbreviation_fault(text: str | None) -> str:
    """Return what is wrong with an abbreviation of an agency's name, "" if nothing is; none is no fault."""
    if not text or _ABBREVIATION.fullmatch(text):
        return ""
    return _("An abbreviation has capital letters, digits and the signs - & only: for example UBND.")


class AgencyLevel(StrEnum):
    """Where an agency stands; ``desk`` is a one-stop desk or public service centre."""

    province = "province"
    district = "district"
    commune = "commune"
    vertical = "vertical"
    desk = "desk"


AGENCY_LEVELS = {
    AgencyLevel.province: N_("Provincial level"),
    AgencyLevel.district: N_("District level"),
    AgencyLevel.commune: N_("Commune level"),
    AgencyLevel.vertical: N_("Central vertical agency"),
    AgencyLevel.desk: N_("One-stop desk"),
}


class Agency(Searchable, Entity):
    """Cơ quan: an agency of any level, or the one-stop desk that receives for it.

    ``path`` is the chain of ids from the root ("/1/7/"): a subtree is a prefix.
    """

    code: Mapped[str] = mapped_column(
        sa.String(35), unique=True, info={"label": _l("Identifier code")}
    )
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    short_name: Mapped[str | None] = mapped_column(sa.String(100), info={"label": _l("Short name")})
    abbreviation: Mapped[str | None] = mapped_column(
        sa.String(20),
        info={"label": _l("Abbreviation"),
              "help": _l("Stands in the symbol of results, as in 67/KQ-UBND. Empty: the identifier code")},
    )  # fmt: skip
    level: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Level"), "choices": AGENCY_LEVELS}
    )
    parent_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Parent agency")}
    )
    path: Mapped[str] = mapped_column(sa.String(255), default="", index=True)
    desk_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True,
        info={"label": _l("Receiving desk"), "help": _l("The desk that receives dossiers for it")},
    )  # fmt: skip
    unit_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("administrative_unit.id"), index=True,
        info={"label": _l("Administrative unit")},
    )  # fmt: skip
    address: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Address")})
    phone: Mapped[str | None] = mapped_column(sa.String(40), info={"label": _l("Phone"), "kind": "phone"})
    hotline: Mapped[str | None] = mapped_column(sa.String(40), info={"label": _l("Hotline"), "kind": "phone"})
    email: Mapped[str | None] = mapped_column(
        sa.String(120), info={"label": _l("E-mail"), "kind": "email"}
    )
    website: Mapped[str | None] = mapped_column(
        sa.String(200), info={"label": _l("Website"), "kind": "url"}
    )
    calendar_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("working_calendar.id"), index=True,
        info={"label": _l("Working calendar"), "help": _l("Empty: as the parent agency")},
    )  # fmt: skip
    former_names: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Former names and codes")})
    valid_from: Mapped[date | None] = mapped_column(info={"label": _l("Valid from")})
    valid_to: Mapped[date | None] = mapped_column(info={"label": _l("Valid to")})
    successor_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True,
        info={"label": _l("Successor agency")},
    )  # fmt: skip

    parent: Mapped[Agency | None] = relationship(
        back_populates="children", foreign_keys=[parent_id], remote_side="Agency.id"
    )
    children: Mapped[list[Agency]] = relationship(
        back_populates="parent", foreign_keys=[parent_id], order_by="Agency.name",
        info={"label": _l("Subordinate agencies")},
    )  # fmt: skip
    # Written after the rows themselves: a desk stands under the agency that it receives for.
    desk: Mapped[Agency | None] = relationship(
        foreign_keys=[desk_id], remote_side="Agency.id", post_update=True
    )
    successor: Mapped[Agency | None] = relationship(
        foreign_keys=[successor_id], remote_side="Agency.id", post_update=True
    )
    unit: Mapped[AdministrativeUnit | None] = relationship()
    calendar: Mapped[WorkingCalendar | None] = relationship()
    divisions: Mapped[list[Division]] = relationship(
        back_populates="agency", order_by="Division.code", info={"label": _l("Divisions")}
    )

    search_columns = ("code", "name", "short_name", "former_names")

    screen = Screen(
        menu=ORGANISATION, icon="building", title=_l("Agencies"), singular=_l("Agency"),
        columns=["code", "name", "level", "parent", "phone", "valid_to"],
        search=["code", "name", "short_name"], filters=["level", "parent"],
        sections=[
            (_l("Agency"), ["code", "name", "short_name", "abbreviation", "level", "parent", "desk", "unit"]),
            (_l("Contacts"), ["address", "phone", "hotline", "email", "website"]),
            (_l("Working time and validity"), ["calendar", "valid_from", "valid_to", "successor",
                                               "former_names"]),
        ],
        readonly=["former_names"],
        related=["divisions", "children"], sheets=["divisions"], order="code",
        read=EVERY_OFFICER, write=frozenset({Role.catalog_admin}), scope={"agency": ["id"]},
    )  # fmt: skip

    def __str__(self) -> str:
        return self.short_name or self.name

    @property
    def symbol(self) -> str:
        """Its part of the symbol of a document it issues: the abbreviation of its name (NĐ 30/2020, Phụ lục I)."""
        return self.abbreviation or self.code.replace(".", "")

    def is_open(self, on: date | None = None) -> bool:
        """Return whether the agency exists on a civil date, by default today."""
        day = on or today()
        return (self.valid_from is None or self.valid_from <= day) and (
            self.valid_to is None or self.valid_to >= day
        )

    def standing(self) -> Agency:
        """Return the agency that does its work today: itself, or the last of its successors."""
        node, seen = self, {self.id}
        while not node.is_open() and node.successor is not None and node.successor.id not in seen:
            node = node.successor
            seen.add(node.id)
        return node

    def check(self, actor: Actor) -> None:
        """Refuse a circle in the tree, a second root, an end before its beginning, a level that has ended."""
        if self.parent is not None and self.id and f"/{self.id}/" in self.parent.path:
            message = _("An agency cannot stand under itself.")
            raise Invalid(message, {"parent": message})
        if self.parent is None and self._has_other_root():
            # Whoever is posted at a root sees the whole province.
            message = _("Only the province's agency stands at the top. Choose the parent agency.")
            raise Invalid(message, {"parent": message})
        self._check_calendar()
        message = abbreviation_fault(self.abbreviation)
        if message:
            raise Invalid(message, {"abbreviation": message})
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            message = _("The end of validity must not lie before its beginning.")
            raise Invalid(message, {"valid_to": message})
        for rule in AGENCY_RULES:
            rule(self)

    def _check_calendar(self) -> None:
        from app.models.calendar_use import refuse_moved, refuse_not_begun

        if self.calendar is not None and sa.inspect(self).attrs.calendar.history.has_changes():
            refuse_not_begun(self.calendar, max(today(), self.valid_from or today()))
        if self.id is not None:
            refuse_moved([self])

    def _has_other_root(self) -> bool:
        roots = sa.select(Agency.id).where(Agency.parent_id.is_(None), Agency.id != (self.id or 0))
        return db.session.scalar(roots.limit(1)) is not None


class Division(Entity):
    """Phòng: a division inside an agency."""

    __history_owner__ = ("agency", "agency_id")
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Agency")}
    )
    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    agency: Mapped[Agency] = relationship(back_populates="divisions")

    screen = Screen(
        menu=ORGANISATION, icon="users", title=_l("Divisions"), singular=_l("Division"),
        columns=["code", "name", "agency"], filters=["agency"], order="code",
        read=EVERY_OFFICER, write=frozenset({Role.catalog_admin}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name


@event.listens_for(Session, "before_flush")
def _keep_paths(session: Session, _context: object, _instances: object) -> None:
    """Give moved agencies, and all below them, their new path."""
    for agency in [obj for obj in session.dirty if isinstance(obj, Agency)]:
        if agency.path and agency.path != _path(agency):
            _move(agency)


@event.listens_for(Agency, "after_insert")
def _first_path(_mapper: object, connection: sa.Connection, agency: Agency) -> None:
    agency_table = Agency.__table__
    parent_path = "/"
    if agency.parent_id is not None:
        query = sa.select(agency_table.c.path).where(agency_table.c.id == agency.parent_id)
        parent_path = connection.execute(query).scalar_one()
    path = f"{parent_path}{agency.id}/"
    connection.execute(
        sa.update(agency_table).where(agency_table.c.id == agency.id).values(path=path)
    )
    # The row has it; the object must not look changed for it.
    sa.orm.attributes.set_committed_value(agency, "path", path)


def _path(agency: Agency) -> str:
    return f"{agency.parent.path if agency.parent else '/'}{agency.id}/"


def _move(agency: Agency) -> None:
    agency.path = _path(agency)
    for child in agency.children:
        _move(child)
