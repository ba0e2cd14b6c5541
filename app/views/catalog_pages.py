"""What the pages of shared catalogs show: columns, filters, cells and inputs by the definition."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import plain_text
from app.models import AdministrativeUnit, Agency, SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind
from app.services.shared_catalogs import in_words
from app.services.shared_listing import ItemRequest, sortable

Names = Mapping[tuple[str, int], Any]
_INPUTS = {ValueKind.date: "date", ValueKind.choice: "select", ValueKind.yes_no: "select",
           ValueKind.item: "select", ValueKind.agency: "select", ValueKind.unit: "select"}  # fmt: skip
_LONG = 200  # characters: longer texts get several lines


def columns(catalog: SharedCatalog, wanted: ItemRequest, here: Callable[..., str]) -> list[dict[str, Any]]:
    """Return the columns of the list with the address that sorts by each."""
    found = [{"name": "name", "label": _("Name")}, {"name": "code", "label": _("Code"), "class": "fix"}]
    if catalog.is_tree:
        found.append({"name": "parent", "label": _("Stands below")})
    found += [{"name": one.key, "label": one.label, "class": _class(one)} for one in catalog.fields if one.is_listed]
    found.append({"name": "is_active", "label": _("In use"), "class": "fix"})
    offered = sortable(catalog)
    for column in found:
        if column["name"] not in offered:
            continue
        if wanted.sort.removeprefix("-") == column["name"]:
            column["sort"] = "desc" if wanted.sort.startswith("-") else "asc"
        column["sort_url"] = here(sort=f"-{column['name']}" if column.get("sort") == "asc" else column["name"])
    return found


def _class(field: SharedCatalogField) -> str:
    if field.kind == ValueKind.number:
        return "num fix"
    return "fix" if field.kind in (ValueKind.date, ValueKind.yes_no) else ""


def cells(catalog: SharedCatalog, row: SharedCatalogItem, names: Names) -> list[str]:
    """Return the words of a row's cells after its name, in the order of ``columns``."""
    found = [row.code]
    if catalog.is_tree:
        found.append(row.parent.name if row.parent is not None else "")
    found += [in_words(field, row, names) for field in catalog.fields if field.is_listed]
    return [*found, plain_text(row.is_active)]


def item_lines(catalog: SharedCatalog, row: SharedCatalogItem, names: Names) -> list[tuple[str, str]]:
    """Return (label, words) of everything an item holds."""
    found = [(_("Code"), row.code), (_("Name"), row.name)]
    if catalog.is_tree:
        found.append((_("Stands below"), row.parent.name if row.parent is not None else ""))
    found += [(field.label, in_words(field, row, names)) for field in catalog.fields]
    return [
        *found, (_("Valid from"), plain_text(row.valid_from) if row.valid_from else ""),
        (_("Valid to"), plain_text(row.valid_to) if row.valid_to else ""), (_("In use"), plain_text(row.is_active)),
    ]  # fmt: skip


def filters(session: Session, catalog: SharedCatalog, wanted: ItemRequest) -> list[dict[str, Any]]:
    """Return the filters of the list as ``ui.control`` takes them."""
    yes_no = [("", _("All")), ("1", _("Yes")), ("0", _("No"))]
    found = [_filter("is_active", _("In use"), "select", yes_no), _filter("valid_on", _("Valid on"), "date")]
    for one in catalog.fields:
        if one.kind in (ValueKind.number, ValueKind.date):
            kind = "date" if one.kind == ValueKind.date else "text"
            found.append(_filter(f"{one.key}.from", _("%(label)s: from", label=one.label), kind))
            found.append(_filter(f"{one.key}.to", _("%(label)s: until", label=one.label), kind))
        elif one.kind in REFERENCES:
            url = url_for("SharedCatalogItemsView.choices", code=catalog.code, key=one.key)
            found.append(_filter(one.key, one.label, "select", _chosen(session, one, wanted)) | {"url": url})
        elif one.kind in (ValueKind.choice, ValueKind.yes_no):
            options = [("", _("All")), *_options(one)]
            found.append(_filter(one.key, one.label, "select", options))
    return found


