"""Finding the tables of processes in a spreadsheet: headings, rows, the line of the total, the caption."""

import csv
import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.exchange.reading import open_workbook
from app.lowcode.fields import clean
from app.text import fold

MAX_BYTES, MAX_TABLES, MAX_STEPS, MAX_CELL = 5 * 2**20, 300, 200, 4_000
# (column, label, how its heading begins); "bước" names the work where nothing else does.
COLUMNS: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    ("order", N_("Order"), ("tt", "stt", "so tt", "thu tu", "order", "no.")),
    ("content", N_("Step"), ("noi dung", "cac buoc", "ten buoc", "cong viec", "buoc thuc hien", "buoc cong viec",
                             "trinh tu", "noi dung cong viec", "step")),
    ("who", N_("Done by"), ("nguoi", "don vi", "trach nhiem", "bo phan", "co quan", "chuc danh", "vai tro", "can bo",
                            "done by")),
    ("time", N_("Time of the step"), ("thoi gian", "thoi han", "so gio", "so ngay", "time")),
)  # fmt: skip
_STEP_WORD = ("buoc", "cac buoc")
_NUMBER = re.compile(r"^(?:buoc|b)?\s*\.?\s*\d{1,3}(?:\.\d+)*\.?$")
_CODE = re.compile(r"\b\d\.\d{6}\b")
_DECISION = re.compile(r"\b\d{1,5}\s*/\s*(?:\d{4}\s*/\s*)?QĐ-[A-ZĐ]+\b")
_DAY = re.compile(r"(\d{1,2})\s*(?:/|tháng)\s*(\d{1,2})\s*(?:/|năm)\s*(\d{4})", re.IGNORECASE)
_LEAD = re.compile(
    r"^\s*(?:[IVXLC]+|[A-Za-z]|\d+(?:\.\d+)*)[.)]\s+|^\s*(?:quy trình\s+(?:số|nội bộ)[^:]*|tên (?:quy trình|thủ tục)"
    r"|thủ tục(?: hành chính)?|quy trình)\s*:\s*|\s*\(mã[^)]*\)", re.IGNORECASE,
)  # fmt: skip
_KEPT_LINES = 12


@dataclass(frozen=True)
class Fault:
    """What is wrong, where it stands: the sheet, its row (from 1), the heading, the message."""

    sheet: str
    row: int
    column: str
    message: str


@dataclass
class Table:
    """One process as the file has it: texts by column, with the row each stands in."""

    sheet: str
    row: int  # of the headings
    time_heading: str
    caption: list[str]
    rows: list[tuple[int, dict[str, str]]] = field(default_factory=list)
    total: str = ""

    @property
    def code(self) -> str:
        """The national code of the procedure, if the caption names one."""
        return next((found[0] for line in reversed(self.caption) if (found := _CODE.search(line))), "")

    @property
    def name(self) -> str:
        """What the process is called: the last lines of the caption, without numbers and codes."""
        lines = [line for line in self.caption if not _is_aside(line)]
        case = [line for line in lines[-1:] if fold(line).startswith(("truong hop", "a)", "b)", "c)", "d)"))]
        bare = [_bare(line) for line in lines[: len(lines) - len(case)]]
        names = [line for line in bare if line][-1:]
        return " – ".join(text for text in (*names, *case) if text)[:500]

    @property
    def decision(self) -> tuple[str | None, date | None]:
        """The number and the day of the decision, as far as the caption says."""
        for line in reversed(self.caption):
            found = _DECISION.search(line)
            if found is not None:
                return re.sub(r"\s", "", found[0]), _day(line[found.end() :])
        return None, None


def _bare(line: str) -> str:
    """Return a line of a caption without its number, what it announces, and codes in brackets."""
    shorter = _LEAD.sub("", line, count=1).strip(" *“”\"")
    return shorter if shorter == line else _bare(shorter)


def _is_aside(line: str) -> bool:
    plain = fold(line)
    return plain.startswith(("(kem theo", "*(kem", "kem theo", "quyet dinh", "ban hanh", "don vi tinh")) or (
        _DECISION.search(line) is not None and len(plain) < 90)  # fmt: skip


def _day(text: str) -> date | None:
    found = _DAY.search(text)
    try:
        return date(int(found[3]), int(found[2]), int(found[1])) if found else None
    except ValueError:
        return None


def read_tables(name: str, content: bytes) -> list[Table]:
    """Return the tables of an .xlsx or .csv file; raises Invalid for what is none or has none."""
    if len(content) > MAX_BYTES:
        raise Invalid(_("The file is too large."))
    if name.lower().endswith(".csv"):
        return tables_of([("CSV", _csv_rows(content))])
    return tables_of([(sheet.name, list(sheet.rows)) for sheet in open_workbook(name, content)])


