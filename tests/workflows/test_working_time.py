"""How working time behaves at its edges: openings, pieces, zones, errors."""

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from app.workflows.calendars import Calendar, CalendarExhausted
from app.workflows.explaining import explain
from app.workflows.wording import VIETNAM
from app.workflows.working_time import (
    Rules,
    Unit,
    add_days,
    add_limit,
    add_minutes,
    closing,
    intervals,
    is_open,
    minutes_between,
    next_opening,
)
from tests.workflows.hue import HUE, TZ, at, local


def test_add_days_is_a_limit_in_working_days():
    assert local(add_days(HUE, at("2026-03-10 09:00"), 3)) == "2026-03-13 17:30"
    assert (
        local(add_days(HUE, at("2026-03-10 09:00"), 3, Rules(count_from="same")))
        == "2026-03-12 17:30"
    )


@pytest.mark.parametrize(
    ("moment", "opening", "is_worked"),
    [
        ("2026-03-10 07:29", "2026-03-10 07:30", False),
        ("2026-03-10 07:30", "2026-03-10 07:30", True),
        ("2026-03-10 11:29", "2026-03-10 11:29", True),
        ("2026-03-10 11:30", "2026-03-10 13:30", False),
        ("2026-03-10 17:29", "2026-03-10 17:29", True),
        ("2026-03-10 17:30", "2026-03-11 07:30", False),
        ("2026-01-10 09:00", "2026-01-10 09:00", True),
        ("2026-02-14 09:00", "2026-02-23 07:30", False),
    ],
)
def test_next_opening(moment, opening, is_worked):
    assert local(next_opening(HUE, at(moment))) == opening
    assert is_open(HUE, at(moment)) is is_worked


def test_minutes_between_is_signed_and_ignores_nights():
    early, late = at("2026-03-13 17:00"), at("2026-03-16 08:00")
    assert minutes_between(HUE, early, late) == 60
    assert minutes_between(HUE, late, early) == -60
    assert minutes_between(HUE, at("2026-03-13 18:00"), at("2026-03-16 07:30")) == 0


def test_intervals_name_every_piece():
    pieces = intervals(HUE, at("2026-01-09 16:00"), at("2026-01-10 14:00"))
    assert [(local(a), local(b)) for a, b in pieces] == [
        ("2026-01-09 16:00", "2026-01-09 17:30"),
        ("2026-01-10 07:30", "2026-01-10 11:30"),
        ("2026-01-10 13:30", "2026-01-10 14:00"),
    ]
    assert intervals(HUE, at("2026-01-10 14:00"), at("2026-01-09 16:00")) == []


def test_explain_a_short_span_by_its_pieces():
    told = [piece.text() for piece in explain(HUE, at("2026-01-09 16:00"), at("2026-01-10 08:00"))]
    assert told == [
        "09/01/2026: 16:00–17:30",
        "10/01/2026: 07:30–08:00",
        "Make-up working days counted: 10/01/2026 (Làm bù)",
        "In all 2 h 0 min of working time",
    ]


def test_explain_a_long_span_by_its_days_off():
    told = [piece.text() for piece in explain(HUE, at("2026-04-23 07:30"), at("2026-05-05 17:30"))]
    assert told == [
        "6 working days from 23/04/2026 to 05/05/2026",
        "Days off not counted: 27/04/2026 (Nghỉ bù Giỗ Tổ), 30/04/2026 (Ngày Chiến thắng), "
        "01/05/2026 (Quốc tế Lao động)",
        "In all 48 h 0 min of working time",
    ]


@pytest.mark.parametrize("zone", [UTC, TZ, ZoneInfo("America/New_York"), VIETNAM])
def test_any_time_zone_goes_in_and_utc_comes_out(zone):
    start = at("2026-03-10 16:30").astimezone(zone)
    assert add_minutes(HUE, start, 120) == datetime(2026, 3, 11, 1, 30, tzinfo=UTC)
    assert add_minutes(HUE, start, 120).tzinfo is UTC


def test_the_fixed_offset_is_that_of_ho_chi_minh_city():
    for year in range(1976, 2100):
        instant = datetime(year, 7, 1, tzinfo=UTC)
        assert instant.astimezone(VIETNAM).replace(tzinfo=None) == instant.astimezone(TZ).replace(
            tzinfo=None
        )


def test_naive_time_is_refused():
    with pytest.raises(ValueError, match="no time zone"):
        add_minutes(HUE, datetime(2026, 3, 10, 8), 1)


