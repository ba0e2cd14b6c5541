"""What the values of shared catalogs' items refer to: which records may be named, and what they are called."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models.administrative_unit import AdministrativeUnit
from app.models.agency import Agency
from app.models.shared_field import REFERENCES, SharedCatalogField, ValueKind
from app.models.shared_item import SharedCatalogItem, chosen_on


def offered(field: SharedCatalogField) -> tuple[type[Any], sa.Select[Any]]:
    """Return (model, query) of the records that a reference may name today."""
    if field.kind == ValueKind.item:
        query = sa.select(SharedCatalogItem).where(SharedCatalogItem.catalog_id == field.target_id)
        return SharedCatalogItem, chosen_on(query)
    model: type[Any] = Agency if field.kind == ValueKind.agency else AdministrativeUnit
    return model, sa.select(model)


def reference_names(
    session: Session, fields: Sequence[SharedCatalogField], rows: Iterable[SharedCatalogItem]
) -> dict[tuple[str, int], Any]:
    """Return {(kind, id): record} of everything ``rows`` refer to: one statement for each kind."""
    wanted: dict[str, set[int]] = {}
    for row in rows:
        for field in fields:
            value = (row.data or {}).get(field.key) if field.kind in REFERENCES else None
            if type(value) is int:  # a yes or no kept before the field became a reference is none
                wanted.setdefault(field.kind, set()).add(value)
    found: dict[tuple[str, int], Any] = {}
    models: dict[str, Any] = {ValueKind.item: SharedCatalogItem, ValueKind.agency: Agency,
                              ValueKind.unit: AdministrativeUnit}  # fmt: skip
    for kind, numbers in wanted.items():
        for one in session.scalars(sa.select(models[kind]).where(models[kind].id.in_(numbers))):
            found[kind, one.id] = one
    return found
