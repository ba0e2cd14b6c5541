"""Items of one shared catalog as a workbook: a column for each of its fields, checked like the form."""

import itertools
import json
from array import array
from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import DomainError, Invalid
from app.extensions import db
from app.lowcode.choosing import choosable
from app.lowcode.exchange import cells
from app.lowcode.exchange.exchanges import Prepared, Skipped
from app.lowcode.exchange.layout import Sheet, sheet_of
from app.lowcode.exchange.packed import PackedRows
from app.lowcode.exchange.plan import Entry, Kind, Plan, Table
from app.lowcode.exchange.planner import Planner
from app.lowcode.exchange.reading import Origin, RawSheet
from app.lowcode.exchange.references import JOIN, beginnings, named
from app.lowcode.exchange.tables import find_tables
from app.models import SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind
from app.models.shared_references import offered, reference_names
from app.models.shared_values import stored_data
from app.permissions import Actor, current_actor
from app.services.shared_catalogs import data_changes, get_catalog, require
from app.services.shared_sheets import KINDS, names_in, typed_sheet
from app.text import fold

FAMILY = "catalog"
_CHUNK = 500


class CatalogExchange:
    """The import of one catalog's items; made anew for every use, so it may remember its file."""

    def __init__(self, code: str) -> None:
        self.code = code
        self._notes: list[str] = []

    @property
    def catalog(self) -> SharedCatalog:
        """The catalog, if the actor may read it; raises NotFound, NotAllowed."""
        return get_catalog(db.session(), self.code, current_actor())

    def may(self) -> bool:
        """Return whether the actor may import items into this catalog."""
        try:
            require(db.session(), self.catalog, "import")
        except DomainError:
            return False
        return True

    def acting(self, actor: Actor) -> Actor:
        """Return the actor himself."""
        return actor

    def sheets(self) -> list[Sheet]:
        """Return the sheet of items as the layer knows them: their values in one cell."""
        return [sheet_of(SharedCatalogItem)]

    def prepare(self, session: Session, raw: list[RawSheet], skipped: Skipped) -> Prepared:
        """Return the typed sheet as that of items, with references looked up; raises Invalid."""
        require(session, self.catalog, "import")
        scratch = Plan()
        find_tables(scratch, [typed_sheet(self.catalog)], raw)
        if scratch.faults:
            raise Invalid(scratch.faults[0].message)
        self._notes = scratch.notes
        table = scratch.tables[0]
        derived = _derived(session, self.catalog, table)
        left_out = {(derived.name, at) for at, row in enumerate(table.rows, 2) if (table.name, row) in skipped}
        skipped.clear()
        skipped.update(left_out)
        return [derived], {}

    def review(self, planner: Planner) -> None:
        """Tell values field by field, and blame rows that give a unique value twice."""
        plan, label = planner.plan, _data_label()
        plan.notes = list(dict.fromkeys([*plan.notes, *self._notes]))
        plan.faults = [fault for fault in plan.faults if fault.label != label]
        entries = [entry for entry in plan.entries() if entry.kind in (Kind.add, Kind.change)]
        _tell(planner.session, self.catalog, entries)
        for field in self.catalog.fields:
            if field.is_unique:
                _blame_doubles(planner, field, entries)

    def finish(self, session: Session, plan: Plan) -> None:
        """Nothing belongs to it but the rows."""


def _data_label() -> str:
    return sheet_of(SharedCatalogItem).column("data").label


def _derived(session: Session, catalog: SharedCatalog, table: Table) -> RawSheet:
    """Return the rows of ``table`` as a sheet of items; its Origin leads back to the file's cells."""
    item, places = sheet_of(SharedCatalogItem), {c.name: at for at, c in table.places.items()}
    common = [name for name in places if name in names_in(item)]
    fields = [field for field in catalog.fields if field.key in places]
    origin = Origin(
        table.name, array("l", table.rows), {at: places[name] for at, name in enumerate(common, 2)}, table.rows,
        {field.key: (places[field.key], field.label) for field in fields},
    )  # fmt: skip
    headings = [item.column(name).label for name in ("catalog", "data", *common)]
    rows = iter(table.rows.values())
    parts = iter(lambda: list(itertools.islice(rows, _CHUNK)), [])
    lines = (line for part in parts for line in _item_rows(session, catalog, part, places, common, fields))
    return RawSheet(table.name, PackedRows(itertools.chain([headings], lines)), origin)


