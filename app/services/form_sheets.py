"""Forms from a spreadsheet: one row a field. Everything is read and checked; nothing is written."""

import io
import re
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.i18n import N_
from app.lowcode.exchange.reading import open_workbook
from app.lowcode.fields import clean
from app.models.form_words import CHOICE_KINDS, FIELD_KINDS, FILLERS, PREFILLS, ROW_KINDS, FieldKind
from app.services import form_design
from app.services.form_problems import definition_problems
from app.services.form_text import key_from, read_condition, read_options
from app.text import fold

MAX_BYTES, MAX_ROWS, MAX_CELL = 5 * 2**20, 1_000, 4_000
# (property, heading); a heading is found whatever its case and diacritics.
COLUMNS = (
    ("section", N_("Section")), ("key", N_("Key")), ("label", N_("Label")), ("label_en", N_("Label in English")),
    ("kind", N_("Kind")), ("is_required", N_("Required")), ("options", N_("Choices")), ("help_text", N_("Help text")),
    ("show_when", N_("Shown when")), ("required_when", N_("Required when")), ("pattern", N_("Pattern")),
    ("min", N_("Smallest or first")), ("max", N_("Largest or last")), ("max_length", N_("Longest text")),
    ("prefill", N_("Filled from")), ("filled_by", N_("Answered by officers")), ("expression", N_("Computed as")),
    ("columns", N_("Table columns")), ("catalog_code", N_("Shared catalog")),
)  # fmt: skip
_NEEDED = ("section", "label", "kind")
_YES, _NO = {"co", "x", "1", "yes", "true", "bat buoc"}, {"", "khong", "0", "no", "false"}
_CONDITIONS = ("show_when", "required_when")
_WHOLE = re.compile(r"-?[0-9]{1,15}")


@dataclass(frozen=True)
class Fault:
    """What is wrong in one cell: row as the sheet counts it, heading, message."""

    row: int
    column: str
    message: str


@dataclass(frozen=True)
class Read:
    """What a sheet says: the sections of a definition, and every fault; with one nothing is taken."""

    sections: list[dict[str, Any]]
    faults: list[Fault]


def read_workbook(content: bytes) -> Read:
    """Return what the first sheet of an .xlsx says; raises Invalid for what is no workbook."""
    if len(content) > MAX_BYTES:
        raise Invalid(_("The file is too large."))
    sheets = open_workbook("form.xlsx", content)  # as imports do: far cells, bombs and damage are refused
    if not sheets:
        raise Invalid(_("This file cannot be read as a spreadsheet (.xlsx)."))
    return read_rows([[_text(cell) for cell in row] for row in sheets[0].rows[: MAX_ROWS + 2]])


def read_pasted(text: str) -> Read:
    """Return what rows copied from a spreadsheet say: cells between tabs, one row a line."""
    if len(text) > MAX_BYTES:
        raise Invalid(_("The file is too large."))
    return read_rows([[_text(cell) for cell in line.split("\t")] for line in text.splitlines()])


def _text(cell: Any) -> str:
    if isinstance(cell, bool):
        return "x" if cell else ""
    if isinstance(cell, float) and cell.is_integer():
        cell = int(cell)
    if isinstance(cell, datetime | date):
        return f"{cell:%Y-%m-%d}"
    return (clean(str(cell)) or "").strip()[: MAX_CELL + 1]


def read_rows(rows: list[list[str]]) -> Read:
    """Return what ``rows`` say, the first being the headings; raises Invalid without them."""
    places = _headings(rows[0] if rows else [])
    if len(rows) > MAX_ROWS + 1:
        raise Invalid(_("A sheet has at most %(count)d rows.", count=MAX_ROWS))
    reader = _Reader(places)
    for number, row in enumerate(rows[1:], 2):
        if any(row):
            reader.take(number, row)
    return reader.result()


