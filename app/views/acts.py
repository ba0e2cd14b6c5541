"""One act of a hand-made screen as one unit of work, and what an address says."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, jsonify, request
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import DomainError, Invalid, NotFound
from app.permissions import Actor, current_actor
from app.transactions import transaction

_MOST_SAID = 800  # characters of a message above the page


def asked_number(text: str | None) -> int | None:
    """Return the id that ``text`` of an address or form holds, None for anything else."""
    is_id = text is not None and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_id else None  # type: ignore[arg-type]


def typed(name: str, limit: int = 1000) -> str:
    """Return a text of the form sent, without NUL and outer spaces."""
    return request.form.get(name, "").replace("\x00", "").strip()[:limit]


def searched(name: str = "q") -> str:
    """Return what the address searches for."""
    return request.args.get(name, "").replace("\x00", "").strip()[:200]


def brief(text: str) -> str:
    """Return the beginning of a message: it travels in a cookie, and browsers drop one that is too large."""
    return text if len(text) <= _MOST_SAID else f"{text[:_MOST_SAID].rsplit(' ', 1)[0]} …"


def act(do: Any, success: str | Callable[[Any], str]) -> bool:
    """Run ``do(session, actor)`` as one unit and say how it went; 404 for what is not there.

    success: what is said then, or a function of what ``do`` returned.
    """
    try:
        with transaction() as session:
            done = do(session, current_actor())
    except NotFound:
        abort(404)
    except DomainError as exc:
        flash(brief(str(exc)), "danger")
        return False
    flash(success(done) if callable(success) else success, "success")
    return True


def save_design(keep: Callable[[Session, Any, str, Actor], Any], revision: Callable[[], str], faults: str) -> Any:
    """Take what a designer sends as JSON {base, definition}, in one transaction.

    keep: writes the definition on the base it was drawn from. Answers {"base"} of the new revision,
    or {"error"} with what is wrong by path under the name ``faults``.
    """
    sent = request.get_json(silent=True)
    if not isinstance(sent, dict):
        return jsonify(error=_("What was sent cannot be read. Please reload the page.")), 422
    try:
        with transaction() as session:
            keep(session, sent.get("definition"), str(sent.get("base")), current_actor())
    except DomainError as exc:
        found = dict(exc.fields) if isinstance(exc, Invalid) else {}
        return jsonify({"error": str(exc), faults: found}), exc.status
    return jsonify(base=revision())
