"""Warnings: once each, ahead by the profile's hours, and again when it is late."""

from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at
from app.models import Notice, Task
from app.permissions import Role
from app.services import reminders
from app.services.reminders import remind_all
from app.tasks import deadlines
from app.tasks.deadlines import check
from tests.services.steps import Office, task_of

MONDAY = datetime(2026, 3, 2, 2, 0, tzinfo=UTC)  # 9:00 in Huế


def _keys(session):
    query = sa.select(Notice.key).where(sa.or_(Notice.key.like("soon%"), Notice.key.like("late%")))
    return sorted(key.partition(":")[0] for key in session.scalars(query))


def test_a_step_is_told_ahead_twice_and_once_when_late(session):
    office = Office(session)
    office.staff()
    with acting_at(MONDAY):
        dossier = office.processed()
    due = next(task for task in dossier.tasks if task.state == "open").due_at
    for moment, wanted in (
        (due - timedelta(minutes=90), {"soon2"}),
        (due - timedelta(minutes=80), {"soon2"}),
        (due + timedelta(minutes=1), {"soon2", "late"}),
        (due + timedelta(days=3), {"soon2", "late"}),
    ):
        with acting_at(moment):
            remind_all(session)
            assert set(_keys(session)) - {"soon8"} == wanted
    assert _keys(session).count("soon2") == 1  # the specialist
    assert _keys(session).count("late") == 2  # and the head of the agency


def test_what_lies_accepted_at_the_desk_is_told_ahead_and_when_late(session):
    """Accepted but not passed on: the desk's own step is due the same day (NĐ 61/2018 Đ18)."""
    office = Office(session)
    with acting_at(MONDAY):
        dossier = office.received()
    assert dossier.state == 2
    due = next(task for task in dossier.tasks if task.state == "open").due_at
    with acting_at(due + timedelta(minutes=1)):
        remind_all(session)
    assert "late" in _keys(session)


def test_a_waiting_desk_is_told_once(session):
    office = Office(session)
    office[Role.desk_officer]
    with acting_at(MONDAY):
        dossier, _applicant = office.submitted()
    assert dossier.reception_due_at is not None
    with acting_at(dossier.reception_due_at - timedelta(minutes=30)):
        first, second = remind_all(session), remind_all(session)
    assert (first, second) == (1, 0)
    assert session.scalar(sa.select(sa.func.count(Notice.id))
                          .where(Notice.key.startswith(f"reception-soon1:{dossier.id}:"))) == 1  # fmt: skip


def _stories(session):
    """Return what was told to officers, in order: (warning, task or dossier)."""
    found = session.scalars(sa.select(Notice.key).order_by(Notice.id)).all()
    return [tuple(key.split(":")[:2]) for key in found if key.startswith(("soon", "late", "reception-"))]


def _waiting_tasks(office, count):
    """Return the open steps of as many dossiers, each begun half an hour after the other."""
    tasks = []
    for number in range(count):
        with acting_at(MONDAY + timedelta(minutes=30 * number)):
            dossier = office.processed()
        tasks.append(next(task for task in dossier.tasks if task.state == "open"))
    return tasks


def test_a_worker_stopped_for_a_day_catches_up_once_and_in_order(session, monkeypatch):
    monkeypatch.setattr(reminders, "_BATCH", 2)  # the backlog is longer than one look
    office = Office(session)
    office.staff()
    tasks = _waiting_tasks(office, 5)
    back = max(task.due_at for task in tasks) + timedelta(days=1)
    with acting_at(back):  # nothing ran since they were opened: neither "nearly due" nor "late" was told
        first, second = remind_all(session), remind_all(session)
    assert (first, second) == (5, 0)
    told = [pk for name, pk in _stories(session) if name == "late"]
    in_order = [str(task.id) for task in sorted(tasks, key=lambda task: task.due_at)]
    assert list(dict.fromkeys(told)) == in_order
    assert {name for name, _pk in _stories(session)} == {"late"}


def test_a_large_backlog_is_told_in_portions_and_completely(session, monkeypatch):
    office = Office(session)
    office.staff()
    tasks = _waiting_tasks(office, 5)
    with acting_at(max(task.due_at for task in tasks) + timedelta(days=1)):
        counts = [remind_all(session, most=2) for _beat in range(4)]
    assert counts == [2, 2, 1, 0]


def test_steps_that_nobody_holds_do_not_hide_the_others(session, monkeypatch):
    monkeypatch.setattr(reminders, "_BATCH", 2)
    office = Office(session)
    office.staff()
    tasks = _waiting_tasks(office, 5)
    for task in tasks[:4]:
        task.assignee_id, task.role = None, "auditor"  # nobody is one here, and no head either
        task.agency = office.tree.department
    with acting_at(max(task.due_at for task in tasks) + timedelta(days=1)):
        assert remind_all(session) == 1
    assert {pk for _name, pk in _stories(session)} == {str(tasks[-1].id)}


def test_looking_for_whom_to_remind_costs_the_same_however_many_steps(session, count_queries):
    office = Office(session)
    office.staff()
    seen = []
    for number in (1, 1, 3):  # the first fills what is kept between looks
        with acting_at(MONDAY):
            tasks = [task_of(office.processed()) for _one in range(number)]
        at = tasks[0].due_at - timedelta(minutes=30)
        session.commit()
        with acting_at(at), count_queries() as sent:
            assert remind_all(session) == number
        seen.append(sum(statement.startswith("SELECT") for statement in sent))
        session.execute(sa.update(Task).values(state="done"))
        session.commit()
    assert seen[1] == seen[2]


def test_a_due_date_that_moved_is_warned_of_anew(session):
    office = Office(session)
    office.staff()
    (task,) = _waiting_tasks(office, 1)
    due = task.due_at
    with acting_at(due - timedelta(minutes=30)):
        assert remind_all(session) == 1
        task.due_at = due + timedelta(days=7)  # a pause has ended
        assert remind_all(session) == 0
    with acting_at(due + timedelta(days=7, minutes=-30)):
        assert (remind_all(session), remind_all(session)) == (1, 0)


def test_without_a_calendar_of_the_province_what_is_late_is_told_all_the_same(session):
    office = Office(session)
    office.staff()
    with acting_at(MONDAY):
        dossier = office.processed()
    commune, root = office.tree.commune, office.tree.root
    commune.calendar, root.calendar = root.calendar, None
    session.commit()
    due = next(task for task in dossier.tasks if task.state == "open").due_at
    with acting_at(due + timedelta(minutes=1)):
        assert check() >= 1
    assert set(_keys(session)) == {"late"}


def test_a_job_that_fails_holds_up_no_other_and_is_shown(session, monkeypatch):
    def fault(session):
        session.add(Notice(user_id=1, key="lost", title="x", body="x"))
        raise ZeroDivisionError

    monkeypatch.setattr(deadlines, "escalate_overdue", fault)
    office = Office(session)
    office.staff()
    with acting_at(MONDAY):
        dossier = office.processed()
    session.commit()
    due = next(task for task in dossier.tasks if task.state == "open").due_at
    with acting_at(due + timedelta(minutes=1)), pytest.raises(ZeroDivisionError):
        check()
    assert "late" in _keys(session)
    assert session.scalar(sa.select(Notice.id).where(Notice.key == "lost")) is None
