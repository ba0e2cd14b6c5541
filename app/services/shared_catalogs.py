"""Shared catalogs at work: who may use which, items read, saved and taken out of use."""

from collections.abc import Iterable, Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.errors import NotAllowed, NotFound
from app.history import plain
from app.lowcode.actions import may
from app.lowcode.api_writing import form_of
from app.lowcode.collation import in_order
from app.lowcode.fields import clean
from app.lowcode.rows import get_row, visible
from app.lowcode.saving import save
from app.lowcode.telling import Change, Sentence
from app.lowcode.values import plain_text
from app.models import SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_catalog import catalogs_of
from app.models.shared_field import REFERENCES, ValueKind
from app.models.shared_references import reference_names
from app.models.shared_values import stored_data
from app.permissions import Actor, Role, current_actor

Names = Mapping[tuple[str, int], Any]
COMMON = ("parent", "code", "name", "valid_from", "valid_to", "is_active")


def list_catalogs(session: Session, actor: Actor) -> list[tuple[SharedCatalog, int]]:
    """Return (catalog, number of its items) of those the actor may read, by name."""
    item = SharedCatalogItem
    count = sa.select(sa.func.count()).where(item.catalog_id == SharedCatalog.id).correlate(SharedCatalog)
    query = visible(SharedCatalog, actor).add_columns(count.scalar_subquery())
    return [(row, number) for row, number in session.execute(query.order_by(in_order(SharedCatalog.name)).limit(500))]


def get_catalog(session: Session, code: str, actor: Actor) -> SharedCatalog:
    """Return the catalog ``code`` with its fields if the actor may read it; raises NotFound.

    Raises NotAllowed also when an attribute of items is closed to the actor: lists, orders and
    filters of a catalog show all of an item.
    """
    is_closed = actor.closed.get(("can_read", SharedCatalogItem.__name__))
    if is_closed or not may(SharedCatalogItem, "read"):
        raise NotAllowed(_("You may not do this."))
    query = visible(SharedCatalog, actor).where(SharedCatalog.code == code.replace("\x00", ""))
    load = selectinload(SharedCatalog.fields).joinedload(SharedCatalogField.target)
    found = session.scalar(query.options(load))
    if found is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    return found


def may_write(session: Session, catalog: SharedCatalog, actor: Actor) -> bool:
    """Return whether one of the actor's roles may change the catalog's items."""
    if actor.has(Role.catalog_admin):
        return True
    query = sa.select(SharedCatalog.id).where(SharedCatalog.id == catalog.id)
    return session.scalar(query.where(SharedCatalog.id.in_(catalogs_of(actor, to_write=True)))) is not None


def id_of_code(session: Session, catalog: SharedCatalog, code: str) -> int | None:
    """Return the id of the item ``code`` of the catalog, or None."""
    item, text = SharedCatalogItem, clean(code) or ""
    return session.scalar(sa.select(item.id).where(item.catalog_id == catalog.id, item.code == text))


def get_item(session: Session, catalog: SharedCatalog, number: int, action: str = "read") -> SharedCatalogItem:
    """Return one item of the catalog to do ``action`` with it; raises NotFound, NotAllowed."""
    if action != "read":
        require(session, catalog, action)
    load = [joinedload(SharedCatalogItem.parent)]
    row: SharedCatalogItem = get_row(session, SharedCatalogItem, number, action=action, load=load)
    if row.catalog_id != catalog.id:
        raise NotFound(_("There is no such record, or you may not see it."))
    return row


def require(session: Session, catalog: SharedCatalog, action: str) -> None:
    """Raise NotAllowed unless the rights on items and the catalog's definition both grant ``action``."""
    if not may(SharedCatalogItem, action) or not may_write(session, catalog, current_actor()):
        raise NotAllowed(_("Your roles may only read this catalog."))


