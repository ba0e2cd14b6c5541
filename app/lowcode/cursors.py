"""Keyset pages: the place of a row in the order, as a token of the address."""

import base64
import json
from collections.abc import Iterable
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.history import plain
from app.lowcode.collation import in_order
from app.lowcode.rows import visible
from app.lowcode.values import MAX_ID, YEARS, choices_of
from app.permissions import current_actor

_CODE = 60  # characters: shorter texts are codes, ordered as they are stored
_MAX_TOKEN = 4000
_CARRIED = 120  # characters of a text that a token holds: it stands in an address
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
    return packed(parts)


def packed(parts: Iterable[Any]) -> str:
    """Return the token of a place; of a long text it holds how it begins, as ``read_again`` needs it."""
    short = [[one[:_CARRIED]] if isinstance(one, str) and len(one) > _CARRIED else one for one in parts]
    return base64.urlsafe_b64encode(json.dumps(short).encode()).decode().rstrip("=")


def unpacked(token: str) -> Any:
    """Return what ``packed`` made a token of; raises ValueError, RecursionError for what is none."""
    return json.loads(base64.urlsafe_b64decode(token[:_MAX_TOKEN] + "=" * (-len(token) % 4)))


def beginning(value: Any) -> str | None:
    """Return how the long text begins that ``value`` of a token stands for; None if it is whole."""
    is_begun = isinstance(value, list) and len(value) == 1 and isinstance(value[0], str)
    return value[0] if is_begun and len(value[0]) == _CARRIED else None


def read_again(query: sa.Select[Any], begins: str) -> Any:
    """Return the text that ``query`` finds, or how it began if its row is gone, as a value to compare with."""
    return sa.func.coalesce(query.correlate(None).scalar_subquery(), begins)


def read_token(model: type[Any], sort: str, token: str) -> tuple[Any, ...] | None:
    """Return the values in ``token``, typed as the sort keys are; None if it is not one of ours."""
    try:
        return _typed(model, sort.removeprefix("-"), unpacked(token))
    except (ValueError, TypeError, LookupError, RecursionError):
        return None


def beyond(keys: list[Any], values: tuple[Any, ...], *, is_ascending: bool) -> Any:
    """Return the condition "after ``values``" in the direction walked."""
    if len(keys) == 3 and values[0]:  # among the rows without a value only the id orders
        keys, values = [keys[0], keys[2]], (values[0], values[2])
    left = sa.tuple_(*keys)
    right = sa.tuple_(*(v if isinstance(v, sa.ColumnElement) else sa.literal(v, k.type)
                        for k, v in zip(keys, values, strict=True)))  # fmt: skip
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
    begins = beginning(rest[0])
    value = None if is_null else _value(column.type.python_type, begins or rest[0])
    if value is not None and begins:  # of a row one may see: a made-up token must not tell of another
        query = visible(model, current_actor()).with_only_columns(getattr(model, name))
        value = read_again(query.where(model.id == number), begins)
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
