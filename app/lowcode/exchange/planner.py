"""From the rows of a workbook to a plan: the rules of the form for every row, asked set by set."""

from collections.abc import Callable, Iterable, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session
from wtforms import ValidationError

from app.lowcode.actions import may
from app.lowcode.exchange import cells, checking
from app.lowcode.exchange.applying import outside_words
from app.lowcode.exchange.comparing import REFUSALS, differs, new_record, validate, words_of
from app.lowcode.exchange.layout import Column, Sheet
from app.lowcode.exchange.plan import Entry, Fault, Kind, Plan, Ref, Table
from app.lowcode.exchange.reading import RawSheet
from app.lowcode.exchange.references import Finder, beginnings, key_text, label, named
from app.lowcode.exchange.row_rules import blame_missing, check, fill, fill_above, find_more
from app.lowcode.exchange.stored import hidden_among, keep_present, may_lack, rows_of_keys
from app.lowcode.exchange.tables import find_tables
from app.lowcode.forms import RecordForm, column_of, make_form
from app.lowcode.naturals import key_names, key_of
from app.permissions import Actor

Report = Callable[[int, int], None]
_CHUNK = 500


class Planner:
    """Works out one file. Nothing is flushed: the records it fills in stay in memory.

    skipped: {(sheet, row)} to leave out; adopted: {(model, key): record} that takes this key.
    """

    def __init__(
        self, session: Session, actor: Actor, *, skipped: set[tuple[str, int]] | None = None,
        adopted: dict[tuple[type[Any], Any], Any] | None = None, report: Report | None = None,
    ) -> None:  # fmt: skip
        self.session, self.actor = session, actor
        self.skipped, self._adopted = skipped or set(), adopted or {}
        self.plan = Plan()
        self.seen: dict[Any, dict[Any, int]] = {}  # values that may stand once → the row that has them
        self.moves: dict[tuple[str, str], dict[int, tuple[int | None, int]]] = {}  # record → (its parent, row)
        self._rows: dict[int, int] = {}  # what a new record is known by until it has a number → its row
        self._report, self._done, self._total = report or (lambda done, total: None), 0, 1
        self._pending: dict[type[Any], dict[str, Entry]] = {}

    def run(self, sheets: Sequence[Sheet], raw: Sequence[RawSheet]) -> Plan:
        """Return the plan of ``raw``; raises Invalid if it is no file of these sheets."""
        find_tables(self.plan, sheets, raw)
        self._total = 2 * sum(len(table.rows) for table in self.plan.tables) or 1
        with self.session.no_autoflush:
            for table in self.plan.tables:
                table.entries = self._read(table, table.rows)
                self._resolve(table, table.entries, is_self=False)
                self._name(table, table.entries)
                self._resolve(table, table.entries, is_self=True)
            for table in self.plan.tables:
                self._settle(table)
            for table in self.plan.tables:
                checking.check_sets(self, table)
                checking.check_circles(self, table)
        order = {name: at for at, name in enumerate(dict.fromkeys(one.name for one in raw))}
        self.plan.faults.sort(key=lambda fault: (order.get(fault.sheet, -1), fault.sheet, fault.row, fault.column))
        return self.plan

    def token(self, record: Any) -> int | None:
        """Return what stands for a record: its number, or its row below zero while it has none."""
        if record is None:
            return None
        return int(record.id) if record.id is not None else -self._rows.get(id(record), 0)

    def blame(self, entry: Entry, name: str, message: str, value: Any = None, *, alike: bool = False) -> None:
        """Record a fault of a row, at the column of attribute ``name`` if it has one; alike as in ``Fault``."""
        table = entry.table
        at = table.place_of(name)
        raw = value if value is not None else self._raw(entry, at) if at >= 0 else ""
        sheet, row, place, shown = table.source(entry.number, at, raw, name)
        self.plan.faults.append(Fault(sheet, row, place, table.heading_of(name),
                                      cells.as_text(shown)[:2000], str(message), alike))  # fmt: skip
        entry.kind = Kind.fault
        entry.blamed.add(name)

    def entry_of(self, table: Table, number: int) -> Entry:
        """Return the row of ``table`` that the file counts so."""
        return next(entry for entry in table.entries if entry.number == number)

    def _tick(self) -> None:
        self._done += 1
        if self._done % _CHUNK == 0:
            self._report(min(self._done, self._total), self._total)

    def _raw(self, entry: Entry, at: int) -> Any:
        row = entry.table.rows.get(entry.number, [])
        return row[at] if at < len(row) else ""

    # Reading cells.

    def _read(self, table: Table, numbers: Iterable[int]) -> list[Entry]:
        form = make_form(table.sheet.model)
        words = cells.choice_words(table.sheet.model, table.sheet.columns)
        entries = [Entry(table, number) for number in numbers]
        for entry in entries:
            number = entry.number
            if (table.name, number) in self.skipped:
                entry.kind = Kind.skip
                continue
            for at, column in table.places.items():
                self._read_cell(entry, at, column, form, words)
            self._tick()
        return entries

    def _read_cell(self, entry: Entry, at: int, column: Column, form: RecordForm, words: Any) -> None:
        raw = self._raw(entry, at)
        stored = column_of(entry.table.sheet.model, column.name)
        if cells.is_blank(raw):
            if stored.nullable:
                entry.values[column.name] = None
            return
        try:
            value = cells.read(column, raw, form, words)
            validate(form, column, value)
        except (cells.BadCell, ValidationError) as exc:
            self.blame(entry, column.name, str(exc), raw, alike=True)
        else:
            entry.values[column.name] = value

    # Naming records.

    def _resolve(self, table: Table, rows: list[Entry], *, is_self: bool) -> None:
        """Replace the texts of relation columns by the records they mean."""
        for column in table.places.values():
            if column.target is None or (column.target is table.sheet.model) is not is_self:
                continue
            entries = [e for e in rows if isinstance(e.values.get(column.name), str)]
            finder = Finder(self.session, column.target, self.actor)
            texts = {e.values[column.name] for e in entries}
            known = self._fellows(table, column.target, texts)
            finder.load(text for text in texts if not any(p in known for p in beginnings(text)))
            for entry in entries:
                self._refer(entry, column, finder, known)
        if is_self:
            keep_present(self, table, rows)

    def _fellows(self, _table: Table, target: type[Any], _texts: set[str]) -> dict[str, Entry]:
        """Return {key: row of this file} of those that ``_texts`` may mean."""
        return self._pending.get(target, {})

    def _refer(self, entry: Entry, column: Column, finder: Finder, known: dict[str, Entry]) -> None:
        text = entry.values.pop(column.name)
        fellow = next((known[part] for part in beginnings(text) if part in known), None)
        if fellow is not None:
            entry.values[column.name] = Ref(fellow.title, fellow.row, fellow)
            return
        found = finder.find(text)
        if len(found) == 1:
            key, row = found[0]
            entry.values[column.name] = Ref(named(key_text(key), label(row)), row)
            return
        title = str(column.target.screen.title) if column.target else ""
        message = (_("There is no such record in: %(what)s.", what=title) if not found else
                   _("Several records are called so; write the code."))  # fmt: skip
        if column.name in key_names(entry.table.sheet.model):
            self.blame(entry, column.name, message, text, alike=True)
        else:
            entry.unfound[column.name] = text, message

    def _name(self, table: Table, entries: list[Entry]) -> None:
        """Give each row its key, refuse doubles, and find the stored records of these keys."""
        model = table.sheet.model
        self._call(entries)
        for entry in entries:
            number = self._first(entry) if entry.key is not None else entry.number
            if number != entry.number:
                message = _("The same record stands in row %(row)d already.", row=entry.table.row_of(number))
                self.blame(entry, key_names(model)[0], message)
        stored = rows_of_keys(self.session, model, [e.key for e in entries if e.key is not None])
        hidden = hidden_among(self.session, self.actor, model, [row.id for rows in stored.values() for row in rows])
        for entry in entries:
            rows = stored.get(entry.key or (), [])
            if any(row.id in hidden for row in rows):
                self.blame(entry, key_names(model)[0], outside_words())
                continue
            entry.row = rows[0] if len(rows) == 1 else self._adopted.get((model, entry.key))
            if len(rows) > 1:
                message = _("Several stored records have this key; correct them first.")
                self.blame(entry, key_names(model)[0], message)

    def _call(self, entries: list[Entry]) -> None:
        for entry in entries:
            entry.key = self._key(entry) if entry.kind != Kind.skip else None
            if entry.key is not None:
                entry.text = key_text(tuple("" if part is None else part for part in entry.key))

    def _first(self, entry: Entry) -> int:
        """Return the first row that names the record of ``entry``."""
        return self._pending.setdefault(entry.table.sheet.model, {}).setdefault(entry.text, entry).number

    def _key(self, entry: Entry) -> tuple[Any, ...] | None:
        parts: list[Any] = []
        for name in key_names(entry.table.sheet.model):
            value = entry.values.get(name)
            if isinstance(value, Ref):
                parts += value.entry.key or () if value.entry else key_of(value.row)
            elif value is None:
                if not may_lack(entry.table.sheet.model, name):
                    return None
                parts.append(None)
            else:
                parts.append(value)
        return tuple(cells.plain(part) for part in parts)

    # Comparing and checking.

    def _settle(self, table: Table) -> None:
        model = table.sheet.model
        rights = {kind: may(model, kind) for kind in (Kind.add, Kind.change)}
        form = make_form(model)
        sound = [entry for entry in table.entries if entry.is_sound and entry.kind != Kind.skip]
        faulty = [entry for entry in table.entries if not entry.is_sound]
        for entry in sound:  # all first: rows of one sheet may name each other
            self._give_record(entry)
        for entry in sound:
            self._tick()
            self._settle_one(entry, form, rights)
        for entry in faulty:
            find_more(self, entry, rights)

    def _give_record(self, entry: Entry) -> None:
        if entry.record is None:
            entry.record = new_record(entry.table.sheet.model) if entry.row is None else entry.row
            self._rows[id(entry.record)] = entry.number

    def _settle_one(self, entry: Entry, form: RecordForm, rights: dict[Kind, bool]) -> None:
        names = self._differing(entry)
        entry.kind = Kind.add if entry.row is None else Kind.change if names else Kind.same
        if entry.kind == Kind.same:
            return
        if not rights[entry.kind]:
            self.blame(entry, "", REFUSALS[entry.kind]())
            return
        self._tell(entry, names, form)
        blame_missing(self, entry)
        refs = [value for value in entry.values.values() if isinstance(value, Ref)]
        if any(ref.record is None for ref in refs):
            entry.kind = Kind.fault  # the row it refers to has the fault
        if entry.is_sound:
            fill_above(entry)
            fill(entry, names)
            check(self, entry, names)

    def _differing(self, entry: Entry) -> list[str]:
        if entry.row is None:
            return list(entry.values)
        return [name for name, value in entry.values.items() if differs(entry.row, name, value)]

    def _tell(self, entry: Entry, names: list[str], form: RecordForm) -> None:
        model = entry.table.sheet.model
        for name in names:
            column, value = entry.table.sheet.column(name), entry.values[name]
            old = getattr(entry.row, name) if entry.row is not None else None
            before, after = (words_of(model, column, v, form) for v in (old, value))
            if before or after:
                entry.changes.append((column.label, before, after))
