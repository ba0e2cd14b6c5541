"""The sessions of ordinary weeks, and from which day which week is kept."""

from bisect import bisect_right
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, time, timedelta
from functools import lru_cache
from itertools import pairwise
from typing import Any

DAY = 24 * 60
Sessions = tuple[tuple[int, int], ...]
"""The (start, end) of each session of a day, minutes from midnight."""
Week = tuple[Sessions, ...]
"""The sessions of Monday … Sunday."""


@dataclass(frozen=True)
class Weeks:
    """The week kept at first, and those that follow it, each from its day on, in order of days.

    Raises ValueError for a week without seven days, sessions that overlap or run backwards, and
    weeks out of order.
    """

    first: Week
    later: tuple[tuple[date, Week], ...] = ()

    def __post_init__(self) -> None:
        for week in (self.first, *(week for _, week in self.later)):
            if len(week) != 7:
                raise ValueError("a calendar needs the sessions of seven weekdays")
            for sessions in week:
                check_sessions(sessions)
        if any(one >= other for (one, _), (other, _) in pairwise(self.later)):
            raise ValueError("later weeks must follow one another")

    @classmethod
    def from_rows(cls, rows: Iterable[Sequence[Any]]) -> "Weeks":
        """Return the weeks of stored sessions (weekday 0–6, starts, ends[, valid_from, valid_to]).

        valid_from, valid_to: first and last day of the session, None or left out = without limit.
        A new week begins wherever a session begins or has ended.
        """
        dated = [_dated(*row) for row in rows]
        changes = {row[3] for row in dated} | {row[4] + timedelta(days=1) for row in dated if row[4] < date.max}
        later = tuple((day, _week(dated, day)) for day in sorted(changes - {date.min}))
        return cls(_week(dated, date.min), later)

    def on(self, day: date) -> Week:
        """Return the week kept on ``day``."""
        number = bisect_right(self.later, day, key=lambda change: change[0])
        return self.later[number - 1][1] if number else self.first


_Dated = tuple[int, time, time, date, date]


def _dated(
    weekday: int, starts: time, ends: time, since: date | None = None, until: date | None = None
) -> _Dated:
    return weekday, starts, ends, since or date.min, until or date.max


def _week(rows: Iterable[_Dated], on: date) -> Week:
    week: list[list[tuple[int, int]]] = [[] for _ in range(7)]
    for weekday, starts, ends, since, until in rows:
        if since <= on <= until:
            week[weekday].append((minute_of_day(starts), minute_of_day(ends)))
    return tuple(tuple(sorted(day)) for day in week)


def first_worked(week: Week) -> Sessions:
    """Return the sessions of the week's first worked day, () for a week without work."""
    return next((day for day in week if day), ())


@lru_cache(maxsize=512)  # asked for each line of a list
def longest_day(week: Week) -> int:
    """Return the minutes of the week's longest day; 480 for a week without work.

    Source: eight hours are an ordinary day (Labour Code 2019 Art. 105).
    """
    return max(sum(end - start for start, end in sessions) for sessions in week) or 480


def read_hours(text: str) -> Sessions:
    """Return the sessions written as "07:30-11:30, 13:30-16:00"; () for nothing.

    Raises ValueError for anything else, and for sessions that overlap or run backwards.
    """
    sessions = []
    for part in text.replace("–", "-").split(","):
        if part.strip():
            starts, ends = part.split("-")
            times = [time.fromisoformat(one.strip()) for one in (starts, ends)]
            sessions.append((minute_of_day(times[0]), minute_of_day(times[1])))
    found = tuple(sorted(sessions))
    check_sessions(found)
    return found


def minute_of_day(at: time) -> int:
    """Return the minutes from midnight to ``at``."""
    return at.hour * 60 + at.minute


def check_sessions(sessions: Sessions) -> None:
    """Raise ValueError for sessions that run backwards, leave the day or overlap."""
    for start, end in sessions:
        if not 0 <= start < end <= DAY:
            raise ValueError(f"session {start}–{end} does not lie within a day")
    for (_, end), (start, _) in pairwise(sessions):
        if start < end:
            raise ValueError("sessions must follow one another without overlapping")
