"""What becomes of a due date when days of the calendar change: computed, never written."""

from dataclasses import dataclass
from datetime import datetime, time

from app.workflows.calendars import Calendar, CalendarExhausted
from app.workflows.deadlines import Limit, reception_due, result_due, same_day_due
from app.workflows.wording import VIETNAM
from app.workflows.working_time import Rules, Unit, add_minutes, closing, is_open, minutes_between

_CIVIL = frozenset({Unit.day, Unit.month, Unit.hour})


@dataclass(frozen=True)
class Clock:
    """A running due date: from when it counts, and its published limit."""

    received_at: datetime
    due_at: datetime
    limit: Limit | None = None  # None: only working time is known
    rules: Rules = Rules()
    is_same_day: bool = False
    cutoff: time | None = None


def moved_due(old: Calendar, new: Calendar, clock: Clock) -> datetime:
    """Return the due date under calendar ``new`` of one that was found under ``old``.

    A date that follows from its limit is counted anew. One that was moved by a
    pause or an extension keeps its working minutes; in calendar days and months it only leaves
    a day off. Outside the calendar's days it stays.
    """
    try:
        if _count(old, clock) == clock.due_at:
            return _count(new, clock) or clock.due_at
        if clock.limit is not None and Unit(clock.limit.unit) in _CIVIL:
            day = clock.due_at.astimezone(VIETNAM).date()
            return clock.due_at if new.sessions_on(day) else closing(new, day)
        return keep_minutes(old, new, clock.received_at, clock.due_at)
    except CalendarExhausted:
        return clock.due_at


def moved_answer(
    old: Calendar, new: Calendar, submitted_at: datetime, due_at: datetime, hours: int, at: datetime,
    *, by_day: bool = False,
) -> datetime:  # fmt: skip
    """Return by when the desk must answer under ``new`` what it had to answer by ``due_at``.

    One that follows from the submission is counted anew; one that began again later (after a
    supplement) keeps the working minutes left at ``at``. hours, by_day: as for ``reception_due``.
    """
    try:
        if reception_due(submitted_at, old, hours, by_day=by_day).at == due_at:
            return reception_due(submitted_at, new, hours, by_day=by_day).at
        return keep_minutes(old, new, at, due_at) if due_at > at else due_at
    except CalendarExhausted:
        return due_at


def _count(cal: Calendar, clock: Clock) -> datetime | None:
    if clock.is_same_day:
        return same_day_due(clock.received_at, cal, clock.cutoff).at
    if clock.limit is None:
        return None
    return result_due(clock.received_at, clock.limit, cal, clock.rules).at


def moved_step(old: Calendar, new: Calendar, opened_at: datetime, due_at: datetime) -> datetime:
    """Return the limit of a step or question under ``new``: it has as much working time as it had.

    Outside the calendar's days it stays.
    """
    try:
        return keep_minutes(old, new, opened_at, due_at)
    except CalendarExhausted:
        return due_at


def keep_minutes(old: Calendar, new: Calendar, start: datetime, end: datetime) -> datetime:
    """Return the end with as many working minutes from ``start`` under ``new`` as under ``old``."""
    minutes = minutes_between(old, start, end)
    is_kept = minutes_between(new, start, end) == minutes and is_open(old, end) == is_open(new, end)
    if minutes <= 0 or is_kept:
        return end
    return add_minutes(new, start, minutes)
