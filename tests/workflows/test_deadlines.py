"""Due dates, pauses and remaining time, each with the clause or fault that it guards."""

from datetime import timedelta

import pytest

from app.workflows.deadlines import (
    Limit,
    Urgency,
    counts_time,
    phrase,
    reception_due,
    remaining,
    remaining_phrase,
    result_due,
    resume_due,
    same_day_due,
    transfer_due,
    urgency,
)
from app.workflows.working_time import CalendarExhausted, Rules
from tests.workflows.hue import HUE, at, local


def told(due):
    """Return the explanation of a due date as English sentences."""
    return [step.text() for step in due.steps]


@pytest.mark.parametrize(
    ("submitted", "hours", "expected"),
    [
        ("2026-03-10 07:30", 8, "2026-03-10 17:30"),
        ("2026-03-10 09:00", 8, "2026-03-11 09:00"),
        ("2026-03-10 12:15", 8, "2026-03-11 11:30"),
        ("2026-03-10 22:00", 8, "2026-03-11 17:30"),
        ("2026-03-14 09:00", 8, "2026-03-16 17:30"),
        ("2026-02-14 09:00", 8, "2026-02-23 17:30"),
        ("2026-01-10 09:00", 8, "2026-01-12 09:00"),
        ("2026-03-10 16:45", 1, "2026-03-11 07:45"),
    ],
)
def test_reception_limit_hcm24_11_1a(submitted, hours, expected):
    assert local(reception_due(at(submitted), HUE, hours).at) == expected


def test_reception_is_explained():
    due = reception_due(at("2026-04-29 20:00"), HUE)
    assert local(due.counts_from) == "2026-05-04 07:30"
    assert told(due) == [
        "Received at 20:00 on 29/04/2026",
        "Counted from 07:30 on 04/05/2026",
        "Time limit (working hours): 8",
        "Days off not counted: 30/04/2026 (Ngày Chiến thắng), 01/05/2026 (Quốc tế Lao động)",
        "Due at 17:30 on 04/05/2026",
    ]


def test_result_is_explained_with_its_make_up_day():
    rules = Rules(cutoff_hour="15:00")
    due = result_due(at("2026-01-08 15:30"), Limit(2, "working_day"), HUE, rules)
    assert local(due.at) == "2026-01-12 17:30"
    assert told(due) == [
        "Received at 15:30 on 08/01/2026",
        "Counted from 07:30 on 09/01/2026",
        "Time limit (working days): 2",
        "The day after receipt is the first day",
        "Make-up working days counted: 10/01/2026 (Làm bù)",
        "Due at 17:30 on 12/01/2026",
    ]


@pytest.mark.parametrize(
    ("rules", "sentence"),
    [
        (Rules(), "The day after receipt is the first day"),
        (Rules(count_from="same"), "The day of receipt is the first day"),
        (Rules(due_time_of_day="same_time"), "Whole days are counted to the hour of receipt"),
    ],
)
def test_result_says_how_days_are_counted(rules, sentence):
    assert sentence in told(result_due(at("2026-03-10 09:00"), Limit(5, "working_day"), HUE, rules))


def test_hours_ignore_the_cut_off_and_the_counting_of_days():
    due = result_due(
        at("2026-03-10 16:00"), Limit(4, "working_hour"), HUE, Rules(cutoff_hour="15:00")
    )
    assert local(due.at) == "2026-03-11 10:00"
    assert told(due) == [
        "Received at 16:00 on 10/03/2026",
        "Time limit (working hours): 4",
        "Due at 10:00 on 11/03/2026",
    ]


def test_a_part_of_a_day_is_told_as_it_is_published():
    assert "Time limit (working days): 0.5" in told(
        result_due(at("2026-03-10 09:00"), Limit(0.5, "working_day"), HUE)
    )


@pytest.mark.parametrize(
    ("received", "same_day", "transfer"),
    [
        ("2026-03-10 09:00", "2026-03-10 17:30", "2026-03-10 17:30"),
        ("2026-03-10 15:00", "2026-03-10 17:30", "2026-03-10 17:30"),
        ("2026-03-10 15:01", "2026-03-11 17:30", "2026-03-11 07:30"),
        ("2026-03-13 16:00", "2026-03-16 17:30", "2026-03-16 07:30"),
        ("2026-03-10 20:00", "2026-03-11 17:30", "2026-03-11 17:30"),
        ("2026-03-14 10:00", "2026-03-16 17:30", "2026-03-16 17:30"),
        ("2026-01-09 15:30", "2026-01-10 17:30", "2026-01-10 07:30"),
    ],
)
def test_same_day_procedures_and_transfer_decree_61_article_18(received, same_day, transfer):
    assert local(same_day_due(at(received), HUE).at) == same_day
    assert local(transfer_due(at(received), HUE).at) == transfer


def test_without_a_cut_off_everything_is_for_the_same_day():
    assert local(same_day_due(at("2026-03-10 17:00"), HUE, None).at) == "2026-03-10 17:30"
    assert local(transfer_due(at("2026-03-10 17:00"), HUE, None).at) == "2026-03-10 17:30"


