"""Hand-checked examples of working time with Huế's hours and the real days off of 2025–2027.

10/03/2026 is a Tuesday; every expected value was worked out on paper. Each row names the clause it
is an example of (regulations as in domain.md; BLLĐ = Labour Code, BLDS = Civil Code).
"""

import re
from datetime import time, timedelta

import pytest

from app.workflows.deadlines import reception_due, resume_due
from app.workflows.working_time import Rules, add_limit, add_minutes, intervals, minutes_between
from tests.workflows.hue import CALENDARS, HUE, at, local

MINUTES = [
    # within a session, to its very end and over lunch
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 08:00", 60, "2026-03-10 09:00"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 08:00", 210, "2026-03-10 11:30"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 08:00", 211, "2026-03-10 13:31"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 11:00", 60, "2026-03-10 14:00"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 12:00", 30, "2026-03-10 14:00"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 11:30", 1, "2026-03-10 13:31"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 13:30", 240, "2026-03-10 17:30"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 07:30", 240, "2026-03-10 11:30"),
    ("BLLĐ 2019 Đ105", "hue", "2026-03-10 08:00:59", 60, "2026-03-10 09:00"),
    # at night, before opening, over the evening
    ("HCM24 Đ11.1a", "hue", "2026-03-10 17:30", 1, "2026-03-11 07:31"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 17:00", 60, "2026-03-11 08:00"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 20:00", 480, "2026-03-11 17:30"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 05:00", 480, "2026-03-10 17:30"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 00:00", 1, "2026-03-10 07:31"),
    # weekends
    ("HCM24 Đ11.1a", "hue", "2026-03-13 16:00", 120, "2026-03-16 08:00"),
    ("HCM24 Đ11.1a", "hue", "2026-03-14 10:00", 30, "2026-03-16 08:00"),
    ("HCM24 Đ11.1a", "hue", "2026-03-15 23:59", 480, "2026-03-16 17:30"),
    # nothing to add: the next moment of work
    ("HCM24 Đ11.1a", "hue", "2026-03-10 08:00", 0, "2026-03-10 08:00"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 12:00", 0, "2026-03-10 13:30"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 11:30", 0, "2026-03-10 13:30"),
    ("HCM24 Đ11.1a", "hue", "2026-03-10 17:30", 0, "2026-03-11 07:30"),
    ("HCM24 Đ11.1a", "hue", "2026-03-14 10:00", 0, "2026-03-16 07:30"),
    # 2026: New Year with its swap, make-up Saturday, Tết, Hùng Kings on a Sunday, 30/4, 2/9, 24/11
    ("BLLĐ 2019 Đ112", "hue", "2025-12-31 17:00", 60, "2026-01-05 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2026-01-09 16:30", 120, "2026-01-10 08:30"),
    ("BLLĐ 2019 Đ112", "hue", "2026-01-10 10:00", 480, "2026-01-12 10:00"),
    ("BLLĐ 2019 Đ112", "hue", "2026-02-13 17:00", 60, "2026-02-23 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2026-04-24 17:30", 10, "2026-04-28 07:40"),
    ("BLLĐ 2019 Đ112", "hue", "2026-04-29 16:30", 120, "2026-05-04 08:30"),
    ("BLLĐ 2019 Đ112", "hue", "2026-08-28 17:00", 60, "2026-09-03 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2026-08-21 17:00", 60, "2026-08-22 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2026-11-23 16:30", 120, "2026-11-25 08:30"),
    # 2025 and 2027
    ("BLLĐ 2019 Đ112", "hue", "2025-01-24 17:00", 60, "2025-02-03 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2025-04-25 17:00", 60, "2025-04-26 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2025-04-29 17:00", 60, "2025-05-05 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2025-08-29 17:00", 60, "2025-09-03 08:00"),
    ("BLLĐ 2019 Đ112", "hue", "2027-04-29 17:00", 60, "2027-05-04 08:00"),
    # the other usual hours: 7:00–11:30, 13:30–17:00
    ("BLLĐ 2019 Đ105", "early", "2026-03-10 07:00", 270, "2026-03-10 11:30"),
    ("BLLĐ 2019 Đ105", "early", "2026-03-10 07:00", 271, "2026-03-10 13:31"),
    ("BLLĐ 2019 Đ105", "early", "2026-03-10 11:00", 60, "2026-03-10 14:00"),
    ("BLLĐ 2019 Đ105", "early", "2026-03-10 16:30", 60, "2026-03-11 07:30"),
    ("BLLĐ 2019 Đ105", "early", "2026-03-10 17:00", 480, "2026-03-11 17:00"),
]

