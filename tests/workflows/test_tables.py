"""The tables of dossiers, feedback and results: sound, complete, and true to domain C."""

from itertools import product

import pytest

from app.permissions import Role
from app.services.feedback import LIMITS
from app.workflows.dossier import DOSSIER
from app.workflows.feedback import FEEDBACK
from app.workflows.parameters import PARAMETERS
from app.workflows.registry import WORKFLOWS
from app.workflows.result import RESULT
from app.workflows.states import (
    CLOCK_OVER,
    FINAL,
    HOLDERS,
    LABELS,
    OPEN,
    SENTENCES,
    State,
    pauses_clock,
)
from app.workflows.table import PREVIOUS
from app.workflows.vocabulary import ROLES

TABLES = list(WORKFLOWS.values())


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_tables_are_sound(table):
    assert table.problems() == []


@pytest.mark.parametrize("table", TABLES, ids=lambda table: table.name)
def test_every_state_can_be_named(table):
    labels = [state.label for state in table.states]
    assert all(labels)
    assert len(set(labels)) == len(labels)


def test_national_codes():
    assert {state.name: state.value for state in State} == {
        "registered": 1,
        "accepted": 2,
        "refused": 3,
        "processing": 4,
        "supplement_requested": 5,
        "payment_requested": 6,
        "withdrawal_requested": 7,
        "stopped": 8,
        "finished": 9,
        "returned": 10,
    }
    assert set(LABELS) == set(SENTENCES) == set(State)
    assert State.processing.sentence == "The agency is working on it"


def test_the_clock_has_a_holder_until_it_is_over():
    assert {3, 8, 10} == FINAL
    assert set(State) - FINAL == OPEN
    assert set(HOLDERS) == set(State) - CLOCK_OVER
    assert State.finished.holder is None
    assert State.supplement_requested.holder == "applicant"


@pytest.mark.parametrize("state", State)
def test_only_waiting_for_the_applicant_pauses(state):
    assert pauses_clock(state, payment_pauses=True) is (state in (5, 6))
    assert pauses_clock(state, payment_pauses=False) is (state == 5)


def test_role_names_are_those_of_the_product():
    assert {role.value for role in Role} == ROLES


HANDLER = {
    4: {"finish", "ask_supplement_in_process"},
}
# What each role may do in each state (None: no dossier yet); every other pair allows nothing.
EXPECTED = {
    "citizen": {
        None: {"submit"},
        1: {"request_withdrawal"},
        2: {"request_withdrawal"},
        4: {"request_withdrawal"},
        5: {"request_withdrawal", "answer_supplement"},
        6: {"request_withdrawal"},
        9: {"collect_online"},
    },
    "desk_officer": {
        None: {"receive_at_counter", "register", "open_linked"},
        1: {"accept", "ask_supplement", "refuse", "request_payment", "request_withdrawal"},
        2: {"start", "request_payment", "request_withdrawal"},
        4: {"request_withdrawal", "take_back_start"},
        5: {"answer_supplement", "request_withdrawal", "refuse_unanswered"},
        6: {"record_payment", "request_withdrawal"},
        7: {"approve_withdrawal", "reject_withdrawal"},
        9: {"return_result"},
    },
    "specialist": {None: {"open_linked"}, 4: HANDLER[4] | {"request_payment_in_process"}},
    "division_head": {None: {"open_linked"}, 4: HANDLER[4] | {"request_payment_in_process"}},
    "agency_head": {
        **{state: {"reopen"} for state in (3, 8, 9)},
        None: {"open_linked"},
        4: HANDLER[4] | {"stop"},
        5: {"stop"},
        6: {"stop"},
        7: {"approve_withdrawal", "reject_withdrawal"},
    },
    "clerk": {4: {"finish"}},
    "cashier": {1: {"request_payment"}, 2: {"request_payment"}, 6: {"record_payment"}},
}


@pytest.mark.parametrize(("role", "state"), list(product(sorted(ROLES), [None, *State])))
def test_who_may_do_what_in_which_state(role, state):
    allowed = {transition.name for transition in DOSSIER.allowed(state, {role})}
    assert allowed == EXPECTED.get(role, {}).get(state, set())


