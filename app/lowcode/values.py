"""How a value of an attribute is read by people: choices in words, dates, money, relations."""

import json
from collections.abc import Callable
from datetime import date, datetime, time
from functools import cache
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect

from app.clock import to_local
from app.text import phone_text

MAX_ID = 2**31 - 1
# Databases and calendars differ in what they make of dates far away.
YEARS = range(1900, 2201)
_MAX_DIGITS = 10


def as_id(text: Any) -> int | None:
    """Return the record id in ``text``, or None if it cannot be one."""
    text = str(text)
    if not (text.isascii() and text.isdigit() and len(text) <= _MAX_DIGITS):
        return None
    return int(text) if 0 < int(text) <= MAX_ID else None


@cache
def _info(model: type[Any], name: str) -> dict[str, Any]:
    attr = inspect(model).attrs[name]
    return attr.columns[0].info if hasattr(attr, "columns") else {}


def choices_of(model: type[Any], name: str) -> dict[Any, str] | None:
    """Return the {value: msgid} choices declared on a column, or None."""
    return _info(model, name).get("choices")


def kind_of(model: type[Any], name: str) -> str | None:
    """Return the special kind declared on a column ("money", "email", …), or None."""
    return _info(model, name).get("kind")


def display(model: type[Any], name: str, value: Any) -> str:
    """Return ``value`` of ``model.name`` as the reader's language writes it; "" for None."""
    if value is None:
        return ""
    choices = choices_of(model, name)
    if choices is not None:
        return _(choices[value]) if value in choices else str(value)
    words = _info(model, name).get("words")
    if words is not None and isinstance(value, list):
        return ", ".join(_(words[item]) if item in words else str(item) for item in value)
    special = _SHOWN.get(kind_of(model, name) or "")
    return special(value) if special is not None else plain_text(value)


def plain_text(value: Any) -> str:
    """Return any value as text: Vietnamese dates and times, yes or no, lists by their labels."""
    if isinstance(value, bool):
        return _("Yes") if value else _("No")
    if isinstance(value, datetime):
        return to_local(value).strftime("%H:%M %d/%m/%Y")
    if isinstance(value, date):
        return value.strftime("%d/%m/%Y")
    if isinstance(value, time):
        return value.strftime("%H:%M")
    if isinstance(value, list) and all(_item(item) is not None for item in value):
        return ", ".join(_item(item) for item in value)  # type: ignore[misc]
    if isinstance(value, dict | list):
        return json.dumps(value, ensure_ascii=False)
    return str(value)


def _item(item: Any) -> str | None:
    """Return how an item of a list is called: itself, or its label; None if it has no name."""
    if isinstance(item, dict):
        return item["label"] if isinstance(item.get("label"), str) else None
    return item if isinstance(item, str) else None


def money(amount: int) -> str:
    """Return an amount in đồng as officials write it: 50.000 đồng."""
    return f"{amount:,}".replace(",", ".") + " đồng"


_SHOWN: dict[str, Callable[[Any], str]] = {"money": money, "phone": phone_text}


def inside_sentence(title: Any) -> str:
    """Return a title as it stands inside a sentence: "Lĩnh vực" → "lĩnh vực"; TTHC stays."""
    text = str(title)
    return text[:1].lower() + text[1:] if text[1:2].islower() or len(text) == 1 else text
