"""The working calendar: which minutes of which days are worked.

Inside, an instant is a whole number of minutes on the Vietnamese clock since 01/01/1970. Seconds
are dropped, as on the receipt slip, which prints hh:mm; that keeps every sum exact.
"""

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from functools import cached_property
from types import MappingProxyType
from typing import Any

from app.workflows.weeks import DAY, Sessions, Week, Weeks, check_sessions, first_worked, longest_day
from app.workflows.weeks import minute_of_day as minute_of_day
from app.workflows.weeks import read_hours as read_hours

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
EPOCH_DAY = date(1970, 1, 1).toordinal()
MINUTE = timedelta(minutes=1)
AHEAD_OF_UTC = 7 * 60


class CalendarExhausted(ValueError):
    """An instant or a result lies outside the days that the calendar knows."""


def to_minute(at: datetime) -> int:
    """Return the Vietnamese minute of an aware instant. Raises ValueError if it is naive."""
    if at.utcoffset() is None:
        raise ValueError(f"{at.isoformat()} has no time zone")
    return (at - EPOCH) // MINUTE + AHEAD_OF_UTC


def to_instant(minute: int) -> datetime:
    """Return the UTC instant of a Vietnamese minute."""
    return EPOCH + timedelta(minutes=minute - AHEAD_OF_UTC)


def day_number(day: date) -> int:
    """Return the days from 01/01/1970 to ``day``."""
    return day.toordinal() - EPOCH_DAY


@dataclass(frozen=True)
class Calendar:
    """Worked sessions per weekday and per special day, valid for a range of days.

    week: sessions of Monday … Sunday. special: day → its sessions; none = day off, some = a
    make-up or shortened day. valid_from, valid_to: first and last day known (both inclusive);
    anything beyond raises CalendarExhausted, because holidays there are not known yet.
    notes: why a day is special, as data. later: the weeks kept from a day on, where hours change.
    name, turns: of the calendar, and from which day another one counts; they explain and count nothing.
    Keep one instance per version: its index is built once.
    Raises ValueError for sessions that overlap or run backwards, and for later weeks out of order.
    """

    week: Week
    special: Mapping[date, Sessions] = field(hash=False)
    valid_from: date
    valid_to: date
    notes: Mapping[date, str] = field(default_factory=dict, hash=False, compare=False)
    later: tuple[tuple[date, Week], ...] = ()
    name: str = field(default="", compare=False)
    turns: tuple[tuple[date, str], ...] = field(default=(), compare=False)

    def __post_init__(self) -> None:
        if self.valid_to < self.valid_from:
            raise ValueError("a calendar cannot end before it begins")
        _ = self.weeks  # refuses impossible ones
        for sessions in self.special.values():
            check_sessions(sessions)
        object.__setattr__(self, "special", MappingProxyType(dict(self.special)))
        object.__setattr__(self, "notes", MappingProxyType(dict(self.notes)))

    @classmethod
    def from_rows(
        cls,
        sessions: Iterable[Sequence[Any]],
        days: Iterable[tuple[date, str, str] | tuple[date, str, str, str]],
        valid_from: date,
        valid_to: date,
        name: str = "",
    ) -> "Calendar":
        """Return the calendar of stored rows.

        sessions: (weekday 0–6, starts, ends[, valid_from, valid_to]), see ``Weeks.from_rows``.
        days: (day, kind, note, hours); kind holiday or compensatory = day off, make_up = worked
        with the hours of its week's first worked day, since a swap exchanges a day off for a
        whole ordinary day; special_hours = as ``hours``. Raises ValueError for another kind.
        """
        weeks = Weeks.from_rows(sessions)
        special: dict[date, Sessions] = {}
        notes: dict[date, str] = {}
        for day, kind, note, *own in days:
            special[day] = _special(day, kind, own[0] if own else "", weeks.on(day))
            notes[day] = note
        return cls(weeks.first, special, valid_from, valid_to, notes, weeks.later, name)

    def week_on(self, day: date) -> Week:
        """Return the ordinary week kept on ``day``."""
        return self.weeks.on(day)

    def day_minutes_on(self, day: date) -> int:
        """Return the working minutes of a full ordinary day then: what "1 day = 8 hours" means."""
        return longest_day(self.week_on(day))

    def usual_on(self, day: date) -> Sessions:
        """Return what the week gives ``day``, special or not."""
        return self.week_on(day)[day.weekday()]

    def sessions_on(self, day: date) -> Sessions:
        """Return the sessions of ``day``, () on a day off."""
        special = self.special.get(day)
        return self.usual_on(day) if special is None else special

    @cached_property
    def weeks(self) -> Weeks:
        """The ordinary weeks and from when each is kept."""
        return Weeks(self.week, self.later)

    @cached_property
    def index(self) -> "Index":
        """The precomputed sums behind every calculation."""
        return Index(self)


