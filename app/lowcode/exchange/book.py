"""Workbooks written row by row: memory does not grow with the rows."""

import tempfile
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import IO, Any

from app.lowcode.exchange.cells import RISKY
from app.lowcode.exchange.layout import Column, Sheet

_CREATED = datetime(2000, 1, 1)  # the same content makes the same file
_OPTIONS = {
    "constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
    "strings_to_numbers": False,
}  # fmt: skip
_MAX_TEXT = 32_000  # an Excel cell holds 32,767 characters
_LAST_ROW = 20_000  # drop-down lists reach down to here
_LISTS = "_lists"
_LOOKS = {
    "text": "@", "relation": "@", "special": "@", "time": "@", "integer": "#,##0",
    "date": "dd/mm/yyyy", "instant": "dd/mm/yyyy hh:mm:ss",
}  # fmt: skip
_WIDTHS = {"boolean": 10, "integer": 14, "date": 13, "time": 10, "instant": 18, "choice": 22, "relation": 36}


class Book:
    """A workbook being written into a temporary file."""

    def __init__(self) -> None:
        import xlsxwriter  # type: ignore[import-untyped]

        self._file: IO[bytes] = tempfile.TemporaryFile()  # noqa: SIM115 - handed to the caller
        self._book = xlsxwriter.Workbook(self._file, _OPTIONS)
        self._book.set_properties({"created": _CREATED})
        add = self._book.add_format
        self._title = add({"bold": True, "font_size": 13})
        self._head = add({"bold": True, "bottom": 1, "text_wrap": True, "valign": "top", "bg_color": "#EEF2F7"})
        self._wrap = add({"text_wrap": True, "valign": "top"})
        # What begins like a formula is marked as text, so that it stays text when typed over or saved anew.
        self._risky = add({"text_wrap": True, "valign": "top", "quote_prefix": True, "num_format": "@"})
        self._formats = {kind: add({"num_format": look, "valign": "top"}) for kind, look in _LOOKS.items()}
        self._lists: list[list[str]] = []

    def close(self) -> IO[bytes]:
        """Finish and return the file, open at its beginning; the caller closes it."""
        self._write_lists()
        self._book.close()
        self._file.seek(0)
        return self._file

    def guide(self, title: str, lines: Iterable[Sequence[str]]) -> None:
        """Write the sheet of instructions: lines of one to three texts."""
        sheet = self._book.add_worksheet(title)
        for index, width in enumerate((34, 34, 90)):
            sheet.set_column(index, index, width)
        for number, line in enumerate(lines):
            for index, text in enumerate(line):
                is_head = len(line) == 3 and line[0].startswith("#")
                look = self._title if number == 0 else self._head if is_head else self._wrap
                sheet.write_string(number, index, text.removeprefix("#"), look)

    def sheet(
        self, sheet: Sheet, columns: Sequence[Column], rows: Iterable[Sequence[Any]], *,
        notes: dict[str, str] | None = None, choices: Mapping[str, Sequence[str]] | None = None,
    ) -> int:  # fmt: skip
        """Write one sheet and return the number of its rows; values are as ``cells.write`` gives.

        notes: {attribute: comment of its heading}; choices: {attribute: drop-down list}.
        """
        target = self._book.add_worksheet(sheet.title)
        target.freeze_panes(1, 1)
        for index, column in enumerate(columns):
            target.set_column(index, index, _WIDTHS.get(column.kind, 30), self._formats.get(column.kind))
            target.write_string(0, index, column.heading, self._head)
            if notes and notes.get(column.name):
                target.write_comment(0, index, notes[column.name], {"x_scale": 2, "y_scale": 1.4})
            if choices and choices.get(column.name):
                self._offer(target, index, choices[column.name], is_open=column.kind == "relation")
        number = 0
        for number, row in enumerate(rows, 1):
            for index, value in enumerate(row):
                self._write(target, number, index, value, columns[index].kind)
        return number

    def _offer(self, target: Any, index: int, choices: Sequence[str], *, is_open: bool) -> None:
        """Let a column be filled from a list. is_open: other texts may be typed as well."""
        from xlsxwriter.utility import xl_col_to_name  # type: ignore[import-untyped]

        if list(choices) not in self._lists:
            self._lists.append(list(choices))
        letter = xl_col_to_name(self._lists.index(list(choices)))
        source = f"='{_LISTS}'!${letter}$1:${letter}${len(choices)}"
        rule = {"validate": "list", "source": source, "show_error": not is_open, "error_type": "warning"}
        target.data_validation(1, index, _LAST_ROW, index, rule)

    def _write_lists(self) -> None:
        if not self._lists:
            return
        sheet = self._book.add_worksheet(_LISTS)
        sheet.hide()
        for number in range(max(map(len, self._lists))):
            for index, choices in enumerate(self._lists):
                if number < len(choices):
                    sheet.write_string(number, index, choices[number][:_MAX_TEXT])

    def _write(self, target: Any, row: int, index: int, value: Any, kind: str) -> None:
        if value is None or value == "":
            return
        if isinstance(value, datetime | date):
            look = self._formats["instant" if isinstance(value, datetime) else "date"]
            target.write_datetime(row, index, value, look)
        elif isinstance(value, int | float) and not isinstance(value, bool):
            target.write_number(row, index, value, self._formats.get(kind))
        else:  # write_string alone makes "=1+1" four signs and no formula
            text = str(value)[:_MAX_TEXT]
            look = self._risky if text.startswith(RISKY) else self._formats.get(kind)
            target.write_string(row, index, text, look)
