"""Days of a calendar as they are wished: read, checked, and put together with what there is."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, selectinload

from app.clock import now, to_local, today
from app.errors import Invalid, NotFound
from app.i18n import N_
from app.models import CalendarChange, CalendarDay, WorkingCalendar
from app.models.calendar import DAY_KINDS, DayKind
from app.services.official import official
from app.services.timing import SessionRow, SpecialDay, calendar_from
from app.transactions import locked
from app.workflows.calendars import Calendar, read_hours

MAX_CHANGES = 400
FIRST_YEAR, LAST_YEAR = 2000, 2100


@dataclass(frozen=True)
class DayWish:
    """One day as it is to be; an empty kind makes it an ordinary day again."""

    day: date
    kind: str = ""
    hours: str = ""
    note: str = ""

    def text(self) -> str:
        """Return it as one line, for a hidden input."""
        return f"{self.day.isoformat()}|{self.kind}|{self.hours}|{self.note}"

    def stored(self) -> list[str] | None:
        """Return [kind, hours, note], None for an ordinary day."""
        return [self.kind, self.hours, self.note] if self.kind else None


def read_wishes(lines: Iterable[str]) -> list[DayWish]:
    """Return the wishes of ``DayWish.text`` lines by day; the last one of a day counts.

    Raises Invalid (field "changes") for a line that cannot be read, an unknown kind, sessions
    that overlap, or too many days.
    """
    found: dict[date, DayWish] = {}
    for line in lines:
        wish = _read(line)
        found[wish.day] = wish
    if len(found) > MAX_CHANGES:
        message = _("Change at most %(most)d days at once.", most=MAX_CHANGES)
        raise Invalid(message, {"changes": message})
    return [found[day] for day in sorted(found)]


def _read(line: str) -> DayWish:
    message = _("A changed day cannot be read: %(line)s", line=line[:60])
    parts = line.split("|", 3)
    try:
        day = date.fromisoformat(parts[0])
    except ValueError as exc:
        raise Invalid(message, {"changes": message}) from exc
    if len(parts) != 4 or not FIRST_YEAR <= day.year <= LAST_YEAR or parts[1] not in {"", *DAY_KINDS}:
        raise Invalid(message, {"changes": message})
    kind, hours, note = (part.strip() for part in parts[1:])
    _refuse_hours(day, kind, hours)
    return DayWish(day, kind, hours if kind == DayKind.special_hours else "", note[:255])


def _refuse_hours(day: date, kind: str, hours: str) -> None:
    if kind != DayKind.special_hours:
        return
    try:
        sessions = read_hours(hours)
    except ValueError:
        sessions = ()
    if not sessions or len(hours) > 60:
        message = _("%(day)s: write its sessions like 07:30-11:30, 13:30-16:00; they must not overlap.",
                    day=f"{day:%d/%m/%Y}")  # fmt: skip
        raise Invalid(message, {"hours": message})


def get_calendar(session: Session, number: int, *, to_change: bool = False) -> WorkingCalendar:
    """Return a calendar with its sessions and days; raises NotFound. to_change: locked first."""
    query = sa.select(WorkingCalendar).where(WorkingCalendar.id == number).options(
        selectinload(WorkingCalendar.sessions), selectinload(WorkingCalendar.days)
    )  # fmt: skip
    if to_change:
        query = locked(query, WorkingCalendar)
    found = session.scalar(query)
    if found is None:
        raise NotFound(_("There is no such calendar."))
    return found


def base_of(calendar: WorkingCalendar) -> str:
    """Return what names the state of a calendar's days: a page made from another is stale."""
    stamps = sum(row.row_version for row in [*calendar.days, *calendar.sessions])
    last = max((day.id for day in calendar.days), default=0)
    return f"{calendar.row_version}.{len(calendar.days)}.{last}.{len(calendar.sessions)}.{stamps}"


def row_of(day: CalendarDay) -> DayWish:
    """Return a stored day."""
    return DayWish(day.day, day.kind, day.hours or "", day.note or "")


def real_wishes(calendar: WorkingCalendar, wishes: Iterable[DayWish]) -> list[DayWish]:
    """Return the wishes that change anything."""
    now_is = {day.day: row_of(day) for day in calendar.days}
    return [wish for wish in wishes if wish != now_is.get(wish.day, DayWish(wish.day, note=wish.note))]


def both(calendar: WorkingCalendar, wishes: Iterable[DayWish]) -> tuple[Calendar, Calendar]:
    """Return the calendar as it is and as it would be, for pure computation."""
    old = {day.day: row_of(day) for day in calendar.days}
    new = old | {wish.day: wish for wish in wishes}
    last = max([to_local(now()).year, *(day.year for day in new)]) + 1
    return _built(calendar, old.values(), last), _built(calendar, new.values(), last)


