"""Reorganising agencies with many dossiers: chunk by chunk, exactly, back again, in little memory."""

import pytest
import sqlalchemy as sa

from app import history
from app.errors import Conflict, NotAllowed
from app.history import HistoryEntry
from app.models import Movement, OutboxEvent
from app.permissions import Role
from app.services import chunks, reorganise
from app.services.history import verify_history
from app.services.lifecycle import open_tasks
from tests.factories import make_tree
from tests.leaders.dossiers import add_dossier
from tests.services.steps import Office
from tests.services.test_reorganise import admin, another_ward, merge, snapshot

__all__ = ["admin"]  # fixture


@pytest.fixture
def many(session, admin, monkeypatch):
    """Seven running dossiers of a ward, one with its tasks, taken in chunks of two."""
    monkeypatch.setattr(chunks, "STATEMENT", 2)
    office = Office(session)
    found = [office.processed(), *(add_dossier("in time", make_tree().commune) for _n in range(6))]
    session.flush()
    return found


def test_every_dossier_goes_over_once_with_its_history(session, admin, many):
    new = another_ward(make_tree())
    before = session.scalar(sa.select(sa.func.count(HistoryEntry.id)).where(HistoryEntry.action == "reorganise")) or 0
    act = reorganise.reorganise(session, merge(make_tree().commune, new), admin)
    assert {dossier.agency_id for dossier in many} == {new.id}
    assert {task.agency_id for dossier in many for task in open_tasks(dossier)} <= {new.id, new.desk_id}
    steps = session.execute(
        sa.select(Movement.dossier_id, sa.func.count()).where(Movement.transition == "rehome")
        .group_by(Movement.dossier_id)
    ).all()  # fmt: skip
    assert sorted(steps) == [(number, 1) for number in sorted(dossier.id for dossier in many)]
    told = sa.select(HistoryEntry.aggregate_id).where(
        HistoryEntry.action == "reorganise", HistoryEntry.aggregate == "dossier"
    )
    assert {dossier.id for dossier in many} <= set(session.scalars(told))
    assert session.scalar(sa.select(sa.func.count(HistoryEntry.id)).where(HistoryEntry.action == "reorganise")) > before
    grouped = [image for image in act.images if image[0] == "dossier" and image[2] == "agency"]
    assert [sorted(image[1]) for image in grouped] == [sorted(dossier.id for dossier in many)]


def test_an_act_holds_few_locks_however_many_dossiers_follow(session, admin, many, monkeypatch):
    if session.connection().dialect.name != "postgresql":
        pytest.skip("SQLite has one writer and no table of locks")
    session.commit()
    monkeypatch.setattr(history, "_MOST_LOCKS", 3)
    mine = sa.text("SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND pid = pg_backend_pid()")
    before = session.scalar(mine)
    act = reorganise.reorganise(session, merge(make_tree().commune, another_ward(make_tree())), admin)
    assert session.scalar(mine) - before <= 3
    reorganise.undo(session, act.id, admin)
    assert session.scalar(mine) - before <= 3
    assert list(verify_history()) == []


def test_undone_in_chunks_everything_stands_as_before(session, admin, many):
    new = another_ward(make_tree())
    before = snapshot(session)
    act = reorganise.reorganise(session, merge(make_tree().commune, new), admin)
    reorganise.undo(session, act.id, admin)
    session.expire_all()
    after = snapshot(session)
    for name in before:
        if name != "officer_position":  # ended posts begin again under other numbers
            assert after[name] == before[name], name
    with pytest.raises(Conflict):
        reorganise.undo(session, act.id, admin)


def test_a_large_undo_is_left_to_the_worker_and_done_once(session, admin, many, monkeypatch):
    new = another_ward(make_tree())
    act = reorganise.reorganise(session, merge(make_tree().commune, new), admin)
    monkeypatch.setattr(reorganise, "IN_THE_REQUEST", 3)
    reorganise.undo(session, act.id, admin)
    assert act.state == "undoing"
    with pytest.raises(Conflict):
        reorganise.undo(session, act.id, admin)
    assert many[0].agency_id == new.id
    assert session.scalar(sa.select(OutboxEvent.id).where(OutboxEvent.name == "agencies.undo")) is not None
    reorganise.undo_waiting(session, act.id, admin.user_id)
    assert act.state == "undone"
    assert {dossier.agency_id for dossier in many} == {make_tree().commune.id}
    reorganise.undo_waiting(session, act.id, admin.user_id)
    assert act.state == "undone"


def test_what_happened_before_the_worker_came_stops_the_undo(session, admin, many, monkeypatch):
    new = another_ward(make_tree())
    act = reorganise.reorganise(session, merge(make_tree().commune, new), admin)
    monkeypatch.setattr(reorganise, "IN_THE_REQUEST", 3)
    reorganise.undo(session, act.id, admin)
    many[3].agency = make_tree().department
    session.flush()
    reorganise.undo_waiting(session, act.id, admin.user_id)
    assert act.state == "applied"
    assert many[3].code in act.fault
    assert many[0].agency_id == new.id


def test_nobody_else_undoes_a_large_one(session, admin, many, actor, monkeypatch):
    others = [actor(Role.system_admin), actor(Role.desk_officer)]
    act = reorganise.reorganise(session, merge(make_tree().commune, another_ward(make_tree())), admin)
    monkeypatch.setattr(reorganise, "IN_THE_REQUEST", 3)
    with pytest.raises(NotAllowed):
        reorganise.undo(session, act.id, others[0])
    reorganise.undo(session, act.id, admin)
    reorganise.undo_waiting(session, act.id, others[1].user_id)
    assert act.state == "applied"
    assert many[0].agency_id != make_tree().commune.id


def test_statements_of_finding_do_not_grow(session, admin, many, count_queries):
    wish = merge(make_tree().commune, another_ward(make_tree()))
    with count_queries() as few:
        reorganise.plan_of(session, wish)
    for _n in range(5):
        add_dossier("in time", make_tree().commune)
    session.flush()
    with count_queries() as more:
        plan = reorganise.plan_of(session, wish)
    assert len(more) <= len(few)
    assert plan.dossiers == 12
