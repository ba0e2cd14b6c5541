"""The list of one shared catalog: what the common list needs, taken from the catalog's definition."""

from collections.abc import Iterable
from dataclasses import replace
from types import SimpleNamespace
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.actions import Action, may
from app.lowcode.bulk import Act, Offer
from app.lowcode.choosing import find_choice
from app.lowcode.list_frame import NOT_KEPT
from app.lowcode.listing import ListRequest, Page
from app.lowcode.pages import Address, frame_context, sorted_by
from app.lowcode.saving import remove
from app.lowcode.values import plain_text
from app.models import AdministrativeUnit, Agency, SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind
from app.services import shared_catalogs as catalogs
from app.services.shared_catalogs import Names, in_words
from app.services.shared_listing import offered_columns, sortable

_SETTABLE = frozenset({ValueKind.choice, ValueKind.yes_no})
_NARROW = frozenset({ValueKind.date, ValueKind.yes_no})


def views_name(catalog: SharedCatalog) -> str:
    """Return what saved views of the catalog's list are kept under."""
    return f"shared_catalog:{catalog.code}"


def list_context(
    session: Session, catalog: SharedCatalog, wanted: ListRequest, page: Page, *, may_write: bool
) -> dict[str, Any]:
    """Return what the list page needs besides the view; rows hold the words of their cells."""
    here = Address(url_for("SharedCatalogItemsView.list"))
    infos = _filters(session, catalog, wanted)
    used = [info for info in infos if any(info.get(part) for part in ("value", "from", "to"))]
    names = catalogs.names_for(session, catalog, page.rows)
    labels = _labels(catalog)
    return frame_context(wanted, page, here, used) | {
        "columns": _columns(catalog, wanted, here),
        "offered": _anew([(name, labels[name]) for name in offered_columns(catalog)]),
        "bulk": tuple(offers(catalog, may_write=may_write)) if page.rows else (),
        "filters": _anew(infos, names=[info["name"] for info in infos]),
        "has_search": True,
        "page": replace(page, rows=[_row(catalog, row, wanted.columns, names) for row in page.rows]),
    }


def _anew(found: list[Any], **more: Any) -> SimpleNamespace:
    """Return a part of the page that is rendered anew each time: a definition may have changed."""
    return SimpleNamespace(key=NOT_KEPT, find=lambda: found, **more)


def _labels(catalog: SharedCatalog) -> dict[str, str]:
    """Return {column: heading} of everything an item holds."""
    own = {field.key: field.label for field in catalog.fields}
    return {"name": _("Name"), "code": _("Code"), "parent": _("Stands below"), "valid_from": _("Valid from"),
            "valid_to": _("Valid to"), "is_active": _("In use")} | own  # fmt: skip


def _columns(catalog: SharedCatalog, wanted: ListRequest, here: Address) -> list[dict[str, Any]]:
    """Return the columns of the list with the address that sorts by each."""
    labels, able, kinds = _labels(catalog), sortable(catalog), {field.key: field.kind for field in catalog.fields}
    found = []
    for name in wanted.columns:
        info = {"name": name, "label": labels[name], "class": _class(name, kinds.get(name)), "read": plain_text}
        found.append(sorted_by(info, wanted, here) if name in able else info)
    return found


def _class(name: str, kind: str | None) -> str:
    if kind is None:
        return "" if name in ("name", "parent") else "fix"
    return "num fix" if kind == ValueKind.number else "fix" if kind in _NARROW else ""


def _row(catalog: SharedCatalog, row: SharedCatalogItem, columns: Iterable[str], names: Names) -> SimpleNamespace:
    """Return what a row of the table shows: its id, and of each column words, or yes and no as they are."""
    fields, data = {field.key: field for field in catalog.fields}, row.data or {}
    found: dict[str, Any] = {"id": row.id}
    for name in columns:
        field = fields.get(name)
        if field is None:
            found[name] = getattr(row, name)
        elif field.kind == ValueKind.yes_no:
            found[name] = data.get(name)
        else:
            found[name] = in_words(field, row, names) or None
    if "parent" in found and row.parent is not None:
        found["parent"] = row.parent.name
    return SimpleNamespace(**found)


