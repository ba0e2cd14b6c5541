"""What the pages of one item of a shared catalog show: its lines and its inputs by the definition."""

from collections.abc import Mapping
from typing import Any

from flask import url_for
from flask_babel import gettext as _

from app.lowcode.values import plain_text
from app.models import SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind
from app.services.shared_catalogs import Names, in_words

_INPUTS = {ValueKind.date: "date", ValueKind.choice: "select", ValueKind.yes_no: "select",
           ValueKind.item: "select", ValueKind.agency: "select", ValueKind.unit: "select"}  # fmt: skip
_LONG = 200  # characters: longer texts get several lines


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
    url = url_for("SharedCatalogItemsView.choices", key=key)
    return {"name": key, "label": label, "kind": "select", "value": str(one.id) if one is not None else "",
            "options": [("", _("Please choose")), *chosen], "url": url}  # fmt: skip
