"""Working calendars: sessions of the week and the special days (domain D)."""

from __future__ import annotations

from datetime import date, datetime, time
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.calendar_use import refuse_while_running
from app.models.menus import CATALOGS
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import JSON, UtcDateTime
from app.workflows.calendars import read_hours

WEEKDAYS = {
    0: N_("Monday"), 1: N_("Tuesday"), 2: N_("Wednesday"), 3: N_("Thursday"),
    4: N_("Friday"), 5: N_("Saturday"), 6: N_("Sunday"),
}  # fmt: skip


class DayKind(StrEnum):
    """Why a day differs from its weekday; a make-up day works as a Monday does."""

    holiday = "holiday"
    compensatory = "compensatory"
    make_up = "make_up"
    special_hours = "special_hours"


DAY_KINDS = {
    DayKind.holiday: N_("Public holiday"),
    DayKind.compensatory: N_("Compensatory day off"),
    DayKind.make_up: N_("Make-up working day"),
    DayKind.special_hours: N_("Special hours"),
}
# The public holidays of the solar calendar: 01/01, 30/4, 01/5, 02/9 (Labour Code 2019 Art. 112)
# and the Day of Vietnamese culture. The others wait for the yearly decision.
FIXED_HOLIDAYS = frozenset({(1, 1), (4, 30), (5, 1), (9, 2), (11, 24)})
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
        menu=CATALOGS, menu_title=_l("Catalog of calendars"), icon="calendar",
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
    valid_from: Mapped[date | None] = mapped_column(
        info={"label": _l("Valid from"), "help": _l("Empty: kept from the beginning")}
    )
    valid_to: Mapped[date | None] = mapped_column(
        info={"label": _l("Valid to"), "help": _l("Last day; empty: until further notice")}
    )
    calendar: Mapped[WorkingCalendar] = relationship(back_populates="sessions")

    screen = Screen(
        icon="clock", title=_l("Weekly sessions"), singular=_l("Session"),
        columns=["calendar", "weekday", "starts_at", "ends_at", "valid_from", "valid_to"],
        filters=["calendar", "weekday"], key=["calendar", "weekday", "starts_at", "valid_from"],
        order="weekday", ends="", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{_(WEEKDAYS[self.weekday])} {self.starts_at:%H:%M}–{self.ends_at:%H:%M}"

    def check(self, actor: Actor) -> None:
        """Refuse a session that ends before it starts or overlaps another, and hours due dates rest on."""
        refuse_while_running(self)
        if self.valid_from and self.valid_to and self.valid_to < self.valid_from:
            message = _("The end of validity must not lie before its beginning.")
            raise Invalid(message, {"valid_to": message})
        if self.ends_at <= self.starts_at:
            message = _("A session must end after it starts.")
            raise Invalid(message, {"ends_at": message})
        others = [s for s in self.calendar.sessions if s is not self and s.weekday == self.weekday]
        others = [s for s in others if s.meets(self.valid_from, self.valid_to)]
        if any(s.starts_at < self.ends_at and self.starts_at < s.ends_at for s in others):
            message = _("This session overlaps another one of the same day.")
            raise Invalid(message, {"starts_at": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take away hours that due dates rest on."""
        refuse_while_running(self)

    def meets(self, since: date | None, until: date | None) -> bool:
        """Return whether the session is kept on any day from ``since`` to ``until``."""
        return (self.valid_from or date.min) <= (until or date.max) and (
            since or date.min
        ) <= (self.valid_to or date.max)


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
    hours: Mapped[str | None] = mapped_column(
        sa.String(60),
        info={"label": _l("Special hours"), "help": _l("For example: 07:30-11:30, 13:30-16:00")},
    )  # fmt: skip
    note: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Note")})
    decision: Mapped[str | None] = mapped_column(
        sa.String(120), info={"label": _l("By decision"), "help": _l("Number and date")}
    )
    calendar: Mapped[WorkingCalendar] = relationship(back_populates="days")
    __table_args__ = (sa.UniqueConstraint("calendar_id", "day"),)

    screen = Screen(
        icon="calendar", title=_l("Special days"), singular=_l("Special day"),
        columns=["calendar", "day", "kind", "note"], filters=["calendar", "kind", "day"],
        order="day", read=EVERY_OFFICER, write=_WRITE,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.day:%d/%m/%Y}"

    def check(self, actor: Actor) -> None:
        """Refuse hours that cannot be read or do not fit the day, and days due dates rest on."""
        refuse_while_running(self)
        has_own = self.kind == DayKind.special_hours
        try:
            sessions = read_hours(self.hours or "")
        except ValueError:
            sessions = ()
        if has_own != bool(sessions) or bool(self.hours) != bool(sessions):
            message = _("Write the sessions of a day with special hours like 07:30-11:30, 13:30-16:00.")
            raise Invalid(message, {"hours": message})

    def check_delete(self, actor: Actor) -> None:
        """Refuse to take away a day that due dates rest on."""
        refuse_while_running(self)

    @property
    def is_expected(self) -> bool:
        """True for a day off that follows the moon or a swap and that no decision names yet."""
        is_off = self.kind in {DayKind.holiday, DayKind.compensatory}
        return is_off and not self.decision and (self.day.month, self.day.day) not in FIXED_HOLIDAYS


class CalendarChange(Entity):
    """A decision that changed days, weekly hours or who goes by them, and how far running dossiers were moved.

    days: [[day, before, after], …] with [kind, hours, note] or null for an ordinary day.
    weeks: [sessions before, sessions after], each [weekday, from, until, valid from, valid to].
    former, agencies: of agencies that left the calendar ``former`` for this one, and their ids.
    since: from which day, where that is not the day of the decision; a coming turn that does not come after
    all is a change back, from ``former`` to ``calendar``.
    ``last_dossier_id`` is the cursor of the chunks, each moved in a transaction of its own.
    """

    __history_owner__ = ("working_calendar", "calendar_id")
    calendar_id: Mapped[int] = mapped_column(
        sa.ForeignKey("working_calendar.id"), index=True, info={"label": _l("Working calendar")}
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    user_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("ab_user.id"), info={"label": _l("By")}
    )
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    decision: Mapped[str | None] = mapped_column(sa.String(120), info={"label": _l("By decision")})
    days: Mapped[list[Any]] = mapped_column(JSON, info={"label": _l("Special days")})
    weeks: Mapped[list[Any] | None] = mapped_column(JSON, info={"label": _l("Weekly sessions")})
    former_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("working_calendar.id"), info={"label": _l("Calendar before")}
    )
    agencies: Mapped[list[Any] | None] = mapped_column(JSON, info={"label": _l("Agencies")})
    since: Mapped[date | None] = mapped_column(info={"label": _l("From day")})
    last_dossier_id: Mapped[int] = mapped_column(default=0, info={"label": _l("Last dossier moved")})
    moved: Mapped[int] = mapped_column(default=0, info={"label": _l("Dossiers moved")})
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Finished")})
    calendar: Mapped[WorkingCalendar] = relationship("WorkingCalendar", foreign_keys=[calendar_id])
    former: Mapped[WorkingCalendar | None] = relationship("WorkingCalendar", foreign_keys=[former_id])

    def __str__(self) -> str:
        return self.reason
