"""Checks that need all rows at once: unique values, circles, and the rows one may change."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.lowcode.exchange.applying import within
from app.lowcode.exchange.plan import Entry, Kind, Table
from app.lowcode.naturals import key_names
from app.lowcode.rows import visible

if TYPE_CHECKING:
    from app.lowcode.exchange.planner import Planner

_CHUNK = 500
_WRITTEN = (Kind.add, Kind.change)


def check_sets(planner: Planner, table: Table) -> None:
    """Blame the rows of ``table`` that break a rule over many rows."""
    _rows(planner, table)
    model = table.sheet.model
    for constraint in model.__table__.constraints:
        if isinstance(constraint, sa.UniqueConstraint):
            _unique(planner, table, list(constraint.columns))
    for column in _folded_uniques(model):
        _unique_folded(planner, table, column)
    for relation in inspect(model).relationships:
        is_tree = relation.mapper.class_ is model and not relation.uselist and not relation.post_update
        if is_tree and table.place_of(relation.key) >= 0:
            _note_moves(planner, table, relation.key)


def _written(table: Table) -> list[Entry]:
    return [entry for entry in table.entries if entry.kind in _WRITTEN]


def _with(table: Table, names: Iterable[str]) -> list[Entry]:
    """Return the rows that say something new and whose cells ``names`` could be read, other faults or not."""
    wanted = set(names)
    return [entry for entry in table.entries if entry.kind in _WRITTEN
            or (entry.trial is not None and not entry.blamed & wanted)]  # fmt: skip


def _rows(planner: Planner, table: Table) -> None:
    """Stored records must be among those the actor may see, and change if the file changes them."""
    found = [entry for entry in table.entries if entry.row is not None and entry.kind != Kind.skip]
    _only(planner, [e for e in found if e.kind == Kind.same], is_write=False)
    _only(planner, [e for e in found if e.kind in _WRITTEN], is_write=True)


def _only(planner: Planner, entries: list[Entry], *, is_write: bool) -> None:
    model = entries[0].table.sheet.model if entries else None
    if model is None:
        return
    query = within(model, planner.actor, "change") if is_write else visible(model, planner.actor)
    if query.whereclause is None:
        return
    ids = [entry.row.id for entry in entries]
    mine: set[int] = set()
    for at in range(0, len(ids), _CHUNK):
        part = query.with_only_columns(model.id).where(model.id.in_(ids[at : at + _CHUNK]))
        mine |= set(planner.session.scalars(part))
    for entry in entries:
        if entry.row.id not in mine:
            planner.blame(entry, key_names(model)[0], _("This record belongs to others; you may not change it."))


def _unique(planner: Planner, table: Table, columns: list[Any]) -> None:
    mapper = inspect(table.sheet.model)
    names = [_name(mapper, column) for column in columns]
    if set(names) == set(key_names(table.sheet.model)):
        return  # the key itself was looked up before
    seen = planner.seen.setdefault((table.name, *names), {})
    fresh: dict[Any, Entry] = {}
    for entry in _with(table, names):
        values = tuple(_token(planner, getattr(entry.filled, name)) for name in names)
        if any(value is None for value in values):
            continue
        other = seen.setdefault(values, entry.number)
        if other != entry.number:
            planner.blame(entry, names[-1], _("Row %(row)d has the same value.", row=table.row_of(other)))
        fresh.setdefault(values, entry)
    _unique_stored(planner, table, columns, names[-1], fresh)


def _folded_uniques(model: type[Any]) -> list[Any]:
    """Return the columns whose values may not even differ in capitals alone: a unique index on lower(column)."""
    parts = (i.expressions[0] for i in model.__table__.indexes if i.unique and len(i.expressions) == 1)
    return [next(iter(part.clauses)) for part in parts if isinstance(part, sa.Function) and part.name == "lower"]


def _unique_folded(planner: Planner, table: Table, column: Any) -> None:
    """Blame a row that has the value of another row in other capitals; stored ones are the model's own to check."""
    name = inspect(table.sheet.model).get_property_by_column(column).key
    seen = planner.seen.setdefault((table.name, "lower", name), {})
    for entry in _with(table, [name]):
        value = getattr(entry.filled, name)
        other = seen.setdefault(value.lower(), entry.number) if isinstance(value, str) else entry.number
        if other != entry.number:
            planner.blame(entry, name, _("Row %(row)d has the same value; capital and small letters count as the same.",
                                         row=table.row_of(other)))  # fmt: skip


def _unique_stored(planner: Planner, table: Table, columns: list[Any], name: str, fresh: dict[Any, Entry]) -> None:
    model = table.sheet.model
    firsts = sorted({values[0] for values in fresh if not any(isinstance(v, tuple) for v in values)})
    for at in range(0, len(firsts), _CHUNK):
        query = sa.select(model.id, *columns).where(columns[0].in_(firsts[at : at + _CHUNK]))
        for number, *values in planner.session.execute(query):
            entry = fresh.get(tuple(values))
            if entry is not None and getattr(entry.row, "id", None) != number:
                planner.blame(entry, name, _("This value is already used by another record."))


def _name(mapper: Any, column: Any) -> str:
    found = (r.key for r in mapper.relationships if not r.uselist and column in r.local_columns)
    return next(found, None) or mapper.get_property_by_column(column).key


def _token(planner: Planner, value: Any) -> Any:
    """Return what stands for a value in a set: a new record has no number yet."""
    if hasattr(value, "__mapper__"):
        return value.id if value.id is not None else ("new", planner.token(value))
    return getattr(value, "value", value)


def _note_moves(planner: Planner, table: Table, name: str) -> None:
    moves = planner.moves.setdefault((table.name, name), {})
    for entry in _written(table):
        if name in entry.values and (own := planner.token(entry.record)) is not None:
            moves[own] = planner.token(getattr(entry.record, name)), entry.number


def check_circles(planner: Planner, table: Table) -> None:
    """Blame each row whose chain of parents leads back to itself."""
    model = table.sheet.model
    for (sheet, name), moves in planner.moves.items():
        if sheet != table.name or not moves:
            continue
        column = next(iter(inspect(model).relationships[name].local_columns))
        above: dict[Any, Any] = {line[0]: line[1] for line in planner.session.execute(sa.select(model.id, column))}
        above |= {own: parent for own, (parent, _row) in moves.items()}
        for own, (_parent, row) in moves.items():
            if _returns(own, above):
                planner.blame(planner.entry_of(table, row), name, _("The chain leads back to this record itself."))


def _returns(start: Any, above: dict[Any, Any]) -> bool:
    node, seen = above.get(start), set()
    while node is not None and node not in seen:
        if node == start:
            return True
        seen.add(node)
        node = above.get(node)
    return False
