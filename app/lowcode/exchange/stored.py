"""The stored records that the rows of a file name, found set by set."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, joinedload

from app.lowcode.naturals import keyed_query
from app.lowcode.rows import visible
from app.permissions import Actor

_CHUNK = 500


def rows_of_keys(session: Session, model: type[Any], keys: Iterable[Any]) -> dict[Any, list[Any]]:
    """Return {key: rows}; the records that rows refer to come along."""
    wanted = set(keys)
    query, columns = keyed_query(model)
    relations = inspect(model).relationships
    names = [c for c in relations.keys() if not relations[c].uselist]  # noqa: SIM118
    query = query.options(*(joinedload(getattr(model, name)) for name in names))
    starts = sorted({key[0] for key in wanted})
    found: dict[Any, list[Any]] = {}
    for at in range(0, len(starts), _CHUNK):
        for line in session.execute(query.where(columns[0].in_(starts[at : at + _CHUNK]))):
            key = tuple(line[1:])
            if key in wanted:
                found.setdefault(key, []).append(line[0])
    return found


def hidden_among(session: Session, actor: Actor, model: type[Any], numbers: list[int]) -> set[int]:
    """Return the records among ``numbers`` that the actor may not see: a plan tells nothing of them."""
    query, found = visible(model, actor), set(numbers)
    for at in range(0, len(numbers) if query.whereclause is not None else 0, _CHUNK):
        part = query.with_only_columns(model.id).where(model.id.in_(numbers[at : at + _CHUNK]))
        found -= set(session.scalars(part))
    return found if query.whereclause is not None else set()


def may_lack(model: type[Any], name: str) -> bool:
    """Return whether a value of the key may be empty: a date from which on there is none."""
    attr = inspect(model).attrs[name]
    return hasattr(attr, "columns") and bool(attr.columns[0].nullable)