def _headings(row: list[str]) -> dict[str, int]:
    named = {fold(text): place for place, text in reversed(list(enumerate(row))) if text}
    places = {}
    for name, heading in COLUMNS:
        words = {fold(_(heading)), fold(heading), name}
        found = next((named[word] for word in words if word in named), None)
        if found is not None:
            places[name] = found
    missing = [_(heading) for name, heading in COLUMNS if name in _NEEDED and name not in places]
    if missing:
        raise Invalid(_("The first row must hold the headings; missing: %(names)s", names=", ".join(missing)))
    return places


class _Reader:
    """Gathers fields row by row; conditions wait until every key is known."""

    def __init__(self, places: dict[str, int]) -> None:
        self.places, self.faults = places, list[Fault]()
        self.sections: list[dict[str, Any]] = []
        self.fields: list[dict[str, Any]] = []
        self.waiting: list[tuple[int, dict[str, Any], str, str]] = []
        self.rows: list[list[int]] = []

    def take(self, number: int, row: list[str]) -> None:
        given = {name: row[at] if at < len(row) else "" for name, at in self.places.items()}
        for name, text in given.items():
            if len(text) > MAX_CELL:
                self.fault(number, name, _("At most %(limit)d characters.", limit=MAX_CELL))
        title = given["section"] or (self.sections[-1]["title"] if self.sections else "")
        if not title:
            self.fault(number, "section", _("Please fill this in."))
            title = "?"
        if not self.sections or self.sections[-1]["title"] != title:
            self.sections.append({"title": title, "fields": []})
            self.rows.append([])
        field = self._field(number, given)
        self.sections[-1]["fields"].append(field)
        self.rows[-1].append(number)
        self.fields.append(field)

    def _field(self, number: int, given: dict[str, str]) -> dict[str, Any]:
        kind = self._chosen(number, "kind", given["kind"], FIELD_KINDS) or FieldKind.text
        taken = {field["key"] for field in self.fields}
        key = given.get("key") or key_from(given["label"], taken)
        field = form_design.new_field(kind, key, given["label"])
        for name in ("label_en", "help_text", "pattern", "expression", "catalog_code"):
            field[name] = given.get(name) or None
        field["is_required"] = self._yes(number, given.get("is_required", ""))
        field["options"] = read_options(given.get("options", "")) if kind in CHOICE_KINDS else None
        field["prefill"] = self._chosen(number, "prefill", given.get("prefill", ""), PREFILLS)
        field["filled_by"] = self._chosen(number, "filled_by", given.get("filled_by", ""), FILLERS)
        field["max_length"] = self._whole(number, "max_length", given.get("max_length", ""))
        field["columns"] = _columns(given.get("columns", "")) if kind in ROW_KINDS else None
        ends = ("min_date", "max_date") if kind == FieldKind.date else ("min_value", "max_value")
        for name, column in zip(ends, ("min", "max"), strict=True):
            text = given.get(column, "")
            field[name] = (text or None) if kind == FieldKind.date else self._whole(number, column, text)
        self.waiting += [(number, field, name, given[name]) for name in _CONDITIONS if given.get(name)]
        return field

    def _chosen(self, number: int, name: str, text: str, choices: Any) -> str | None:
        """Return the key of a choice written as its key or in words, with or without the part in ()."""
        if not text:
            if name == "kind":
                self.fault(number, name, _("Please choose one of the offered kinds."))
            return None
        for key, words in choices.items():
            names = {str(key), fold(_(words)), fold(_(words).partition("(")[0]), fold(words)}
            if text in names or fold(text) in names:
                return str(key)
        offered = ", ".join(_(words).partition(" (")[0] for words in choices.values())
        self.fault(number, name, _("“%(text)s” is none of: %(names)s", text=text[:60], names=offered))
        return None

    def _yes(self, number: int, text: str) -> bool:
        folded = fold(text)
        if folded not in _YES | _NO:
            self.fault(number, "is_required", _("Write “x” or leave it empty."))
        return folded in _YES

    def _whole(self, number: int, name: str, text: str) -> int | None:
        bare = text.replace(".", "").replace(" ", "")
        if not bare:
            return None
        if _WHOLE.fullmatch(bare):
            return int(bare)
        self.fault(number, name, _("Please write a whole number."))
        return None

    def fault(self, number: int, name: str, message: str) -> None:
        self.faults.append(Fault(number, _(dict(COLUMNS)[name]), message))

    def result(self) -> Read:
        for number, field, name, text in self.waiting:
            try:
                field[name] = read_condition(text, self.fields)
            except ValueError as exc:
                self.fault(number, name, str(exc))
        if not self.fields:
            self.faults.append(Fault(1, _("Label"), _("There is no row under the headings.")))
        if not self.faults:
            self._check()
        return Read(self.sections, sorted(self.faults, key=lambda fault: fault.row))

    def _check(self) -> None:
        """Ask the designer's own check, and say its faults by row and column."""
        given = form_design.tidied({"name": "x", "sections": self.sections})
        for path, message in definition_problems(form_design.built(given)).items():
            parts = path.split(".")
            if parts[0] != "sections":
                continue
            is_field = len(parts) > 4
            row = self.rows[int(parts[1])][int(parts[3]) if is_field else 0]
            name = parts[-1] if is_field else "section"
            name = {"min_value": "min", "min_date": "min", "max_value": "max", "max_date": "max"}.get(name, name)
            self.fault(row, name if name in dict(COLUMNS) else "label", message)


