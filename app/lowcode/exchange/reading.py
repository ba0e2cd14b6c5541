"""Opening a workbook that somebody sent: checked by content, bounded, read as plain values."""

import io
import re
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import python_calamine as calamine
from flask_babel import gettext as _

from app.errors import Invalid
from app.filetypes import DAMAGED_ZIP, MEBIBYTE, XLSX, check_upload
from app.lowcode.exchange.packed import PackedRows

MAX_BYTES = 20 * MEBIBYTE
MAX_ROWS = 200_000  # of all sheets together
MAX_COLUMNS = 200
MANY_ROWS = 2000  # a sheet with more is packed, and worked out a part at a time
_PIECE = MEBIBYTE
_TAG = re.compile(rb"<(?:\w+:)?(row|c)(?=[\s/>])([^>]*)>")
_PLACE = re.compile(rb"\sr\s*=\s*[\"']([A-Za-z]*)([0-9]*)[\"']")


@dataclass(frozen=True)
class Origin:
    """Where the cells of a derived sheet come from, so that faults are told by their true place.

    rows: the source row (from 1) of each row below the headings; columns: {place: source place};
    inner: {name: (source place, heading)} of values that stand together in one derived cell;
    headings: {attribute: what its column is called in the source}.
    """

    sheet: str
    rows: Sequence[int]
    columns: dict[int, int]
    texts: Mapping[int, list[Any]]
    inner: dict[str, tuple[int, str]] = field(default_factory=dict)
    headings: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class RawSheet:
    """A sheet as it stands in the file: its name and its rows from the first one on."""

    name: str
    rows: list[list[Any]] | PackedRows
    origin: Origin | None = None


def open_workbook(name: str, content: bytes) -> list[RawSheet]:
    """Return the visible sheets of an .xlsx file; formulas stand as the values last computed.

    Raises Invalid for what is no workbook, is damaged, or holds too much.
    """
    check_upload(name, content, frozenset({XLSX}), MAX_BYTES)
    try:
        _refuse_far_cells(name, content)
        with calamine.CalamineWorkbook.from_filelike(io.BytesIO(content)) as book:
            return _sheets(book, name)
    except (calamine.CalamineError, calamine.PasswordError, *DAMAGED_ZIP) as exc:
        raise Invalid(_("The file %(name)s is damaged and cannot be opened.", name=name)) from exc


def _sheets(book: Any, name: str) -> list[RawSheet]:
    found, total = [], 0
    for meta in book.sheets_metadata:
        is_table = meta.typ == calamine.SheetTypeEnum.WorkSheet
        if not is_table or meta.visible != calamine.SheetVisibleEnum.Visible:
            continue
        sheet = book.get_sheet_by_name(meta.name)
        total += sheet.total_height
        if total > MAX_ROWS:
            raise _too_large(name)
        found.append(RawSheet(meta.name, _rows(sheet)))
    return found


def _rows(sheet: Any) -> list[list[Any]] | PackedRows:
    if sheet.total_height <= MANY_ROWS:
        return sheet.to_python(skip_empty_area=False)  # type: ignore[no-any-return]
    empty = [""] * sheet.start[1]  # the columns before the first one used
    return PackedRows(empty + row for row in sheet.iter_rows())


def _refuse_far_cells(name: str, content: bytes) -> None:
    """Look at the places of the cells first: the reader makes a table as large as the farthest
    cell asks for, and two cells in opposite corners would take all memory."""
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        for entry in pack.infolist():
            if not entry.filename.lower().endswith((".rels", ".bin")):
                with pack.open(entry) as part:
                    if any(row > MAX_ROWS or column > MAX_COLUMNS for row, column in _places(part)):
                        raise _too_large(name)


def _places(part: Any) -> Iterator[tuple[int, int]]:
    """Yield (row, column) of every cell of a sheet that is not closed at once, both from 1."""
    row = column = 0
    for tag, attributes in _tags(part):
        match = _PLACE.search(attributes)
        letters, digits = match.groups() if match else (b"", b"")
        if tag == b"row":
            row, column = int(digits) if digits else row + 1, 0
            continue
        column = _number(letters) if letters else column + 1
        if not attributes.endswith(b"/"):
            yield int(digits) if digits else row, column


def _tags(part: Any) -> Iterator[tuple[bytes, bytes]]:
    rest = b""
    while piece := part.read(_PIECE):
        text = rest + piece
        end = 0
        for match in _TAG.finditer(text):
            yield match[1], match[2]
            end = match.end()
        cut = text.rfind(b"<")
        rest = text[max(end, cut) :] if cut >= end else b""


def _number(letters: bytes) -> int:
    number = 0
    for letter in letters.upper()[:4]:
        number = number * 26 + letter - 64
    return number


def _too_large(name: str) -> Invalid:
    return Invalid(_(
        "The file %(name)s has too many rows or columns. The limit is %(rows)s rows and "
        "%(columns)d columns; split it.",
        name=name, rows=f"{MAX_ROWS:,}".replace(",", "."), columns=MAX_COLUMNS,
    ))  # fmt: skip


def type_over(raw: list[RawSheet], corrections: list[Any]) -> None:
    """Put texts typed on the page into their cells: [[sheet, row from 1, column from 0, text]]."""
    by_name = {sheet.name: sheet.rows for sheet in raw}
    for name, row, at, text in corrections:
        rows = by_name.get(name, [])
        if 0 < row <= len(rows) and at < MAX_COLUMNS:
            cells = rows[row - 1] + [""] * (at + 1 - len(rows[row - 1]))
            cells[at] = text
            rows[row - 1] = cells


def column_letter(index: int) -> str:
    """Return a column as Excel calls it: 0 → "A", 26 → "AA"."""
    letters = ""
    index += 1
    while index:
        index, rest = divmod(index - 1, 26)
        letters = chr(65 + rest) + letters
    return letters
