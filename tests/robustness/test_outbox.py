"""The outbox: a promise made in a transaction is kept once, whatever fails in between."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

import config
from app import transactions
from app.clock import acting_at, now
from app.extensions import celery, db
from app.models import Sector
from app.tasks import outbox
from app.tasks.handlers import HANDLERS, LONG_HANDLERS
from app.transactions import OutboxEvent, enqueue, transaction
from tests.robustness.world import at_once, count

pytestmark = pytest.mark.timeout(300)
NOBODY = "redis://127.0.0.1:1/0"  # a port on which nobody listens


def _add_sector(session: Session, *, code: str, pause: float = 0.0) -> None:
    session.add(Sector(code=code, name="Hiệu ứng của một lời hứa"))
    session.flush()
    time.sleep(pause)


@pytest.fixture(autouse=True)
def _handlers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(HANDLERS, "test.effect", _add_sector)


@pytest.fixture
def dead_broker(own_database: Flask, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Celery that really tries to reach a broker which is not there."""
    monkeypatch.setattr(transactions, "_broker_down_until", [0.0])
    kept = {name: celery.conf[name] for name in ("task_always_eager", "broker_url")}
    celery.conf.update(task_always_eager=False, broker_url=NOBODY)
    celery.amqp._producer_pool = celery._pool = None
    yield
    celery.conf.update(kept)
    celery.amqp._producer_pool = celery._pool = None


def _promise(app: Flask, **payload: Any) -> int:
    with app.app_context():
        with transaction():
            enqueue("test.effect", **payload)
        return db.session.scalars(sa.select(OutboxEvent.id).order_by(OutboxEvent.id.desc())).first()


def _event(app: Flask, event_id: int) -> OutboxEvent:
    with app.app_context():
        return db.session.get_one(OutboxEvent, event_id)


def _run(app: Flask, event_id: int) -> bool:
    with app.app_context():
        return outbox.run(event_id)


def _drain_here(app: Flask) -> int:
    with app.app_context():
        return outbox.run_waiting()


