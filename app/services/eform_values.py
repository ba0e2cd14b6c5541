"""Values of electronic forms: what a field is asked for, how it is read and how it is shown.

What cannot be read is kept as it was typed: the page shows it again beside the message.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from flask_babel import gettext as _

from app.lowcode.forms import clean
from app.lowcode.values import plain_text
from app.models.form import FieldKind

MAX_KEPT = 20_000  # characters of one value; what is longer was never typed by a person
MAX_ROWS = 200
ELSEWHERE = "other"  # a place that is not in the catalog: written out in full
ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
PHONE = re.compile(r"0(2\d{8,9}|[35789]\d{8})", re.ASCII)
_TRUE = frozenset({"y", "yes", "on", "true", "1"})
_GROUPED = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d+([.,]\d+)?", re.ASCII)
_VN_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)


class FieldLike(Protocol):
    """What the rules ask of a field; a FormField and a table's column both have it."""

    key: str
    label: str
    kind: str
    is_required: bool
    options: list[Any] | None
    pattern: str | None
    pattern_message: str | None
    min_value: int | None
    max_value: int | None
    max_length: int | None
    columns: list[Any] | None


@dataclass
class Column:
    """A column of a table field, seen as a field of its own."""

    key: str
    label: str
    kind: str = FieldKind.text
    is_required: bool = True
    options: list[Any] | None = None
    pattern: str | None = None
    pattern_message: str | None = None
    min_value: int | None = None
    max_value: int | None = None
    max_length: int | None = None
    columns: list[Any] | None = None


def columns_of(field: FieldLike) -> list[Column]:
    """Return the columns of a table field."""
    return [
        Column(
            key=str(given["key"]), label=str(given.get("label") or given["key"]),
            kind=str(given.get("kind") or FieldKind.text),
            is_required=bool(given.get("required", True)), options=given.get("options"),
            max_length=given.get("max_length"),
        )
        for given in field.columns or [] if isinstance(given, Mapping) and given.get("key")
    ]  # fmt: skip


def choices(field: FieldLike) -> list[tuple[str, str]]:
    """Return (value, label) of a choice field."""
    return [(str(o["value"]), str(o.get("label") or o["value"]))
            for o in field.options or [] if isinstance(o, Mapping) and "value" in o]  # fmt: skip


def read(field: FieldLike, formdata: Any, name: str) -> Any:
    """Return the value that input ``name`` of a sent page holds for ``field``, tidied."""
    if field.kind == FieldKind.address:
        parts = ("unit", "detail")
        return tidy(field, {part: formdata.get(f"{name}-{part}") for part in parts})
    if field.kind == FieldKind.table:
        return tidy(field, _read_rows(field, formdata, name))
    if field.kind == FieldKind.multi_select:
        return tidy(field, formdata.getlist(name))
    return None if field.kind == FieldKind.file else tidy(field, formdata.get(name))


def _read_rows(field: FieldLike, formdata: Any, name: str) -> list[dict[str, Any]]:
    pattern = re.compile(rf"{re.escape(name)}-(\d{{1,5}})-")
    found = {int(match[1]) for key in formdata if (match := pattern.match(key))}
    placed = sorted(found, key=lambda i: (_position(formdata.get(f"{name}-{i}-position"), i), i))
    cells = columns_of(field)
    return [{cell.key: read(cell, formdata, f"{name}-{i}-{cell.key}") for cell in cells}
            for i in placed[: MAX_ROWS + 1]]  # fmt: skip


def _position(text: str | None, fallback: int) -> int:
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) < 6
    return int(text) if is_number and text else fallback


def tidy(field: FieldLike, raw: Any) -> Any:
    """Return ``raw`` as JSON keeps it: numbers, ISO dates, lists; text as typed if unreadable."""
    kind = field.kind
    if kind == FieldKind.checkbox:
        return raw is True or (isinstance(raw, str) and raw.strip().lower() in _TRUE)
    if kind in {FieldKind.multi_select, FieldKind.file}:
        given = raw[:MAX_ROWS] if isinstance(raw, list) else []
        return list(dict.fromkeys(text for item in given if (text := _text(item))))
    if kind == FieldKind.address:
        return _tidy_address(raw)
    if kind == FieldKind.table:
        return _tidy_rows(field, raw)
    if kind == FieldKind.number and isinstance(raw, int | float) and not isinstance(raw, bool):
        return _number(raw)
    text = _text(raw, keep_lines=kind == FieldKind.textarea)
    return _FROM_TEXT.get(kind, lambda value: value)(text) if text is not None else None