def _filter(name: str, label: str, kind: str, options: Any = ()) -> dict[str, Any]:
    key = f"f.{name}"
    return {"name": key, "label": label, "kind": kind, "options": list(options), "value": request.args.get(key, "")}


def _chosen(session: Session, field: SharedCatalogField, wanted: ItemRequest) -> list[tuple[str, str]]:
    """Return the choice a filter has now; others come as they are searched."""
    models: dict[str, Any] = {ValueKind.item: SharedCatalogItem, ValueKind.agency: Agency,
                              ValueKind.unit: AdministrativeUnit}  # fmt: skip
    number = wanted.filters.get(field.key)
    row = session.get(models[field.kind], number) if number else None
    if field.kind == ValueKind.item and row is not None and row.catalog_id != field.target_id:
        row = None
    return [("", _("All")), *([(str(row.id), str(row))] if row is not None else [])]


def _options(field: SharedCatalogField) -> list[tuple[str, str]]:
    if field.kind == ValueKind.yes_no:
        return [("1", _("Yes")), ("0", _("No"))]
    return [(option["value"], option["label"]) for option in field.options or []]


def inputs(
    catalog: SharedCatalog, row: Any, given: Mapping[str, Any] | None, errors: Mapping[str, str], names: Names,
    *, is_copy: bool,
) -> list[dict[str, Any]]:  # fmt: skip
    """Return the inputs of the form: what was typed, else what ``row`` holds."""
    common: list[dict[str, Any]] = [
        {"name": "code", "label": _("Code"), "required": True, "value": "" if is_copy else getattr(row, "code", "")},
        {"name": "name", "label": _("Name"), "required": True, "value": getattr(row, "name", "")},
    ]
    if catalog.is_tree:
        above = getattr(row, "parent", None)
        common.append(_reference(catalog, "parent", _("Stands below"), above))
    found = common + [_input(catalog, field, row, names) for field in catalog.fields]
    for name, label in (("valid_from", _("Valid from")), ("valid_to", _("Valid to"))):
        day = getattr(row, name, None)
        found.append({"name": name, "label": label, "kind": "date", "value": day.isoformat() if day else ""})
    is_active = getattr(row, "is_active", True)
    found.append({"name": "is_active", "label": _("In use"), "kind": "checkbox", "value": is_active})
    for one in found:
        one["errors"] = [errors[one["name"]]] if one["name"] in errors else []
        if given is not None:
            one["value"] = given.get(one["name"]) or ""
    return found


def _input(catalog: SharedCatalog, field: SharedCatalogField, row: Any, names: Names) -> dict[str, Any]:
    value = (row.data or {}).get(field.key) if row is not None else None
    if field.kind in REFERENCES:
        one = names.get((field.kind, value)) if value is not None else None
        return _reference(catalog, field.key, field.label, one) | {"required": field.is_required}
    text = {True: "1", False: "0"}[value] if isinstance(value, bool) else value
    if field.kind == ValueKind.number and isinstance(value, float):
        text = str(value).replace(".", ",")
    kind = _INPUTS.get(ValueKind(field.kind), "text")
    if kind == "text" and (field.max_length or 0) > _LONG:
        kind = "textarea"
    attrs = {"inputmode": "decimal"} if field.kind == ValueKind.number else {}
    options = [("", _("Please choose")), *_options(field)] if kind == "select" else []
    return {"name": field.key, "label": field.label, "kind": kind, "value": text, "attrs": attrs,
            "required": field.is_required, "options": options}  # fmt: skip


def _reference(catalog: SharedCatalog, key: str, label: str, one: Any) -> dict[str, Any]:
    chosen = [(str(one.id), str(one))] if one is not None else []
    url = url_for("SharedCatalogItemsView.choices", code=catalog.code, key=key)
    return {"name": key, "label": label, "kind": "select", "value": str(one.id) if one is not None else "",
            "options": [("", _("Please choose")), *chosen], "url": url}  # fmt: skip