# Transition, source, target, letter.
MOVES = [
    ("submit", None, 1, "acknowledgement"),
    ("receive_at_counter", None, 2, "receipt_slip"),
    ("register", None, 1, None),
    ("open_linked", None, 1, None),
    ("accept", 1, 2, "receipt_slip"),
    ("ask_supplement", 1, 5, "supplement"),
    ("ask_supplement_in_process", 4, 5, "supplement"),
    ("refuse", 1, 3, "refusal"),
    ("refuse_unanswered", 5, 3, "refusal"),
    ("start", 2, 4, "control_slip"),
    ("take_back_start", 4, 2, None),
    ("request_payment", 1, 6, None),
    ("request_payment", 2, 6, None),
    ("request_payment_in_process", 4, 6, None),
    ("request_withdrawal", 1, 7, None),
    ("request_withdrawal", 2, 7, None),
    ("request_withdrawal", 4, 7, None),
    ("request_withdrawal", 5, 7, None),
    ("request_withdrawal", 6, 7, None),
    ("approve_withdrawal", 7, 8, "stop"),
    ("stop", 4, 8, "stop"),
    ("stop", 5, 8, "stop"),
    ("stop", 6, 8, "stop"),
    ("finish", 4, 9, None),
    ("return_result", 9, 10, "return_receipt"),
    ("collect_online", 9, 10, None),
]
BACK = {
    "answer_supplement": {1, 4},
    "record_payment": {1, 2, 4},
    "reject_withdrawal": {1, 2, 4, 5, 6},
}
REOPENED = {3: {1, 5}, 8: {4, 5, 6, 7}, 9: {4}}


@pytest.mark.parametrize(("name", "source", "target", "letter"), MOVES)
def test_where_each_transition_leads(name, source, target, letter):
    transition = DOSSIER.find(name)
    state = None if source is None else State(source)
    assert DOSSIER.outcome(transition, state) is State(target)
    assert transition.letter == letter


def test_no_transition_is_left_out_of_the_list():
    pairs = {
        (transition.name, source)
        for transition in DOSSIER.transitions
        if transition.target is not PREVIOUS
        for source in transition.sources
    }
    assert pairs == {(name, source) for name, source, _, _ in MOVES}
    assert {t.name for t in DOSSIER.transitions if t.target is PREVIOUS} == {*BACK, "reopen"}


@pytest.mark.parametrize("name", BACK)
def test_the_ways_back_lead_where_the_detour_began(name):
    transition = DOSSIER.find(name)
    (state,) = transition.sources
    assert DOSSIER.targets(transition, state) == BACK[name]
    for origin in BACK[name]:
        moves = [("some_earlier_move", None, 1), ("into_it", State(origin), state)]
        assert DOSSIER.outcome(transition, state, moves) is State(origin)


@pytest.mark.parametrize("state", REOPENED)
def test_what_was_closed_goes_back_to_where_it_was(state):
    transition = DOSSIER.find("reopen")
    assert DOSSIER.targets(transition, State(state)) == REOPENED[state]
    for origin in REOPENED[state]:
        moves = [("some_earlier_move", None, 1), ("ending_it", State(origin), State(state))]
        assert DOSSIER.outcome(transition, State(state), moves) is State(origin)


def test_every_refusal_supplement_stop_and_withdrawal_needs_a_reason():
    assert {t.name for t in DOSSIER.transitions if t.needs_reason} == {
        "ask_supplement",
        "ask_supplement_in_process",
        "refuse",
        "refuse_unanswered",
        "reopen",
        "stop",
        "request_withdrawal",
        "reject_withdrawal",
    }


def test_detours_nest():
    moves = [
        ("submit", None, 1),
        ("accept", 1, 2),
        ("start", 2, 4),
        ("ask_supplement_in_process", 4, 5),
        ("request_withdrawal", 5, 7),
        ("reject_withdrawal", 7, 5),
    ]
    answer = DOSSIER.find("answer_supplement")
    assert DOSSIER.outcome(answer, State.supplement_requested, moves) is State.processing


def test_a_second_detour_remembers_its_own_origin():
    moves = [
        ("submit", None, 1),
        ("request_payment", 1, 6),
        ("record_payment", 6, 1),
        ("accept", 1, 2),
        ("request_payment", 2, 6),
    ]
    assert DOSSIER.came_from(State.payment_requested, moves) is State.accepted


def test_a_way_back_without_a_record_is_an_error():
    with pytest.raises(LookupError, match="no record"):
        DOSSIER.outcome(DOSSIER.find("record_payment"), State.payment_requested, [])


def test_a_transition_does_not_start_elsewhere():
    with pytest.raises(LookupError, match="does not start"):
        DOSSIER.outcome(DOSSIER.find("accept"), State.processing)


def test_a_forged_name_is_an_error():
    with pytest.raises(LookupError, match="no transition"):
        DOSSIER.find("delete")


def test_the_main_action_comes_first():
    assert DOSSIER.allowed(State.registered, {"desk_officer"})[0].name == "accept"
    assert DOSSIER.allowed(State.accepted, {"desk_officer"})[0].name == "start"
    assert DOSSIER.allowed(State.supplement_requested, {"citizen"})[0].name == "answer_supplement"


def test_feedback_limits_name_transitions():
    assert all(FEEDBACK.find(name) for name in LIMITS)
    assert set(LIMITS.values()) <= set(PARAMETERS)


def test_a_result_is_sealed_only_after_it_is_signed_and_numbered():
    done, state = [], None
    for name in ("draft", "approve", "number", "issue"):
        state = RESULT.outcome(RESULT.find(name), state)
        done.append(state)
    assert done == list(RESULT.states)[:4]
    assert {row.name for row in RESULT.transitions if state in row.sources} == {"revoke"}
