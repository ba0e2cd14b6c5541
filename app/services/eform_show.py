"""Answers of electronic forms as a person reads them."""

from collections.abc import Mapping
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.lowcode.values import plain_text
from app.models.form_words import BLOCK_KINDS, CHOICE_KINDS, ROW_KINDS, FieldKind
from app.services.eform_catalogs import name_of
from app.services.eform_columns import AGENCY, FieldLike, choices, columns_of, label_of
from app.text import phone_text
from app.workflows.conditions import is_empty


def show(field: FieldLike, value: Any, units: Mapping[str, str] | None = None) -> str:
    """Return a tidied value as a person reads it; "" when nothing was answered."""
    if field.kind == FieldKind.checkbox:
        return _("Yes") if value is True else _("No")
    if is_empty(value):
        return ""
    if field.kind in CHOICE_KINDS:
        labels = dict(choices(field))
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(key), str(key)) for key in chosen)
    if field.kind == FieldKind.address and isinstance(value, Mapping):
        unit = (units or {}).get(value.get("unit") or "", "")
        return ", ".join(filter(None, (value.get("detail"), unit)))
    if field.kind == FieldKind.agency:
        return (units or {}).get(f"{AGENCY}{value}", str(value))
    if field.kind == FieldKind.catalog:
        return (units or {}).get(name_of(field.catalog_code, value), str(value))
    if field.kind == FieldKind.file:
        return ", ".join(map(str, value))
    if field.kind in BLOCK_KINDS | ROW_KINDS:
        return _show_cells(field, value, units)
    return _SHOW.get(field.kind, str)(value)


def _show_cells(field: FieldLike, value: Any, units: Mapping[str, str] | None) -> str:
    """Return a block, or the rows of a table, in one line."""
    rows = [row for row in (value if isinstance(value, list) else [value]) if isinstance(row, Mapping)]
    lines = [[show(c, row.get(c.key), units) for c in columns_of(field)] for row in rows]
    return "; ".join(", ".join(filter(None, line)) for line in lines)


def block_lines(
    field: FieldLike, value: Any, units: Mapping[str, str] | None = None
) -> list[tuple[str, str]]:
    """Return (label, value) of each part of a person or organisation that was given."""
    given = value if isinstance(value, Mapping) else {}
    lines = [(label_of(c), show(c, given.get(c.key), units)) for c in columns_of(field)]
    return [(name, text) for name, text in lines if text]


def show_number(value: Any) -> str:
    """Return a number as Vietnamese writes it: 1.250,5."""
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,}".translate(str.maketrans(",.", ".,"))


def _show_date(value: Any) -> str:
    try:
        return plain_text(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)  # as it was typed


_SHOW: dict[str, Any] = {
    FieldKind.number: show_number, FieldKind.computed: show_number,
    FieldKind.date: _show_date, FieldKind.phone: lambda value: phone_text(str(value)),
}  # fmt: skip
