"""Working calendars: sessions of the week and the special days (domain D)."""

from __future__ import annotations

from datetime import date, time
from enum import StrEnum

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import CATALOGS
from app.permissions import EVERY_OFFICER, Actor, Role

WEEKDAYS = {
    0: N_("Monday"), 1: N_("Tuesday"), 2: N_("Wednesday"), 3: N_("Thursday"),
    4: N_("Friday"), 5: N_("Saturday"), 6: N_("Sunday"),
}  # fmt: skip


class DayKind(StrEnum):
    """Why a day differs from its weekday; a make-up day works as a Monday does."""

    holiday = "holiday"
    compensatory = "compensatory"
    make_up = "make_up"


DAY_KINDS = {
    DayKind.holiday: N_("Public holiday"),
    DayKind.compensatory: N_("Compensatory day off"),
    DayKind.make_up: N_("Make-up working day"),
}
_WRITE = frozenset({Role.catalog_admin})


class WorkingCalendar(Entity):
    """Lịch làm việc of an agency or desk."""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Name")})
    valid_from: Mapped[date] = mapped_column(info={"label": _l("Valid from")})
    sessions: Mapped[list[CalendarSession]] = relationship(
        back_populates="calendar", order_by="CalendarSession.weekday, CalendarSession.starts_at",
        cascade="all, delete-orphan", info={"label": _l("Weekly sessions")},
    )  # fmt: skip
    days: Mapped[list[CalendarDay]] = relationship(
        back_populates="calendar", order_by="CalendarDay.day", cascade="all, delete-orphan",
        info={"label": _l("Special days")},
    )  # fmt: skip

    screen = Screen(
        menu=CATALOGS, icon="calendar",
        title=_l("Working calendars"), singular=_l("Working calendar"),
        columns=["code", "name", "valid_from"], related=["sessions", "days"], order="code",
        read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name


class CalendarSession(Entity):
    """Buổi làm việc: one working session of a weekday."""

    __history_owner__ = ("working_calendar", "calendar_id")
    calendar_id: Mapped[int] = mapped_column(
        sa.ForeignKey("working_calendar.id"), index=True, info={"label": _l("Working calendar")}
    )
    weekday: Mapped[int] = mapped_column(info={"label": _l("Weekday"), "choices": WEEKDAYS})
    starts_at: Mapped[time] = mapped_column(info={"label": _l("From")})
    ends_at: Mapped[time] = mapped_column(info={"label": _l("Until")})
    calendar: Mapped[WorkingCalendar] = relationship(back_populates="sessions")

    screen = Screen(
        icon="clock", title=_l("Weekly sessions"), singular=_l("Session"),
        columns=["calendar", "weekday", "starts_at", "ends_at"], filters=["calendar", "weekday"],
        key=["calendar", "weekday", "starts_at"],
        order="weekday", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{_(WEEKDAYS[self.weekday])} {self.starts_at:%H:%M}–{self.ends_at:%H:%M}"

    def check(self, actor: Actor) -> None:
        """Refuse a session that ends before it starts or overlaps another of its day."""
        if self.ends_at <= self.starts_at:
            message = _("A session must end after it starts.")
            raise Invalid(message, {"ends_at": message})
        others = [s for s in self.calendar.sessions if s is not self and s.weekday == self.weekday]
        if any(s.starts_at < self.ends_at and self.starts_at < s.ends_at for s in others):
            message = _("This session overlaps another one of the same day.")
            raise Invalid(message, {"starts_at": message})


class CalendarDay(Entity):
    """Ngày đặc biệt: a holiday, a compensatory day off or a make-up working day."""

    __history_owner__ = ("working_calendar", "calendar_id")
    calendar_id: Mapped[int] = mapped_column(
        sa.ForeignKey("working_calendar.id"), index=True, info={"label": _l("Working calendar")}
    )
    day: Mapped[date] = mapped_column(info={"label": _l("Day")})
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": DAY_KINDS}
    )
    note: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Note")})
    calendar: Mapped[WorkingCalendar] = relationship(back_populates="days")
    __table_args__ = (sa.UniqueConstraint("calendar_id", "day"),)

    screen = Screen(
        icon="calendar", title=_l("Special days"), singular=_l("Special day"),
        columns=["calendar", "day", "kind", "note"], filters=["calendar", "kind", "day"],
        order="day", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}"
