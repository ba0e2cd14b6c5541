"""A new form that says what a record says: its copy, written only when it is saved."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.lowcode.parts import Parts, shown_parts
from app.lowcode.screen import writable
from app.lowcode.writing import unique_keys

_MAX_TRIES = 1000


def copied_values(session: Session, row: Any) -> dict[str, Any]:
    """Return what the form of a copy of ``row`` holds; what must be unique is suggested or empty."""
    model = type(row)
    values = {name: getattr(row, name) for name in writable(model, "add")}
    for columns in unique_keys(model):
        last = inspect(model).get_property_by_column(columns[-1]).key
        if last in values:
            values[last] = _suggestion(session, row, last, columns)
    return values


def copied_parts(session: Session, row: Any) -> list[Parts]:
    """Return the rows of the form of a copy of ``row``: new ones that say the same."""
    found = shown_parts(session, type(row), None)
    for parts in found:
        parts.copy(session, row, _global_keys(parts))
    return found


def _global_keys(parts: Parts) -> set[str]:
    """Return the attributes of parts that no two records of the system may share."""
    owner_key, mapper = next(iter(parts.relation.remote_side)), inspect(parts.model)
    keys = [columns for columns in unique_keys(parts.model) if owner_key not in columns]
    return {mapper.get_property_by_column(columns[-1]).key for columns in keys}


def _suggestion(session: Session, row: Any, name: str, columns: list[Any]) -> Any:
    """Return a free value near the one ``row`` has: a code with a number, the next number."""
    model, value = type(row), getattr(row, name)
    mapper = inspect(model)
    beside = [column == getattr(row, mapper.get_property_by_column(column).key) for column in columns[:-1]]
    column = columns[-1]
    if isinstance(value, int) and not column.foreign_keys:
        return (session.scalar(sa.select(sa.func.max(column)).where(*beside)) or 0) + 1
    if not isinstance(value, str):
        return None
    query = sa.select(column).where(*beside, column.startswith(value[:20], autoescape=True))
    taken = set(session.scalars(query.limit(_MAX_TRIES)))
    room = (column.type.length or _MAX_TRIES) - len(str(_MAX_TRIES)) - 1
    offered = (f"{value[:room]}-{number}" for number in range(2, _MAX_TRIES))
    return next((text for text in offered if text not in taken), None)
