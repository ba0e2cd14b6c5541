"""Records as documents: plain values as files hold them, references by natural keys.

A document has every attribute of its kind that is not empty, and under the name of each part
the list of their documents. What it leaves out is empty. Entries that begin with "__" are for
undoing only: ids, and columns that files do not carry.
"""

import hashlib
import json
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.history import SECRET_COLUMNS, plain
from app.lowcode.naturals import Key, find_all, key_names, key_paths, keys_of_ids
from app.packs import shared_items
from app.packs.kinds import Kind, kinds

Document = dict[str, Any]
ID, REST = "__id__", "__rest__"
_CHUNK = 500


class Writer:
    """Makes documents of rows, a few statements for any number of them.

    is_whole: also what only undoing needs.
    """

    def __init__(self, session: Session, *, is_whole: bool = False) -> None:
        self.session, self.is_whole = session, is_whole
        self._keys: dict[str, dict[int, Key]] = {}
        self._items: dict[int, dict[str, Any]] = {}

    def documents(self, kind: Kind, rows: Iterable[Any]) -> list[Document]:
        """Return the documents of ``rows``, in their order."""
        rows = list(rows)
        self._learn_references(kind, rows)
        if kind.name == shared_items.TABLE:
            self._items |= shared_items.outward(self.session, rows)
        parts = {name: self._parts(kinds()[table], rows) for name, table in kind.parts.items()}
        return [self._document(kind, row, parts) for row in rows]

    def find(self, kind: Kind, keys: Iterable[Key]) -> dict[Key, Document]:
        """Return {key: document} of those ``keys`` that exist; LookupError if one is not unique."""
        rows = self.rows(kind, keys)
        return dict(zip(rows, self.documents(kind, rows.values()), strict=True))

    def rows(self, kind: Kind, keys: Iterable[Key]) -> dict[Key, Any]:
        """Return {key: row} of those ``keys`` that exist; LookupError if one is not unique."""
        columns = [leaf(kind.model, path) for path in key_paths(kind.model)]
        wanted = {tuple(map(from_plain, columns, key)): key for key in keys if None not in key[:1]}
        found = find_all(self.session, kind.model, wanted)
        return {wanted[key]: row for key, row in found.items()}

    def _document(self, kind: Kind, row: Any, parts: dict[str, dict[int, list[Document]]]) -> Document:
        document: Document = {}
        for name in kind.attributes:
            value = self._value(kind, row, name)
            # Empty is left out, but where leaving it out would mean a default.
            if value is not None or kind.column(name).default is not None:
                document[name] = value
        document |= {name: found[row.id] for name, found in parts.items() if found.get(row.id)}
        if self.is_whole:
            document |= {ID: row.id, REST: _rest(kind, row)}
        return document

    def _value(self, kind: Kind, row: Any, name: str) -> Any:
        if (kind.name, name) == shared_items.VALUES:
            return to_plain(self._items[row.id])
        if name in kind.columns:
            value = to_plain(getattr(row, name))
            return None if value == "" and kind.column(name).nullable else value
        number = _foreign(kind, row, name)
        if number is None:
            return None
        target = kind.target(name)
        return reference(target, self._keys[target.name][number])

    def _parts(self, kind: Kind, owners: list[Any]) -> dict[int, list[Document]]:
        column = kind.column(kind.owner or "")
        rows: list[Any] = []
        ids = [owner.id for owner in owners]
        for start in range(0, len(ids), _CHUNK):
            query = sa.select(kind.model).where(column.in_(ids[start : start + _CHUNK]), *kind.carried)
            rows += self.session.scalars(query.order_by(kind.model.id))
        found: dict[int, list[Document]] = {}
        for row, document in zip(rows, self.documents(kind, rows), strict=True):
            found.setdefault(_foreign(kind, row, kind.owner or ""), []).append(document)
        for documents in found.values():
            documents.sort(key=lambda document: place(kind, document))
        return found

    def _learn_references(self, kind: Kind, rows: list[Any]) -> None:
        for name in kind.references:
            target = kind.target(name)
            known = self._keys.setdefault(target.name, {})
            wanted = {_foreign(kind, row, name) for row in rows} - {None} - set(known)
            known |= keys_of_ids(self.session, target.model, wanted)  # type: ignore[arg-type]


def _foreign(kind: Kind, row: Any, name: str) -> Any:
    return getattr(row, inspect(kind.model).get_property_by_column(kind.column(name)).key)


