"""What a shared catalog's workbook looks like, written out: template and export."""

from collections.abc import Iterator
from typing import IO, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.choosing import choosable
from app.lowcode.exchange import cells
from app.lowcode.exchange.book import Book
from app.lowcode.exchange.export import count, csv_file, telling
from app.lowcode.exchange.layout import Column, Sheet, sheet_name, sheet_of
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.references import DASH, named
from app.lowcode.exchange.tables import guide_title
from app.lowcode.exchange.template import guide_lines
from app.lowcode.listing import ListRequest
from app.lowcode.rows import visible
from app.models import SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind
from app.models.shared_item import chosen_on
from app.models.shared_references import offered, reference_names
from app.permissions import current_actor
from app.services.shared_catalogs import value_words
from app.services.shared_listing import narrowed
from app.text import fold

_CHUNK = 500
_MOST = 5000  # records offered in a drop-down list
KINDS = {
    ValueKind.text: "text", ValueKind.number: "number", ValueKind.date: "date", ValueKind.yes_no: "boolean",
    ValueKind.choice: "choice", ValueKind.item: "relation", ValueKind.agency: "relation",
    ValueKind.unit: "relation",
}  # fmt: skip


def typed_sheet(catalog: SharedCatalog) -> Sheet:
    """Return the sheet of a catalog: what every item has, then its own fields, by their labels."""
    item, columns = sheet_of(SharedCatalogItem), []
    names = ["code", "name", *(["parent"] if catalog.is_tree else [])]
    columns = [item.column(name) for name in names if name in names_in(item)]
    columns += [Column(field.key, field.label, KINDS[ValueKind(field.kind)], needed=field.is_required)
                for field in catalog.fields]  # fmt: skip
    columns += [item.column(name) for name in ("valid_from", "valid_to", "is_active") if name in names_in(item)]
    by_heading = {fold(column.label): column for column in reversed(columns)}
    return Sheet(SharedCatalogItem, sheet_name(catalog.name), tuple(columns), by_heading=by_heading)


def names_in(sheet: Sheet) -> set[str]:
    """Return the attributes that have a column in ``sheet``."""
    return {column.name for column in sheet.columns}


def count_items(session: Session, catalog: SharedCatalog, wanted: ListRequest, most: int) -> int:
    """Return how many items an export of ``wanted`` has, counting no further than ``most``."""
    return count(session, _exported(catalog, wanted).limit(most))


def _exported(catalog: SharedCatalog, wanted: ListRequest) -> Any:
    query = visible(SharedCatalogItem, current_actor(), action="export")
    return narrowed(query.where(SharedCatalogItem.catalog_id == catalog.id), catalog, wanted)


def write_items(
    session: Session, catalog: SharedCatalog, wanted: ListRequest, report: Report | None = None
) -> IO[bytes]:
    """Return an open .xlsx file with the items of ``wanted``; it can be imported again as it is."""
    sheet, book, query = typed_sheet(catalog), Book(), _exported(catalog, wanted)
    lines = _lines(session, catalog, sheet, query)
    total = count(session, query) if report is not None else 0
    book.sheet(sheet, sheet.columns, lines if report is None else telling(lines, report, 0, total))
    return book.close()


def csv_items(session: Session, catalog: SharedCatalog, wanted: ListRequest) -> Iterator[str]:
    """Yield a .csv file of the items of ``wanted`` line by line, with the columns of the workbook."""
    sheet = typed_sheet(catalog)
    return csv_file(sheet.columns, _lines(session, catalog, sheet, _exported(catalog, wanted)))


def _lines(session: Session, catalog: SharedCatalog, sheet: Sheet, query: Any) -> Iterator[list[Any]]:
    item, last = SharedCatalogItem, 0
    fields = {field.key: field for field in catalog.fields}
    while batch := list(session.scalars(query.where(item.id > last).order_by(item.id).limit(_CHUNK))):
        last = batch[-1].id
        names = reference_names(session, catalog.fields, batch)
        for row in batch:
            yield [_shown(fields.get(column.name), column, row, names) for column in sheet.columns]


def _shown(field: SharedCatalogField | None, column: Column, row: SharedCatalogItem, names: Any) -> Any:
    if field is None:
        value = getattr(row, column.name)
        if column.name == "parent":
            return named(value.code, value.name) if value is not None else None
        return cells.as_text(value) if column.kind == "boolean" else value
    value = (row.data or {}).get(field.key)
    if value is not None and field.kind in REFERENCES:
        one = names.get((field.kind, value))
        return named(one.code, one.name) if one is not None else str(value)
    if field.kind in (ValueKind.number, ValueKind.text):
        return value
    return value_words(field, value, names)


def write_template(session: Session, catalog: SharedCatalog, title: str) -> IO[bytes]:
    """Return an open .xlsx file to fill in: headings, drop-down lists and rules."""
    sheet, book = typed_sheet(catalog), Book()
    choices = {column.name: _offered(session, catalog, column) for column in sheet.columns}
    notes = {column.name: _note(catalog, column) for column in sheet.columns}
    book.sheet(sheet, sheet.columns, (), notes=notes, choices=choices)
    book.guide(guide_title(), guide_lines(title, [(sheet.title, c.heading, notes[c.name]) for c in sheet.columns]))
    return book.close()


def _offered(session: Session, catalog: SharedCatalog, column: Column) -> list[str]:
    field = next((one for one in catalog.fields if one.key == column.name), None)
    if column.kind == "boolean":
        return [_("Yes"), _("No")]
    if field is not None and field.kind == ValueKind.choice:
        return [str(option.get("label")) for option in field.options or []]
    if field is not None and field.kind in REFERENCES:
        model, query = offered(field)
    elif column.name == "parent":
        model, query = SharedCatalogItem, chosen_on(
            sa.select(SharedCatalogItem).where(SharedCatalogItem.catalog_id == catalog.id))  # fmt: skip
    else:
        return []
    query = choosable(query, model, current_actor())
    found = session.execute(query.with_only_columns(model.code, model.name).order_by(model.code).limit(_MOST + 1))
    lines = [named(code, name) for code, name in found]
    return lines if len(lines) <= _MOST else []


def _note(catalog: SharedCatalog, column: Column) -> str:
    field = next((one for one in catalog.fields if one.key == column.name), None)
    rule = {
        "number": _("A number, for example 1250 or 12,5."), "boolean": _("Yes or No."),
        "date": _("A day, for example 31/12/2026."), "choice": _("One of the list."),
        "relation": _("A code, or a choice of the list kept whole (code%(dash)sname).", dash=DASH),
    }.get(column.kind, _("Text."))  # fmt: skip
    parts = [_("Required.") if column.needed else _("May stay empty."), rule]
    if field is not None and field.is_unique:
        parts.append(_("No two items have the same"))
    return "\n".join(parts)