def before_and_after(
    calendar: WorkingCalendar, change: CalendarChange, later: Iterable[CalendarChange]
) -> tuple[Calendar, Calendar]:
    """Return the calendar before and after a stored change.

    later: the changes since then, the newest first; they are taken back from the calendar of now.
    """
    known, sessions = {day.day: row_of(day) for day in calendar.days}, None
    for one in later:
        known, sessions = _taken_back(known, sessions, one)
    before, first = _taken_back(known, sessions, change)
    last = max([to_local(now()).year, *(day.year for day in [*known, *before])]) + 1
    return _built(calendar, before.values(), last, first), _built(calendar, known.values(), last, sessions)


_Days = dict[date, DayWish]


def _taken_back(
    days: _Days, sessions: list[SessionRow] | None, change: CalendarChange
) -> tuple[_Days, list[SessionRow] | None]:
    back = {date.fromisoformat(day): DayWish(date.fromisoformat(day), *(before or ()))
            for day, before, _after in change.days}  # fmt: skip
    return days | back, [read_session(row) for row in change.weeks[0]] if change.weeks else sessions


def read_session(stored: list[Any]) -> SessionRow:
    """Return a weekly session as ``stored_session`` wrote it."""
    weekday, starts, ends, *limits = stored
    since, until = (date.fromisoformat(day) if day else None for day in limits)
    return weekday, time.fromisoformat(starts), time.fromisoformat(ends), since, until


def stored_session(row: SessionRow) -> list[Any]:
    """Return a weekly session as JSON."""
    weekday, starts, ends, *limits = row
    return [weekday, f"{starts:%H:%M}", f"{ends:%H:%M}", *(day.isoformat() if day else None for day in limits)]


def _built(
    calendar: WorkingCalendar, rows: Iterable[DayWish], last: int, sessions: list[SessionRow] | None = None
) -> Calendar:
    days: list[SpecialDay] = [(row.day, row.kind, row.note, row.hours) for row in rows if row.kind]
    return calendar_from(calendar, days, last, sessions)


def with_sessions(calendar: WorkingCalendar, sessions: list[SessionRow], until: int) -> tuple[Calendar, Calendar]:
    """Return the calendar as it is and with other weekly ``sessions``, to the end of year ``until``."""
    rows = [row_of(day) for day in calendar.days]
    last = max([until, to_local(now()).year, *(row.day.year for row in rows)]) + 1
    return _built(calendar, rows, last), _built(calendar, rows, last, sessions)


def swap_wishes(calendar: WorkingCalendar, off: date | None, on: date | None) -> list[DayWish]:
    """Return the two days of a swap: a working day that is free, a day off that is worked instead.

    Source: Labour Code 2019 Art. 112.3, the yearly decision on swaps.
    Raises Invalid (fields "swap_off", "swap_on").
    """
    known = {day.day for day in calendar.days if day.kind}
    if off is None or off in known or not _is_worked(calendar, off):
        message = _("Choose an ordinary working day that becomes free.")
        raise Invalid(message, {"swap_off": message})
    if on is None or on in known or _is_worked(calendar, on):
        message = _("Choose a day off of the week that is worked instead.")
        raise Invalid(message, {"swap_on": message})
    return [
        DayWish(off, DayKind.compensatory, note=official(N_("Swapped with %(day)s"), day=f"{on:%d/%m/%Y}")),
        DayWish(on, DayKind.make_up, note=official(N_("Swapped with %(day)s"), day=f"{off:%d/%m/%Y}")),
    ]


def read_day(text: str) -> date | None:
    """Return a date as the browser sends it; None for nothing or anything else."""
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        return None


def _is_worked(calendar: WorkingCalendar, day: date) -> bool:
    return any(row.weekday == day.weekday() and row.meets(day, day) for row in calendar.sessions)


def library_wishes(calendar: WorkingCalendar, year: int) -> list[DayWish]:
    """Return the public holidays of ``year`` the calendar lacks (Labour Code 2019 Art. 112).

    From the ``holidays`` library; what the yearly decision swaps is corrected by hand.
    """
    import holidays  # some megabytes: loaded only when asked for

    known = {day.day for day in calendar.days}
    found = holidays.country_holidays("VN", years=year, language="vi")
    wishes = []
    for day, name in sorted(found.items()):
        kind = DayKind.compensatory if "bù" in name else DayKind.holiday
        if day not in known and day.weekday() < 5:
            wishes.append(DayWish(day, kind, note=name[:255]))
    return wishes


def copied_wishes(calendar: WorkingCalendar, year: int) -> list[DayWish]:
    """Return last year's holidays on the same dates of ``year``, where that is a working day.

    Only those of the solar calendar return on their date; swaps are of one year alone.
    """
    known = {day.day for day in calendar.days}
    wishes = []
    for row in calendar.days:
        is_fixed = (row.day.month, row.day.day) in {(1, 1), (4, 30), (5, 1), (9, 1), (9, 2)}
        if row.day.year == year - 1 and row.kind == DayKind.holiday and is_fixed:
            day = row.day.replace(year=year)
            if day not in known and day.weekday() < 5:
                wishes.append(DayWish(day, row.kind, note=row.note or ""))
    return wishes


def is_past(wishes: Iterable[DayWish]) -> bool:
    """Return whether a wish is about a day gone by, today excepted."""
    return any(wish.day < today() for wish in wishes)

