"""The table of extensions: every state × act × role; how far and in which lengths."""

from itertools import product

import pytest

from app.workflows.extension import (
    EXTENSION,
    PENDING,
    ExtensionState,
    lengths,
    most_minutes,
)
from app.workflows.vocabulary import ROLES

DECIDERS = {"division_head", "agency_head", "centre_director"}
ENDING = DECIDERS | {"specialist", "clerk", "desk_officer", "cashier"}
WHO = {
    "ask_extension": {"specialist", "division_head"}, "confirm_extension": DECIDERS,
    "grant_extension": DECIDERS, "refuse_extension": DECIDERS,
    "take_back_extension": {"specialist", "division_head"}, "lapse_extension": ENDING,
}  # fmt: skip


@pytest.mark.parametrize(("state", "role"), list(product([None, *ExtensionState], sorted(ROLES))))
def test_who_may_do_what_in_which_state(state, role):
    if state is None:
        expected = {"ask_extension"} if role in WHO["ask_extension"] else set()
    elif state in PENDING:
        expected = {name for name, roles in WHO.items() if role in roles} - {"ask_extension"}
    else:
        expected = set()
    assert {row.name for row in EXTENSION.allowed(state, {role})} == expected


@pytest.mark.parametrize("state", sorted(PENDING))
def test_where_each_act_leads(state):
    leads = {row.name: EXTENSION.outcome(row, state) for row in EXTENSION.transitions if state in row.sources}
    assert leads == {
        "confirm_extension": "confirmed", "grant_extension": "granted", "refuse_extension": "refused",
        "take_back_extension": "taken_back", "lapse_extension": "lapsed",
    }  # fmt: skip


def test_only_granting_makes_the_apology_and_tells_the_applicant():
    assert {row.name for row in EXTENSION.transitions if row.letter == "apology"} == {"grant_extension"}
    assert {row.name for row in EXTENSION.transitions if "applicant" in row.notices} == {"grant_extension"}
    assert {r.name for r in EXTENSION.transitions if r.needs_reason} == {"ask_extension", "refuse_extension"}


@pytest.mark.parametrize(("days", "ratio", "granted", "most"), [
    (3, "1/3", 0, 480), (15, "1/3", 0, 2400), (15, "1/3", 2400, 0), (15, "1/3", 480, 1920),
    (1, "1/3", 0, 160), (10, "1/2", 0, 2400), (3, "1/3", 999, 0),
])  # fmt: skip
def test_a_third_of_the_whole_limit_and_no_more_in_all(days, ratio, granted, most):
    assert most_minutes(days * 480, ratio, granted) == most


def test_lengths_are_hours_of_a_day_then_days_then_the_most():
    assert lengths(160, 480) == [60, 120, 160]
    assert lengths(480, 480) == [60, 120, 180, 240, 300, 360, 420, 480]
    assert lengths(1100, 480)[-2:] == [960, 1100]
    assert lengths(0, 480) == []
    assert len(lengths(200 * 480, 480)) == 7 + 60 + 1
