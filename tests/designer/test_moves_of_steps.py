"""A running dossier in a newer process: its step keeps the time left, and waits for what the new step waits for."""

from datetime import timedelta

import pytest

from app.clock import acting_at
from app.models.process import ProcessStep
from app.permissions import Role
from app.services import charges, process_moves, reception
from app.services.lifecycle import open_questions, open_tasks
from app.services.process_graphs import graph_of
from app.services.process_transfer import misfit
from app.services.submission import answer_supplement
from app.services.timing import calendar_of
from app.workflows.working_time import add_minutes, minutes_between
from tests.designer.test_moves import REASON, admin_actor, newer
from tests.factories import make_procedure, make_process, make_tree
from tests.services.steps import Office, task_of
from tests.services.test_calendar_changes import MONDAY
from tests.services.test_linked_again import complete, links, run

__all__ = ["admin_actor"]  # fixtures
KEYS = {key: key for key in ("b1", "b2", "b3", "b4", "b5")}


@pytest.fixture
def office(session):
    return Office(session, fee=50_000, fee_due="return")


def processed(office):
    return reception.pass_on(office.session, office.received(), office[Role.desk_officer])


def as_kind(kind, **values):
    """Return what makes the second step one of another kind."""

    def change(process):
        step: ProcessStep = process.steps[1]
        step.kind = kind
        for name, value in values.items():
            setattr(step, name, value)

    return change


def move(office, dossier, change, admin):
    old, new = newer(office.session, office, change)
    return process_moves.move(office.session, old, new, KEYS, [dossier.id], REASON, admin)


@pytest.mark.parametrize("more", [0, 60])
def test_what_was_given_back_after_a_pause_stays_given(session, office, admin_actor, more):
    with acting_at(MONDAY):
        dossier = processed(office)
    task = task_of(dossier)
    limit, calendar = task.due_at, calendar_of(session, task.agency)
    with acting_at(MONDAY + timedelta(hours=1)):
        reception.ask_supplement(session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                                 field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    with acting_at(MONDAY + timedelta(days=9)):
        answer_supplement(session, dossier, {"ho_ten": "Trần Bình"}, office[Role.desk_officer], {})
        move(office, dossier, as_kind("work", working_minutes=480 + more), admin_actor)
    waited = minutes_between(calendar, MONDAY + timedelta(hours=1), MONDAY + timedelta(days=9))
    assert task_of(dossier).due_at == add_minutes(calendar, limit, waited + more)


def test_a_step_that_became_a_wait_for_money_asks_for_it(session, office, admin_actor):
    dossier = processed(office)
    dossier.charges[0].due = "reception"  # and not paid yet
    moved, _left = move(office, dossier, as_kind("payment", role=Role.cashier, place="desk"), admin_actor)
    assert (moved, dossier.state) == ([dossier], 6)
    charges.record_payment(session, dossier, office[Role.desk_officer], "cash")
    assert (dossier.state, dossier.step_name) == (4, "Ký duyệt kết quả")


def test_nothing_left_to_pay_is_not_waited_for(session, office, admin_actor):
    dossier = processed(office)
    charges.cancel_due(session, dossier)
    move(office, dossier, as_kind("payment", role=Role.cashier, place="desk"), admin_actor)
    assert (dossier.state, dossier.step_name) == (4, "Ký duyệt kết quả")


def test_money_is_not_asked_for_while_the_dossier_waits_for_something_else(session, office, admin_actor):
    dossier = processed(office)
    reception.ask_supplement(session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                             field_keys=["ho_ten"], component_ids=[])  # fmt: skip
    moved, left = move(office, dossier, as_kind("payment", role=Role.cashier, place="desk"), admin_actor)
    assert moved == []
    assert "Thẩm định hồ sơ" in left[0].hindrance


def test_a_step_that_became_a_consultation_asks_its_agencies(session, office, admin_actor):
    dossier, department = processed(office), make_tree().department
    office.officer(Role.specialist, department)
    move(office, dossier, as_kind("consult", consulted=[department.code]), admin_actor)
    (question,) = open_questions(dossier)
    assert (question.agency_id, question.asked_by_id) == (department.id, open_tasks(dossier)[0].id)


def test_a_step_that_became_a_linked_one_opens_its_dossier(session, office, admin_actor):
    child = make_procedure(process=make_process(), fee=0)
    dossier = processed(office)
    move(office, dossier, as_kind("child", child_procedure=child.procedure), admin_actor)
    run(session)
    assert [link.task_id for link in links(session, dossier)] == [open_tasks(dossier)[0].id]


def test_a_linked_dossier_finishes_no_step_that_became_work(session, office, admin_actor):
    child = make_procedure(process=make_process(), fee=0)
    as_kind("child", child_procedure=child.procedure)(office.version.process)
    session.flush()
    dossier = processed(office)
    run(session)
    leading = office.version
    move(office, dossier, as_kind("work", child_procedure=None), admin_actor)
    complete(office, links(session, dossier)[0].child)
    office.version = leading
    assert (dossier.state, task_of(dossier).kind) == (4, "work")
    assert links(session, dossier)[0].ended_at is not None


@pytest.mark.parametrize("kind", ["return", "receive", "decide"])
def test_an_open_step_becomes_none_at_which_nobody_can_work(session, office, admin_actor, kind):
    dossier = processed(office)
    old, new = newer(session, office)
    new.steps[1].kind = kind
    session.flush()
    found = misfit(dossier, *(graph_of(one).find("b2") for one in (old, new)))
    assert "Thẩm định hồ sơ" in found