def _text(raw: Any, *, keep_lines: bool = False) -> str | None:
    """Return one text: composed letters, no control characters, no halves of characters."""
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        raw = str(raw)
    if not isinstance(raw, str):
        return None
    whole = raw[: MAX_KEPT * 2].encode("utf-8", "ignore").decode("utf-8")
    text = clean(unicodedata.normalize("NFC", whole).replace("\r\n", "\n"))
    if text is None:
        return None
    return (text if keep_lines else " ".join(text.split()))[:MAX_KEPT] or None


def _tidy_address(raw: Any) -> dict[str, str] | None:
    given = raw if isinstance(raw, Mapping) else {"detail": raw}
    unit, detail = _text(given.get("unit")) or "", _text(given.get("detail")) or ""
    return {"unit": unit[:20], "detail": detail} if unit or detail else None


def _tidy_rows(field: FieldLike, raw: Any) -> list[dict[str, Any]]:
    cells = columns_of(field)
    given = raw[: MAX_ROWS + 1] if isinstance(raw, list) else []
    rows = [{cell.key: tidy(cell, row.get(cell.key)) for cell in cells}
            for row in given if isinstance(row, Mapping)]  # fmt: skip
    return [row for row in rows if any(v not in (None, "", False, []) for v in row.values())]


def _number(value: Any) -> Any:
    if isinstance(value, float) and (not math.isfinite(value) or value.is_integer()):
        return int(value) if math.isfinite(value) else str(value)
    return value


def _number_from(text: str) -> Any:
    """Read 1.250,5 and 1250.5 alike; a dot before exactly three digits groups thousands."""
    bare = text.replace(" ", "").replace("\u00a0", "")
    if len(bare) > 30:
        return text
    if _GROUPED.fullmatch(bare):
        bare = bare.replace(".", "")
    if not _DECIMAL.fullmatch(bare):
        return text
    return int(bare) if bare.lstrip("-").isdigit() else _number(float(bare.replace(",", ".")))


def _date_from(text: str) -> str:
    iso, vn = ISO_DATE.fullmatch(text), _VN_DATE.fullmatch(text)
    if not iso and not vn:
        return text
    parts = (iso[1], iso[2], iso[3]) if iso else (vn[3], vn[2], vn[1])  # type: ignore[index]
    try:
        return date(*map(int, parts)).isoformat()
    except ValueError:
        return text


def _phone_from(text: str) -> str:
    bare = re.sub(r"[\s.\-()]", "", text)
    return re.sub(r"^(\+84|0084)", "0", bare)


_FROM_TEXT: dict[str, Any] = {
    FieldKind.number: _number_from, FieldKind.date: _date_from, FieldKind.phone: _phone_from,
    FieldKind.personal_id: lambda text: re.sub(r"[\s.\-]", "", text),
    FieldKind.email: lambda text: text.replace(" ", ""),
}  # fmt: skip


def show(field: FieldLike, value: Any, units: Mapping[str, str] | None = None) -> str:
    """Return a tidied value as a person reads it; "" when nothing was answered."""
    if field.kind == FieldKind.checkbox:
        return _("Yes") if value is True else _("No")
    if value in (None, "", []):
        return ""
    if field.kind in {FieldKind.select, FieldKind.multi_select}:
        labels = dict(choices(field))
        chosen = value if isinstance(value, list) else [value]
        return ", ".join(labels.get(str(key), str(key)) for key in chosen)
    if field.kind == FieldKind.address and isinstance(value, Mapping):
        unit = (units or {}).get(value.get("unit") or "", "")
        return ", ".join(filter(None, (value.get("detail"), unit)))
    if field.kind == FieldKind.file:
        return ", ".join(map(str, value))
    return _SHOW.get(field.kind, str)(value)


def show_number(value: Any) -> str:
    """Return a number as Vietnamese writes it: 1.250,5."""
    if not isinstance(value, int | float):
        return str(value)
    return f"{value:,}".translate(str.maketrans(",.", ".,"))


def _show_date(value: Any) -> str:
    try:
        return plain_text(date.fromisoformat(str(value)))
    except ValueError:
        return str(value)  # as it was typed


def show_phone(value: Any) -> str:
    """Return a phone number in groups: 0905 123 456."""
    text = str(value)
    return f"{text[:4]} {text[4:7]} {text[7:]}" if PHONE.fullmatch(text) else text


_SHOW: dict[str, Any] = {
    FieldKind.number: show_number, FieldKind.date: _show_date, FieldKind.phone: show_phone,
}  # fmt: skip