NEXT = Rules()
SAME = Rules(count_from="same")
CUTOFF = Rules(cutoff_hour=time(15))
SAME_CUTOFF = Rules(count_from="same", cutoff_hour="15:00")
HOUR = Rules(due_time_of_day="same_time")

LIMITS = [
    # working days: the day of receipt does not count, the limit ends at the close of its last day
    ("BLDS 2015 Đ147–148", "2026-03-10 09:00", 1, "working_day", NEXT, "2026-03-11 17:30"),
    ("BLDS 2015 Đ147–148", "2026-03-10 09:00", 3, "working_day", NEXT, "2026-03-13 17:30"),
    ("BLDS 2015 Đ147–148", "2026-03-10 09:00", 5, "working_day", NEXT, "2026-03-17 17:30"),
    ("BLDS 2015 Đ147–148", "2026-03-13 16:00", 1, "working_day", NEXT, "2026-03-16 17:30"),
    ("BLDS 2015 Đ147–148", "2026-03-10 20:00", 1, "working_day", NEXT, "2026-03-12 17:30"),
    ("BLDS 2015 Đ147–148", "2026-03-14 10:00", 1, "working_day", NEXT, "2026-03-17 17:30"),
    ("BLDS 2015 Đ147–148", "2025-12-31 09:00", 1, "working_day", NEXT, "2026-01-05 17:30"),
    ("BLDS 2015 Đ147–148", "2026-01-08 09:00", 2, "working_day", NEXT, "2026-01-10 17:30"),
    ("BLDS 2015 Đ147–148", "2026-01-10 09:00", 1, "working_day", NEXT, "2026-01-12 17:30"),
    ("BLDS 2015 Đ147–148", "2026-02-13 09:00", 5, "working_day", NEXT, "2026-02-27 17:30"),
    # cut-off hour: later than 15:00 counts as the next working day, 15:00 itself does not
    ("NĐ 61/2018 Đ18", "2026-03-10 15:00", 1, "working_day", CUTOFF, "2026-03-11 17:30"),
    ("NĐ 61/2018 Đ18", "2026-03-10 15:01", 1, "working_day", CUTOFF, "2026-03-12 17:30"),
    ("NĐ 61/2018 Đ18", "2026-03-13 15:01", 1, "working_day", CUTOFF, "2026-03-17 17:30"),
    ("NĐ 61/2018 Đ18", "2026-03-10 20:00", 1, "working_day", CUTOFF, "2026-03-12 17:30"),
    # the day of receipt is day 1
    ("TTH17 Đ14.3", "2026-03-10 09:00", 1, "working_day", SAME, "2026-03-10 17:30"),
    ("TTH17 Đ14.3", "2026-03-10 09:00", 3, "working_day", SAME, "2026-03-12 17:30"),
    ("TTH17 Đ14.3", "2026-03-10 20:00", 1, "working_day", SAME, "2026-03-11 17:30"),
    ("TTH17 Đ14.3", "2026-03-10 15:01", 1, "working_day", SAME_CUTOFF, "2026-03-11 17:30"),
    # to the hour of receipt
    ("TTH17 Đ14.3", "2026-03-10 10:00", 1, "working_day", HOUR, "2026-03-11 10:00"),
    ("TTH17 Đ14.3", "2026-03-10 12:00", 1, "working_day", HOUR, "2026-03-11 13:30"),
    ("TTH17 Đ14.3", "2026-03-13 10:00", 2, "working_day", HOUR, "2026-03-17 10:00"),
    ("TTH17 Đ14.3", "2026-03-10 20:00", 1, "working_day", HOUR, "2026-03-12 07:30"),
    # parts of a day
    ("BLLĐ 2019 Đ105", "2026-03-10 08:00", 0.5, "working_day", NEXT, "2026-03-10 14:00"),
    ("BLLĐ 2019 Đ105", "2026-03-10 09:00", 2.5, "working_day", NEXT, "2026-03-13 11:30"),
    ("BLLĐ 2019 Đ105", "2026-03-10 10:00", 1.25, "working_day", HOUR, "2026-03-11 14:00"),
    # calendar days: an end on a day off moves to the next working day
    ("BLDS 2015 Đ148", "2026-03-10 09:00", 15, "day", NEXT, "2026-03-25 17:30"),
    ("BLDS 2015 Đ148", "2026-03-10 09:00", 4, "day", NEXT, "2026-03-16 17:30"),
    ("BLDS 2015 Đ148", "2026-04-16 09:00", 10, "day", NEXT, "2026-04-28 17:30"),
    ("BLDS 2015 Đ148", "2026-02-13 09:00", 7, "day", NEXT, "2026-02-23 17:30"),
    ("BLDS 2015 Đ148", "2026-01-07 09:00", 3, "day", NEXT, "2026-01-10 17:30"),
    ("BLDS 2015 Đ148", "2026-03-15 09:00", 1, "day", NEXT, "2026-03-17 17:30"),
    ("BLDS 2015 Đ148", "2026-03-10 09:00", 1, "day", SAME, "2026-03-10 17:30"),
    # months
    ("BLDS 2015 Đ148", "2026-03-10 09:00", 12, "month", NEXT, "2027-03-10 17:30"),
    ("BLDS 2015 Đ148", "2026-03-10 09:00", 2, "month", NEXT, "2026-05-11 17:30"),
    ("BLDS 2015 Đ148", "2026-01-30 09:00", 1, "month", NEXT, "2026-03-02 17:30"),
    ("BLDS 2015 Đ148", "2026-01-31 09:00", 1, "month", NEXT, "2026-03-02 17:30"),
    ("BLDS 2015 Đ148", "2026-12-31 09:00", 2, "month", NEXT, "2027-03-01 17:30"),
    ("BLDS 2015 Đ148", "2026-03-10 09:00", 1, "month", SAME, "2026-04-09 17:30"),
    # clock hours end during work, working hours run only during work
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-10 09:00", 24, "hour", NEXT, "2026-03-11 09:00"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-13 09:00", 24, "hour", NEXT, "2026-03-16 07:30"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-10 10:30", 2, "hour", NEXT, "2026-03-10 13:30"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-10 09:30", 8, "hour", NEXT, "2026-03-10 17:30"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-15 10:00", 2, "hour", NEXT, "2026-03-16 09:30"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-10 16:00", 4, "working_hour", NEXT, "2026-03-11 10:00"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-10 16:00", 4, "working_hour", CUTOFF, "2026-03-11 10:00"),
    ("BLDS 2015 Đ147; QN20 Đ12.4", "2026-03-10 16:00", 0.5, "working_hour", NEXT, "2026-03-10 16:30"),
]