def _rest(kind: Kind, row: Any) -> dict[str, Any]:
    """Return the columns that a document lacks: keys of rows that are no configuration, and such."""
    names = {inspect(kind.model).get_property_by_column(kind.column(name)).key
             for name in [*kind.references, *([kind.owner] if kind.owner else [])]}  # fmt: skip
    left_out = {"id", "row_version", "search_text", *names, *kind.columns} | SECRET_COLUMNS
    found = {attr.key: plain(getattr(row, attr.key)) for attr in inspect(kind.model).column_attrs
             if attr.key not in left_out}  # fmt: skip
    return {key: value for key, value in found.items() if value is not None}


def to_plain(value: Any) -> Any:
    """Return ``value`` as files hold it: dates stay dates, times "07:30", objects sorted by name."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime):
        return value.astimezone(UTC).isoformat()
    if isinstance(value, time):
        return value.isoformat("seconds" if value.second else "minutes")
    if isinstance(value, Decimal):
        return format(value.normalize(), "f")
    if isinstance(value, dict):
        return {key: to_plain(value[key]) for key in sorted(value)}
    if isinstance(value, list):
        return [to_plain(item) for item in value]
    return value


def from_plain(column: Any, value: Any) -> Any:
    """Return what ``column`` holds for a value of a file; the reverse of ``to_plain``."""
    python = column.type.python_type
    if value is None or isinstance(column.type, sa.JSON):
        return value
    if python in (date, time, datetime) and isinstance(value, str):
        return python.fromisoformat(value)
    return Decimal(value) if python is Decimal else value


def leaf(model: type[Any], path: tuple[str, ...]) -> Any:
    """Return the column at the end of a path of relations."""
    for name in path[:-1]:
        model = inspect(model).relationships[name].mapper.class_
    return inspect(model).columns[path[-1]]


def reference(kind: Kind, key: Key) -> Any:
    """Return how a file names the record with ``key``: its code, or {attribute: value}."""
    rest = iter(key)
    return _named(kind.model, rest)


def _named(model: type[Any], values: Iterator[Any]) -> Any:
    names = key_names(model)
    found = {}
    for name in names:
        relation = inspect(model).relationships.get(name)
        value = _named(relation.mapper.class_, values) if relation is not None else next(values)
        found[name] = to_plain(value)
    return found if len(names) > 1 else found[names[0]]


def flat_key(kind: Kind, given: Any) -> Key:
    """Return the key that a reference of a file means; the reverse of ``reference``.

    Raises ValueError when it has another shape.
    """
    return tuple(_values(kind.model, given))


def _values(model: type[Any], given: Any) -> Iterator[Any]:
    names = key_names(model)
    if len(names) == 1:
        given = {names[0]: given}
    if not isinstance(given, dict) or set(given) != set(names):
        raise ValueError(", ".join(names))
    for name in names:
        relation = inspect(model).relationships.get(name)
        if relation is not None:
            yield from _values(relation.mapper.class_, given[name])
        else:
            yield given[name]


def key_in(kind: Kind, document: Document, owner_key: Key = ()) -> Key:
    """Return the key of a document's record; parts need the key of their owner."""
    values: list[Any] = []
    for name in key_names(kind.model):
        if name == kind.owner:
            values += owner_key
        elif name in kind.references:
            empty = (None,) * len(key_paths(kind.target(name).model))
            given = document.get(name)
            values += empty if given is None else flat_key(kind.target(name), given)
        else:
            values.append(document.get(name))
    return tuple(values)


def place(kind: Kind, document: Document) -> tuple[Any, ...]:
    """Return what documents of one kind are sorted by: position, key, then everything."""
    names = [name for name in ("position", *kind.key) if name in kind.attributes]
    return (*(_sortable(document.get(name)) for name in names), canonical(document))


def _sortable(value: Any) -> tuple[int, Any]:
    if isinstance(value, int):
        return (1, value)
    return (0, "") if value is None else (2, json.dumps(value, default=plain, ensure_ascii=False))


def without_marks(kind: Kind, document: Document) -> Document:
    """Return a copy without what is for undoing only."""
    kept = {key: value for key, value in document.items() if not key.startswith("__")}
    for name, table in kind.parts.items():
        if name in kept:
            kept[name] = [without_marks(kinds()[table], part) for part in kept[name]]
    return kept


def canonical(value: Any) -> str:
    """Return one text for equal values."""
    return json.dumps(value, default=plain, sort_keys=True, ensure_ascii=False, separators=(",", ":"))


def digest(value: Any) -> str:
    """Return the SHA-256 of ``value`` in its canonical text."""
    return hashlib.sha256(canonical(value).encode("utf-8", "surrogatepass")).hexdigest()

