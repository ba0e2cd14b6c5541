"""What an import would do: rows with what becomes of each, and every fault by its place."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from flask_babel import gettext as _

from app.i18n import N_
from app.lowcode.exchange.layout import Column, Sheet
from app.lowcode.exchange.reading import Origin, column_letter
from app.lowcode.exchange.references import DASH, JOIN, key_text, label, name_among, named
from app.lowcode.naturals import key_names
from app.lowcode.values import choices_of


class Kind(StrEnum):
    """What becomes of a row."""

    add = "add"
    change = "change"
    same = "same"
    skip = "skip"
    fault = "fault"


KINDS = {
    Kind.add: N_("To be added"), Kind.change: N_("To be changed"), Kind.same: N_("Unchanged"),
    Kind.skip: N_("Left out"), Kind.fault: N_("With faults"),
}  # fmt: skip


@dataclass(frozen=True)
class Fault:
    """One thing wrong: sheet and row as the file counts them, the column or -1, what stands there.

    alike: every row where the same stands is wrong in the same way and is corrected by the same.
    """

    sheet: str
    row: int
    column: int
    label: str
    value: str
    message: str
    alike: bool = False

    @property
    def letter(self) -> str:
        """The column as Excel calls it, "" for a whole row or sheet."""
        return column_letter(self.column) if self.column >= 0 else ""


@dataclass
class Ref:
    """A record named in a cell: one that is there, or a row of the same file."""

    text: str
    row: Any = None
    entry: "Entry | None" = None

    @property
    def record(self) -> Any:
        """The record itself, stored already or not yet."""
        return self.entry.record if self.entry is not None else self.row


@dataclass
class Entry:
    """One row of a sheet: its values, the record it names, and what becomes of that."""

    table: "Table"
    number: int
    values: dict[str, Any] = field(default_factory=dict)
    key: tuple[Any, ...] | None = None
    text: str = ""
    row: Any = None  # the stored record of this key
    record: Any = None  # that, or the new one
    kind: Kind = Kind.add
    changes: list[tuple[str, str, str]] = field(default_factory=list)
    unfound: dict[str, tuple[str, str]] = field(default_factory=dict)  # attribute: what was typed, why not found
    blamed: set[str] = field(default_factory=set)  # attributes with a fault
    trial: Any = None  # of a row with faults: the record as far as the cells could be read

    @property
    def title(self) -> str:
        """The record as the page tells it: its key, choices in words, and its name."""
        model = self.table.sheet.model
        words = [_in_words(model, name, self.values.get(name)) for name in key_names(model)] if self.text else []
        return named(JOIN.join(words), name_among(self.values) or (label(self.row) if self.row is not None else ""))

    @property
    def filled(self) -> Any:
        """The record that takes what the cells say."""
        return self.record if self.record is not None else self.trial

    @property
    def is_sound(self) -> bool:
        """True while nothing wrong was found in this row."""
        return self.kind != Kind.fault


@dataclass
class Table:
    """A sheet of the file understood: where its columns stand, and its rows."""

    sheet: Sheet
    name: str
    places: dict[int, Column] = field(default_factory=dict)
    header: int = 0
    rows: Mapping[int, list[Any]] = field(default_factory=dict)
    entries: list[Entry] = field(default_factory=list)
    origin: Origin | None = None

    def source(self, number: int, at: int, raw: Any, name: str = "") -> tuple[str, int, int, Any]:
        """Return (sheet, row, column, value) as the user's own file has them; name: of an inner value."""
        if self.origin is None:
            return self.name, number, at, raw
        row = self.origin.rows[number - self.header - 1]
        place = self.origin.inner.get(name, (self.origin.columns.get(at, -1), ""))[0]
        cells = self.origin.texts.get(row, [])
        return self.origin.sheet, row, place, cells[place] if 0 <= place < len(cells) else ""

    @property
    def source_sheet(self) -> str:
        """The sheet of the user's own file."""
        return self.name if self.origin is None else self.origin.sheet

    def source_cells(self, row: int) -> list[Any]:
        """Return a row of the user's own file, empty if it is none of these."""
        return list((self.rows if self.origin is None else self.origin.texts).get(row, ()))

    def source_labels(self) -> dict[int, str]:
        """Return what the columns of the user's own file are called, as far as this table reads them."""
        if self.origin is None:
            return {at: column.label for at, column in self.places.items()}
        inner = {place: self.heading_of(name) for name, (place, _label) in self.origin.inner.items()}
        return inner | {self.origin.columns.get(at, -1): self.heading_of(column.name)
                        for at, column in self.places.items()}  # fmt: skip

    def row_of(self, number: int) -> int:
        """Return a row as the user's own file counts it."""
        return self.source(number, -1, "")[1]

    def heading_of(self, name: str) -> str:
        """Return what the column of an attribute, or of an inner value, is called; "" for none."""
        if self.origin is not None and name in self.origin.headings:
            return self.origin.headings[name]
        column = self.places.get(self.place_of(name))
        inner = self.origin.inner.get(name) if self.origin is not None else None
        return column.label if column is not None else inner[1] if inner is not None else ""

    def place_of(self, name: str) -> int:
        """Return where the column of an attribute stands, or -1."""
        return next((at for at, column in self.places.items() if column.name == name), -1)


@dataclass
class Plan:
    """The whole: tables with their rows, faults, and notes on what was left aside."""

    tables: list[Table] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def entries(self) -> Iterator[Entry]:
        """Yield the rows of every sheet."""
        for table in self.tables:
            yield from table.entries

    def counts(self) -> list[dict[str, Any]]:
        """Return [{"sheet": …, "add": …, "change": …, …}], one for each sheet."""
        found = []
        for table in self.tables:
            line: dict[str, Any] = {"sheet": table.name} | {str(kind): 0 for kind in Kind}
            for entry in table.entries:
                line[str(entry.kind)] += 1
            found.append(line)
        return found

    def feed(self, digest: Any) -> None:
        """Add to a hash all that would be written."""
        for entry in self.entries():
            line = [entry.table.name, entry.number, str(entry.kind)]
            if entry.kind in (Kind.add, Kind.change):
                line += [entry.text, entry.changes, getattr(entry.row, "id", 0), getattr(entry.row, "row_version", 0)]
            digest.update(json.dumps(line, ensure_ascii=False, default=str).encode())

    def lines(self) -> list[list[Any]]:
        """Return the rows as they are kept for the page: [sheet, row, kind, title, changes]."""
        return [[*e.table.source(e.number, -1, "")[:2], str(e.kind), e.title, e.changes] for e in self.entries()]


def _in_words(model: type[Any], name: str, value: Any) -> str:
    if isinstance(value, Ref):
        return value.entry.text if value.entry is not None else value.text.partition(DASH)[0]
    word = (choices_of(model, name) or {}).get(value)
    return _(word) if word else key_text((value,))