def _item_rows(
    session: Session, catalog: SharedCatalog, rows: list[list[Any]], places: dict[str, int], common: list[str],
    fields: list[SharedCatalogField],
) -> Iterator[list[Any]]:  # fmt: skip
    """Yield some rows as those of items; what they refer to is looked up for all of them at once."""
    books = {field.key: _found(session, field, (_cell(row, places[field.key]) for row in rows))
             for field in fields if field.kind in REFERENCES}  # fmt: skip
    stored = _stored(session, catalog, (cells.as_text(_cell(row, places["code"])) for row in rows))
    names = reference_names(session, fields, (SharedCatalogItem(data=kept) for kept in stored.values()))
    for row in rows:
        kept = stored.get(cells.as_text(_cell(row, places["code"])).strip(), {})
        present = {f.key: named(one.code, one.name) for f in fields
                   if f.key in kept and (one := names.get((f.kind, kept[f.key])))}  # fmt: skip
        data = kept | {f.key: _value(f, _cell(row, places[f.key]), books.get(f.key, {}), kept, present.get(f.key, ""))
                       for f in fields}  # fmt: skip
        data = {key: value for key, value in data.items() if value is not None}
        parts = {name: _cell(row, places[name]) for name in common}
        if not cells.is_blank(parts.get("parent")):
            parts["parent"] = f"{catalog.code}{JOIN}{cells.as_text(parts['parent']).strip()}"
        yield [catalog.code, json.dumps(data, ensure_ascii=False), *parts.values()]


def _cell(row: list[Any], at: int) -> Any:
    return row[at] if at < len(row) else ""


def _stored(session: Session, catalog: SharedCatalog, codes: Iterable[str]) -> dict[str, dict[str, Any]]:
    """Return {code: values} of the items that are there: columns a file leaves out keep them."""
    item, wanted = SharedCatalogItem, sorted({code.strip() for code in codes})
    found: dict[str, dict[str, Any]] = {}
    for at in range(0, len(wanted), _CHUNK):
        query = sa.select(item.code, item.data).where(
            item.catalog_id == catalog.id, item.code.in_(wanted[at : at + _CHUNK]))  # fmt: skip
        found |= {code: data or {} for code, data in session.execute(query)}
    return found


def _found(session: Session, field: SharedCatalogField, raw: Iterable[Any]) -> dict[str, int]:
    """Return {text: id} of the records that cells name by code, "code – name", or a name all its own."""
    texts = {cells.as_text(one).strip() for one in raw if not cells.is_blank(one)}
    by_code = _ids(session, field, "code", {part for text in texts for part in beginnings(text)})
    found = {text: by_code[part] for text in texts for part in reversed(beginnings(text)) if part in by_code}
    by_name = _ids(session, field, "name", texts - set(found))
    return found | {text: by_name[text] for text in texts - set(found) if text in by_name}


def _ids(session: Session, field: SharedCatalogField, name: str, wanted: set[str]) -> dict[str, int]:
    model, query = offered(field)
    query = choosable(query, model, current_actor())
    listed = sorted(wanted)
    found: dict[str, int] = {}
    doubled: set[str] = set()
    for at in range(0, len(listed), _CHUNK):
        part = query.with_only_columns(getattr(model, name), model.id)
        for text, number in session.execute(part.where(getattr(model, name).in_(listed[at : at + _CHUNK]))):
            if found.setdefault(text, number) != number:
                doubled.add(text)
    return {text: number for text, number in found.items() if text not in doubled}


def _value(
    field: SharedCatalogField, raw: Any, book: dict[str, int], kept: dict[str, Any], present: str
) -> Any:
    """Return a cell as items keep it; what cannot be read stays text, and the item's check refuses it.

    present: what an export writes of the record that the item refers to; who may not choose it may leave it.
    """
    if cells.is_blank(raw):
        return None
    text = cells.as_text(raw).strip()
    if field.kind in REFERENCES:
        return kept[field.key] if present and text == present else book.get(text, text)
    if field.kind == ValueKind.choice:
        words = {fold(str(option.get(side))): option.get("value") for side in ("label", "value")
                 for option in field.options or []}  # fmt: skip
        return words.get(fold(text), text)
    try:
        value = cells.read_plain(KINDS[ValueKind(field.kind)], raw)
    except cells.BadCell:
        return text
    value = value.isoformat() if field.kind == ValueKind.date else value
    return kept.get(field.key) if kept.get(field.key) == value else value


def _tell(session: Session, catalog: SharedCatalog, entries: list[Entry]) -> None:
    """Put what changes in an item's values field by field in the place of the one cell."""
    fields, label = {field.key: field for field in catalog.fields}, _data_label()
    sides = [(stored_data(entry.row), entry.record.data or {}) for entry in entries]
    with session.no_autoflush:
        rows = [SharedCatalogItem(data=side) for pair in sides for side in pair]
        names = reference_names(session, catalog.fields, rows)
    for entry, pair in zip(entries, sides, strict=True):
        entry.changes = [change for change in entry.changes if change[0] != label]
        entry.changes += [(one.label or one.name, one.old, one.new) for one in data_changes(fields, pair, names)]


def _blame_doubles(planner: Planner, field: SharedCatalogField, entries: list[Entry]) -> None:
    seen = planner.seen.setdefault(("field", field.key), {})
    for entry in entries:
        value = (entry.record.data or {}).get(field.key)
        other = seen.setdefault(value, entry.number) if value is not None else entry.number
        if other != entry.number:
            row = entry.table.source(other, -1, "")[1]
            planner.blame(entry, field.key, _("Row %(row)d has the same value.", row=row))