def _columns(text: str) -> list[dict[str, Any]] | None:
    """Return the columns of a table: one a line or separated by ";", "Tên" or "Tên: số"."""
    found: list[dict[str, Any]] = []
    words = {fold(_(label).partition("(")[0]): str(kind) for kind, label in FIELD_KINDS.items()}
    for part in text.replace("\n", ";").split(";"):
        label, _colon, kind = (piece.strip() for piece in part.partition(":"))
        if label:
            key = key_from(label, {c["key"] for c in found})
            chosen = words.get(fold(kind), kind) if kind else str(FieldKind.text)
            found.append({"key": key, "label": label, "kind": chosen, "required": True})
    return found or None


def template() -> bytes:
    """Return an .xlsx with the headings, drop-down lists and three rows as an example."""
    import xlsxwriter  # type: ignore[import-untyped]

    target = io.BytesIO()
    book = xlsxwriter.Workbook(target, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet, bold = book.add_worksheet(_("Form")), book.add_format({"bold": True, "bottom": 1})
    wrap = book.add_format({"text_wrap": True, "valign": "top"})
    names = [name for name, _heading in COLUMNS]
    for at, (_name, heading) in enumerate(COLUMNS):
        sheet.write_string(0, at, _(heading), bold)
        sheet.set_column(at, at, 22, wrap)
    for number, row in enumerate(_EXAMPLE, 1):
        for name, text in row.items():
            sheet.write_string(number, names.index(name), text, wrap)
    for name, choices in (("kind", FIELD_KINDS), ("prefill", PREFILLS), ("filled_by", FILLERS)):
        _drop_down(book, sheet, names.index(name), [_(words).partition(" (")[0] for words in choices.values()], name)
    sheet.freeze_panes(1, 0)
    book.close()
    return target.getvalue()


def _drop_down(book: Any, sheet: Any, at: int, words: list[str], name: str) -> None:
    """A list longer than a cell's own limit stands on a sheet of its own."""
    lists = book.add_worksheet(name)
    lists.write_column(0, 0, words)
    lists.hide()
    source = f"='{name}'!$A$1:$A${len(words)}"
    sheet.data_validation(1, at, MAX_ROWS, at, {"validate": "list", "source": source, "ignore_blank": True})


_EXAMPLE = (
    {"section": "Người đề nghị", "key": "ho_ten", "label": "Họ, chữ đệm, tên", "label_en": "Full name",
     "kind": "text", "is_required": "x", "prefill": "name"},
    {"section": "Người đề nghị", "key": "loai", "label": "Hình thức nhận", "kind": "select",
     "is_required": "x", "options": "tk = Tài khoản ngân hàng\ntm = Tiền mặt"},
    {"section": "Người đề nghị", "key": "so_tk", "label": "Số tài khoản", "kind": "text",
     "is_required": "x", "show_when": "loai = tk"},
)  # fmt: skip
