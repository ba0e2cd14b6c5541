"""One unit of work: everything or nothing, and what must follow it leaves after it."""

import re
import threading

import pytest
import sqlalchemy as sa

from app import transactions
from app.errors import Conflict, Invalid
from app.extensions import celery, db
from app.models import OutboxEvent, Sector
from app.transactions import enqueue, in_transaction, transaction
from tests.factories import make_sector
from tests.wording import vi


def _count(session, model):
    return session.scalar(sa.select(sa.func.count()).select_from(model))


def test_all_is_kept_together(session):
    with transaction() as unit:
        unit.add(Sector(code="a", name="A"))
        enqueue("letters.send", letter_id=3)
        assert in_transaction()
    assert not in_transaction()
    session.rollback()  # what was committed stays
    assert _count(session, Sector) == 1
    event = session.scalars(sa.select(OutboxEvent)).one()
    assert (event.name, event.payload, event.done_at, event.attempts) == (
        "letters.send",
        {"letter_id": 3},
        None,
        0,
    )


@pytest.mark.parametrize("error", [Invalid("no"), ValueError("no"), KeyboardInterrupt()])
def test_nothing_is_kept_when_anything_fails(session, error):
    def fail():
        with transaction() as unit:
            unit.add(Sector(code="a", name="A"))
            enqueue("letters.send", letter_id=3)
            unit.flush()
            raise error

    with pytest.raises(type(error)):
        fail()
    assert _count(session, Sector) == 0
    assert _count(session, OutboxEvent) == 0
    assert not in_transaction()


def test_units_do_not_nest(session):
    with transaction(), pytest.raises(RuntimeError, match="inside"), transaction():
        pass


def test_what_was_read_before_is_read_again(own_database):
    with own_database.app_context():
        with transaction():
            pk = make_sector(name="Cũ").id
        sector = db.session.get(Sector, pk)
        assert sector.name == "Cũ"
        with db.engine.begin() as other:
            other.execute(sa.update(Sector).where(Sector.id == pk).values(name="Mới", row_version=2))
        with transaction():
            assert sector.name == "Mới"


def test_a_row_changed_meanwhile_is_a_conflict(session):
    pk = make_sector().id
    session.commit()

    def change():
        with transaction() as unit:
            row = unit.get(Sector, pk)
            unit.execute(sa.update(Sector.__table__).where(Sector.__table__.c.id == pk).values(row_version=9))
            row.name = "x"

    with pytest.raises(
        Conflict, match=re.escape(vi("Someone else has just changed this record. Please look again."))
    ):
        change()


def test_the_same_key_at_the_same_time_is_a_conflict(session):
    make_sector(code="a")
    session.commit()

    def add():
        with transaction() as unit:
            unit.add(Sector(code="a", name="B"))

    with pytest.raises(Conflict):
        add()
    assert _count(session, Sector) == 1


def test_writers_wait_for_each_other_and_lose_nothing(own_database):
    app = own_database
    with app.app_context(), transaction():
        pk = make_sector(name="0").id
    refused = []

    def add_one():
        with app.app_context():
            for _round in range(5):
                done = False
                while not done:
                    try:
                        with transaction() as unit:
                            row = unit.get(Sector, pk)
                            row.name = str(int(row.name) + 1)
                        done = True
                    except Conflict:
                        refused.append(1)

    threads = [threading.Thread(target=add_one) for _number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    with app.app_context():
        assert db.session.get(Sector, pk).name == "30"


@pytest.fixture
def sent(monkeypatch):
    """Calls to the broker, made possible although tests have none."""
    calls = []
    celery.conf.update(task_always_eager=False)
    monkeypatch.setattr(transactions, "_broker_down_until", [0.0])
    monkeypatch.setattr(celery, "send_task", lambda name, **kwargs: calls.append(name))
    yield calls
    celery.conf.update(task_always_eager=True)


def test_the_worker_is_woken_after_the_commit_and_only_for_events(session, sent, monkeypatch):
    kept = []
    monkeypatch.setattr(celery, "send_task", lambda name, **kw: kept.append(in_transaction()))
    with transaction() as unit:
        unit.add(Sector(code="a", name="A"))
    assert kept == []
    with transaction():
        enqueue("letters.send", letter_id=1)
        assert kept == []
    assert kept == [False]


def test_a_dead_broker_loses_nothing_and_is_not_asked_again_at_once(session, sent, monkeypatch):
    asked = []

    def refuse(name, **_kwargs):
        asked.append(name)
        raise ConnectionError("no broker")

    monkeypatch.setattr(celery, "send_task", refuse)
    for number in range(3):
        with transaction():
            enqueue("letters.send", letter_id=number)
    assert asked == ["outbox.drain"]
    assert _count(session, OutboxEvent) == 3


def test_a_naive_instant_is_refused():
    from datetime import datetime

    from app.types import UtcDateTime

    with pytest.raises(ValueError, match="naive"):
        UtcDateTime().process_bind_param(datetime(2026, 1, 1), None)
