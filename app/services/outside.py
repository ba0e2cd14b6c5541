"""Messages to connected systems: promised with their cause, sent once, in order, tried until they arrive."""

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.integrations.outside import OutsideError, Unreachable, post_json
from app.models import Dossier, OutsideMessage
from app.models.outside_message import OUTSIDE_SYSTEMS, MessageState
from app.transactions import Later, enqueue, one_at_a_time

_AT_ONCE = 5  # a task has less than a minute
_REST = 60  # seconds in which this process leaves a system alone that did not answer
_down_until: dict[str, float] = {}
_SETTINGS = {"national_portal": "NATIONAL_PORTAL", "vnpost": "VNPOST", "data_sources": "DATA_SOURCES"}
Builder = Callable[[Session, OutsideMessage], dict[str, Any]]
Taker = Callable[[Session, OutsideMessage], None]


def is_connected(system: str) -> bool:
    """Return whether the operator configured a connector to this system."""
    return bool(current_app.config[f"{_SETTINGS[system]}_URL"])


def promise(
    session: Session, dossier: Dossier, system: str, kind: str, key: str, movement_id: int | None = None
) -> OutsideMessage | None:
    """Promise a message; None if the system is not connected. The same key is promised once."""
    if not is_connected(system):
        return None
    known = session.scalar(sa.select(OutsideMessage).where(OutsideMessage.key == key))
    if known is not None:
        return known
    message = OutsideMessage(dossier=dossier, system=system, kind=kind, key=key, movement_id=movement_id)
    session.add(message)
    _wake(dossier.id, system)
    return message


def _wake(dossier_id: int, system: str) -> None:
    enqueue("outside.send", topic=f"outside:{system}:{dossier_id}", dossier_id=dossier_id, system=system)


def messages_of(session: Session, dossier: Dossier, system: str | None = None) -> list[OutsideMessage]:
    """Return the messages about a dossier, the oldest first."""
    query = sa.select(OutsideMessage).where(OutsideMessage.dossier_id == dossier.id)
    if system is not None:
        query = query.where(OutsideMessage.system == system)
    return list(session.scalars(query.order_by(OutsideMessage.id)))


def send_waiting(
    session: Session, dossier_id: int, system: str, builders: dict[str, Builder], take: Taker
) -> Later | None:
    """Send what waits about one dossier, in its order; Later when something could not be sent.

    What fails stays with its reason. builders: kind → what makes the payload, from the dossier as it is
    now. take: told of each answer. An order kept here means that a later state never arrives before an
    earlier one; while the system does not answer one event waits for each dossier, whatever was promised.
    """
    if not is_connected(system):
        return None
    one_at_a_time(session, f"outside:{system}:{dossier_id}")
    if time.monotonic() < _down_until.get(system, 0):  # letters and mails wait in the same queue
        return Later(_("%(system)s does not answer.", system=_(OUTSIDE_SYSTEMS[system])))
    query = sa.select(OutsideMessage).where(
        OutsideMessage.dossier_id == dossier_id, OutsideMessage.system == system,
        OutsideMessage.state != MessageState.delivered,
    )  # fmt: skip
    rows = list(session.scalars(query.order_by(OutsideMessage.id).limit(_AT_ONCE + 1)))
    for message in rows[:_AT_ONCE]:
        if not _sent(session, message, builders[message.kind]):
            return Later(f"{_(OUTSIDE_SYSTEMS[system])}: {message.error}")
        take(session, message)
    if len(rows) > _AT_ONCE:
        _wake(dossier_id, system)
    return None


def _sent(session: Session, message: OutsideMessage, build: Builder) -> bool:
    prefix = _SETTINGS[message.system]
    message.attempts += 1
    try:
        payload = build(session, message)
        config = current_app.config
        answer = post_json(config[f"{prefix}_URL"], config[f"{prefix}_TOKEN"], payload, f"motcua-{message.key}")
    except OutsideError as exc:
        if isinstance(exc, Unreachable):
            _down_until[message.system] = time.monotonic() + _REST
        message.state, message.error = MessageState.failing, str(exc)[:500]
        return False
    message.state, message.error = MessageState.delivered, None
    message.delivered_at, message.answer = now(), answer
    return True
