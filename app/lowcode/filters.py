"""Filters of a list: what each attribute offers, and what a request asked of them."""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.clock import VIETNAM
from app.lowcode.screen import filtered
from app.lowcode.values import YEARS, as_id, choices_of

BOUNDS = ("from", "to")
_DIGITS = 15


def filter_kind(model: type[Any], name: str) -> str | None:
    """Return relation, choice, boolean, date or number; None if ``name`` cannot be filtered by."""
    mapper = inspect(model)
    if name in mapper.relationships:
        return None if mapper.relationships[name].uselist else "relation"
    if choices_of(model, name) is not None:
        return "choice"
    column_type = mapper.columns[name].type
    if isinstance(column_type, sa.Boolean):
        return "boolean"
    if isinstance(column_type, sa.Integer | sa.Numeric):
        return "number"
    return "date" if isinstance(column_type, sa.Date | sa.DateTime | sa.TypeDecorator) else None


def read_filters(model: type[Any], args: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    """Return {key: value} of the ``f.`` arguments; what cannot be used is named in ``faults``."""
    found: dict[str, Any] = {}
    for key, text in args.items():
        if not key.startswith("f.") or not text:
            continue
        name, _dot, bound = key[2:].partition(".")
        value = filter_value(model, name, bound, text) if name in filtered(model) else None
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
    if kind == "number":
        return _number(text) if bound in BOUNDS else None
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


def _number(text: str) -> int | None:
    """Return a whole number as people type it ("1.000.000"), None if it is none."""
    plain = text.replace(".", "").replace(" ", "")
    digits = plain.removeprefix("-")
    return int(plain) if digits.isascii() and digits.isdigit() and len(digits) <= _DIGITS else None


def condition(model: type[Any], key: str, value: Any) -> Any:
    """Return the SQL condition of the filter ``key`` (an attribute, perhaps with a bound)."""
    name, _dot, bound = key.partition(".")
    relations = inspect(model).relationships
    if name in relations:
        return _leads_to(relations[name], value)
    attr = getattr(model, name)
    if bound == "from":
        return attr >= value
    if bound == "to":
        return attr <= value if filter_kind(model, name) == "number" else attr < value
    return attr == value


def _leads_to(relation: Any, value: int) -> Any:
    """Return that a relation leads to record ``value`` or, in a tree, to one below it."""
    column = next(iter(relation.local_columns))
    target = relation.mapper.class_
    up = relation.mapper.relationships.get("parent")
    if up is None or up.mapper.class_ is not target:
        return column == value
    link = next(iter(up.local_columns))
    below = sa.select(target.__table__.c.id).where(target.__table__.c.id == value).cte(recursive=True)
    rows = target.__table__.alias()
    below = below.union(sa.select(rows.c.id).where(rows.c[link.key] == below.c.id))
    return column.in_(sa.select(below.c.id))
