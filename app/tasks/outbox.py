"""Draining the outbox: each promised side effect runs once, in a transaction of its own."""

import logging
import time
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from celery import shared_task
from flask import current_app
from sqlalchemy.orm import Session

from app.clock import now
from app.extensions import celery, db
from app.models import MailMessage
from app.tasks.handlers import HANDLERS, LONG_HANDLERS, PATIENCE
from app.transactions import Later, OutboxEvent, transaction

log = logging.getLogger("app.outbox")
_BATCH = 200
# A sent message whose worker died is sent again after this time.
_RESEND = timedelta(seconds=90)
# So long nobody else begins what works outside a transaction; a worker that was killed is then replaced.
_AT_WORK = timedelta(minutes=15)
_BACKOFF = (10, 60, 300, 1800, 7200)  # seconds until the next attempt
# How long what is done is kept: for who looks into a fault; and mail, so that no cause is written of twice.
_EVENTS_KEPT, _MAIL_KEPT = timedelta(days=14), timedelta(days=180)
_CHUNK = 2000
_CLEANING = 20.0  # seconds for each table in one run; the rest an hour later


@shared_task(name="outbox.drain")
def drain() -> int:
    """Send a message for every waiting row; returns how many. Rows wait if the broker is down."""
    at = now()
    with transaction() as session:
        query = (
            sa.select(OutboxEvent)
            .where(OutboxEvent.done_at.is_(None), OutboxEvent.due_at <= at)
            .where(sa.or_(OutboxEvent.sent_at.is_(None), OutboxEvent.sent_at < at - _RESEND))
            .order_by(OutboxEvent.due_at, OutboxEvent.id)
            .limit(_BATCH)
            .with_for_update(skip_locked=True)
        )
        events = list(session.scalars(query))
        for event in events:
            event.sent_at = at
        waiting = [(event.id, event.name) for event in events]
    ids = [event_id for event_id, _name in waiting]
    for place, (event_id, name) in enumerate(waiting):
        try:
            celery.send_task("outbox.run", args=[event_id], ignore_result=True, **_limits(name))
        except Exception:
            _take_back(ids[place:])  # the next drain sends them, not one after _RESEND
            raise
    return len(ids)


def _limits(name: str) -> dict[str, int]:
    """Return how long the worker may take, where that is longer than for everything else."""
    seconds = PATIENCE.get(name)
    return {"soft_time_limit": seconds, "time_limit": seconds + 60} if seconds else {}


def _take_back(ids: list[int]) -> None:
    with transaction() as session:
        query = sa.update(OutboxEvent).where(OutboxEvent.id.in_(ids), OutboxEvent.done_at.is_(None))
        session.execute(query.values(sent_at=None))


@shared_task(name="outbox.run", acks_late=True)
def run(event_id: int) -> bool:
    """Run one event's handler; its effect and the mark "done" commit together, so once."""
    try:
        with transaction() as session:
            query = sa.select(OutboxEvent).where(OutboxEvent.id == event_id)
            event = session.scalar(query.with_for_update(skip_locked=True))
            if event is None or event.done_at is not None:
                return False
            name, payload = event.name, event.payload
            if name in LONG_HANDLERS:
                if event.sent_at is not None and event.sent_at > now():
                    return False  # somebody is at work
                event.sent_at = now() + _AT_WORK
            if name in HANDLERS:
                _settle(session, event, HANDLERS[name](session, **payload))
        if name not in HANDLERS:
            LONG_HANDLERS[name](**payload)
            _mark_done(event_id)
        return True
    except Exception as exc:  # kept on the row, tried again later
        log.exception("outbox event failed", extra={"event": event_id})
        _postpone(event_id, exc)
        return False


def _settle(session: Session, event: OutboxEvent, outcome: Any) -> None:
    """Mark it done; what could not be done yet waits longer each time, once for each topic.

    A handler with a topic keeps others of it out until this commits: of two, one stays.
    """
    if isinstance(outcome, Later) and not _waits_elsewhere(session, event):
        _put_off(event, outcome.reason)
    else:
        event.done_at, event.error = now(), None


def _waits_elsewhere(session: Session, event: OutboxEvent) -> bool:
    if event.topic is None:
        return False
    others = sa.select(OutboxEvent.id).where(
        OutboxEvent.topic == event.topic, OutboxEvent.id != event.id, OutboxEvent.done_at.is_(None)
    )  # fmt: skip
    return session.scalar(others.limit(1)) is not None


def _mark_done(event_id: int) -> None:
    with transaction() as session:
        event = session.get_one(OutboxEvent, event_id)
        event.done_at, event.error = now(), None


def _postpone(event_id: int, exc: Exception) -> None:
    with transaction() as session:
        event = session.get(OutboxEvent, event_id)
        if event is not None and event.done_at is None:
            _put_off(event, f"{type(exc).__name__}: {exc}")


def _put_off(event: OutboxEvent, reason: str) -> None:
    wait = _BACKOFF[min(event.attempts, len(_BACKOFF) - 1)]
    event.attempts += 1
    event.error = reason[:500]
    event.due_at, event.sent_at = now() + timedelta(seconds=wait), None


def run_waiting(limit: int = 10_000) -> int:
    """Run everything that waits, here and now (commands, tests); returns how many ran."""
    ids = db.session.scalars(
        sa.select(OutboxEvent.id)
        .where(OutboxEvent.done_at.is_(None), OutboxEvent.due_at <= now())
        .order_by(OutboxEvent.id)
        .limit(limit)
    ).all()
    current_app.logger.debug("outbox: %s waiting", len(ids))
    return sum(run(event_id) for event_id in ids)


@shared_task(name="outbox.clean", acks_late=True)
def clean() -> int:
    """Remove what was done or sent long ago, a chunk in each transaction; returns how many rows.

    What waits, failed or was never sent stays, however old it is.
    """
    gone = _clean(OutboxEvent, OutboxEvent.done_at, now() - _EVENTS_KEPT)
    gone += _clean(MailMessage, MailMessage.sent_at, now() - _MAIL_KEPT)
    log.info("outbox: %s old rows removed", gone)
    return gone


def _clean(model: type[OutboxEvent] | type[MailMessage], done: Any, before: datetime) -> int:
    """Remove by the primary key up to the first row that is younger: no index on the time is needed."""
    gone, last, until = 0, 0, time.monotonic() + _CLEANING
    while time.monotonic() < until:
        with transaction() as session:
            query = sa.select(model.id, model.created_at, done).where(model.id > last).order_by(model.id)
            rows = session.execute(query.limit(_CHUNK)).all()
            old = [row.id for row in rows if row[2] is not None and row[2] < before]
            session.execute(sa.delete(model).where(model.id.in_(old)))
        gone += len(old)
        if len(rows) < _CHUNK or rows[-1].created_at >= before:
            break
        last = rows[-1].id
    return gone