def _csv_rows(content: bytes) -> list[list[Any]]:
    for encoding in ("utf-8-sig", "utf-16"):
        try:
            text = content.decode(encoding)
            break
        except UnicodeError:
            continue
    else:
        raise Invalid(_("This file cannot be read as text. Save it as CSV in UTF-8."))
    found = [_parted(text, mark) for mark in "\t;,"]
    return max(found, key=lambda rows: sum(bool(_headings([_text(cell) for cell in row])) for row in rows))


def _parted(text: str, mark: str) -> list[list[Any]]:
    """Return the rows of a text whose cells stand between ``mark``; none if it is damaged."""
    try:
        return [list(row) for row in csv.reader(io.StringIO(text), delimiter=mark)]
    except csv.Error:
        return []


def read_pasted(text: str) -> list[Table]:
    """Return the tables in rows copied from a spreadsheet or a document: cells between tabs."""
    if len(text) > MAX_BYTES:
        raise Invalid(_("The file is too large."))
    return tables_of([(_("Pasted"), [line.split("\t") for line in text.splitlines()])])


def tables_of(sheets: list[tuple[str, list[list[Any]]]]) -> list[Table]:
    """Return every table of ``sheets`` in order; raises Invalid if there is none, or too many."""
    found = [table for name, rows in sheets for table in list(_tables(name, rows)) if table.rows]
    if not found:
        raise Invalid(_("No table of a process was found. Its headings must say who does each step and how long "
                        "it takes: “Nội dung”, “Người thực hiện”, “Thời gian”."))  # fmt: skip
    if len(found) > MAX_TABLES or any(len(table.rows) > MAX_STEPS for table in found):
        raise Invalid(_("A file holds at most %(tables)d processes of %(steps)d steps.",
                        tables=MAX_TABLES, steps=MAX_STEPS))  # fmt: skip
    return found


def _tables(sheet: str, rows: list[list[Any]]) -> Iterator[Table]:
    caption: list[str] = []
    table: Table | None = None
    places: dict[str, int] = {}
    for number, cells in enumerate(rows, 1):
        texts = [_text(cell) for cell in cells]
        headings = _headings(texts)
        if headings:
            places = headings
            table = Table(sheet, number, texts[places["time"]], caption[-_KEPT_LINES:])
            caption = []
            yield table
        elif table is None or not _take(table, number, texts, places):
            line = " ".join(dict.fromkeys(text for text in texts if text))
            if line:
                table, caption = None, [*caption, line]


def _text(cell: Any) -> str:
    if isinstance(cell, float):
        cell = int(cell) if cell.is_integer() else str(cell).replace(".", ",")
    return re.sub(r"[ \t\xa0]+", " ", clean(str(cell)) or "").strip()[:MAX_CELL]


def _headings(texts: list[str]) -> dict[str, int]:
    """Return the place of each column if this row names them, else {}."""
    plain = [fold(text) for text in texts]
    places: dict[str, int] = {}
    for name, _label, starts in COLUMNS:
        place = next((n for n, text in enumerate(plain) if n not in places.values() and len(text) < 60
                      and text.startswith(starts)), None)  # fmt: skip
        if place is not None:
            places[name] = place
    if "content" not in places:
        word = next((n for n, text in enumerate(plain) if text in _STEP_WORD and n not in places.values()), None)
        if word is not None:
            places["content"] = word
    return places if {"who", "time", "content"} <= set(places) else {}


def _take(table: Table, number: int, texts: list[str], places: dict[str, int]) -> bool:
    """Add a row to ``table``; returns False when the table is over."""
    given = {name: texts[at] if at < len(texts) else "" for name, at in places.items()}
    if not any(texts):
        return True
    first = fold(next(text for text in texts if text))
    if first.startswith(("tong", "cong ", "thoi gian giai quyet")) and not _NUMBER.match(fold(given.get("order", ""))):
        table.total = table.total or " ".join(dict.fromkeys(text for text in texts if text))
        return True
    if table.total or not given["content"] or (not given["who"] and not given["time"]):
        return False
    if _is_count(given):
        return True
    table.rows.append((number, given))
    return True


def _is_count(given: dict[str, str]) -> bool:
    # "(1) (2) (3)" under the headings numbers the columns.
    return all(re.fullmatch(r"\(?\d\)?", given[name]) for name in ("content", "who", "time"))
