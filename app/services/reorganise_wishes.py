"""What the office asks for, read from a sent page or kept for the worker."""

from collections.abc import Mapping
from dataclasses import fields
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound
from app.lowcode.values import as_id
from app.models import Agency
from app.models.reorganisation import ReorganisationKind
from app.services.reorganise_moves import Wish

_AGENCIES = ("source", "target")
_CHOSEN = ("divisions", "posts", "sectors")
_TEXTS = {"decision_number": 60, "code": 35, "name": 255, "short_name": 100}
_MAX_CHOSEN = 2000


def as_data(wish: Wish) -> dict[str, Any]:
    """Return ``wish`` as JSON, agencies by their id."""
    data = {field.name: getattr(wish, field.name) for field in fields(wish)}
    data |= {name: data[name].id if data[name] else None for name in _AGENCIES}
    data |= {name: sorted(data[name]) for name in _CHOSEN}
    days = {name: getattr(wish, name) for name in ("decision_on", "effective_on")}
    return data | {"kind": str(wish.kind)} | {name: day.isoformat() if day else None for name, day in days.items()}


def as_wish(session: Session, data: Mapping[str, Any]) -> Wish:
    """Return the wish in ``data``, as ``as_data`` or a page wrote it.

    Raises NotFound for an unknown kind or agency concerned, Invalid with fields for a text
    that is too long or a date that is none.
    """
    if data.get("kind") not in set(ReorganisationKind):
        raise NotFound(_("There is no such act."))
    source = _agency(session, data.get("source"))
    if source is None:
        raise NotFound(_("There is no such agency."))
    named: dict[str, Any] = {name: _text(data, name, limit) for name, limit in _TEXTS.items()}
    named |= {name: frozenset(_ids(data.get(name))) for name in _CHOSEN}
    if data.get("abbreviation") is not None:  # an act planned before it was asked for changes none
        named["abbreviation"] = _text(data, "abbreviation", 20)
    return Wish(
        kind=ReorganisationKind(data["kind"]), source=source, target=_agency(session, data.get("target")),
        decision_on=_day(data, "decision_on"), effective_on=_day(data, "effective_on"),
        unit_follows=bool(data.get("unit_follows")),
        **named,
    )  # fmt: skip


def _agency(session: Session, given: Any) -> Agency | None:
    found = _ids([given])
    return session.get(Agency, found[0]) if found else None


def _ids(given: Any) -> list[int]:
    return [number for number in map(as_id, (given or [])[:_MAX_CHOSEN]) if number]


def _text(data: Mapping[str, Any], name: str, limit: int) -> str:
    text = str(data.get(name) or "").replace("\x00", "").strip()
    if len(text) > limit:
        message = _("At most %(limit)d characters.", limit=limit)
        raise Invalid(message, {name: message})
    return text


def _day(data: Mapping[str, Any], name: str) -> date | None:
    given = data.get(name)
    if not given:
        return None
    try:
        return date.fromisoformat(str(given))
    except ValueError:
        message = _("Please give a date, for instance 31/12/2026.")
        raise Invalid(message, {name: message}) from None