# The known faults of domain D, each as it must not be any more; pauses follow below, and what lies
# beyond the calendar is an error that names its range (test_working_time.py).
FAULTS = [
    # make-up Saturdays forgotten
    ("domain D: make-up Saturday", "2026-01-09 09:00", 1, "working_day", NEXT, "2026-01-10 17:30"),
    ("domain D: make-up Saturday", "2026-08-21 09:00", 1, "working_day", NEXT, "2026-08-22 17:30"),
    ("domain D: make-up Saturday", "2025-04-25 09:00", 1, "working_day", NEXT, "2025-04-26 17:30"),
    ("domain D: make-up Saturday", "2026-01-08 09:00", 16, "working_hour", NEXT, "2026-01-10 09:00"),
    # receipt on a day off not moved first
    ("domain D: receipt on a day off", "2026-01-01 09:00", 1, "working_day", NEXT, "2026-01-06 17:30"),
    ("domain D: receipt on a day off", "2026-04-26 10:00", 2, "working_day", NEXT, "2026-05-04 17:30"),
    ("domain D: receipt on a day off", "2026-02-17 08:00", 3, "working_day", NEXT, "2026-02-26 17:30"),
    ("domain D: receipt on a day off", "2026-01-11 08:00", 8, "working_hour", NEXT, "2026-01-12 17:30"),
    ("domain D: receipt on a day off", "2026-03-15 09:00", 5, "day", NEXT, "2026-03-23 17:30"),
    ("domain D: receipt on a day off", "2026-03-14 09:00", 1, "month", NEXT, "2026-04-16 17:30"),
    # arithmetic at the edges of lunch
    ("domain D: lunch", "2026-03-10 11:29", 1, "working_hour", NEXT, "2026-03-10 14:29"),
    ("domain D: lunch", "2026-03-10 11:30", 4, "working_hour", NEXT, "2026-03-10 17:30"),
    ("domain D: lunch", "2026-03-10 11:31", 1, "working_hour", NEXT, "2026-03-10 14:30"),
    ("domain D: lunch", "2026-03-10 13:30", 8, "working_hour", NEXT, "2026-03-11 11:30"),
    # rounding, where a profile asks for it: never down, never past the day
    ("profile: rounding", "2026-03-10 08:20", 8, "working_hour", Rules(rounding="hour"), "2026-03-11 09:00"),
    ("profile: rounding", "2026-03-10 08:20", 8, "working_hour", Rules(rounding="session"), "2026-03-11 11:30"),
    ("profile: rounding", "2026-03-10 08:20", 8, "working_hour", Rules(rounding="day"), "2026-03-11 17:30"),
    ("profile: rounding", "2026-03-10 11:10", 0.5, "working_hour", Rules(rounding="hour"), "2026-03-10 14:00"),
    ("profile: rounding", "2026-03-10 10:50", 0.5, "working_hour", Rules(rounding="hour"), "2026-03-10 11:30"),
    ("profile: rounding", "2026-03-10 09:00", 2.5, "working_day", Rules(rounding="day"), "2026-03-13 17:30"),
    ("profile: rounding", "2026-03-10 09:00", 3, "working_day", Rules(rounding="hour"), "2026-03-13 17:30"),
]