def test_a_dead_broker_delays_and_loses_nothing(
    own_database: Flask, dead_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun = time.monotonic()
    pk = _promise(own_database, code="a")  # the request succeeds
    first = time.monotonic() - begun
    begun = time.monotonic()
    _promise(own_database, code="b")
    second = time.monotonic() - begun

    assert first < 5
    assert second < 1  # a broker that did not answer is not asked again at once
    assert transactions._broker_down_until[0] > time.monotonic()
    assert _event(own_database, pk).done_at is None
    assert count(own_database, Sector) == 0

    sent: list[int] = []
    monkeypatch.setattr(celery, "send_task", lambda _name, args, **_: sent.extend(args))
    with own_database.app_context():
        assert outbox.drain() == 2  # the broker is back: the beat finds both
        assert outbox.drain() == 0  # and does not send what is on its way
    assert all(_run(own_database, event_id) for event_id in sent)
    assert count(own_database, Sector) == 2
    assert count(own_database, OutboxEvent, OutboxEvent.done_at.is_(None)) == 0


def test_what_a_drain_could_not_send_is_sent_by_the_next(
    own_database: Flask, dead_broker: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    pk = _promise(own_database, code="a")

    with own_database.app_context(), pytest.raises(Exception, match=r"(?i)refused|connect"):
        outbox.drain()

    event = _event(own_database, pk)
    assert (event.done_at, event.sent_at, event.attempts) == (None, None, 0)
    sent: list[int] = []
    monkeypatch.setattr(celery, "send_task", lambda _name, args, **_: sent.extend(args))
    with own_database.app_context():
        assert outbox.drain() == 1
    assert sent == [pk]


def test_the_same_event_run_twice_at_once_takes_effect_once(own_database: Flask) -> None:
    pk = _promise(own_database, code="once", pause=0.3)

    results = at_once([partial(_run, own_database, pk)] * 3)

    assert sorted(results) == [False, False, True]
    assert count(own_database, Sector) == 1
    assert _run(own_database, pk) is False  # redelivered after all is done
    assert _event(own_database, pk).attempts == 0


def test_long_work_is_not_begun_a_second_time_while_it_may_still_be_at_work(
    own_database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun: list[str] = []

    def handler(*, code: str) -> None:
        begun.append(code)
        assert _run(own_database, pk) is False, "redelivered meanwhile"
        with own_database.app_context():
            with acting_at(now() + timedelta(minutes=5)):
                assert outbox.drain() == 0, "nor sent again"
            db.session.remove()

    monkeypatch.delitem(HANDLERS, "test.effect")
    monkeypatch.setitem(LONG_HANDLERS, "test.effect", handler)
    pk = _promise(own_database, code="long")
    assert _run(own_database, pk) is True
    assert begun == ["long"]


def test_a_failing_handler_backs_off_and_is_tried_again(
    own_database: Flask, monkeypatch: pytest.MonkeyPatch
) -> None:
    fails = [True]

    def handler(session: Session, *, code: str) -> None:
        _add_sector(session, code=code)
        if fails[0]:
            raise OSError("the mail server is away")

    monkeypatch.setitem(HANDLERS, "test.effect", handler)
    pk, begun = _promise(own_database, code="later"), now()

    assert _run(own_database, pk) is False
    event = _event(own_database, pk)
    assert count(own_database, Sector) == 0  # nothing half done
    assert (event.attempts, event.done_at, event.sent_at) == (1, None, None)
    assert event.error == "OSError: the mail server is away"
    assert timedelta(seconds=5) < event.due_at - begun < timedelta(seconds=20)
    assert _drain_here(own_database) == 0  # not before its time

    with acting_at(event.due_at + timedelta(seconds=1)):
        assert _drain_here(own_database) == 0
    second = _event(own_database, pk)
    assert second.attempts == 2
    assert second.due_at - event.due_at > timedelta(seconds=30)  # each wait is longer

    fails[0] = False
    with acting_at(second.due_at + timedelta(seconds=1)):
        assert _drain_here(own_database) == 1
    assert count(own_database, Sector) == 1
    assert _event(own_database, pk).error is None


def test_an_unknown_event_does_not_hold_up_the_others(own_database: Flask) -> None:
    with own_database.app_context(), transaction():
        enqueue("of.a.newer.version")
        enqueue("test.effect", code="behind")

    assert _drain_here(own_database) == 1
    assert count(own_database, Sector) == 1


_KILLED = """
import time
import config
from app import create_app
from app.tasks import outbox
from app.tasks.handlers import HANDLERS
from tests.robustness.test_outbox import _add_sector

def handler(session, *, code):
    _add_sector(session, code=code)
    print("in the middle", flush=True)
    time.sleep(60)

HANDLERS["test.effect"] = handler
app = create_app(config.load("test"))
with app.app_context():
    outbox.run({event_id})
"""


def test_a_task_killed_in_the_middle_leaves_nothing_half_done(own_database: Flask) -> None:
    pk = _promise(own_database, code="killed")
    with own_database.app_context():
        url = db.engine.url.render_as_string(hide_password=False)
    env = config.environment(TEST_DATABASE_URL=url, TEST_REDIS_URL="")
    env.pop("PYTEST_XDIST_WORKER", None)
    process = subprocess.Popen(
        [sys.executable, "-c", _KILLED.format(event_id=pk)], cwd=config.ROOT, env=env,
        stdout=subprocess.PIPE,
    )  # fmt: skip
    with process:
        assert process.stdout is not None
        assert b"in the middle" in process.stdout.readline()
        process.send_signal(signal.SIGKILL)

    assert count(own_database, Sector) == 0
    event = _event(own_database, pk)
    assert (event.done_at, event.attempts) == (None, 0)
    assert _until_true(lambda: _run(own_database, pk))  # the server notices the broken link
    assert count(own_database, Sector) == 1


def _until_true(question: Any, patience: float = 15.0) -> bool:
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.2)
    return False
