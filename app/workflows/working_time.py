"""Working time: adding and measuring hours, days and months on a working calendar.

Instants come in aware, in any time zone, and go out in UTC. Rules follow the Vietnamese clock.
A result that falls on the edge of a session is the end of that session, never the start of the
next one.
"""

import calendar as civil
from dataclasses import dataclass
from datetime import date, datetime, time
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction
from functools import lru_cache

from app.workflows.calendars import (
    Calendar,
    CalendarExhausted,
    Index,
    day_number,
    minute_of_day,
    to_instant,
    to_minute,
)

__all__ = ["Calendar", "CalendarExhausted", "CountFrom", "DueTime", "Rounding", "Rules", "Unit"]

Value = int | float | Decimal | Fraction


class Unit(StrEnum):
    """Units of time limits, as stored with a procedure."""

    working_day = "working_day"
    working_hour = "working_hour"
    hour = "hour"
    day = "day"
    month = "month"


class CountFrom(StrEnum):
    """Which day is day 1 of a limit in days."""

    same = "same"
    next = "next"


class DueTime(StrEnum):
    """At what time of its last day a limit in days ends."""

    end_of_session = "end_of_session"
    same_time = "same_time"


class Rounding(StrEnum):
    """Up to what the end of a limit is rounded; never down, so that no limit is cut short."""

    minute = "minute"
    hour = "hour"
    session = "session"
    day = "day"


@dataclass(frozen=True)
class Rules:
    """How a profile counts days, months; hours always run to the minute.

    count_from: next (default; BLDS 2015 Đ147.2) leaves out the day of receipt; same makes it
    day 1. cutoff_hour: what comes later on a day counts as received at the next opening day
    (NĐ 61/2018 Đ18: after 15:00). due_time_of_day: end_of_session (default; BLDS 2015 Đ148) is
    the close of the last day; same_time counts whole days to the hour of receipt, so that
    count_from then has no effect. rounding: an end within a session moves to the full hour, to the
    end of the session or of the day; minute (default) leaves it. It is for the limit alone: pauses
    and extensions are added exactly.
    Plain strings are accepted for stored parameters; ValueError for an unknown one.
    """

    count_from: CountFrom | str = CountFrom.next
    cutoff_hour: time | None = None
    due_time_of_day: DueTime | str = DueTime.end_of_session
    rounding: Rounding | str = Rounding.minute

    def __post_init__(self) -> None:
        object.__setattr__(self, "count_from", CountFrom(self.count_from))
        object.__setattr__(self, "due_time_of_day", DueTime(self.due_time_of_day))
        object.__setattr__(self, "rounding", Rounding(self.rounding))
        if isinstance(self.cutoff_hour, str):
            object.__setattr__(self, "cutoff_hour", time.fromisoformat(self.cutoff_hour))


DEFAULT_RULES = Rules()


def is_open(cal: Calendar, at: datetime) -> bool:
    """Return whether ``at`` is worked; the end of a session no longer is."""
    minute = to_minute(at)
    return cal.index.opening(minute) == minute


def next_opening(cal: Calendar, at: datetime) -> datetime:
    """Return ``at`` (to the minute) if it is worked, else the start of the next session."""
    return to_instant(cal.index.opening(to_minute(at)))


def closing(cal: Calendar, day: date) -> datetime:
    """Return the end of work on ``day``, or on the next open day if it is a day off."""
    index = cal.index
    return to_instant(index.closing(index.open_day(day_number(day) - index.first)))


def minutes_between(cal: Calendar, a: datetime, b: datetime) -> int:
    """Return the working minutes from ``a`` to ``b``, negative if ``b`` is earlier.

    Exactly additive: a→b plus b→c equals a→c. Raises CalendarExhausted outside the calendar.
    """
    position = cal.index.position
    return position(to_minute(b)) - position(to_minute(a))


def within(cal: Calendar, at: datetime) -> datetime:
    """Return ``at``, or the nearest instant that the calendar knows."""
    first, last = cal.index.bounds
    return to_instant(min(max(to_minute(at), first), last))


def add_minutes(cal: Calendar, start: datetime, minutes: int) -> datetime:
    """Return the instant when ``minutes`` of work have passed since ``start``.

    Zero minutes give the next moment of work. Raises ValueError if negative.
    """
    return to_instant(_add_minutes(cal.index, to_minute(start), minutes))


def _add_minutes(index: Index, start: int, minutes: int) -> int:
    if minutes < 0:
        raise ValueError("working time can only be added, not taken back")
    if not minutes:
        return index.opening(start)
    return index.minute_at(index.position(start) + minutes)


def counting_from(cal: Calendar, received_at: datetime, rules: Rules = DEFAULT_RULES) -> datetime:
    """Return the moment that counts as receipt for limits in days and months.

    Outside working hours it is the next opening (HCM24 Đ11.1a); after the cut-off hour the
    opening of the next working day.
    """
    return to_instant(_counting_from(cal.index, to_minute(received_at), rules))


