"""The fast calculation against the obvious one, on random calendars and on the real one."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.workflows.calendars import Calendar, CalendarExhausted
from app.workflows.deadlines import remaining, resume_due
from app.workflows.working_time import (
    CountFrom,
    DueTime,
    Rounding,
    Rules,
    Unit,
    add_limit,
    add_minutes,
    intervals,
    minutes_between,
    next_opening,
)
from bench import vietnam
from bench.brute import Brute
from tests.workflows.hue import TZ

QUICK = settings(max_examples=60, deadline=None)
HUE = vietnam.calendar(("07:30", "11:30"), ("13:30", "17:30"))
EARLY = vietnam.calendar(("07:00", "11:30"), ("13:30", "17:00"))
REAL = {"hue": (HUE, Brute(HUE)), "early": (EARLY, Brute(EARLY))}

BEGIN, END = date(2026, 1, 20), date(2026, 5, 31)


@st.composite
def sessions(draw):
    """Up to three sessions, possibly touching one another or midnight."""
    edges = draw(st.lists(st.integers(0, 96), min_size=0, max_size=6, unique=True))
    edges = sorted(edge * 15 for edge in edges)[: len(edges) // 2 * 2]
    return tuple(zip(edges[::2], edges[1::2], strict=True))


@st.composite
def calendars(draw):
    """A calendar of four months with some days off, make-up days and changes of the hours."""
    weeks = st.tuples(*[sessions()] * 6, st.just(()))
    days = st.dates(BEGIN, END)
    special = draw(st.dictionaries(days, st.one_of(st.just(()), sessions()), max_size=12))
    later = tuple(sorted(draw(st.dictionaries(days, weeks, max_size=2)).items()))
    return Calendar(draw(weeks), special, BEGIN, END, later=later)


moments = st.datetimes(datetime(2026, 1, 20), datetime(2026, 4, 1)).map(
    lambda moment: moment.replace(tzinfo=TZ)
)
real_moments = st.datetimes(datetime(2024, 1, 1), datetime(2027, 6, 30)).map(
    lambda moment: moment.replace(tzinfo=TZ)
)
# Where calculations break: lunch edges, opening and closing, nights, days off, make-up Saturdays.
EDGES = [time(7), time(7, 29), time(7, 30), time(11, 29), time(11, 30), time(11, 31), time(12), time(13, 29),
         time(13, 30), time(15), time(15, 1), time(16, 59), time(17), time(17, 30), time(0), time(23, 59)]  # fmt: skip
SPECIAL = [day for day, _kind, _note in vietnam.days(2024, 2027) if day > date(2024, 1, 1)]
odd_days = st.sampled_from([day + timedelta(days=step) for day in SPECIAL for step in (-1, 0, 1)])
awkward = st.one_of(
    real_moments,
    st.builds(lambda day, at: datetime.combine(day, at, TZ), odd_days, st.sampled_from(EDGES)),
)
rules = st.builds(
    Rules,
    count_from=st.sampled_from(CountFrom),
    cutoff_hour=st.sampled_from([None, time(15), time(11, 30), time(7, 30)]),
    due_time_of_day=st.sampled_from(DueTime),
    rounding=st.sampled_from(Rounding),
)


def answer(question, *failures):
    """Return what ``question`` gives, or None where it says that the calendar ends."""
    try:
        return question()
    except (CalendarExhausted, *failures):
        return None


@QUICK
@given(calendars(), moments, st.integers(0, 6000))
def test_adding_minutes_on_any_calendar(cal, start, minutes):
    brute = Brute(cal)
    slow = answer(lambda: brute.add_minutes(start, minutes), IndexError)
    assert answer(lambda: add_minutes(cal, start, minutes)) == slow


@QUICK
@given(calendars(), moments, moments, moments)
def test_measuring_minutes_on_any_calendar(cal, a, b, c):
    assert minutes_between(cal, a, b) == Brute(cal).minutes_between(a, b)
    assert minutes_between(cal, a, b) + minutes_between(cal, b, c) == minutes_between(cal, a, c)


@QUICK
@given(calendars(), moments)
def test_next_opening_on_any_calendar(cal, start):
    brute = Brute(cal)
    slow = answer(lambda: brute.instant(brute.opening(brute.minute(start))), StopIteration)
    assert answer(lambda: next_opening(cal, start)) == slow


@QUICK
@given(
    calendars(),
    moments,
    st.integers(1, 60),
    st.sampled_from(Unit),
    rules,
)
def test_limits_on_any_calendar(cal, start, value, unit, how):
    brute = Brute(cal)
    value = value % 3 + 1 if unit is Unit.month else value
    slow = answer(
        lambda: brute.add_limit(start, value, unit, how), StopIteration, LookupError, ValueError
    )
    assert answer(lambda: add_limit(cal, start, value, unit, how)) == slow


@QUICK
@given(calendars(), moments, moments)
def test_intervals_are_exactly_the_worked_minutes(cal, a, b):
    brute = Brute(cal)
    pieces = intervals(cal, a, b)
    minutes = [m for s, e in pieces for m in range(brute.minute(s), brute.minute(e))]
    first, last = brute.minute(a), brute.minute(b)
    assert minutes == [m for m in brute.worked if first <= m < last]


@QUICK
@given(st.sampled_from(sorted(REAL)), real_moments, st.integers(0, 40000))
def test_adding_minutes_on_the_real_calendar(name, start, minutes):
    cal, brute = REAL[name]
    slow = answer(lambda: brute.add_minutes(start, minutes), IndexError)
    assert answer(lambda: add_minutes(cal, start, minutes)) == slow


@settings(max_examples=400, deadline=None)
@given(st.sampled_from(sorted(REAL)), awkward, st.integers(1, 120), st.sampled_from(Unit), rules)
def test_limits_on_the_real_calendar(name, start, value, unit, how):
    cal, brute = REAL[name]
    value = value % 12 + 1 if unit is Unit.month else value
    end = add_limit(cal, start, value, unit, how)
    assert end == brute.add_limit(start, value, unit, how)
    minutes = [m for a, b in intervals(cal, start, end) for m in range(brute.minute(a), brute.minute(b))]
    assert len(minutes) == minutes_between(cal, start, end) == brute.minutes_between(start, end)


@QUICK
@given(st.sampled_from(sorted(REAL)), awkward, rules, st.integers(1, 40))
def test_rounding_only_gives_time_and_stays_within_the_day(name, start, how, value):
    cal, _brute = REAL[name]
    exact = add_limit(cal, start, value, Unit.working_hour, replace(how, rounding="minute"))
    for rounding in Rounding:
        end = add_limit(cal, start, value, Unit.working_hour, replace(how, rounding=rounding))
        assert exact <= end
        assert exact.astimezone(TZ).date() == end.astimezone(TZ).date()


@QUICK
@given(real_moments, st.integers(1, 30), st.sampled_from(Unit), rules)
def test_receipt_on_a_day_off_is_receipt_at_the_next_opening(start, value, unit, how):
    opening = next_opening(HUE, start)
    assert add_limit(HUE, start, value % 12 + 1, unit, how) == add_limit(HUE, opening, value % 12 + 1, unit, how)


@QUICK
@given(real_moments, st.integers(1, 30), rules, st.integers(0, 3000))
def test_a_later_receipt_is_never_due_earlier(start, days, how, later):
    first = add_limit(HUE, start, days, Unit.working_day, how)
    second = add_limit(HUE, start + timedelta(minutes=later), days, Unit.working_day, how)
    assert first <= second


@QUICK
@given(real_moments, st.integers(1, 4800), st.integers(-9000, 9000), st.integers(0, 9000))
def test_a_pause_leaves_exactly_the_time_that_was_left(start, used, offset, length):
    due = add_minutes(HUE, start, used)
    paused = due + timedelta(minutes=offset)
    if paused < HUE_BEGIN:
        return
    resumed = paused + timedelta(minutes=length)
    moved = resume_due(due, paused, resumed, HUE).at
    assert remaining(resumed, moved, HUE) == remaining(paused, due, HUE)


HUE_BEGIN = datetime(2024, 1, 1, tzinfo=TZ)


@pytest.mark.parametrize("name", sorted(REAL))
def test_the_real_year_has_the_hours_it_should(name):
    # 2026: 261 weekdays − 14 days off on weekdays + 2 make-up Saturdays = 249 days of 8 hours.
    cal, brute = REAL[name]
    begin, end = datetime(2026, 1, 1, tzinfo=TZ), datetime(2027, 1, 1, tzinfo=TZ)
    assert minutes_between(cal, begin, end) == 249 * 480 == brute.minutes_between(begin, end)
