"""The stored records that the rows of a file name, found set by set, and what they refer to already."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

from sqlalchemy import inspect
from sqlalchemy.orm import Session, joinedload

from app.lowcode.exchange.plan import Entry, Ref, Table
from app.lowcode.exchange.references import texts_of
from app.lowcode.naturals import keyed_query
from app.lowcode.rows import visible
from app.permissions import Actor

if TYPE_CHECKING:
    from app.lowcode.exchange.planner import Planner

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


def keep_present(planner: Planner, table: Table, entries: Iterable[Entry]) -> None:
    """Let a cell that says what is stored stay, though its reader may not choose that; blame the others."""
    for column in table.places.values():
        waiting = [entry for entry in entries if column.name in entry.unfound]
        present = {entry.number: getattr(entry.row, column.name) for entry in waiting if entry.row is not None}
        ids = {one.id for one in present.values() if one is not None}
        told = texts_of(planner.session, column.target, ids) if column.target is not None and ids else {}
        for entry in waiting:
            (text, message), one = entry.unfound.pop(column.name), present.get(entry.number)
            if one is not None and told[one.id] == text:
                entry.values[column.name] = Ref(text, one)
            else:
                planner.blame(entry, column.name, message, text, alike=True)
