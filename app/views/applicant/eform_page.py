"""An electronic form as its page shows it: what ``applicant/eform.html`` renders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.models import Attachment
from app.models.form import FieldKind
from app.services.eform_fields import DEFAULT_LENGTHS, cell_problems
from app.services.eform_values import (
    ELSEWHERE,
    ISO_DATE,
    MAX_ROWS,
    FieldLike,
    choices,
    columns_of,
    show_number,
)
from app.services.eforms import EForm
from app.services.my_dossiers import file_item

Units = Sequence[tuple[str, Sequence[tuple[str, str]]]]
FEW = 4  # so many answers are all shown at once, to be touched and not searched
_INPUTS: dict[str, tuple[str, dict[str, str], str]] = {
    FieldKind.textarea: ("textarea", {}, ""),
    FieldKind.number: ("text", {"inputmode": "decimal", "autocomplete": "off"}, "short"),
    FieldKind.date: ("date", {}, "short"),
    FieldKind.personal_id: ("text", {"inputmode": "numeric", "autocomplete": "off"}, "medium"),
    FieldKind.phone: ("tel", {"autocomplete": "tel"}, "medium"),
    FieldKind.email: ("email", {"autocomplete": "email"}, "medium"),
    FieldKind.checkbox: ("checkbox", {}, ""),
}


@dataclass
class PageField:
    """One field of a page, ready for ``ui.control`` or its own macro."""

    id: str
    row: FieldLike
    kind: str
    value: Any
    errors: list[str]
    options: list[tuple[str, str]] = field(default_factory=list)
    attrs: dict[str, Any] = field(default_factory=dict)
    width: str = ""
    columns: list[dict[str, Any]] = field(default_factory=list)
    rows: list[dict[str, Any]] = field(default_factory=list)
    files: list[dict[str, Any]] = field(default_factory=list)
    old: str | None = None


def page_fields(
    bound: EForm, *, units: Units = (), attachments: Sequence[Attachment] = (),
    extra_row: str = "", old: Mapping[str, str] | None = None,
) -> list[PageField]:  # fmt: skip
    """Return the fields of a bound form for its page.

    units: offered wards and communes. attachments: files sent so far. extra_row: key of a table
    to show with one more blank row. old: {key: earlier answer in words}, for supplements.
    """
    codes = {code for _province, members in units for code, _name in members}
    found = []
    for part in bound:
        shown = _field(part.name, part.row, part.data, list(part.errors))
        shown.old = (old or {}).get(part.row.key)
        if part.row.kind == FieldKind.table:
            _fill_table(shown, part.data, codes, extra_row == part.row.key)
        if part.row.kind == FieldKind.file:
            shown.files = [file_item(a) for a in attachments if a.field_key == part.row.key]
        found.append(shown)
    return found


def _field(name: str, row: FieldLike, value: Any, errors: list[str]) -> PageField:
    if row.kind in {FieldKind.select, FieldKind.multi_select}:
        return _choice(name, row, value, errors)
    if row.kind in {FieldKind.address, FieldKind.table, FieldKind.file}:
        return PageField(name, row, row.kind, value or {}, errors)
    kind, attrs, width = _INPUTS.get(row.kind, ("text", {}, ""))
    if row.kind == FieldKind.date and value and not ISO_DATE.fullmatch(str(value)):
        kind = "text"  # a date that is none is shown as it was typed
    length = row.max_length or DEFAULT_LENGTHS.get(FieldKind(row.kind))
    limits = {"maxlength": str(length)} if length and kind in {"text", "textarea"} else {}
    text = show_number(value) if row.kind == FieldKind.number and value is not None else value
    return PageField(name, row, kind, text, errors, attrs={**attrs, **limits}, width=width)


def _choice(name: str, row: FieldLike, value: Any, errors: list[str]) -> PageField:
    options = choices(row)
    if row.kind == FieldKind.multi_select:
        return PageField(name, row, "checks", value or [], errors, options)
    if row.is_required and len(options) <= FEW:
        return PageField(name, row, "radio", value, errors, options)
    return PageField(name, row, "select", value, errors, [("", _("Please choose")), *options])


def _fill_table(shown: PageField, value: Any, codes: set[str], has_extra: bool) -> None:
    given = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    cells = columns_of(shown.row)
    faults = cell_problems(shown.row, given, codes) if shown.errors else {}
    shown.columns = [_column(cell) for cell in cells]
    shown.rows = [
        {**{cell.key: _cell_text(cell, row.get(cell.key)) for cell in cells},
         "_errors": {key: [text] for (number, key), text in faults.items() if number == index}}
        for index, row in enumerate(given[:MAX_ROWS])
    ]  # fmt: skip
    if has_extra or not shown.rows:
        shown.rows.append({})


def _column(cell: FieldLike) -> dict[str, Any]:
    kind, attrs, _width = _INPUTS.get(cell.kind, ("text", {}, ""))
    if cell.kind in {FieldKind.select, FieldKind.multi_select}:
        kind = "select"
    options = [("", _("Please choose")), *choices(cell)] if kind == "select" else []
    return {"key": cell.key, "label": cell.label, "kind": kind, "attrs": attrs,
            "required": cell.is_required, "options": options}  # fmt: skip


def _cell_text(cell: FieldLike, value: Any) -> Any:
    return show_number(value) if cell.kind == FieldKind.number and value is not None else value


def error_links(bound: EForm) -> list[tuple[str, str]]:
    """Return (id, "label: message") of every fault, for the summary on top."""
    return [(part.name, f"{part.row.label}: {text}") for part in bound for text in part.errors]


def elsewhere() -> tuple[str, str]:
    """Return the choice for a place that is not in the catalog."""
    return ELSEWHERE, _("Another place (write it in full below)")
