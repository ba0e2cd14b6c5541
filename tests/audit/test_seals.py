"""Seals make a cut end show; without the secret nobody can make one that fits."""

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.history import HistoryEntry, digest
from app.models import HistorySeal
from app.services.history import (
    is_short,
    last_seal,
    seal_history,
    seal_status,
    verify_history,
    verify_record,
)
from app.tasks.history import seal as seal_task
from tests.audit.chains import guard_taken_away
from tests.factories import make_sector

HISTORY, SEALS = HistoryEntry.__table__, HistorySeal.__table__


def last_id(session):
    return session.scalar(sa.select(sa.func.max(HISTORY.c.id)))


def faults(_session):
    return [str(fault) for fault in verify_history()]


def test_a_seal_covers_what_is_new_and_only_that(session):
    make_sector()
    first = seal_history(session)
    count = session.scalar(sa.select(sa.func.count()).select_from(HISTORY))
    assert (first.count, first.up_to_id) == (count, last_id(session))
    assert seal_history(session) is None
    make_sector(), make_sector()
    second = seal_history(session)
    assert (second.count, second.up_to_id) == (2, last_id(session))
    assert first.digest != second.digest
    assert faults(session) == []


@pytest.mark.parametrize("cut", [1, 2])
def test_cutting_off_the_last_entries_is_noticed(session, cut):
    make_sector()
    seal_history(session)
    sector = make_sector()
    make_sector()
    assert seal_history(session).count == 2
    with guard_taken_away(session):
        session.execute(sa.delete(HISTORY).where(HISTORY.c.id > last_id(session) - cut))
    # The chains themselves look whole: a sector's only entry is simply not there any more.
    assert verify_record(session, ("sector", sector.id))[1] is None
    (only,) = faults(session)
    assert f"2 entries were sealed, {2 - cut} are there" in only


def test_an_entry_replaced_by_a_well_formed_one_is_noticed(session):
    make_sector()
    entry = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id.desc())).first()
    seal_history(session)
    forged = {c.name: getattr(entry, c.name) for c in HISTORY.columns} | {"actor_name": "Somebody"}
    forged["hash"] = digest(forged)
    with guard_taken_away(session):
        session.execute(sa.update(HISTORY).where(HISTORY.c.id == entry.id).values(**forged))
    assert verify_record(session, ("sector", entry.aggregate_id)) == (1, None)
    assert "altered" in faults(session)[0]


def test_a_removed_seal_shows_in_the_next(session):
    for _i in range(2):
        make_sector()
        seal_history(session)
    first = session.scalar(sa.select(sa.func.min(SEALS.c.up_to_id)))
    with guard_taken_away(session, "history_seal"):
        session.execute(sa.delete(SEALS).where(SEALS.c.up_to_id == first))
    assert len(faults(session)) == 1


def test_another_secret_cannot_make_or_match_a_seal(app, session, monkeypatch):
    make_sector()
    seal_history(session)
    old = app.config["SECRET_KEY"]
    monkeypatch.setitem(app.config, "SECRET_KEY", "the secret of somebody else, as long as ours")
    assert "altered" in faults(session)[0]
    # The operator changed the secret and named the old one: seals of before still hold.
    monkeypatch.setitem(app.config, "SECRET_KEY_FALLBACKS", [old])
    assert faults(session) == []


@pytest.mark.parametrize(
    "statement", ["UPDATE history_seal SET count = 0", "DELETE FROM history_seal"]
)
def test_the_database_refuses_to_change_a_seal(session, statement):
    make_sector()
    seal_history(session)
    with pytest.raises(DBAPIError, match="append-only"), session.begin_nested():
        session.execute(sa.text(statement))


def test_a_changed_value_breaks_its_chain(session):
    sector = make_sector(name="Hộ tịch")
    with guard_taken_away(session):
        session.execute(sa.update(HISTORY).where(
            HISTORY.c.record == "sector", HISTORY.c.record_id == sector.id
        ).values(changes={"name": [None, "Đất đai"]}))  # fmt: skip
    count, fault = verify_record(session, ("sector", sector.id))
    assert count == 1
    assert fault.why == "content does not match its hash"


def test_the_task_seals_once_and_a_second_run_does_nothing(session):
    make_sector()
    session.commit()
    assert seal_task() > 0
    assert seal_task() == 0
    session.expire_all()
    assert last_seal(session).up_to_id == last_id(session)


def test_status_tells_what_is_not_sealed_yet(session):
    make_sector()
    status = seal_status(session)
    assert status.last is None
    assert status.is_late
    seal_history(session)
    make_sector()
    status = seal_status(session)
    assert (status.unsealed, status.is_late) == (1, False)
    assert is_short(session)
