"""A desk that changes its hours: from which day which week counts."""

from datetime import date, time

import pytest

from app.workflows.calendars import Calendar
from app.workflows.weeks import Weeks
from app.workflows.working_time import add_limit, add_minutes, intervals, minutes_between
from tests.workflows.hue import at, local

MORNING, AFTERNOON = (time(7, 30), time(11, 30)), (time(13, 30), time(17, 30))
SUMMER = (time(7), time(11, 30)), (time(14), time(17, 30))
SINCE = date(2026, 4, 15)  # a Wednesday


def rows(*sessions, since=None, until=None, weekdays=range(5)):
    """Return the stored rows of sessions kept from Monday to Friday within their validity."""
    return [(day, *session, since, until) for day in weekdays for session in sessions]


def summer() -> Calendar:
    """A desk that keeps summer hours from 15/04/2026 and works Saturday mornings from 02/05."""
    sessions = (
        rows(MORNING, AFTERNOON, until=date(2026, 4, 14))
        + rows(*SUMMER, since=SINCE)
        + rows(MORNING, since=date(2026, 5, 2), weekdays=[5])
    )
    days = [(date(2026, 4, 11), "make_up", ""), (date(2026, 4, 18), "make_up", "")]
    return Calendar.from_rows(sessions, days, date(2026, 1, 1), date(2026, 12, 31))


@pytest.mark.parametrize(
    ("start", "minutes", "expected"),
    [
        ("2026-04-14 16:30", 120, "2026-04-15 08:00"),  # the new morning begins at 7:00
        ("2026-04-14 13:00", 240, "2026-04-14 17:30"),
        ("2026-04-15 11:30", 1, "2026-04-15 14:01"),  # and its lunch ends at 14:00
        ("2026-04-10 17:30", 480, "2026-04-11 17:30"),  # make-up Saturday with the old hours
        ("2026-04-17 17:30", 480, "2026-04-18 17:30"),  # make-up Saturday with the new ones
        ("2026-04-18 07:00", 30, "2026-04-18 07:30"),
        ("2026-04-24 17:30", 60, "2026-04-27 08:00"),  # no Saturdays yet
        ("2026-05-01 17:30", 60, "2026-05-02 08:30"),  # the first Saturday morning
    ],
)
def test_minutes_run_by_the_hours_of_their_day(start, minutes, expected):
    assert local(add_minutes(summer(), at(start), minutes)) == expected


def test_a_limit_ends_with_the_hours_of_its_last_day():
    cal = summer()
    assert local(add_limit(cal, at("2026-04-10 09:00"), 3, "working_day")) == "2026-04-14 17:30"
    assert local(add_limit(cal, at("2026-04-29 09:00"), 3, "working_day")) == "2026-05-02 11:30"
    assert local(add_limit(cal, at("2026-04-29 09:00"), 4, "working_day")) == "2026-05-04 17:30"


def test_intervals_show_the_change():
    pieces = intervals(summer(), at("2026-04-14 16:00"), at("2026-04-15 15:00"))
    assert [f"{local(a)}–{local(b)[11:]}" for a, b in pieces] == [
        "2026-04-14 16:00–17:30", "2026-04-15 07:00–11:30", "2026-04-15 14:00–15:00",
    ]  # fmt: skip
    assert minutes_between(summer(), at("2026-04-14 16:00"), at("2026-04-15 15:00")) == 420


def test_part_of_a_day_is_part_of_the_day_then():
    short = rows(MORNING, until=date(2026, 3, 31)) + rows(MORNING, AFTERNOON, since=date(2026, 4, 1))
    cal = Calendar.from_rows(short, [], date(2026, 1, 1), date(2026, 12, 31))
    assert (cal.day_minutes_on(date(2026, 3, 31)), cal.day_minutes_on(date(2026, 4, 1))) == (240, 480)
    assert local(add_limit(cal, at("2026-03-10 07:30"), 0.5, "working_day")) == "2026-03-10 09:30"
    assert local(add_limit(cal, at("2026-04-10 07:30"), 0.5, "working_day")) == "2026-04-10 11:30"


def test_a_week_begins_where_a_session_begins_or_has_ended():
    weeks = Weeks.from_rows(rows(MORNING) + rows(AFTERNOON, since=date(2026, 3, 2), until=date(2026, 3, 6)))
    assert [day for day, _ in weeks.later] == [date(2026, 3, 2), date(2026, 3, 7)]
    assert [len(weeks.on(date(2026, 3, day))[0]) for day in (1, 2, 6, 7)] == [1, 2, 2, 1]
    assert Weeks.from_rows([(0, *MORNING)]).later == ()


@pytest.mark.parametrize(
    ("sessions", "message"),
    [
        (rows(MORNING) + rows((time(11), time(12)), since=SINCE), "overlapping"),
        ([(0, time(12), time(11), SINCE, None)], "within a day"),
    ],
)
def test_weeks_that_cannot_be_are_refused(sessions, message):
    with pytest.raises(ValueError, match=message):
        Weeks.from_rows(sessions)


def test_weeks_out_of_order_are_refused():
    week = ((),) * 7
    with pytest.raises(ValueError, match="follow one another"):
        Weeks(week, ((SINCE, week), (SINCE, week)))
    with pytest.raises(ValueError, match="seven"):
        Weeks(week, ((SINCE, week[:6]),))
