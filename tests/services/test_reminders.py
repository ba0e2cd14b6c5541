"""Warnings: once each, ahead by the profile's hours, and again when it is late."""

from datetime import UTC, datetime, timedelta

import sqlalchemy as sa

from app.clock import acting_at
from app.models import Notice
from app.permissions import Role
from app.services.reminders import remind_all
from tests.services.steps import Office

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


def test_a_waiting_desk_is_told_once(session):
    office = Office(session)
    office[Role.desk_officer]
    with acting_at(MONDAY):
        dossier, _applicant = office.submitted()
    assert dossier.reception_due_at is not None
    with acting_at(dossier.reception_due_at - timedelta(minutes=30)):
        first, second = remind_all(session), remind_all(session)
    assert (first, second) == (1, 0)
    assert session.scalar(sa.select(sa.func.count(Notice.id)).where(Notice.key == f"reception-soon1:{dossier.id}")) == 1
