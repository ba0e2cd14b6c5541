"""Hand-checked examples of working time with Huế's hours and the real days off of 2025–2027.

10/03/2026 is a Tuesday; every expected value was worked out on paper.
"""

from datetime import time, timedelta

import pytest

from app.workflows.working_time import Rules, add_limit, add_minutes, intervals, minutes_between
from tests.workflows.hue import CALENDARS, HUE, at, local

MINUTES = [
    # within a session, to its very end and over lunch
    ("hue", "2026-03-10 08:00", 60, "2026-03-10 09:00"),
    ("hue", "2026-03-10 08:00", 210, "2026-03-10 11:30"),
    ("hue", "2026-03-10 08:00", 211, "2026-03-10 13:31"),
    ("hue", "2026-03-10 11:00", 60, "2026-03-10 14:00"),
    ("hue", "2026-03-10 12:00", 30, "2026-03-10 14:00"),
    ("hue", "2026-03-10 11:30", 1, "2026-03-10 13:31"),
    ("hue", "2026-03-10 13:30", 240, "2026-03-10 17:30"),
    ("hue", "2026-03-10 07:30", 240, "2026-03-10 11:30"),
    ("hue", "2026-03-10 08:00:59", 60, "2026-03-10 09:00"),
    # at night, before opening, over the evening
    ("hue", "2026-03-10 17:30", 1, "2026-03-11 07:31"),
    ("hue", "2026-03-10 17:00", 60, "2026-03-11 08:00"),
    ("hue", "2026-03-10 20:00", 480, "2026-03-11 17:30"),
    ("hue", "2026-03-10 05:00", 480, "2026-03-10 17:30"),
    ("hue", "2026-03-10 00:00", 1, "2026-03-10 07:31"),
    # weekends
    ("hue", "2026-03-13 16:00", 120, "2026-03-16 08:00"),
    ("hue", "2026-03-14 10:00", 30, "2026-03-16 08:00"),
    ("hue", "2026-03-15 23:59", 480, "2026-03-16 17:30"),
    # nothing to add: the next moment of work
    ("hue", "2026-03-10 08:00", 0, "2026-03-10 08:00"),
    ("hue", "2026-03-10 12:00", 0, "2026-03-10 13:30"),
    ("hue", "2026-03-10 11:30", 0, "2026-03-10 13:30"),
    ("hue", "2026-03-10 17:30", 0, "2026-03-11 07:30"),
    ("hue", "2026-03-14 10:00", 0, "2026-03-16 07:30"),
    # 2026: New Year with its swap, make-up Saturday, Tết, Hùng Kings on a Sunday, 30/4, 2/9, 24/11
    ("hue", "2025-12-31 17:00", 60, "2026-01-05 08:00"),
    ("hue", "2026-01-09 16:30", 120, "2026-01-10 08:30"),
    ("hue", "2026-01-10 10:00", 480, "2026-01-12 10:00"),
    ("hue", "2026-02-13 17:00", 60, "2026-02-23 08:00"),
    ("hue", "2026-04-24 17:30", 10, "2026-04-28 07:40"),
    ("hue", "2026-04-29 16:30", 120, "2026-05-04 08:30"),
    ("hue", "2026-08-28 17:00", 60, "2026-09-03 08:00"),
    ("hue", "2026-08-21 17:00", 60, "2026-08-22 08:00"),
    ("hue", "2026-11-23 16:30", 120, "2026-11-25 08:30"),
    # 2025 and 2027
    ("hue", "2025-01-24 17:00", 60, "2025-02-03 08:00"),
    ("hue", "2025-04-25 17:00", 60, "2025-04-26 08:00"),
    ("hue", "2025-04-29 17:00", 60, "2025-05-05 08:00"),
    ("hue", "2025-08-29 17:00", 60, "2025-09-03 08:00"),
    ("hue", "2027-04-29 17:00", 60, "2027-05-04 08:00"),
    # the other usual hours: 7:00–11:30, 13:30–17:00
    ("early", "2026-03-10 07:00", 270, "2026-03-10 11:30"),
    ("early", "2026-03-10 07:00", 271, "2026-03-10 13:31"),
    ("early", "2026-03-10 11:00", 60, "2026-03-10 14:00"),
    ("early", "2026-03-10 16:30", 60, "2026-03-11 07:30"),
    ("early", "2026-03-10 17:00", 480, "2026-03-11 17:00"),
]

NEXT = Rules()
SAME = Rules(count_from="same")
CUTOFF = Rules(cutoff_hour=time(15))
SAME_CUTOFF = Rules(count_from="same", cutoff_hour="15:00")
HOUR = Rules(due_time_of_day="same_time")

