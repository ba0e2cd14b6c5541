"""The outbox: kept with its cause, run once, tried again after a fault."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.models import MailMessage
from app.tasks import outbox
from app.tasks.handlers import HANDLERS
from app.transactions import OutboxEvent, enqueue, transaction


@pytest.fixture
def calls(monkeypatch):
    """What the handler "test.note" was called with."""
    seen: list[int] = []
    monkeypatch.setitem(HANDLERS, "test.note", lambda session, number: seen.append(number))
    return seen


def events(session):
    return list(session.scalars(sa.select(OutboxEvent).order_by(OutboxEvent.id)))


def promise_and_fail():
    with transaction():
        enqueue("test.note", number=1)
        raise RuntimeError


def test_an_event_leaves_only_with_its_transaction(session, calls):
    with pytest.raises(RuntimeError):
        promise_and_fail()
    assert outbox.run_waiting() == 0
    with transaction():
        enqueue("test.note", number=2)
    assert outbox.run_waiting() == 1
    assert calls == [2]


def test_an_event_runs_once_however_often_it_is_sent(session, calls):
    with transaction():
        enqueue("test.note", number=3)
    (event,) = events(session)
    assert outbox.run(event.id)
    assert not outbox.run(event.id)
    assert calls == [3]


def test_an_event_of_tomorrow_waits(session, calls):
    with transaction():
        enqueue("test.note", due_at=now() + timedelta(days=1), number=4)
    assert outbox.run_waiting() == 0
    with acting_at(now() + timedelta(days=2)):
        assert outbox.run_waiting() == 1


def test_a_fault_is_kept_and_tried_again_later(session, calls, monkeypatch):
    def fail(session, number):
        raise ValueError("no")

    monkeypatch.setitem(HANDLERS, "test.fail", fail)
    with transaction():
        enqueue("test.fail", number=5)
    assert outbox.run_waiting() == 0
    (event,) = events(session)
    assert (event.done_at, event.attempts) == (None, 1)
    assert "ValueError" in event.error
    assert event.due_at > now()
    monkeypatch.setitem(HANDLERS, "test.fail", HANDLERS["test.note"])
    with acting_at(now() + timedelta(hours=1)):
        assert outbox.run_waiting() == 1
    assert calls == [5]


def test_every_name_that_is_enqueued_has_a_handler():
    assert {"letters.render", "mail.send", "ratings.invite"} <= set(HANDLERS)


def test_draining_marks_what_it_sent_and_sends_it_again_if_the_worker_died(
    session, calls, monkeypatch
):
    sent: list[int] = []
    monkeypatch.setattr(outbox.celery, "send_task", lambda name, args, **_: sent.append(args[0]))
    with transaction():
        enqueue("test.note", number=6)
    assert outbox.drain() == 1
    assert outbox.drain() == 0
    with acting_at(now() + timedelta(minutes=5)):
        assert outbox.drain() == 1
    assert len(set(sent)) == 1


def test_what_was_done_long_ago_is_removed_in_chunks_and_nothing_else(session, monkeypatch):
    monkeypatch.setattr(outbox, "_CHUNK", 2)
    old, young = now() - timedelta(days=15), now() - timedelta(days=13)
    done = [OutboxEvent(name="done", payload={}, created_at=old, due_at=old, done_at=old) for _n in range(5)]
    kept = [
        OutboxEvent(name="waits", payload={}, created_at=old, due_at=old),
        OutboxEvent(name="failed", payload={}, created_at=old, due_at=old, attempts=3, error="no"),
        OutboxEvent(name="done lately", payload={}, created_at=old, due_at=old, done_at=young),
        OutboxEvent(name="young", payload={}, created_at=young, due_at=young, done_at=young),
    ]
    names = [event.name for event in kept]
    session.add_all([*done[:3], *kept[:3], *done[3:]])
    session.flush()
    session.add(kept[3])
    session.commit()
    assert outbox.clean() == 5
    assert [event.name for event in events(session)] == names


def test_sent_mail_is_removed_after_half_a_year_and_unsent_mail_never(session):
    old = now() - timedelta(days=181)
    sent = {"sent": old, "never sent": None, "sent lately": now() - timedelta(days=179)}
    session.add_all(
        MailMessage(key=key, recipient="a@example.vn", subject=key, body="", created_at=old, sent_at=at)
        for key, at in sent.items()
    )
    session.commit()
    assert outbox.clean() == 1
    keys = session.scalars(sa.select(MailMessage.key).order_by(MailMessage.key))
    assert list(keys) == ["never sent", "sent lately"]
