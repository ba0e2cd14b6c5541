"""Which calendar an agency goes by on which day: its own from a day on, or that of the nearest one above it."""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import TypeVar

from app.workflows.calendars import Calendar

BEGINNING = date.min
# What an agency itself names: (from which day, calendar or None for "as the one above"), the first from BEGINNING.
Steps = Sequence[tuple[date, int | None]]
# What it goes by, those above it included.
Course = tuple[tuple[date, int], ...]
Kept = TypeVar("Kept")


def course(path: Iterable[int], own: Mapping[int, Steps]) -> Course:
    """Return which calendars the last agency of ``path`` (from the top down) goes by, from which day each.

    own: what agencies name themselves; those that never name a calendar may be left out. Empty for none at all.
    """
    nearest = [own[number] for number in reversed(list(path)) if number in own]
    found: list[tuple[date, int]] = []
    for day in sorted({BEGINNING, *(since for steps in nearest for since, _calendar in steps)}):
        number = next(filter(None, (_on(steps, day) for steps in nearest)), None)
        if number is not None and (not found or found[-1][1] != number):
            found.append((day if found else BEGINNING, number))
    return tuple(found)


def _on(steps: Steps, day: date) -> int | None:
    known = [number for since, number in steps if since <= day]
    return known[-1] if known else None


def calendar_on(one: Course, day: date) -> int | None:
    """Return the calendar gone by on ``day``."""
    place = bisect_right(one, day, key=lambda part: part[0])
    return one[place - 1][1] if place else None


def rest_of(one: Course, day: date) -> Course:
    """Return what is gone by from ``day`` on, as if it had been so from the beginning."""
    now = calendar_on(one, day)
    return () if now is None else ((BEGINNING, now), *(part for part in one if part[0] > day))


def still_to_come(one: Course, day: date) -> set[int]:
    """Return the calendars gone by on ``day`` or later."""
    return {number for _since, number in rest_of(one, day)}


def turning(one: Course, since: date, number: int) -> Course:
    """Return a course as it goes until the day before ``since``, with another calendar from that day on."""
    past = tuple(part for part in one if part[0] < since)
    return past if past and past[-1][1] == number else (*past, (since if past else BEGINNING, number))


def whole(one: Course, calendar: Callable[[int], Calendar]) -> Calendar:
    """Return a course as one calendar. Raises IndexError for an empty one."""
    found = calendar(one[0][1])
    for since, number in one[1:]:
        found = joined(found, since, calendar(number))
    return found


def joined(first: Calendar, on: date, then: Calendar) -> Calendar:
    """Return ``first`` until the day before ``on``, and ``then`` from it on. Each day keeps its own note."""
    if on <= first.valid_from:
        return then
    later = [(day, week) for day, week in first.later if day < on]
    later += [(on, then.week_on(on)), *((day, week) for day, week in then.later if day > on)]
    special = _cut(first.special, on, then.special)
    return replace(
        first, special=special, notes=_cut(first.notes, on, then.notes), later=tuple(later), name=then.name,
        valid_to=max(then.valid_to, on), turns=(*(turn for turn in first.turns if turn[0] < on), (on, then.name),
                                                *(turn for turn in then.turns if turn[0] > on)),
    )  # fmt: skip


def _cut(before: Mapping[date, Kept], on: date, after: Mapping[date, Kept]) -> dict[date, Kept]:
    early = {day: kept for day, kept in before.items() if day < on}
    return early | {day: kept for day, kept in after.items() if day >= on}
