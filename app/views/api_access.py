"""Requests of connected systems: their token, the address they come from, how many a minute."""

from typing import Any

from flask import request
from flask_babel import gettext as _
from limits import parse
from werkzeug.exceptions import TooManyRequests

from app.extensions import db
from app.models import ApiClient
from app.permissions import Actor
from app.services import api_tokens, rates
from app.transactions import transaction


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
    limit, place = parse(f"{client.per_minute}/minute"), ("api_client", str(client.id))
    if not rates.count(limit, *place):
        wait = rates.seconds_left(limit, *place) or 1
        raise TooManyRequests(_("Too many requests this minute."), retry_after=wait)