def save_item(
    session: Session, catalog: SharedCatalog, given: Mapping[str, Any], item: SharedCatalogItem | None
) -> SharedCatalogItem:
    """Write what is given (attributes and field keys; others stay) through the checks of every way in.

    Raises Invalid with field names, NotAllowed, Conflict for a stale ``row_version``.
    """
    require(session, catalog, "add" if item is None else "change")
    keys = {field.key for field in catalog.fields}
    body: dict[str, Any] = {name: given[name] for name in (*COMMON, "row_version") if name in given}
    data = stored_data(item) | {key: given[key] for key in given if key in keys}
    body["data"] = {key: value for key, value in data.items() if value not in (None, "")}
    if item is None:
        body["catalog"] = catalog.id
    form = form_of(SharedCatalogItem, body, item)
    if item is None:
        # A token may be for items alone, without a right to choose among definitions.
        form["catalog"].data, form["catalog"].process_errors = catalog, []
    return save(session, SharedCatalogItem, form, item)


def set_use(session: Session, item: SharedCatalogItem, *, is_active: bool) -> None:
    """Take an item out of use, or back into it; what refers to it stays."""
    item.is_active = is_active
    session.flush()


def names_for(
    session: Session, catalog: SharedCatalog, rows: Iterable[SharedCatalogItem]
) -> dict[tuple[str, int], Any]:
    """Return the records that items refer to, for ``as_json`` and ``in_words``."""
    return reference_names(session, catalog.fields, rows)


def told(session: Session, catalog: SharedCatalog, tales: Iterable[Sentence]) -> list[Sentence]:
    """Return the history of an item with its values told field by field instead of as one object."""
    found, fields = list(tales), {field.key: field for field in catalog.fields}
    past = [SharedCatalogItem(data=side or {}) for tale in found for side in tale.entry.changes.get("data", ())]
    names = reference_names(session, catalog.fields, past)
    return [replace(tale, changes=[*(one for one in tale.changes if one.name != "data"),
                                   *data_changes(fields, tale.entry.changes.get("data"), names)])
            for tale in found]  # fmt: skip


def data_changes(
    fields: Mapping[str, SharedCatalogField], sides: Any, names: Names
) -> Iterable[Change]:
    """Yield what changed in an item's values; a field that is gone by now by its key."""
    old, new = (side or {} for side in sides or (None, None))
    for key in dict.fromkeys([*fields, *old, *new]):
        before, after = old.get(key), new.get(key)
        if before == after:
            continue
        field = fields.get(key)
        words = [("" if value is None else str(value)) if field is None else value_words(field, value, names)
                 for value in (before, after)]  # fmt: skip
        yield Change(field.label if field is not None else key, key, words[0], words[1], before, after)


def as_json(catalog: SharedCatalog, row: SharedCatalogItem, names: Names) -> dict[str, Any]:
    """Return an item as the API answers it; references as {"id", "code", "text"}."""
    above = row.parent
    found: dict[str, Any] = {
        "id": row.id, "row_version": row.row_version, "code": row.code, "name": row.name,
        "parent": {"id": above.id, "code": above.code, "text": above.name} if above is not None else None,
        "valid_from": plain(row.valid_from), "valid_to": plain(row.valid_to), "is_active": row.is_active,
    }  # fmt: skip
    for field in catalog.fields:
        value = (row.data or {}).get(field.key)
        if field.kind in REFERENCES and value is not None:
            one = names.get((field.kind, value))
            value = {"id": value, "code": getattr(one, "code", None), "text": str(one or "")}
        found[field.key] = value
    return found


def in_words(
    field: SharedCatalogField, row: SharedCatalogItem, names: Names
) -> str:
    """Return an item's value of ``field`` as people read it; "" for none."""
    return value_words(field, (row.data or {}).get(field.key), names)


def value_words(field: SharedCatalogField, value: Any, names: Names) -> str:
    """Return a stored value of ``field`` as people read it; "" for none."""
    if value is None:
        return ""
    if field.kind in REFERENCES:
        # Of a field that became a reference later the history keeps values that were none.
        return str(names.get((field.kind, value), f"#{value}")) if type(value) is int else plain_text(value)
    if field.kind == ValueKind.choice:
        return next((str(o.get("label")) for o in field.options or [] if o.get("value") == value), str(value))
    if field.kind == ValueKind.date:
        return _day_words(value)
    if field.kind == ValueKind.number and type(value) in (int, float):
        return f"{value:,}".translate(str.maketrans(",.", ".,"))
    return plain_text(value)


def _day_words(value: Any) -> str:
    """Return a kept day as people write it; what was kept when the field was no date, as it is."""
    try:
        return plain_text(date.fromisoformat(value))
    except (ValueError, TypeError):
        return plain_text(value)