RECEPTION = [
    # 8 working hours to accept, ask or refuse; outside hours from the next opening
    ("HCM24 Đ11.1a", "2026-03-10 07:30", 8, "2026-03-10 17:30"),
    ("HCM24 Đ11.1a", "2026-03-10 09:00", 8, "2026-03-11 09:00"),
    ("HCM24 Đ11.1a", "2026-03-10 12:15", 8, "2026-03-11 11:30"),
    ("HCM24 Đ11.1a", "2026-03-10 21:00", 8, "2026-03-11 17:30"),
    ("QN20 Đ12.4", "2026-03-13 16:30", 8, "2026-03-16 16:30"),
    ("QN20 Đ12.4", "2026-03-14 09:00", 8, "2026-03-16 17:30"),
    ("QN20 Đ12.4", "2026-02-14 09:00", 8, "2026-02-23 17:30"),
    ("QN20 Đ12.4", "2026-01-09 17:00", 8, "2026-01-10 17:00"),
    ("QN20 Đ12.4", "2026-01-10 12:00", 8, "2026-01-12 11:30"),
    ("QN20 Đ12.4", "2026-04-29 17:00", 8, "2026-05-04 17:00"),
    ("QN20 Đ12.4", "2026-11-23 17:30", 8, "2026-11-25 17:30"),
    # 1 working hour to accept and pass on
    ("TTH17 Đ13.1", "2026-03-10 08:15", 1, "2026-03-10 09:15"),
    ("TTH17 Đ13.1", "2026-03-10 11:00", 1, "2026-03-10 14:00"),
    ("TTH17 Đ13.1", "2026-03-10 11:30", 1, "2026-03-10 14:30"),
    ("TTH17 Đ13.1", "2026-03-10 17:00", 1, "2026-03-11 08:00"),
    ("TTH17 Đ13.1", "2026-03-15 20:00", 1, "2026-03-16 08:30"),
    ("TTH17 Đ13.1", "2026-08-21 17:15", 1, "2026-08-22 08:15"),
]

