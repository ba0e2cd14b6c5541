"""Filters of a list: what each attribute offers, and what a request asked of them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.clock import VIETNAM
from app.lowcode.values import YEARS, as_id, choices_of

BOUNDS = ("from", "to")


def filter_kind(model: type[Any], name: str) -> str | None:
    """Return relation, choice, boolean or date; None if ``name`` cannot be filtered by."""
    mapper = inspect(model)
    if name in mapper.relationships:
        return None if mapper.relationships[name].uselist else "relation"
    if choices_of(model, name) is not None:
        return "choice"
    column_type = mapper.columns[name].type
    if isinstance(column_type, sa.Boolean):
        return "boolean"
    return "date" if isinstance(column_type, sa.Date | sa.DateTime | sa.TypeDecorator) else None


def read_filters(model: type[Any], args: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """Return {key: value} of the ``f.`` arguments; what cannot be used is named in ``faults``."""
    found: dict[str, Any] = {}
    for key, text in args.items():
        if not key.startswith("f.") or not text:
            continue
        name, _dot, bound = key[2:].partition(".")
        value = filter_value(model, name, bound, text) if name in model.screen.filters else None
        if value is None:
            faults.append(key)
        else:
            found[key[2:]] = value
    return found


def filter_value(model: type[Any], name: str, bound: str, text: str) -> Any:
    """Return ``text`` as the value to compare ``model.name`` with, or None if it is none."""
    kind = filter_kind(model, name)
    if kind == "date":
        return _day(model, name, bound, text)
    if bound:
        return None
    if kind == "relation":
        return as_id(text)
    if kind == "boolean":
        return {"1": True, "0": False}.get(text)
    offered = choices_of(model, name) or {}
    return next((value for value in offered if str(value) == text), None)


def _day(model: type[Any], name: str, bound: str, text: str) -> date | None:
    """Return the bound of a span of days; the end is the first moment after it."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    if bound not in BOUNDS or day.year not in YEARS:
        return None
    day += timedelta(days=int(bound == "to"))
    is_date = isinstance(inspect(model).columns[name].type, sa.Date)
    return day if is_date else datetime.combine(day, time(), VIETNAM)


def condition(model: type[Any], key: str, value: Any) -> Any:
    """Return the SQL condition of the filter ``key`` (an attribute, perhaps with a bound)."""
    name, _dot, bound = key.partition(".")
    relations = inspect(model).relationships
    if name in relations:
        return next(iter(relations[name].local_columns)) == value
    attr = getattr(model, name)
    if bound == "from":
        return attr >= value
    return attr < value if bound == "to" else attr == value
