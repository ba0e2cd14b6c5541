"""How the system is: database, broker, promised side effects, mail, the seal of the history."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from redis import Redis
from redis.exceptions import RedisError
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, NotAllowed, NotFound
from app.models import MailMessage, OutboxEvent
from app.permissions import Actor, Role
from app.services.history import SealStatus, seal_status
from app.services.profile_page import unset_now

FAILED_LIMIT = 50


@dataclass(frozen=True)
class Health:
    """What an administrator must know at a glance."""

    database: str
    broker_answers: bool
    waiting: int
    failed: int
    mail_configured: bool
    unsent_mail: int
    seal: SealStatus
    unset: int  # parameters whose value the law fixes and nobody has entered


def health_of(session: Session) -> Health:
    """Return how the system is, in a handful of statements."""
    event = OutboxEvent
    waiting = sa.func.count()
    failed = sa.func.coalesce(sa.func.sum(sa.case((event.attempts > 0, 1), else_=0)), 0)
    counts = session.execute(sa.select(waiting, failed).where(event.done_at.is_(None))).one()
    unsent = sa.select(sa.func.count()).where(MailMessage.sent_at.is_(None))
    return Health(
        database=session.connection().dialect.name, broker_answers=_broker_answers(),
        waiting=counts[0], failed=counts[1],
        mail_configured=bool(current_app.config.get("SMTP_HOST")),
        unsent_mail=session.scalar(unsent) or 0, seal=seal_status(session), unset=len(unset_now(session)),
    )  # fmt: skip


def _broker_answers() -> bool:
    url = current_app.config["REDIS_URL"]
    if not url:
        return False
    client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        return bool(client.ping())
    except (RedisError, OSError):
        return False
    finally:
        client.close()


def failed_events(session: Session) -> list[OutboxEvent]:
    """Return the side effects that failed and are still to be done, the oldest first."""
    event = OutboxEvent
    query = sa.select(event).where(event.done_at.is_(None), event.attempts > 0)
    return list(session.scalars(query.order_by(event.id).limit(FAILED_LIMIT)))


def retry(session: Session, number: int, actor: Actor) -> OutboxEvent:
    """Let a failed side effect run again at once; the worker picks it up.

    Raises NotAllowed, NotFound, or Conflict when it has been done meanwhile.
    """
    if not actor.has(Role.system_admin):
        raise NotAllowed(_("Only a system administrator may do this."))
    query = sa.select(OutboxEvent).where(OutboxEvent.id == min(number, 2**53))
    event = session.scalar(query.with_for_update())
    if event is None:
        raise NotFound(_("There is no such task."))
    if event.done_at is not None:
        raise Conflict(_("This task has been done meanwhile."))
    event.due_at, event.sent_at = now(), None
    session.flush()
    return event