LIMITS = [
    # working days: the day of receipt does not count, the limit ends at the close of its last day
    ("2026-03-10 09:00", 1, "working_day", NEXT, "2026-03-11 17:30"),
    ("2026-03-10 09:00", 3, "working_day", NEXT, "2026-03-13 17:30"),
    ("2026-03-10 09:00", 5, "working_day", NEXT, "2026-03-17 17:30"),
    ("2026-03-13 16:00", 1, "working_day", NEXT, "2026-03-16 17:30"),
    ("2026-03-10 20:00", 1, "working_day", NEXT, "2026-03-12 17:30"),
    ("2026-03-14 10:00", 1, "working_day", NEXT, "2026-03-17 17:30"),
    ("2025-12-31 09:00", 1, "working_day", NEXT, "2026-01-05 17:30"),
    ("2026-01-08 09:00", 2, "working_day", NEXT, "2026-01-10 17:30"),
    ("2026-01-10 09:00", 1, "working_day", NEXT, "2026-01-12 17:30"),
    ("2026-02-13 09:00", 5, "working_day", NEXT, "2026-02-27 17:30"),
    # cut-off hour: later than 15:00 counts as the next working day, 15:00 itself does not
    ("2026-03-10 15:00", 1, "working_day", CUTOFF, "2026-03-11 17:30"),
    ("2026-03-10 15:01", 1, "working_day", CUTOFF, "2026-03-12 17:30"),
    ("2026-03-13 15:01", 1, "working_day", CUTOFF, "2026-03-17 17:30"),
    ("2026-03-10 20:00", 1, "working_day", CUTOFF, "2026-03-12 17:30"),
    # the day of receipt is day 1
    ("2026-03-10 09:00", 1, "working_day", SAME, "2026-03-10 17:30"),
    ("2026-03-10 09:00", 3, "working_day", SAME, "2026-03-12 17:30"),
    ("2026-03-10 20:00", 1, "working_day", SAME, "2026-03-11 17:30"),
    ("2026-03-10 15:01", 1, "working_day", SAME_CUTOFF, "2026-03-11 17:30"),
    # to the hour of receipt
    ("2026-03-10 10:00", 1, "working_day", HOUR, "2026-03-11 10:00"),
    ("2026-03-10 12:00", 1, "working_day", HOUR, "2026-03-11 13:30"),
    ("2026-03-13 10:00", 2, "working_day", HOUR, "2026-03-17 10:00"),
    ("2026-03-10 20:00", 1, "working_day", HOUR, "2026-03-12 07:30"),
    # parts of a day
    ("2026-03-10 08:00", 0.5, "working_day", NEXT, "2026-03-10 14:00"),
    ("2026-03-10 09:00", 2.5, "working_day", NEXT, "2026-03-13 11:30"),
    ("2026-03-10 10:00", 1.25, "working_day", HOUR, "2026-03-11 14:00"),
    # calendar days: an end on a day off moves to the next working day
    ("2026-03-10 09:00", 15, "day", NEXT, "2026-03-25 17:30"),
    ("2026-03-10 09:00", 4, "day", NEXT, "2026-03-16 17:30"),
    ("2026-04-16 09:00", 10, "day", NEXT, "2026-04-28 17:30"),
    ("2026-02-13 09:00", 7, "day", NEXT, "2026-02-23 17:30"),
    ("2026-01-07 09:00", 3, "day", NEXT, "2026-01-10 17:30"),
    ("2026-03-15 09:00", 1, "day", NEXT, "2026-03-17 17:30"),
    ("2026-03-10 09:00", 1, "day", SAME, "2026-03-10 17:30"),
    # months
    ("2026-03-10 09:00", 12, "month", NEXT, "2027-03-10 17:30"),
    ("2026-03-10 09:00", 2, "month", NEXT, "2026-05-11 17:30"),
    ("2026-01-30 09:00", 1, "month", NEXT, "2026-03-02 17:30"),
    ("2026-01-31 09:00", 1, "month", NEXT, "2026-03-02 17:30"),
    ("2026-12-31 09:00", 2, "month", NEXT, "2027-03-01 17:30"),
    ("2026-03-10 09:00", 1, "month", SAME, "2026-04-09 17:30"),
    # clock hours end during work, working hours run only during work
    ("2026-03-10 09:00", 24, "hour", NEXT, "2026-03-11 09:00"),
    ("2026-03-13 09:00", 24, "hour", NEXT, "2026-03-16 07:30"),
    ("2026-03-10 10:30", 2, "hour", NEXT, "2026-03-10 13:30"),
    ("2026-03-10 09:30", 8, "hour", NEXT, "2026-03-10 17:30"),
    ("2026-03-15 10:00", 2, "hour", NEXT, "2026-03-16 09:30"),
    ("2026-03-10 16:00", 4, "working_hour", NEXT, "2026-03-11 10:00"),
    ("2026-03-10 16:00", 4, "working_hour", CUTOFF, "2026-03-11 10:00"),
    ("2026-03-10 16:00", 0.5, "working_hour", NEXT, "2026-03-10 16:30"),
]


@pytest.mark.parametrize(("hours", "start", "minutes", "expected"), MINUTES)
def test_add_minutes(hours, start, minutes, expected):
    cal = CALENDARS[hours]
    end = add_minutes(cal, at(start), minutes)
    assert local(end) == expected
    assert minutes_between(cal, at(start), end) == minutes
    assert sum((b - a for a, b in intervals(cal, at(start), end)), timedelta()) == timedelta(
        minutes=minutes
    )


@pytest.mark.parametrize(("start", "value", "unit", "rules", "expected"), LIMITS)
def test_add_limit(start, value, unit, rules, expected):
    assert local(add_limit(HUE, at(start), value, unit, rules)) == expected
