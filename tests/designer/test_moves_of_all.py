"""Moving every dossier of a process by the worker: each by itself, with its result, restartable."""

import pytest
import sqlalchemy as sa

from app.errors import Invalid, NotAllowed
from app.extensions import db
from app.models import Dossier, HistoryEntry, Movement, OutboxEvent, ProcessMove, ProcessMoveLine
from app.permissions import Role
from app.services import process_moves, process_moving, process_transfer
from app.services.actors import build_actor
from app.services.process_graphs import graph_of
from app.tasks.outbox import run_waiting
from app.tasks.process_moves import move_dossiers
from tests import factories
from tests.designer.test_moves import REASON, form_of, newer
from tests.services.steps import Office
from tests.wording import vi


@pytest.fixture
def office(session):
    return Office(session)


@pytest.fixture
def admin(session):
    return build_actor(session, factories.make_user(Role.catalog_admin))


def begun(session, office, admin, stays=()):
    """Return (act, ids) of three running dossiers, committed; stays: old steps without a new one."""
    ids = [office.processed().id for _ in range(3)]
    office.step(session.get(Dossier, ids[1]))
    old, new = newer(session, office)
    mapping = process_moves.proposal(graph_of(old), graph_of(new)) | dict.fromkeys(stays, "")
    act = process_moving.begin(session, old, new, mapping, REASON, admin)
    session.commit()
    return act, ids


def results(session, act):
    """Return (dossier, was it moved) of each line."""
    query = sa.select(ProcessMoveLine).where(ProcessMoveLine.move_id == act.id).order_by(ProcessMoveLine.dossier_id)
    return [(line.dossier_id, not line.hindrance) for line in session.scalars(query)]


def test_each_dossier_has_its_result_and_its_own_record(session, office, admin):
    act, ids = begun(session, office, admin, stays=["b2"])
    assert act.wanted == 3
    move_dossiers(act.id)
    assert results(session, act) == [(ids[0], False), (ids[1], True), (ids[2], False)]
    assert (act.moved, act.stayed, act.done_at is not None) == (1, 2, True)
    moved = session.scalars(sa.select(Movement.dossier_id).where(Movement.transition == "move_process")).all()
    assert moved == [ids[1]]
    assert session.get(Dossier, ids[1]).process_id == act.target_id
    said = sa.select(HistoryEntry.actor_id, HistoryEntry.reason).where(
        HistoryEntry.aggregate == "dossier", HistoryEntry.aggregate_id == ids[1], HistoryEntry.action == "move_process")
    assert {(who, REASON in (why or "")) for who, why in session.execute(said)} == {(admin.user_id, True)}
    kept = sa.select(HistoryEntry.reason).where(
        HistoryEntry.aggregate == "process", HistoryEntry.aggregate_id == act.target_id,
        HistoryEntry.action == "move_process")  # fmt: skip
    assert REASON in session.scalars(kept).one()


def test_after_a_stop_it_goes_on_behind_the_last_one(session, office, admin):
    act, ids = begun(session, office, admin)
    assert process_moving.move_next(session, act.id)
    session.commit()
    assert [one for one, _moved in results(session, act)] == ids[:1]
    for _twice in range(2):  # the message is sent again
        move_dossiers(act.id)
    assert results(session, act) == [(one, True) for one in ids]
    assert session.scalar(sa.select(sa.func.count()).select_from(Movement).where(
        Movement.transition == "move_process")) == 3  # fmt: skip


def test_a_message_does_some_and_leaves_the_rest_to_another(session, office, admin, monkeypatch):
    monkeypatch.setattr("app.tasks.process_moves.CHUNK", 2)
    act, _ids = begun(session, office, admin)
    move_dossiers(act.id)
    session.refresh(act)
    assert (act.moved, act.done_at) == (2, None)
    while run_waiting():
        session.expire_all()
    session.refresh(act)
    assert (act.moved, act.done_at is not None) == (3, True)


def test_one_that_cannot_be_moved_hinders_no_other(session, office, admin, monkeypatch):
    act, ids = begun(session, office, admin)
    whole = process_transfer.show_place

    def broken(unit, dossier):
        if dossier.id == ids[1]:
            raise Invalid("hỏng giữa chừng")
        whole(unit, dossier)

    monkeypatch.setattr(process_transfer, "show_place", broken)
    move_dossiers(act.id)
    session.expire_all()
    assert results(session, act) == [(ids[0], True), (ids[1], False), (ids[2], True)]
    assert session.get(Dossier, ids[1]).process_id is None, "nothing of it was written"


def test_asked_twice_it_is_one_act_and_only_for_those_who_may(session, office, admin):
    act, _ids = begun(session, office, admin)
    assert process_moving.begin(session, act.source, act.target, act.mapping, REASON, admin) is act
    assert session.query(OutboxEvent).filter_by(name="processes.move").count() == 1
    head = office.officer(Role.agency_head)
    with pytest.raises(NotAllowed):
        process_moving.begin(session, act.source, act.target, act.mapping, REASON, head)
    with pytest.raises(Invalid):
        process_moving.begin(session, act.source, act.target, act.mapping, " ", admin)


def test_who_lost_the_role_meanwhile_moves_nothing(session, office, admin):
    act, ids = begun(session, office, admin)
    session.execute(sa.text("DELETE FROM ab_user_role WHERE user_id = :user"), {"user": admin.user_id})
    session.execute(sa.text("DELETE FROM officer_position WHERE user_id = :user"), {"user": admin.user_id})
    session.commit()
    move_dossiers(act.id)
    assert results(session, act) == [(one, False) for one in ids]


def test_the_pages_tell_how_far_it_is_and_what_became_of_each(login, session, office):
    dossier = office.processed()
    code = dossier.code
    old, new = newer(session, office)
    mapping = process_moves.proposal(graph_of(old), graph_of(new))
    url, client = f"/process-moves/{new.id}/from/{old.id}", login(Role.catalog_admin)
    assert client.post(url, data=form_of(mapping, act="all", reason="")).status_code == 422
    answer = client.post(url, data=form_of(mapping, act="all"))
    act = db.session.scalars(sa.select(ProcessMove)).one()
    place = f"/process-moves/act/{act.id}"
    assert answer.headers["Location"].endswith(place)
    assert client.get(f"{place}/progress").json["busy"] is True
    assert "data-progress-url" in client.get(place).text
    move_dossiers(act.id)
    page = client.get(place).text
    assert code in page
    assert vi("moved") in page
    assert "data-progress-url" not in page
    assert place in client.get(f"/process-moves/{new.id}").text
    assert client.get("/process-moves/act/999999").status_code == 404
    other = login(Role.division_head)
    for path in (place, f"{place}/progress"):
        assert other.get(path).status_code in {302, 403}
