"""Keyset pages: the place of a row in the order, as a token of the address."""

import base64
import json
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.history import plain
from app.lowcode.collation import in_order
from app.lowcode.values import MAX_ID, YEARS, choices_of

_CODE = 60  # characters: shorter texts are codes, ordered as they are stored
_MAX_TOKEN = 4000
_MAX_INT = 2**53


def sort_column(model: type[Any], sort: str) -> Any:
    """Return what ``sort`` ("name" or "-name") orders by; names go by the alphabet."""
    name = sort.removeprefix("-")
    column, kind = getattr(model, name), inspect(model).columns[name].type
    is_name = isinstance(kind, sa.String) and (kind.length or _CODE + 1) > _CODE
    return in_order(column) if is_name and choices_of(model, name) is None else column


def sort_keys(model: type[Any], sort: str) -> list[Any]:
    """Return the expressions that order rows without ties; rows without a value come last."""
    column, name = sort_column(model, sort), sort.removeprefix("-")
    keys = [column] if name == "id" else [column, model.id]
    if inspect(model).columns[name].nullable:
        keys = [getattr(model, name).is_(None), *keys]  # as plain as an index can hold it
    return keys


def token_of(row: Any, sort: str, model: type[Any] | None = None) -> str:
    """Return the token of ``row``'s place in the order ``sort``. model: if ``row`` only stands for one."""
    name = sort.removeprefix("-")
    value = getattr(row, name)
    parts = [plain(value)] if name == "id" else [plain(value), row.id]
    if inspect(model or type(row)).columns[name].nullable:
        parts = [int(value is None), *parts]
    return base64.urlsafe_b64encode(json.dumps(parts).encode()).decode().rstrip("=")


def read_token(model: type[Any], sort: str, token: str) -> tuple[Any, ...] | None:
    """Return the values in ``token``, typed as the sort keys are; None if it is not one of ours."""
    try:
        raw = base64.urlsafe_b64decode(token[:_MAX_TOKEN] + "=" * (-len(token) % 4))
        parts = json.loads(raw)
        return _typed(model, sort.removeprefix("-"), parts)
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def beyond(keys: list[Any], values: tuple[Any, ...], *, is_ascending: bool) -> Any:
    """Return the condition "after ``values``" in the direction walked."""
    if len(keys) == 3 and values[0]:  # among the rows without a value only the id orders
        keys, values = [keys[0], keys[2]], (values[0], values[2])
    left = sa.tuple_(*keys)
    right = sa.tuple_(*(sa.literal(v, k.type) for k, v in zip(keys, values, strict=True)))
    return left > right if is_ascending else left < right


def _typed(model: type[Any], name: str, parts: Any) -> tuple[Any, ...]:
    column = inspect(model).columns[name]
    nullable, rest = column.nullable, list(parts)
    is_null = _checked(bool(rest.pop(0)), rest) if nullable else False
    number = rest.pop()
    _require(type(number) is int and 0 <= number <= MAX_ID)
    if name == "id":
        _require(not rest)
        return (number,)
    _require(len(rest) == 1)
    value = None if is_null else _value(column.type.python_type, rest[0])
    return (is_null, value, number) if nullable else (value, number)


def _checked(value: bool, rest: list[Any]) -> bool:
    _require(len(rest) == 2)
    return value


def _value(python: type[Any], value: Any) -> Any:
    if python in (datetime, date, time):
        found = python.fromisoformat(value)
        _require(python is time or found.year in YEARS)
        _require(python is not datetime or found.tzinfo is not None)
        return found
    _require(type(value) is python and (python is not int or abs(value) < _MAX_INT))
    if python is str:
        value.encode()  # half a surrogate pair: ValueError
        _require("\x00" not in value)
    return value


def _require(condition: bool) -> None:
    if not condition:
        raise ValueError
