"""Finding the three sheets in a file, and giving what is made of them the shape of our own."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.lowcode.exchange.cells import as_text, is_blank
from app.lowcode.exchange.layout import sheet_of
from app.lowcode.exchange.reading import Origin, RawSheet
from app.lowcode.fields import clean
from app.services.setup_workbook.headings import Part
from app.text import fold

_HEAD_ROWS = 15
Row = dict[str, Any]


@dataclass
class Source:
    """A sheet of the user's file understood: where each heading stands, and the rows below."""

    part: Part
    raw: RawSheet
    header: int
    places: dict[str, int]
    skipped: set[int] = field(default_factory=set)

    def rows(self) -> Iterator[tuple[int, Row]]:
        """Yield (row as the file counts it, {key: cell that is not blank})."""
        for number, cells in enumerate(self.raw.rows[self.header + 1 :], self.header + 2):
            found = {key: cells[at] for key, at in self.places.items() if at < len(cells) and not is_blank(cells[at])}
            if number not in self.skipped and any(not is_blank(cell) for cell in cells):
                yield number, found | {"": cells}

    def heading(self, key: str) -> str:
        """Return what the column of ``key`` is called in the file, or as the template calls it."""
        if key in self.places:
            return as_text(self.raw.rows[self.header][self.places[key]]).strip().rstrip("* ")
        return next(_(heading.label) for heading in self.part.headings if heading.key == key)


def text_of(row: Row, key: str) -> str:
    """Return a cell as clean text, "" if it is blank."""
    return str(clean(as_text(row.get(key))) or "")


def find_source(part: Part, raw: Sequence[RawSheet], skipped: set[tuple[str, int]]) -> Source | None:
    """Return the sheet that is ``part``: the one called so, or one with its headings; None if it is left out.

    Raises Invalid for one called so whose headings are not found.
    """
    ordered = sorted(raw, key=lambda sheet: fold(sheet.name) != fold(part.title))
    for sheet in ordered:
        found = _understood(part, sheet)
        if found is not None:
            found.skipped = {row for name, row in skipped if name == sheet.name}
            return found
    if ordered and fold(ordered[0].name) == fold(part.title):
        _refuse_filled(part, ordered[0])
    return None


def _refuse_filled(part: Part, sheet: RawSheet) -> None:
    """Raise Invalid for a sheet called as ours that has rows and lacks headings: it would be passed over unseen."""
    if any(not is_blank(cell) for row in sheet.rows for cell in row):
        columns = ", ".join(f"“{_(heading.label)}”" for heading in part.headings if heading.key in part.keys)
        raise Invalid(_("The sheet “%(sheet)s” cannot be read: its headings must stand in one row, among them "
                        "%(columns)s, as in the template.", sheet=sheet.name, columns=columns))  # fmt: skip


def _understood(part: Part, sheet: RawSheet) -> Source | None:
    best: Source | None = None
    for header, cells in enumerate(sheet.rows[:_HEAD_ROWS]):
        places: dict[str, int] = {}
        for at, cell in enumerate(cells):
            key = next((one for one in _keys(part, as_text(cell)) if one not in places), None)
            if key is not None:
                places[key] = at
        if set(part.keys) <= set(places) and (best is None or len(places) > len(best.places)):
            best = Source(part, sheet, header, places)
    return best


def _keys(part: Part, text: str) -> Iterator[str]:
    """Yield what a heading may be: “Bước” is the number of a step, or its name where “Thứ tự” has the number."""
    word = fold(text.strip().rstrip("* "))
    yield from (h.key for h in part.headings if word in {fold(_(h.label)), *h.also})


class Derived:
    """A sheet of a model, filled from the rows of a source.

    sources: {attribute: heading it comes from}, for telling faults at their true place.
    """

    def __init__(self, model: type[Any], source: Source, sources: dict[str, str]) -> None:
        self._sheet, self._source, self._sources = sheet_of(model), source, sources
        self._rows: list[tuple[int, Row]] = []

    def add(self, source_row: int, /, **values: Any) -> Row:
        """Append a row made from row ``source_row`` of the source; returns it, to be filled further."""
        self._rows.append((source_row, values))
        return values

    def raw(self) -> RawSheet | None:
        """Return the sheet with the columns that some row fills, None without rows."""
        if not self._rows:
            return None
        used = {name for _number, row in self._rows for name, value in row.items() if value not in (None, "")}
        places = {name: self._source.places[key] for name, key in self._sources.items() if key in self._source.places}
        columns = [column for column in self._sheet.columns
                   if column.name in used or column.is_key or (column.needed and column.name in places)]  # fmt: skip
        rows: list[list[Any]] = [[column.label for column in columns]]
        rows += [[row.get(column.name) for column in columns] for _number, row in self._rows]
        origin = Origin(
            self._source.raw.name, [number for number, _row in self._rows],
            {at: places.get(column.name, -1) for at, column in enumerate(columns)},
            {number: self._source.raw.rows[number - 1] for number, _row in self._rows},
            headings={name: self._source.heading(key) for name, key in self._sources.items()},
        )  # fmt: skip
        return RawSheet(self._sheet.title, rows, origin)