def _special(day: date, kind: str, hours: str, week: Week) -> Sessions:
    match kind:
        case "holiday" | "compensatory":
            return ()
        case "make_up":
            return first_worked(week)
        case "special_hours":
            return read_hours(hours)
    raise ValueError(f"{day}: unknown kind of day {kind!r}")


class Index:
    """Prefix sums over the days of one calendar: every question is a look-up or a bisection."""

    def __init__(self, calendar: Calendar) -> None:
        """Walk the calendar once."""
        self.calendar = calendar
        self.first = day_number(calendar.valid_from)
        self.sessions: list[Sessions] = []
        self.worked = [0]  # working minutes before day i
        self.open_days: list[int] = []
        self.rank = [0]  # open days before day i
        for ordinal in range(calendar.valid_from.toordinal(), calendar.valid_to.toordinal() + 1):
            self._add(calendar.sessions_on(date.fromordinal(ordinal)))

    def _add(self, sessions: Sessions) -> None:
        if sessions:
            self.open_days.append(len(self.sessions))
        self.sessions.append(sessions)
        self.worked.append(self.worked[-1] + sum(end - start for start, end in sessions))
        self.rank.append(len(self.open_days))

    @property
    def bounds(self) -> tuple[int, int]:
        """The first and the last minute of the days known."""
        return self.join(0, 0), self.join(len(self.sessions), 0) - 1

    def exhausted(self) -> CalendarExhausted:
        """Return the error that names the days known."""
        first, last = self.calendar.valid_from, self.calendar.valid_to
        return CalendarExhausted(f"the working calendar only covers {first}–{last}")

    def split(self, minute: int) -> tuple[int, int]:
        """Return (day of the calendar, minute of that day). Raises CalendarExhausted."""
        day, within = divmod(minute, DAY)
        day -= self.first
        if not 0 <= day < len(self.sessions):
            raise self.exhausted()
        return day, within

    def join(self, day: int, within: int) -> int:
        """Return the minute of (day of the calendar, minute of that day)."""
        return (day + self.first) * DAY + within

    def civil_day(self, minute: int) -> date:
        """Return the civil date of ``minute``."""
        return date.fromordinal(minute // DAY + EPOCH_DAY)

    def position(self, minute: int) -> int:
        """Return the working minutes of the calendar before ``minute``."""
        day, within = self.split(minute)
        total = self.worked[day]
        for start, end in self.sessions[day]:
            if within <= start:
                break
            total += min(within, end) - start
        return total

    def minute_at(self, position: int) -> int:
        """Return the first minute with ``position`` (≥ 1) working minutes before it.

        At a session's edge that is the end of the earlier session, not the start of the next.
        """
        if position > self.worked[-1]:
            raise self.exhausted()
        day = bisect_left(self.worked, position) - 1
        rest = position - self.worked[day]
        for start, end in self.sessions[day]:
            if rest <= end - start:
                return self.join(day, start + rest)
            rest -= end - start
        raise AssertionError("prefix sums and sessions disagree")

    def opening(self, minute: int) -> int:
        """Return ``minute`` if it is worked, else the start of the next session."""
        day, within = self.split(minute)
        for start, end in self.sessions[day]:
            if within < end:
                return self.join(day, max(within, start))
        following = self.open_day(day + 1)
        return self.join(following, self.sessions[following][0][0])

    def ending(self, minute: int) -> int:
        """Return ``minute`` if work is done until it, else the start of the next session."""
        day, within = self.split(minute)
        if any(start <= within <= end for start, end in self.sessions[day]):
            return minute
        return self.opening(minute)

    def open_day(self, day: int, further: int = 0) -> int:
        """Return the first open day on or after ``day``, or the open day ``further`` after that."""
        if not 0 <= day <= len(self.sessions):
            raise self.exhausted()
        number = self.rank[day] + further
        if number >= len(self.open_days):
            raise self.exhausted()
        return self.open_days[number]

    def closing(self, day: int) -> int:
        """Return the end of the last session of an open day."""
        return self.join(day, self.sessions[day][-1][1])

    def latest_open(self, day: int, within: int) -> int:
        """Return the last working moment of an open day up to ``within``, at least its opening."""
        best = self.sessions[day][0][0]
        for start, end in self.sessions[day]:
            if start <= within:
                best = min(within, end)
        return self.join(day, best)
