"""Items of run-time catalogs in packs: values that are ids here stand there as natural keys.

A key of one value stands as it is, one of several as a list: "H57.05", ["46", "2025-01-01"].
"""

from collections.abc import Iterable
from contextlib import suppress
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.history import plain
from app.lowcode.naturals import Key, find_all, keys_of_ids
from app.models import AdministrativeUnit, Agency, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind

TABLE = SharedCatalogItem.__tablename__
VALUES = (TABLE, "data")
_MODELS: dict[str, type[Any]] = {
    ValueKind.item: SharedCatalogItem, ValueKind.agency: Agency, ValueKind.unit: AdministrativeUnit,
}  # fmt: skip
_Places = dict[int, dict[str, type[Any]]]


def outward(session: Session, rows: Iterable[Any]) -> dict[int, dict[str, Any]]:
    """Return {row id: its values as files hold them}; three statements for any number of rows."""
    rows = list(rows)
    places = _places(session, rows)
    ids: dict[type[Any], set[int]] = {}
    for row in rows:
        for name, model in places.get(row.catalog_id, {}).items():
            if isinstance((row.data or {}).get(name), int):
                ids.setdefault(model, set()).add(row.data[name])
    keys = {model: keys_of_ids(session, model, numbers) for model, numbers in ids.items()}
    return {row.id: {name: _named(value, places.get(row.catalog_id, {}).get(name), keys)
                     for name, value in sorted((row.data or {}).items())} for row in rows}  # fmt: skip


def inward(session: Session, given: list[tuple[Any, dict[str, Any]]]) -> list[tuple[Any, dict[str, Any], list[str]]]:
    """Return (row, its values as they are stored, names of values whose record is missing)."""
    places = _places(session, [row for row, _data in given])
    wanted: dict[type[Any], set[Key]] = {}
    for row, data in given:
        for name, model in places.get(row.catalog_id, {}).items():
            if name in data:
                wanted.setdefault(model, set()).add(_key(model, data[name]))
    found = {model: find_all(session, model, keys) for model, keys in wanted.items()}
    return [(row, *_stored(data, places.get(row.catalog_id, {}), found)) for row, data in given]


def _stored(data: dict[str, Any], places: dict[str, type[Any]], found: Any) -> tuple[dict[str, Any], list[str]]:
    rows = {name: found[model].get(_key(model, data[name])) for name, model in places.items() if name in data}
    values = data | {name: row.id for name, row in rows.items() if row is not None}
    return values, sorted(name for name, row in rows.items() if row is None)


def _places(session: Session, rows: Iterable[Any]) -> _Places:
    """Return {catalog: {field: model}} of the fields that refer to records."""
    field, found = SharedCatalogField, _Places()
    query = sa.select(field.catalog_id, field.key, field.kind).where(
        field.kind.in_(REFERENCES), field.catalog_id.in_({row.catalog_id for row in rows})
    )
    for catalog, key, kind in session.execute(query):
        found.setdefault(catalog, {})[key] = _MODELS[kind]
    return found


def _named(value: Any, model: type[Any] | None, keys: Any) -> Any:
    key = keys[model].get(value) if model is not None and model in keys else None
    if key is None:
        return value
    return key[0] if len(key) == 1 else [plain(part) for part in key]


def _key(model: type[Any], given: Any) -> Key:
    """Return the typed key that a file's value means; what has another shape is found nowhere."""
    parts = given if isinstance(given, list) else [given]
    key: list[Any] = [str(part) for part in parts]
    if model is AdministrativeUnit and len(key) == 2:
        with suppress(ValueError):
            key[1] = date.fromisoformat(key[1])
    return tuple(key)