PAUSES = [
    # (due, waiting from, until, due then): in working minutes, never in calendar days
    ("NĐ 61/2018 Đ19; domain D", "2026-03-13 17:30", "2026-03-10 10:00", "2026-03-12 10:00", "2026-03-17 17:30"),
    ("NĐ 61/2018 Đ19; domain D", "2026-03-17 17:30", "2026-03-13 16:30", "2026-03-16 08:30", "2026-03-18 09:30"),
    ("NĐ 61/2018 Đ19; domain D", "2026-02-13 17:30", "2026-02-12 08:00", "2026-02-23 08:00", "2026-02-24 17:30"),
    ("TTH17 Đ14.1; domain D", "2026-03-12 17:30", "2026-03-10 18:00", "2026-03-11 07:00", "2026-03-12 17:30"),
    ("TTH17 Đ14.1; domain D", "2026-03-12 17:30", "2026-03-10 11:00", "2026-03-10 14:00", "2026-03-13 08:30"),
    ("TTH17 Đ14.1; domain D", "2026-03-10 17:30", "2026-03-11 08:30", "2026-03-12 08:30", "2026-03-11 17:30"),
    ("HUE25 Đ11; domain D", "2026-01-12 17:30", "2026-01-09 13:30", "2026-01-10 11:30", "2026-01-13 17:30"),
]


@pytest.mark.parametrize(("clause", "submitted", "hours", "expected"), RECEPTION)
def test_reception(clause, submitted, hours, expected):
    assert local(reception_due(at(submitted), HUE, hours).at) == expected


@pytest.mark.parametrize(("clause", "due", "paused", "resumed", "expected"), PAUSES)
def test_pause(clause, due, paused, resumed, expected):
    assert local(resume_due(at(due), at(paused), at(resumed), HUE).at) == expected


def test_there_are_a_hundred_examples_and_each_cites_its_clause():
    rows = [*MINUTES, *LIMITS, *FAULTS, *RECEPTION, *PAUSES]
    assert len(rows) >= 100
    assert len({tuple(map(str, row)) for row in rows}) == len(rows)
    assert all(re.search(r"Đ\d|^domain D|^profile", row[0]) for row in rows)


@pytest.mark.parametrize(("clause", "hours", "start", "minutes", "expected"), MINUTES)
def test_add_minutes(clause, hours, start, minutes, expected):
    cal = CALENDARS[hours]
    end = add_minutes(cal, at(start), minutes)
    assert local(end) == expected
    assert minutes_between(cal, at(start), end) == minutes
    assert sum((b - a for a, b in intervals(cal, at(start), end)), timedelta()) == timedelta(
        minutes=minutes
    )


@pytest.mark.parametrize(("clause", "start", "value", "unit", "rules", "expected"), LIMITS + FAULTS)
def test_add_limit(clause, start, value, unit, rules, expected):
    assert local(add_limit(HUE, at(start), value, unit, rules)) == expected
