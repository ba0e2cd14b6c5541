"""Natural keys: how files and spreadsheets name a record, the same in every installation.

A key is a tuple of plain values. A relation inside it stands for the key of the record it
leads to: a procedure version is ("1.013932", 2), a step ("QT-01", 3).
"""

from collections.abc import Iterable, Iterator
from functools import cache
from itertools import islice
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session, aliased

Key = tuple[Any, ...]
_CHUNK = 500  # SQLite takes some thousand parameters in a statement


@cache
def key_names(model: type[Any]) -> tuple[str, ...]:
    """Return the attributes that name a record of ``model``; raises LookupError if none does.

    Declared as ``Screen.key``, or else its unique ``code``, or else its narrowest unique
    constraint, with relations in place of their columns.
    """
    declared = getattr(getattr(model, "screen", None), "key", ())
    if declared:
        return tuple(declared)
    uniques = sorted(_uniques(model), key=lambda names: (names != ("code",), len(names), names))
    if not uniques:
        raise LookupError(f"{model.__name__} has no natural key: declare Screen.key")
    return uniques[0]


def has_key(model: type[Any]) -> bool:
    """Return whether records of ``model`` can be named at all."""
    try:
        return bool(key_names(model))
    except LookupError:
        return False


def key_of(row: Any) -> Key:
    """Return the key of ``row``; a missing relation leaves its values None."""
    return tuple(_values(type(row), row))


@cache
def key_paths(model: type[Any]) -> tuple[tuple[str, ...], ...]:
    """Return where each value of a key is found: (("procedure", "code"), ("number",))."""
    paths: list[tuple[str, ...]] = []
    for name in key_names(model):
        target = _target(model, name)
        paths += [(name,)] if target is None else [(name, *path) for path in key_paths(target)]
    return tuple(paths)


def find_all(session: Session, model: type[Any], keys: Iterable[Key], options: Any = ()) -> dict[Key, Any]:
    """Return {key: row} of those ``keys`` that exist, in one statement for 500 different first values.

    options: loader options of the rows. Raises LookupError if two rows share a key.
    """
    wanted = set(keys)
    found: dict[Key, Any] = {}
    query, columns = keyed_query(model)
    for part in _chunks({key[0] for key in wanted}):
        for row in session.execute(query.where(columns[0].in_(part)).options(*options)):
            key = tuple(row[1:])
            if key in wanted:
                _refuse_second(found.setdefault(key, row[0]), row[0], key)
    return found


def find(session: Session, model: type[Any], key: Key) -> Any | None:
    """Return the row named ``key``, or None."""
    return find_all(session, model, [key]).get(key)


def keys_of_ids(session: Session, model: type[Any], ids: Iterable[int]) -> dict[int, Key]:
    """Return {id: key} of the rows that exist, in one statement for 500 ids."""
    found: dict[int, Key] = {}
    query, columns = keyed_query(model)
    query = query.with_only_columns(model.id, *columns, maintain_column_froms=True)
    for part in _chunks(set(ids)):
        found |= {row[0]: tuple(row[1:]) for row in session.execute(query.where(model.id.in_(part)))}
    return found


def keyed_query(model: type[Any]) -> tuple[Any, list[Any]]:
    """Return a query of (row, *key values), and those values as columns."""
    joins: list[tuple[Any, Any]] = []
    columns = list(_columns(model, joins))
    query = sa.select(model, *columns)
    for alias, on in joins:
        query = query.outerjoin(alias, on)
    return query, columns


def _columns(entity: Any, joins: list[tuple[Any, Any]]) -> Iterator[Any]:
    model = inspect(entity).mapper.class_
    for name in key_names(model):
        target = _target(model, name)
        if target is None:
            yield getattr(entity, name)
            continue
        alias = aliased(target)
        joins.append((alias, getattr(entity, name).of_type(alias)))
        yield from _columns(alias, joins)


def _values(model: type[Any], row: Any) -> Iterator[Any]:
    for name in key_names(model):
        target = _target(model, name)
        value = getattr(row, name) if row is not None else None
        if target is None:
            yield value
        else:
            yield from _values(target, value)


def _target(model: type[Any], name: str) -> type[Any] | None:
    relation = inspect(model).relationships.get(name)
    return relation.mapper.class_ if relation is not None else None


def _uniques(model: type[Any]) -> Iterator[tuple[str, ...]]:
    mapper = inspect(model)
    relations = {next(iter(r.local_columns)): r.key for r in mapper.relationships
                 if not r.uselist and len(r.local_columns) == 1}  # fmt: skip
    table = model.__table__
    unique = [c.columns for c in table.constraints if isinstance(c, sa.UniqueConstraint)]
    unique += [i.columns for i in table.indexes if i.unique and i.dialect_options["sqlite"].get("where") is None]
    for columns in unique:
        yield tuple(relations.get(column) or mapper.get_property_by_column(column).key for column in columns)


def _chunks(values: Iterable[Any]) -> Iterator[list[Any]]:
    rest = iter(values)
    while part := list(islice(rest, _CHUNK)):
        yield part


def _refuse_second(first: Any, row: Any, key: Key) -> None:
    if first is not row:
        raise LookupError(f"two records of {type(row).__name__} are named {key}")