class TestPause:
    """Waiting for a supplement stops the clock (domain D): known faults of the reference code."""

    def test_it_counts_in_working_minutes_never_in_calendar_days(self):
        # Thu 16:30 → Mon 08:30 are 60 + 480 + 60 = 600 working minutes, not four days.
        due = resume_due(
            at("2026-03-13 17:30"), at("2026-03-12 16:30"), at("2026-03-16 08:30"), HUE
        )
        assert local(due.at) == "2026-03-17 09:30"
        assert told(due) == [
            "Waited from 16:30 on 12/03/2026 to 08:30 on 16/03/2026: "
            "10 h 0 min of working time not counted",
            "Due at 09:30 on 17/03/2026",
        ]

    def test_a_weekend_moves_nothing(self):
        due = at("2026-03-17 17:30")
        assert resume_due(due, at("2026-03-13 17:45"), at("2026-03-16 07:00"), HUE).at == due

    def test_tet_moves_nothing_either(self):
        due = at("2026-02-24 17:30")
        assert resume_due(due, at("2026-02-13 18:00"), at("2026-02-22 20:00"), HUE).at == due

    def test_a_make_up_saturday_counts(self):
        due = resume_due(
            at("2026-01-12 17:30"), at("2026-01-10 07:30"), at("2026-01-10 17:30"), HUE
        )
        assert local(due.at) == "2026-01-13 17:30"

    def test_what_was_late_stays_as_late(self):
        due, paused, resumed = (
            at("2026-03-10 17:30"),
            at("2026-03-11 08:30"),
            at("2026-03-12 08:30"),
        )
        moved = resume_due(due, paused, resumed, HUE).at
        assert local(moved) == "2026-03-11 17:30"
        assert remaining(resumed, moved, HUE) == remaining(paused, due, HUE) == -60

    def test_two_pauses_add_up(self):
        due = at("2026-03-13 17:30")
        due = resume_due(due, at("2026-03-11 08:00"), at("2026-03-11 09:00"), HUE).at
        due = resume_due(due, at("2026-03-12 08:00"), at("2026-03-12 10:00"), HUE).at
        assert local(due) == "2026-03-16 10:30"

    def test_it_cannot_end_before_it_begins(self):
        with pytest.raises(ValueError, match="before it begins"):
            resume_due(at("2026-03-13 17:30"), at("2026-03-12 08:00"), at("2026-03-11 08:00"), HUE)

    def test_the_end_of_the_calendar_is_not_swallowed(self):
        with pytest.raises(CalendarExhausted):
            resume_due(at("2027-12-31 17:30"), at("2027-12-30 08:00"), at("2027-12-30 09:00"), HUE)


WORDS = [
    (960, "2 days left"),
    (1439, "2 days left"),
    (480, "1 day left"),
    (479, "7 h 59 min left"),
    (200, "3 h 20 min left"),
    (120, "2 h left"),
    (59, "59 min left"),
    (0, "due now"),
    (-1, "1 min overdue"),
    (-60, "1 h overdue"),
    (-61, "1 h 1 min overdue"),
    (-480, "1 day overdue"),
    (-959, "1 day overdue"),
    (-960, "2 days overdue"),
]


@pytest.mark.parametrize(("minutes", "words"), WORDS)
def test_phrase(minutes, words):
    assert phrase(minutes).text() == words


def test_only_what_counts_has_a_unit():
    assert [minutes for minutes in (960, 480, 200, 59, 0, -1, -480) if not counts_time(phrase(minutes))] == [0]
    assert not counts_time(phrase(0, is_overdue=True))


def test_a_day_is_as_long_as_the_calendar_says():
    assert phrase(420, 420).text() == "1 day left"
    assert phrase(480, 420).text() == "1 day left"


NOW = [
    # now, due, words, urgency
    ("2026-03-10 08:00", "2026-03-10 17:30", "7 h 30 min left", "today"),
    ("2026-03-10 15:30", "2026-03-10 17:30", "2 h left", "two_hours"),
    ("2026-03-10 15:29", "2026-03-10 17:30", "2 h 1 min left", "today"),
    ("2026-03-10 17:30", "2026-03-10 17:30", "due now", "two_hours"),
    ("2026-03-10 20:00", "2026-03-10 17:30", "overdue", "overdue"),
    ("2026-03-11 07:31", "2026-03-10 17:30", "1 min overdue", "overdue"),
    ("2026-03-11 17:30", "2026-03-10 17:30", "1 day overdue", "overdue"),
    ("2026-03-13 17:00", "2026-03-16 09:00", "2 h left", "two_hours"),
    ("2026-03-13 17:00", "2026-03-16 09:01", "2 h 1 min left", "later"),
    ("2026-03-10 00:30", "2026-03-10 17:30", "8 h left", "today"),
    ("2026-03-09 23:30", "2026-03-10 17:30", "1 day left", "later"),
    ("2026-03-10 08:00", "2026-03-12 17:30", "2 days left", "later"),
]


@pytest.mark.parametrize(("now", "due", "words", "group"), NOW)
def test_what_a_list_shows(now, due, words, group):
    assert remaining_phrase(at(now), at(due), HUE).text() == words
    assert urgency(at(now), at(due), HUE) is Urgency(group)


def test_remaining_is_the_difference_of_positions():
    due = at("2026-03-12 17:30")
    assert remaining(at("2026-03-10 08:00"), due, HUE) == 1410
    assert remaining(due + timedelta(days=1), due, HUE) == -480
