"""Requests of connected systems: their token, the address they come from, how many a minute."""

import logging
from typing import Any

from flask import current_app, request
from flask_babel import gettext as _
from limits import parse
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter
from werkzeug.exceptions import TooManyRequests

from app.extensions import db
from app.models import ApiClient
from app.permissions import Actor
from app.services import api_tokens
from app.transactions import transaction

log = logging.getLogger(__name__)
_WAIT = 60  # seconds
# Counts for this process while Redis does not answer.
_own_counts = FixedWindowRateLimiter(MemoryStorage())


def use_token(text: str) -> tuple[Any, Actor] | None:
    """Return (owner, actor) of the access token ``text`` for this request, None if it is not valid.

    Raises TooManyRequests when the connected system asked too often this minute.
    """
    session = db.session()
    token = api_tokens.find_token(session, text)
    if token is None or not token.client.accepts(request.remote_addr):
        return None
    _count(token.client)
    actor = api_tokens.actor_of_token(session, token, request.remote_addr)
    owner, number = token.client.owner, token.id
    if api_tokens.is_due_to_note(token):
        with transaction() as unit:
            api_tokens.note_use(unit, number)
    return owner, actor


def _count(client: ApiClient) -> None:
    limiter = current_app.appbuilder.sm.limiter
    if not limiter.enabled:
        return
    limit = parse(f"{client.per_minute}/minute")
    try:
        is_free = limiter.limiter.hit(limit, "api_client", str(client.id))
    except Exception as exc:  # whatever the store's driver raises
        log.warning("rate limits are counted here: %s", type(exc).__name__)
        is_free = _own_counts.hit(limit, "api_client", str(client.id))
    if not is_free:
        raise TooManyRequests(_("Too many requests this minute."), retry_after=_WAIT)