@pytest.mark.parametrize(
    "question",
    [
        lambda: add_minutes(HUE, at("2027-12-31 17:00"), 31),
        lambda: add_minutes(HUE, at("2024-12-31 17:00"), 1),
        lambda: add_minutes(HUE, at("2026-01-05 08:00"), 10**9),
        lambda: add_days(HUE, at("2027-12-30 08:00"), 2),
        lambda: add_limit(HUE, at("2027-12-01 08:00"), 2, "month"),
        lambda: add_limit(HUE, at("2027-12-01 08:00"), 40, "day"),
        lambda: next_opening(HUE, at("2027-12-31 17:30")),
        lambda: next_opening(HUE, at("2028-01-03 09:00")),
        lambda: minutes_between(HUE, at("2026-01-05 08:00"), at("2030-01-05 08:00")),
        lambda: closing(HUE, date(2028, 1, 3)),
    ],
)
def test_beyond_the_calendar_is_an_error_that_names_its_range(question):
    # The reference code swallowed this and gave a due date in year 1 (domain D).
    with pytest.raises(CalendarExhausted, match="2025-01-01–2027-12-31"):
        question()


def test_the_last_minute_of_the_calendar_is_still_known():
    assert local(add_minutes(HUE, at("2027-12-31 17:00"), 30)) == "2027-12-31 17:30"


@pytest.mark.parametrize(
    ("value", "unit"), [(0, "working_day"), (-1, "day"), (1.5, "month"), (1, "week")]
)
def test_bad_limits_are_refused(value, unit):
    with pytest.raises(ValueError):  # noqa: PT011 - any of four messages
        add_limit(HUE, at("2026-03-10 09:00"), value, unit)


def test_time_is_not_taken_back():
    with pytest.raises(ValueError, match="taken back"):
        add_minutes(HUE, at("2026-03-10 09:00"), -1)


@pytest.mark.parametrize(
    "parameters", [{"count_from": "later"}, {"due_time_of_day": "noon"}, {"cutoff_hour": "3pm"}]
)
def test_unknown_rules_are_refused(parameters):
    with pytest.raises(ValueError):  # noqa: PT011 - enum and time messages differ
        Rules(**parameters)


@pytest.mark.parametrize(
    ("week", "message"),
    [
        (((),) * 6, "seven"),
        ((((480, 700), (690, 900)),) + ((),) * 6, "overlapping"),
        ((((700, 480),),) + ((),) * 6, "within a day"),
        ((((0, 1441),),) + ((),) * 6, "within a day"),
    ],
)
def test_impossible_calendars_are_refused(week, message):
    with pytest.raises(ValueError, match=message):
        Calendar(week, {}, date(2026, 1, 1), date(2026, 12, 31))


def test_a_calendar_cannot_end_before_it_begins():
    with pytest.raises(ValueError, match="end before"):
        Calendar(((),) * 7, {}, date(2026, 1, 2), date(2026, 1, 1))


def test_rows_of_an_unknown_kind_are_refused():
    with pytest.raises(ValueError, match="unknown kind"):
        Calendar.from_rows(
            [], [(date(2026, 1, 1), "party", "")], date(2026, 1, 1), date(2026, 12, 31)
        )


def test_a_calendar_without_work_says_so():
    idle = Calendar(((),) * 7, {}, date(2026, 1, 1), date(2026, 12, 31))
    with pytest.raises(CalendarExhausted):
        add_minutes(idle, at("2026-03-10 09:00"), 1)
    with pytest.raises(CalendarExhausted):
        next_opening(idle, at("2026-03-10 09:00"))


def test_a_saturday_morning_desk_counts_its_half_day():
    mornings = ((450, 690),)
    week = (((450, 690), (810, 1050)),) * 5 + (mornings, ())
    cal = Calendar(week, {}, date(2026, 1, 1), date(2026, 12, 31))
    assert local(add_minutes(cal, at("2026-03-13 17:00"), 60)) == "2026-03-14 08:00"
    assert local(add_minutes(cal, at("2026-03-14 11:00"), 60)) == "2026-03-16 08:00"
    # To the hour: 16:00 does not exist on Saturday, so the limit ends when the desk closes.
    assert (
        local(add_days(cal, at("2026-03-13 16:00"), 1, Rules(due_time_of_day="same_time")))
        == "2026-03-14 11:30"
    )
    assert cal.day_minutes_on(date(2026, 3, 14)) == 480


def test_a_calendar_computes_its_sums_once():
    assert HUE.index is HUE.index
    assert hash(HUE) == hash(HUE)
    assert Unit("day") is Unit.day
