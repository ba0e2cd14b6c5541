"""The values of a pack against the columns they are for: type, length, choices, patterns."""

import re
from datetime import datetime, time
from decimal import Decimal, InvalidOperation
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from app.lowcode.fields import UNUSABLE
from app.lowcode.values import YEARS, choices_of, kind_of
from app.packs.documents import to_plain

_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+")
_BITS = {sa.BigInteger: 63, sa.SmallInteger: 15}


def column_value(model: type[Any], name: str, column: Any, value: Any) -> Any:
    """Return ``value`` as documents hold it; raises ValueError with what is wrong with it."""
    value = typed(column, value)
    choices = choices_of(model, name)
    if choices is not None and value not in choices:
        raise ValueError(_("“%(value)s” is none of: %(choices)s", value=str(value)[:60],
                           choices=", ".join(map(str, choices))))  # fmt: skip
    kind = kind_of(model, name)
    if kind == "email" and not _EMAIL.fullmatch(value):
        raise ValueError(_("this is no e-mail address"))
    if kind == "url" and not value.startswith(("http://", "https://")):
        raise ValueError(_("a web address begins with http:// or https://"))
    if kind == "pattern":
        _compile(value)
    return value


def _compile(pattern: str) -> None:
    try:
        re.compile(pattern)
    except re.error as exc:
        raise ValueError(_("this pattern cannot be read")) from exc


def typed(column: Any, value: Any) -> Any:
    """Return ``value`` as documents hold it; raises ValueError when it is of another type."""
    if isinstance(column.type, sa.JSON):
        return _json(value)
    python = column.type.python_type
    if python is bool:
        if isinstance(value, bool):
            return value
        raise ValueError(_("true or false is expected here"))
    if python is int:
        return _integer(column, value)
    if python is str:
        return _text(column, value)
    return _moment(python, value) if python is not Decimal else _decimal(value)


def _integer(column: Any, value: Any) -> int:
    bits = next((bits for kind, bits in _BITS.items() if isinstance(column.type, kind)), 31)
    if isinstance(value, bool) or not isinstance(value, int) or not -(2**bits) <= value < 2**bits:
        raise ValueError(_("a whole number is expected here"))
    return value


def _text(column: Any, value: Any) -> str:
    if not isinstance(value, str):
        raise ValueError(_("text is expected here; put it in quotes"))
    if UNUSABLE.search(value):
        raise ValueError(_("the text holds characters that cannot be stored"))
    length = getattr(column.type, "length", None)
    if length and len(value) > length:
        raise ValueError(_("the text is longer than %(length)d characters", length=length))
    return value


def _decimal(value: Any) -> str:
    try:
        number = Decimal(str(value))
    except InvalidOperation as exc:
        raise ValueError(_("a number is expected here")) from exc
    if isinstance(value, bool) or not number.is_finite():
        raise ValueError(_("a number is expected here"))
    return str(to_plain(number))


def _moment(python: type[Any], value: Any) -> Any:
    examples = {time: "07:30", datetime: "2025-07-01T08:00:00+07:00"}
    try:
        found = python.fromisoformat(value) if isinstance(value, str) else value
        is_right = isinstance(found, python) and (python is datetime) == isinstance(found, datetime)
        if not is_right or (python is datetime and found.tzinfo is None):
            raise ValueError
        if python is not time and found.year not in YEARS:
            raise ValueError
    except ValueError as exc:
        text = _("a day or time is expected here, as %(example)s", example=examples.get(python, "2025-07-01"))
        raise ValueError(text) from exc
    return to_plain(found)


def _json(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(_json(key)): _json(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [_json(item) for item in value]
    if isinstance(value, str) and UNUSABLE.search(value):
        raise ValueError(_("the text holds characters that cannot be stored"))
    if value is None or isinstance(value, str | int | float):
        return value
    raise ValueError(_("put dates inside such values in quotes"))
