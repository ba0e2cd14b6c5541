"""Reading for a list no more of its rows than it shows: records have dozens of columns."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from types import SimpleNamespace
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import aliased

_HELPERS = ("_", "str")  # what a name is put together with


@dataclass(frozen=True)
class Shape:
    """What is read of each row: own columns, and of related records what they are called by."""

    own: tuple[str, ...]
    columns: tuple[Any, ...]
    joins: tuple[tuple[Any, Any], ...]  # (alias of the related table, relation)
    related: tuple[tuple[str, Any, tuple[str, ...]], ...]  # (attribute, its class, columns after the id)

    def narrow(self, query: sa.Select[Any]) -> sa.Select[Any]:
        """Return ``query`` of records with these columns instead."""
        query = query.with_only_columns(*self.columns)
        for alias, relation in self.joins:
            query = query.outerjoin(relation.of_type(alias))
        return query

    def row_of(self, values: Sequence[Any]) -> SimpleNamespace:
        """Return the record in ``values``, with the names of related ones in their place."""
        found = dict(zip(self.own, values, strict=False))
        place = len(self.own)
        for name, target, called in self.related:
            end = place + 1 + len(called)
            known = SimpleNamespace(**dict(zip(called, values[place + 1 : end], strict=True)))
            found[name] = target.__str__(known) if values[place] is not None else None
            place = end
        return SimpleNamespace(**found)


@cache
def shape_of(model: type[Any], names: tuple[str, ...], order: str) -> Shape | None:
    """Return how to read rows that show ``names`` and are sorted by ``order``.

    None if a name among them is made of more than columns: then whole records must be read.
    """
    mapper = inspect(model)
    own = tuple(dict.fromkeys(["id", order, *(name for name in names if name in mapper.columns)]))
    columns, joins, related = [getattr(model, name) for name in own], [], []
    for name in (name for name in names if name not in mapper.columns):
        relation = mapper.relationships.get(name)
        called = called_by(relation.mapper.class_) if relation is not None and not relation.uselist else None
        if called is None:
            return None
        target = relation.mapper.class_
        alias = aliased(target)
        joins.append((alias, getattr(model, name)))
        columns += [alias.id, *(getattr(alias, one) for one in called)]
        related.append((name, target, called))
    return Shape(own, tuple(columns), tuple(joins), tuple(related))


def called_by(target: type[Any]) -> tuple[str, ...] | None:
    """Return the columns that a record's name is made of; None if that cannot be told."""
    code, columns = getattr(target.__str__, "__code__", None), inspect(target).columns
    asked = [name for name in (code.co_names if code else ()) if name not in _HELPERS]
    return tuple(asked) if code is not None and all(name in columns for name in asked) else None