def _filters(session: Session, catalog: SharedCatalog, wanted: ListRequest) -> list[dict[str, Any]]:
    """Return the filters of the list as ``lowcode.list_frame.filter_of`` describes them."""
    found = [_filter("is_active", _("In use"), "boolean", _yes_no()), _filter("valid_on", _("Valid on"), "day")]
    if catalog.is_tree:
        found.append(_reference("parent", _("Stands below"), session.get(SharedCatalogItem, wanted.filters["parent"])
                                if wanted.filters.get("parent") else None, catalog.id))  # fmt: skip
    for one in catalog.fields:
        if one.kind in (ValueKind.number, ValueKind.date):
            found.append(_filter(one.key, one.label, str(one.kind)))
        elif one.kind in REFERENCES:
            found.append(_reference(one.key, one.label, _chosen(one, wanted), one.target_id))
        elif one.kind in _SETTABLE:
            found.append(_filter(one.key, one.label, "choice", _choices(one)))
    return found


def _filter(name: str, label: str, kind: str, options: Iterable[tuple[str, str]] = ()) -> dict[str, Any]:
    value, given = request.args.get(f"f.{name}", ""), list(options)
    words = dict(given).get(value, "") if given else value
    bounds = {bound: request.args.get(f"f.{name}.{bound}", "") for bound in ("from", "to")}
    return {"name": name, "label": label, "kind": kind, "options": given, "value": value, "text": words, **bounds}


def _reference(name: str, label: str, row: Any, catalog_id: int | None) -> dict[str, Any]:
    """Return the filter of a relation; a record of another catalog is as good as none."""
    if isinstance(row, SharedCatalogItem) and row.catalog_id != catalog_id:
        row = None
    url = url_for("SharedCatalogItemsView.choices", key=name)
    return _filter(name, label, "relation") | {
        "url": url, "value": str(row.id) if row is not None else "", "text": str(row) if row is not None else ""}


def _chosen(field: SharedCatalogField, wanted: ListRequest) -> Any:
    """Return the record a filter names now; others come as they are searched."""
    models: dict[str, Any] = {ValueKind.item: SharedCatalogItem, ValueKind.agency: Agency,
                              ValueKind.unit: AdministrativeUnit}  # fmt: skip
    number = wanted.filters.get(field.key)
    return find_choice(models[field.kind], number) if number else None


def _yes_no() -> list[tuple[str, str]]:
    return [("1", _("Yes")), ("0", _("No"))]


def _choices(field: SharedCatalogField) -> list[tuple[str, str]]:
    if field.kind == ValueKind.yes_no:
        return _yes_no()
    return [(str(option["value"]), str(option["label"])) for option in field.options or []]


def offers(catalog: SharedCatalog, *, may_write: bool) -> list[Offer]:
    """Return what the actor may do with many items: set a choice or yes-no, remove them.

    may_write: whether the definition lets him change items at all.
    """
    found: list[Offer] = []
    if not may_write:
        return found
    if may(SharedCatalogItem, Action.change):
        sets = [("is_active", _("In use"), _yes_no())]
        sets += [(one.key, one.label, _choices(one)) for one in catalog.fields if one.kind in _SETTABLE]
        found += [Offer(f"set:{name}:{value}", f"{label}: {words}")
                  for name, label, some in sets for value, words in some]  # fmt: skip
    if may(SharedCatalogItem, Action.remove):
        found.append(Offer("remove", _("Delete")))
    return found


def act_of(catalog: SharedCatalog, key: str) -> Act:
    """Return what ``key``, one of ``offers``, does with an item, by the checks of every way in."""
    if key == "remove":
        return remove
    _set, name, text = key.split(":", 2)
    kinds = {field.key: field.kind for field in catalog.fields}
    value: Any = text if kinds.get(name) == ValueKind.choice else text == "1"
    return lambda session, row: catalogs.save_item(session, row.catalog, {name: value}, row)
