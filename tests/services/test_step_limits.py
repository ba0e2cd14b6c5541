"""Limits of open steps and questions follow the calendar of who does them, and every pause."""

from datetime import date, timedelta

import pytest

from app.clock import acting_at
from app.errors import Invalid
from app.models import CalendarDay
from app.models.calendar_use import unrefused
from app.permissions import Role
from app.services import calendar_changes as changes
from app.services import calendar_moving as moving
from app.services import consulting, reception, timing
from app.services.lifecycle import open_questions
from app.services.submission import answer_supplement
from app.workflows.working_time import add_minutes, minutes_between
from tests.factories import make_calendar, make_tree
from tests.services.steps import Office
from tests.services.test_calendar_changes import MONDAY, TUESDAY_OFF, admin, apply, at, calendar_of
from tests.services.test_graph_processes import BACK, DESK, SIGN, graph, office_with, task_at

__all__ = ["admin"]  # fixtures
DAY = timedelta(days=1)
LONG = ("Thụ lý", "work", "specialist", "agency", 960)  # two working days


@pytest.fixture
def two(session):
    """A calendar of the department's own beside that of the province."""
    tree = make_tree()
    with acting_at(MONDAY), unrefused(session):
        tree.department.calendar = make_calendar(code="so")
        session.flush()
    return tree.root.calendar, tree.department.calendar


def far_step(session):
    """A dossier at a step of the department, led by the ward."""
    process = graph(session, DESK, ("Thẩm định", "work", "specialist", "named", 960), SIGN, BACK)
    process.steps[1].agency_id = make_tree().department.id
    session.flush()
    office = office_with(session, process)
    office.people[Role.specialist] = office.officer(Role.specialist, office.tree.department)
    return office, office.processed()


def moved(session, calendar, wishes, admin):
    effect = changes.effect_of(session, calendar, wishes)
    change = apply(session, calendar, wishes, admin)
    moving.move_waiting(session, change.id)
    assert change.done_at is not None
    return effect


def test_a_day_off_moves_the_step_of_a_limit_in_calendar_days(session, admin):
    with acting_at(MONDAY):
        process = graph(session, DESK, LONG, SIGN, BACK)
        office = office_with(session, process, time_limit_value=10, time_limit_unit="day")
        dossier = office.processed()
    due, step = dossier.due_at, task_at(dossier, "b2")
    limit = step.due_at
    effect = moved(session, calendar_of(None), TUESDAY_OFF, admin)
    assert (effect.total, effect.steps) == (0, 1)
    assert dossier.due_at == due
    assert step.due_at == limit + DAY


@pytest.mark.parametrize("own", [True, False])
def test_a_step_elsewhere_goes_by_the_calendar_there(session, admin, two, own):
    with acting_at(MONDAY):
        _office, dossier = far_step(session)
    step = task_at(dossier, "b2")
    limit, due = step.due_at, dossier.due_at
    effect = moved(session, two[own], TUESDAY_OFF, admin)
    assert step.due_at == (limit + DAY if own else limit)
    assert dossier.due_at == (due if own else due + DAY)
    assert (effect.total, effect.steps) == ((0, 1) if own else (1, 0))


def asked(session):
    """A dossier and a question of sixteen working hours to the department."""
    process = graph(session, DESK, LONG, SIGN, BACK)
    office = office_with(session, process)
    office.officer(Role.specialist, office.tree.department)
    dossier = office.processed()
    (question,) = consulting.ask(session, task_at(dossier, "b2"), office[Role.specialist], question="Có vướng gì?",
                                 hours=16, agency_ids=[office.tree.department.id])  # fmt: skip
    return office, dossier, question


@pytest.mark.parametrize("own", [True, False])
def test_a_question_goes_by_the_calendar_of_who_is_asked(session, admin, two, own):
    with acting_at(MONDAY):
        _office, _dossier, question = asked(session)
    limit = question.due_at
    moved(session, two[own], TUESDAY_OFF, admin)
    assert question.due_at == (limit + DAY if own else limit)


def test_what_came_after_the_change_was_counted_with_it(session, admin):
    """The worker may come late: a step opened meanwhile has its day off in it already."""
    with acting_at(MONDAY):
        dossier = Office(session).processed()
    change = apply(session, calendar_of(None), TUESDAY_OFF, admin)
    (step,) = [task for task in dossier.tasks if task.state == "open"]
    with acting_at(MONDAY + 2 * timedelta(hours=1)):
        step.opened_at = MONDAY + timedelta(hours=2)
        step.due_at = add_minutes(timing.calendar_of(session, step.agency), step.opened_at, 960)
    limit = step.due_at
    moving.move_waiting(session, change.id)
    assert step.due_at == limit


def test_the_calendar_of_a_step_elsewhere_is_not_free_to_change(session, two):
    with acting_at(MONDAY):
        far_step(session)
    session.add(CalendarDay(calendar=two[1], day=date(2026, 11, 24), kind="holiday"))
    with pytest.raises(Invalid):
        session.flush()
    session.rollback()


def test_a_question_waits_while_the_dossier_waits_for_its_applicant(session):
    with acting_at(MONDAY):
        office, dossier, question = asked(session)
    limit, calendar = question.due_at, timing.calendar_of(session, question.agency)
    with acting_at(at(23, 15)):
        reception.ask_supplement(session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                                 field_keys=["ho_ten"], component_ids=[])  # fmt: skip
        left = minutes_between(calendar, at(23, 15), limit)
    with acting_at(at(30, 9)):
        assert consulting.silent_questions(session) == []
        answer_supplement(session, dossier, {"ho_ten": "Trần Bình"}, office[Role.desk_officer], {})
        assert consulting.silent_questions(session) == [], "its time stood still, it is not silent"
        assert minutes_between(calendar, at(30, 9), question.due_at) == left
    assert open_questions(dossier) == [question]
