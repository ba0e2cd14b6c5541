"""Tables as Excel files, written row by row: memory does not grow with the rows."""

import tempfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from typing import IO, Any

from app.clock import to_local

_MAX_TEXT = 32_000  # an Excel cell holds 32,767 characters
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
    "strings_to_numbers": False, "remove_timezone": True,
}  # fmt: skip


def write_table(
    title: str, notes: Sequence[str], columns: Sequence[tuple[str, int]],
    rows: Iterable[Sequence[Any]],
) -> IO[bytes]:  # fmt: skip
    """Return an open xlsx file of one sheet: title, notes, head, then ``rows``.

    columns: (label, width in characters). Every text is written as text, never as a
    formula or a link; instants stand in Vietnam's time. The caller closes the file.
    """
    import xlsxwriter  # type: ignore[import-untyped]

    target: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
    book = xlsxwriter.Workbook(target, _OPTIONS)
    sheet = book.add_worksheet(_sheet_name(title))
    formats = _Formats(book)
    for index, (_label, width) in enumerate(columns):
        sheet.set_column(index, index, width)
    sheet.write_string(0, 0, title, formats.title)
    for number, note in enumerate(notes, 1):
        sheet.write_string(number, 0, note)
    head = len(notes) + 2
    for index, (label, _width) in enumerate(columns):
        sheet.write_string(head, index, str(label), formats.head)
    sheet.freeze_panes(head + 1, 0)
    for number, row in enumerate(rows, head + 1):
        for index, value in enumerate(row):
            _write(sheet, number, index, value, formats)
    book.close()
    target.seek(0)
    return target


class _Formats:
    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 13})
        self.head = book.add_format({"bold": True, "bottom": 1, "text_wrap": True})
        self.instant = book.add_format({"num_format": "dd/mm/yyyy hh:mm:ss", "align": "left"})
        self.day = book.add_format({"num_format": "dd/mm/yyyy", "align": "left"})
        self.text = book.add_format({"text_wrap": True, "valign": "top"})


def _write(sheet: Any, row: int, column: int, value: Any, formats: _Formats) -> None:
    if value is None or value == "":
        return
    if isinstance(value, datetime):
        sheet.write_datetime(row, column, to_local(value).replace(tzinfo=None), formats.instant)
    elif isinstance(value, date):
        sheet.write_datetime(row, column, value, formats.day)
    elif isinstance(value, int | float) and not isinstance(value, bool):
        sheet.write_number(row, column, value)
    else:  # write_string alone makes "=1+1" four signs and no formula, and keeps them as they are
        sheet.write_string(row, column, str(value)[:_MAX_TEXT], formats.text)


def _sheet_name(title: str) -> str:
    return "".join(char for char in title if char not in "[]:*?/\\'")[:31].strip() or "1"
