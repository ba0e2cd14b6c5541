"""A POST sent twice under one Idempotency-Key makes one record; the second gets the same answer."""

import hashlib
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_appbuilder import Model
from flask_babel import gettext as _
from sqlalchemy.orm import Mapped, Session, mapped_column
from werkzeug.exceptions import BadRequest

from app.clock import now
from app.errors import Invalid
from app.permissions import current_actor
from app.transactions import one_at_a_time
from app.types import JSON, UtcDateTime

KEPT = timedelta(hours=24)
_MAX_KEY = 255


class ApiReply(Model):
    """What was answered to a POST with a key; forgotten after a day."""

    __tablename__ = "api_reply"
    __history__ = False
    key_hash: Mapped[str] = mapped_column(sa.String(64), primary_key=True)
    body_hash: Mapped[str] = mapped_column(sa.String(64))
    record_id: Mapped[int]
    answer: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)


@dataclass(frozen=True)
class Sending:
    """One POST with a key: whose, to which address, of which content."""

    key_hash: str
    body_hash: str


def sending_of_request() -> Sending | None:
    """Return the present request as a Sending, None without Idempotency-Key; raises BadRequest."""
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return None
    if not (0 < len(key) <= _MAX_KEY and key.isascii() and key.isprintable()):
        raise BadRequest(_("Idempotency-Key must have 1 to 255 printable ASCII characters."))
    actor = current_actor()
    owner = f"{actor.user_id}\n{actor.client_id}\n{request.path}\n{key}"
    return Sending(_hash(owner.encode()), _hash(request.get_data()))


def _hash(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def earlier_reply(session: Session, sending: Sending) -> ApiReply | None:
    """Return what was answered to the same sending; others under its key wait meanwhile.

    Raises Invalid when the key came before with another content.
    """
    one_at_a_time(session, f"api:{sending.key_hash}")
    session.execute(sa.delete(ApiReply).where(ApiReply.created_at < now() - KEPT))
    found = session.get(ApiReply, sending.key_hash)
    if found is not None and found.body_hash != sending.body_hash:
        raise Invalid(_("This Idempotency-Key was used for another content."))
    return found


def remember(session: Session, sending: Sending, record_id: int, answer: dict[str, Any]) -> None:
    """Keep ``answer``, for the same sending to come again."""
    reply = ApiReply(key_hash=sending.key_hash, body_hash=sending.body_hash,
                     record_id=record_id, answer=answer)  # fmt: skip
    session.add(reply)
