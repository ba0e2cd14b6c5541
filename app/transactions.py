"""One unit of work per request, task or command, and the outbox that leaves after it."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_babel import gettext as _
from sqlalchemy.exc import DBAPIError, IntegrityError
from sqlalchemy.orm import Mapped, Session, mapped_column
from sqlalchemy.orm.exc import StaleDataError

from app.clock import now
from app.errors import Conflict
from app.extensions import celery, db
from app.types import JSON, UtcDateTime

log = logging.getLogger(__name__)

_Query = TypeVar("_Query", bound="sa.Select[*tuple[Any, ...]]")
_WRITING = "writing"
_RETRYABLE = ("40001", "40P01")  # PostgreSQL: serialization failure, deadlock
_BROKER_REST = 15.0  # seconds without asking a broker that did not answer
_broker_down_until = [0.0]


class OutboxEvent(Model):
    """A side effect that must happen once, after the transaction that asked for it.

    The row commits together with its cause; Celery runs it later, so a dead broker
    delays it and loses nothing.
    """

    __tablename__ = "outbox_event"
    __history__ = False
    id: Mapped[int] = mapped_column(
        sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True
    )
    name: Mapped[str] = mapped_column(sa.String(100))
    payload: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int] = mapped_column(default=0)
    error: Mapped[str | None] = mapped_column(sa.Text)
    # What it does, where one waiting event does it for all: see ``Later``.
    topic: Mapped[str | None] = mapped_column(sa.String(80))
    __table_args__ = (
        sa.Index(
            "ix_outbox_event_topic", "topic",
            postgresql_where=sa.text("done_at IS NULL"), sqlite_where=sa.text("done_at IS NULL"),
        ),
        sa.Index(
            "ix_outbox_event_waiting",
            "due_at",
            "id",
            postgresql_where=sa.text("done_at IS NULL"),
            sqlite_where=sa.text("done_at IS NULL"),
        ),
    )


@dataclass(frozen=True)
class Later:
    """What a handler returns that could not do it yet: what it wrote is kept, and it runs again.

    The wait grows with each time. Where another event of its topic waits, that one does it instead.
    reason: what an administrator reads.
    """

    reason: str


@contextmanager
def transaction() -> Iterator[Session]:
    """Run the block as one unit: all of it is kept, or nothing.

    Opened by entry points only (endpoint, task, command); services flush. Whatever was
    read before is read again inside, so decisions rest on the present rows.
    Raises Conflict when another writer was faster, RuntimeError when nested.
    """
    session = db.session()
    if session.info.get(_WRITING):
        raise RuntimeError("transaction() inside transaction(): only entry points open one")
    session.rollback()
    session.info[_WRITING] = True
    try:
        # SQLite takes its write lock here: upgrading a read snapshot later may fail.
        session.connection(execution_options={"sqlite_begin": "IMMEDIATE"})
        yield session
        has_events = _flush_and_see_events(session)
        session.commit()
    except BaseException as exc:
        session.rollback()
        _raise_as_conflict(exc)
        raise
    finally:
        session.info.clear()
    if has_events:
        _wake_worker()


def _flush_and_see_events(session: Session) -> bool:
    session.flush()
    return bool(session.info.get("outbox"))


def _raise_as_conflict(exc: BaseException) -> None:
    state = getattr(getattr(exc, "orig", None), "sqlstate", None)
    if isinstance(exc, StaleDataError) or (isinstance(exc, DBAPIError) and state in _RETRYABLE):
        raise Conflict(_("Someone else has just changed this record. Please look again.")) from exc
    if isinstance(exc, IntegrityError):
        log.warning("integrity: %s", type(exc.orig).__name__)
        raise Conflict(
            _("This could not be saved: it is still in use, or the same entry already exists.")
        ) from exc


def locked(query: _Query, *of: Any) -> _Query:
    """Return the query with its rows held until the transaction ends, and read as they are now.

    of: the models whose rows are held, in this order, where the query joins others; none means all of them. A dossier
    comes before what belongs to it, on every path: who holds it writes its parts, and would wait in a ring else.
    """
    return query.with_for_update(of=of or None).execution_options(populate_existing=True)


def in_transaction() -> bool:
    """Return whether a unit of work is open here."""
    return bool(db.session().info.get(_WRITING))


def one_at_a_time(session: Session, key: str) -> None:
    """Wait until no other transaction works under ``key``, and keep others out until we end.

    For acts that look first and write then, as a form sent twice: what the first sending
    made is there when the second looks. SQLite has one writer at a time anyway.
    """
    connection = session.connection()
    if connection.dialect.name == "postgresql":
        query = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(:key, 0))")
        connection.execute(query, {"key": key})


def enqueue(name: str, *, due_at: datetime | None = None, topic: str | None = None, **payload: Any) -> None:
    """Promise that outbox handler ``name`` runs with ``payload`` after this commits.

    payload: JSON values only (ids, not objects). due_at: not before this instant. topic: of which one
    waiting event is enough, once it could not be done at once (``Later``).
    """
    at = now()
    db.session.add(OutboxEvent(name=name, payload=payload, created_at=at, due_at=due_at or at, topic=topic))
    db.session().info["outbox"] = True


def _wake_worker() -> None:
    """Ask the worker to look now; if nobody listens the beat will do so soon."""
    if time.monotonic() < _broker_down_until[0] or celery.conf.task_always_eager:
        return
    try:
        celery.send_task("outbox.drain", retry=False, ignore_result=True)
    except Exception as exc:  # any broker fault: the rows wait
        _broker_down_until[0] = time.monotonic() + _BROKER_REST
        log.warning("broker does not answer, outbox rows wait: %s", type(exc).__name__)