def _counting_from(index: Index, received: int, rules: Rules) -> int:
    opening = index.opening(received)
    if rules.cutoff_hour is None:
        return opening
    day, within = index.split(opening)
    if within <= minute_of_day(rules.cutoff_hour):
        return opening
    following = index.open_day(day + 1)
    return index.join(following, index.sessions[following][0][0])


def add_days(cal: Calendar, start: datetime, days: Value, rules: Rules = DEFAULT_RULES) -> datetime:
    """Return when a limit of working ``days`` ends; see ``add_limit``."""
    return add_limit(cal, start, days, Unit.working_day, rules)


def add_limit(
    cal: Calendar,
    start: datetime,
    value: Value,
    unit: Unit | str,
    rules: Rules = DEFAULT_RULES,
) -> datetime:
    """Return when a limit of ``value`` ``unit`` that began with receipt at ``start`` ends.

    working_hour: to the minute. hour: clock hours from the next opening, moved to work time.
    working_day: any day with a session counts. day, month: calendar days and months; an end on
    a day off moves to the next working day. A part of a day (0.5) adds that part of
    an ordinary day's hours as working minutes.
    Raises ValueError for a value ≤ 0, part of a month or unknown unit; CalendarExhausted.
    """
    unit = Unit(unit)
    if value <= 0:
        raise ValueError("a time limit must be longer than nothing")
    index = cal.index
    end = _end(index, to_minute(start), value, unit, rules)
    return to_instant(end if rules.rounding is Rounding.minute else _rounded(index, end, rules.rounding))


def _end(index: Index, received: int, value: Value, unit: Unit, rules: Rules) -> int:
    if unit is Unit.working_hour:
        return _add_minutes(index, received, _minutes(value, 60))
    if unit is Unit.hour:
        return index.ending(index.opening(received) + _minutes(value, 60))
    whole, part = _whole_and_part(value)
    counted = _counting_from(index, received, rules)
    end = _last_day_end(index, counted, whole, unit, rules) if whole else counted
    if not part:
        return end
    if unit is Unit.month:
        raise ValueError("a limit in months must be a whole number")
    extra = _minutes(part, index.calendar.day_minutes_on(index.civil_day(end)))
    return _add_minutes(index, end, extra) if extra else end


def _rounded(index: Index, end: int, rounding: Rounding | str) -> int:
    """Return ``end`` moved up, within the session or the day in which it lies."""
    day, within = index.split(end - 1)
    within += 1
    if not any(first < within <= last for first, last in index.sessions[day]):
        day, within = index.split(end)  # the beginning of a session, nothing of it worked yet
    if rounding is Rounding.day:
        return index.closing(day)
    closing = next(last for _first, last in index.sessions[day] if within <= last)
    full_hour = -(-within // 60) * 60
    return index.join(day, min(full_hour, closing) if rounding is Rounding.hour else closing)


def _minutes(value: Value, unit_minutes: int) -> int:
    if isinstance(value, int):
        return value * unit_minutes
    return round(Fraction(str(value)) * unit_minutes)


_NOTHING = Fraction(0)


def _whole_and_part(value: Value) -> tuple[int, Fraction]:
    if isinstance(value, int):
        return value, _NOTHING
    exact = Fraction(str(value))
    return int(exact), exact - int(exact)


def _last_day_end(index: Index, counted: int, count: int, unit: Unit, rules: Rules) -> int:
    day, within = index.split(counted)
    to_the_hour = rules.due_time_of_day is DueTime.same_time
    if rules.count_from is CountFrom.same and not to_the_hour:
        last = _last_day(index, day, count, unit, day_one=True)
    else:
        last = _last_day(index, day, count, unit, day_one=False)
    return index.latest_open(last, within) if to_the_hour else index.closing(last)


def _last_day(index: Index, day: int, count: int, unit: Unit, *, day_one: bool) -> int:
    """Return the open day on which the limit ends; day_one: the day of receipt is day 1."""
    if unit is Unit.working_day:
        return index.open_day(day, count - day_one)
    if unit is Unit.day:
        return index.open_day(day + count - day_one)
    target = add_months(index.civil_day(index.join(day, 0)), count)
    return index.open_day(max(day, day_number(target) - index.first - day_one))


@lru_cache(maxsize=8192)  # receipts are many, their days few
def add_months(day: date, months: int) -> date:
    """Return the same day of the month ``months`` later, or that month's last day."""
    year, month = divmod(day.year * 12 + day.month - 1 + months, 12)
    return date(year, month + 1, min(day.day, civil.monthrange(year, month + 1)[1]))


def intervals(cal: Calendar, a: datetime, b: datetime) -> list[tuple[datetime, datetime]]:
    """Return the worked pieces of a–b in order; their lengths sum to ``minutes_between``.

    Empty if ``b`` is not after ``a``.
    """
    index, first, last = cal.index, to_minute(a), to_minute(b)
    if last <= first:
        return []
    pieces = []
    for day in range(index.split(first)[0], index.split(last)[0] + 1):
        for start, end in index.sessions[day]:
            left, right = max(first, index.join(day, start)), min(last, index.join(day, end))
            if left < right:
                pieces.append((to_instant(left), to_instant(right)))
    return pieces
