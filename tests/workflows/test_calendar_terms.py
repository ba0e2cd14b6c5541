"""Calendars that follow one another: whose day it is decides how it is counted."""

from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.workflows.calendar_terms import BEGINNING, calendar_on, course, joined, rest_of, still_to_come, turning, whole
from app.workflows.calendars import Calendar
from app.workflows.explaining import special_days
from app.workflows.wording import VIETNAM
from app.workflows.working_time import minutes_between

JULY, AUGUST, YEAR = date(2026, 7, 1), date(2026, 8, 1), (date(2026, 1, 1), date(2026, 12, 31))
FULL = Calendar.from_rows([(day, time(8), time(16)) for day in range(5)],
                          [(date(2026, 7, 10), "holiday", "Nghỉ cả ngày"), (date(2026, 6, 10), "holiday", "Nghỉ sớm")],
                          *YEAR, "Cả ngày")  # fmt: skip
HALF = Calendar.from_rows([(day, time(8), time(12)) for day in range(5)],
                          [(date(2026, 7, 14), "compensatory", "Nghỉ bù"), (date(2026, 6, 11), "holiday", "Khác")],
                          *YEAR, "Buổi sáng")  # fmt: skip


def at(day, hour=0):
    return datetime.combine(day, time(hour), VIETNAM).astimezone(UTC)


# province 1 names calendar 10; ward 2 below it turns; ward 3 names one of its own; division 4 below ward 2
OWN = {1: [(BEGINNING, 10)], 2: [(BEGINNING, None), (JULY, 20), (AUGUST, None)], 3: [(BEGINNING, 30)]}


@pytest.mark.parametrize(("path", "expected"), [
    ([1], ((BEGINNING, 10),)),
    ([1, 2], ((BEGINNING, 10), (JULY, 20), (AUGUST, 10))),
    ([1, 2, 4], ((BEGINNING, 10), (JULY, 20), (AUGUST, 10))),
    ([1, 3], ((BEGINNING, 30),)),
    ([1, 2, 3], ((BEGINNING, 30),)),
    ([9], ()),
])  # fmt: skip
def test_the_nearest_that_names_one_on_that_day_decides(path, expected):
    assert course(path, OWN) == expected


def test_two_turns_to_the_same_calendar_are_none():
    assert course([1], {1: [(BEGINNING, 10), (JULY, 10)]}) == ((BEGINNING, 10),)


def test_what_comes_first_counts_from_the_beginning():
    assert course([1], {1: [(BEGINNING, None), (JULY, 10)]}) == ((BEGINNING, 10),)


@pytest.mark.parametrize(("day", "today", "coming"), [
    (JULY - timedelta(days=1), 10, {10, 20}), (JULY, 20, {10, 20}), (AUGUST, 10, {10})])  # fmt: skip
def test_each_day_has_its_calendar(day, today, coming):
    one = course([1, 2], OWN)
    assert calendar_on(one, day) == today
    assert still_to_come(one, day) == coming


@pytest.mark.parametrize(("day", "rest"), [
    (JULY - timedelta(days=1), ((BEGINNING, 10), (JULY, 20), (AUGUST, 10))),
    (JULY, ((BEGINNING, 20), (AUGUST, 10))), (AUGUST, ((BEGINNING, 10),))])  # fmt: skip
def test_what_is_gone_by_leaves_the_rest(day, rest):
    assert rest_of(course([1, 2], OWN), day) == rest
    assert rest_of((), day) == ()


@pytest.mark.parametrize(("since", "number", "expected"), [
    (AUGUST, 30, ((BEGINNING, 10), (JULY, 20), (AUGUST, 30))), (AUGUST, 20, ((BEGINNING, 10), (JULY, 20))),
    (JULY, 30, ((BEGINNING, 10), (JULY, 30)))])  # fmt: skip
def test_a_turn_leaves_what_was_before_it(since, number, expected):
    assert turning(course([1, 2], OWN), since, number) == expected
    assert turning((), since, number) == ((BEGINNING, number),)


@given(st.dates(date(2026, 6, 1), date(2026, 8, 30)), st.dates(date(2026, 6, 1), date(2026, 8, 30)),
       st.integers(0, 23), st.integers(0, 23), st.dates(date(2026, 6, 1), date(2026, 8, 30)))  # fmt: skip
def test_time_before_and_after_the_day_adds_up(one, other, hour, end_hour, on):
    start, end = sorted((at(one, hour), at(other, end_hour)))
    turn = min(max(at(on), start), end)
    found = minutes_between(joined(FULL, on, HALF), start, end)
    assert found == minutes_between(FULL, start, turn) + minutes_between(HALF, turn, end)


def test_each_day_keeps_its_own_days_off_and_notes():
    cal = joined(FULL, JULY, HALF)
    assert set(cal.special) == {date(2026, 6, 10), date(2026, 7, 14)}
    assert cal.notes[date(2026, 7, 14)] == "Nghỉ bù"
    assert cal.sessions_on(date(2026, 6, 30)) == FULL.sessions_on(date(2026, 6, 30))
    assert cal.sessions_on(JULY) == HALF.sessions_on(JULY)


def test_a_course_of_three_goes_back():
    cals = {10: FULL, 20: HALF}
    cal = whole(course([1, 2], OWN), cals.__getitem__)
    for day, calendar in ((date(2026, 6, 30), FULL), (date(2026, 7, 14), HALF), (date(2026, 8, 3), FULL)):
        assert cal.sessions_on(day) == calendar.sessions_on(day)
    assert cal.turns == ((JULY, "Buổi sáng"), (AUGUST, "Cả ngày"))


def test_hours_that_change_later_in_the_second_are_kept():
    rows = [(day, time(8), time(12), None, AUGUST) for day in range(5)]
    rows += [(day, time(8), time(10), AUGUST + timedelta(days=1), None) for day in range(5)]
    cal = joined(FULL, JULY, Calendar.from_rows(rows, [], *YEAR))
    assert [sum(b - a for a, b in cal.sessions_on(day)) for day in (
        date(2026, 6, 30), JULY, date(2026, 8, 3))] == [480, 240, 120]  # fmt: skip


def test_only_a_span_that_meets_the_turn_tells_of_it():
    cal = joined(FULL, JULY, HALF)
    told = special_days(cal, at(date(2026, 6, 30)), at(date(2026, 7, 2)))
    assert [phrase.params for phrase in told] == [{"day": "01/07/2026", "name": "Buổi sáng"}]
    assert special_days(cal, at(JULY), at(date(2026, 7, 2))) == ()
