"""An electronic form as its page shows it: what ``applicant/eform.html`` renders."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask import url_for
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.models import Attachment, FormField
from app.models.form_words import BLOCK_KINDS, CHOICE_KINDS, ROW_KINDS, FieldKind
from app.services.eform_catalogs import FEW as FEW_ITEMS
from app.services.eform_catalogs import item_names, name_of, offered_items
from app.services.eform_columns import AGENCY, Column, FieldLike, choices, columns_of, help_of, label_of
from app.services.eform_fields import DEFAULT_LENGTHS, cell_problems
from app.services.eform_names import agency_choices, unit_choices
from app.services.eform_show import show_number
from app.services.eform_state import may_see
from app.services.eform_values import ELSEWHERE, ISO_DATE, MAX_ROWS
from app.services.eforms import PREFIX, EForm
from app.services.my_dossiers import file_item
from app.workflows.conditions import day_of, keys_in

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


@dataclass(frozen=True)
class Offered:
    """What a page offers to choose from: communes by province, agencies."""

    units: Sequence[tuple[str, Sequence[tuple[str, str]]]] = ()
    agencies: Sequence[tuple[str, str]] = ()
    items: Mapping[str, Sequence[tuple[str, str]]] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)


def offered_for(bound: EForm, session: Session) -> Offered:
    """Return the catalogs that the fields of a page need; nothing is read for the others."""
    rows = [cell for part in bound for cell in (part.row, *columns_of(part.row))]
    kinds = {row.kind for row in rows}
    return Offered(
        unit_choices(session) if FieldKind.address in kinds else (),
        agency_choices(session) if FieldKind.agency in kinds else (),
        offered_items(session, (r.catalog_code for r in rows if r.kind == FieldKind.catalog and r.catalog_code)),
        item_names(bound.row, bound.values()) if FieldKind.catalog in kinds else {},
    )


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
    label: str = ""
    help: str = ""
    required: bool = True
    is_hidden: bool = False
    cells: list[list["PageField"]] = field(default_factory=list)  # of a group's rows; of a block
    blank: list["PageField"] = field(default_factory=list)


_NOTHING = Offered()


def page_fields(
    bound: EForm, *, units: Offered = _NOTHING, attachments: Sequence[Attachment] = (),
    extra_row: str = "", old: Mapping[str, str] | None = None,
) -> list[PageField]:  # fmt: skip
    """Return the fields of a bound form for its page.

    units: what is offered to choose from. attachments: files sent so far. extra_row: key of a table
    to show with one more blank row. old: {key: earlier answer in words}, for supplements.
    """
    codes = {code for _province, members in units.units for code, _name in members}
    codes |= {f"{AGENCY}{code}" for code, _name in units.agencies}
    found = []
    for part in bound:
        shown = _field(part.name, part.row, part.data, list(part.errors), units)
        if bound.judged is not None:
            shown.is_hidden = not bound.judged.is_shown(part.row.key)
            shown.required = bound.judged.is_required(part.row)
        shown.old = (old or {}).get(part.row.key)
        if part.row.kind == FieldKind.table:
            _fill_table(shown, part.data, codes, units, has_extra=extra_row == part.row.key)
        if part.row.kind == FieldKind.group or part.row.kind in BLOCK_KINDS:
            _fill_cells(shown, part.data, codes, units, has_extra=extra_row == part.row.key)
        if part.row.kind == FieldKind.file:
            shown.files = [file_item(a) for a in attachments if a.field_key == part.row.key]
        found.append(shown)
    return found


def _field(
    name: str, row: FieldLike, value: Any, errors: list[str], offered: Offered = _NOTHING
) -> PageField:
    words = {"label": label_of(row), "help": help_of(row), "required": row.is_required}
    if row.kind == FieldKind.catalog:
        return _item(name, row, value, errors, offered, words)
    if row.kind in CHOICE_KINDS or row.kind == FieldKind.agency:
        return _choice(name, row, value, errors, offered, words)
    if row.kind in _OWN_LOOK:
        return PageField(name, row, row.kind, value or {}, errors, **words)
    kind, attrs, width = _INPUTS.get(row.kind, ("text", {}, ""))
    attrs = dict(attrs)
    if row.kind == FieldKind.date:
        attrs |= _limits(row)
        if value and not ISO_DATE.fullmatch(str(value)):
            kind = "text"  # a date that is none is shown as it was typed
    length = row.max_length or DEFAULT_LENGTHS.get(FieldKind(row.kind))
    if length and kind in {"text", "textarea"}:
        attrs["maxlength"] = str(length)
    text = show_number(value) if row.kind == FieldKind.number and value is not None else value
    return PageField(name, row, kind, text, errors, attrs=attrs, width=width, **words)


_OWN_LOOK = {FieldKind.address, FieldKind.file, FieldKind.computed} | ROW_KINDS | BLOCK_KINDS


def _limits(row: FieldLike) -> dict[str, str]:
    """Return the first and last day a date input offers."""
    days = {name: day_of(text, today()) for name, text in (("min", row.min_date), ("max", row.max_date))}
    return {name: day.isoformat() for name, day in days.items() if day is not None}


def _choice(
    name: str, row: FieldLike, value: Any, errors: list[str], offered: Offered, words: dict[str, Any]
) -> PageField:
    options = list(offered.agencies) if row.kind == FieldKind.agency else choices(row)
    if row.kind == FieldKind.multi_select:
        return PageField(name, row, "checks", value or [], errors, options, **words)
    if row.is_required and row.kind == FieldKind.select and len(options) <= FEW:
        return PageField(name, row, "radio", value, errors, options, **words)
    offers = [("", _("Please choose")), *options]
    return PageField(name, row, "select", value, errors, offers, **words)


def _item(
    name: str, row: FieldLike, value: Any, errors: list[str], offered: Offered, words: dict[str, Any]
) -> PageField:
    """Return the choice from a shared catalog; of a long one the page asks for what is typed."""
    options = list(offered.items.get(row.catalog_code or "", ()))
    attrs: dict[str, Any] = {}
    if len(options) >= FEW_ITEMS and isinstance(row, FormField) and row.id is not None:
        attrs["data-choices-url"] = url_for("CatalogChoicesView.of_field", number=row.id)
    elif len(options) >= FEW_ITEMS and isinstance(row, Column) and row.owner_id is not None:
        attrs["data-choices-url"] = url_for("CatalogChoicesView.of_field", number=row.owner_id, column=row.key)
    if value and value not in {code for code, _name in options}:
        options.append((value, offered.names.get(name_of(row.catalog_code, value), value)))
    return PageField(name, row, "select", value, errors, [("", _("Please choose")), *options], attrs, **words)


def _fill_cells(
    shown: PageField, value: Any, codes: set[str], offered: Offered, *, has_extra: bool
) -> None:
    """Give a block its parts, or a group its rows, each a field of its own."""
    is_block = shown.row.kind in BLOCK_KINDS
    given = [value if isinstance(value, dict) else {}] if is_block else [
        row for row in (value if isinstance(value, list) else []) if isinstance(row, dict)
    ][:MAX_ROWS]  # fmt: skip
    faults = cell_problems(shown.row, given, codes) if shown.errors else {}
    if not is_block and (has_extra or not given):
        given = [*given, {}]
    shown.cells = [_cells(shown, index, row, faults, offered) for index, row in enumerate(given)]
    # The blank row that scripts copy for "add"; __index__ becomes its number.
    shown.blank = [] if is_block else _cells(shown, "__index__", {}, {}, offered)


def _cells(
    shown: PageField, index: int | str, row: Mapping[str, Any],
    faults: Mapping[tuple[int, str], str], offered: Offered,
) -> list[PageField]:  # fmt: skip
    middle = "" if shown.row.kind in BLOCK_KINDS else f"{index}-"
    return [
        _field(f"{shown.id}-{middle}{cell.key}", cell, row.get(cell.key),
               [faults[index, cell.key]] if (index, cell.key) in faults else [], offered)  # type: ignore[index]
        for cell in columns_of(shown.row)
    ]  # fmt: skip


def _fill_table(shown: PageField, value: Any, codes: set[str], offered: Offered, *, has_extra: bool) -> None:
    given = [row for row in value if isinstance(row, dict)] if isinstance(value, list) else []
    cells = columns_of(shown.row)
    faults = cell_problems(shown.row, given, codes) if shown.errors else {}
    shown.columns = [_column(cell, given, offered) for cell in cells]
    shown.rows = [
        {**{cell.key: _cell_text(cell, row.get(cell.key)) for cell in cells},
         "_errors": {key: [text] for (number, key), text in faults.items() if number == index}}
        for index, row in enumerate(given[:MAX_ROWS])
    ]  # fmt: skip
    if has_extra or not shown.rows:
        shown.rows.append({})


def _column(cell: FieldLike, rows: Sequence[Mapping[str, Any]], offered: Offered) -> dict[str, Any]:
    if cell.kind == FieldKind.catalog:
        return _item_column(cell, rows, offered)
    kind, attrs, _width = _INPUTS.get(cell.kind, ("text", {}, ""))
    if cell.kind in {FieldKind.select, FieldKind.multi_select}:
        kind = "select"
    options = [("", _("Please choose")), *choices(cell)] if kind == "select" else []
    return {"key": cell.key, "label": label_of(cell), "kind": kind, "attrs": attrs,
            "required": cell.is_required, "options": options}  # fmt: skip


def _item_column(cell: FieldLike, rows: Sequence[Mapping[str, Any]], offered: Offered) -> dict[str, Any]:
    """Return a column that offers items; what rows have chosen already stands among them."""
    words = {"label": label_of(cell), "required": cell.is_required}
    chosen = dict.fromkeys(row[cell.key] for row in rows if isinstance(row.get(cell.key), str))
    options: dict[str, str] = {}
    made = _item("", cell, None, [], offered, {})
    for value in chosen:
        options |= dict(_item("", cell, value, [], offered, {}).options)
    return {"key": cell.key, "kind": "select", "attrs": {}, "choices_url": made.attrs.get("data-choices-url"), **words,
            "options": list((dict(made.options) | options).items())}  # fmt: skip


def _cell_text(cell: FieldLike, value: Any) -> Any:
    return show_number(value) if cell.kind == FieldKind.number and value is not None else value


def error_links(bound: EForm) -> list[tuple[str, str]]:
    """Return (id, "label: message") of every fault, for the summary on top."""
    return [(part.name, named(part.label.text, text)) for part in bound for text in part.errors]


def elsewhere() -> tuple[str, str]:
    """Return the choice for a place that is not in the catalog."""
    return ELSEWHERE, _("Another place (write it in full below)")


def live_rules(bound: EForm) -> dict[str, Any]:
    """Return what eform.js needs to show and hide fields at once, as the server will.

    shown, required: {key: condition}; inputs: {key: kind} on this page; others: answers elsewhere.
    """
    judged = bound.judged
    if judged is None:
        return {}
    here = {part.row.key: part.row.kind for part in bound}
    conditions = {key: [c for c in (f.section.show_when, f.show_when) if c]
                  for key, f in judged.fields.items()}  # fmt: skip
    wanted = {key: {"all": given} for key, given in conditions.items() if given}
    named = {name for given in [*wanted.values(), *_required(judged.fields)] for name in keys_in(given)}
    return {
        "shown": wanted, "inputs": here, "prefix": PREFIX, "today": today().isoformat(),
        "required": {key: f.required_when for key, f in judged.fields.items()
                     if key in here and f.required_when and not f.is_required},
        "others": {key: judged.value(key) for key in (named - set(here)) & set(judged.fields)
                   if may_see(judged.fields[key], officer=False)},
    }  # fmt: skip


def _required(fields: Mapping[str, Any]) -> list[Any]:
    return [f.required_when for f in fields.values() if f.required_when]


def named(label: str, text: str) -> str:
    """Return a fault with its field's name before it, unless it begins with the name."""
    return text if text.startswith(label) else f"{label}: {text}"
