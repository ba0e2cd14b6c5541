"""Values of electronic forms: how a sent page is read and how values are kept.

What cannot be read is kept as it was typed: the page shows it again beside the message.
"""

import math
import re
import unicodedata
from collections.abc import Mapping
from datetime import date
from typing import Any

from app.lowcode.forms import clean
from app.models.form_words import BLOCK_KINDS, ROW_KINDS, FieldKind
from app.services.eform_columns import FieldLike, columns_of
from app.text import person_name

MAX_KEPT = 20_000  # characters of one value; what is longer was never typed by a person
MAX_ROWS = 200
ELSEWHERE = "other"  # a place that is not in the catalog: written out in full
ISO_DATE = re.compile(r"(\d{4})-(\d{2})-(\d{2})", re.ASCII)
_TRUE = frozenset({"y", "yes", "on", "true", "1"})
_GROUPED = re.compile(r"-?\d{1,3}(\.\d{3})+(,\d+)?", re.ASCII)
_DECIMAL = re.compile(r"-?\d+([.,]\d+)?", re.ASCII)
_VN_DATE = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})", re.ASCII)


def read(field: FieldLike, formdata: Any, name: str) -> Any:
    """Return the value that input ``name`` of a sent page holds for ``field``, tidied."""
    if field.kind == FieldKind.address:
        parts = ("unit", "detail")
        return tidy(field, {part: formdata.get(f"{name}-{part}") for part in parts})
    if field.kind in ROW_KINDS:
        return tidy(field, _read_rows(field, formdata, name))
    if field.kind in BLOCK_KINDS:
        cells = columns_of(field)
        return tidy(field, {c.key: read(c, formdata, f"{name}-{c.key}") for c in cells})
    if field.kind == FieldKind.multi_select:
        return tidy(field, formdata.getlist(name))
    is_sent = field.kind not in {FieldKind.file, FieldKind.computed}
    return tidy(field, formdata.get(name)) if is_sent else None


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
    if kind in ROW_KINDS:
        return _tidy_rows(field, raw)
    if kind in BLOCK_KINDS:
        return _tidy_block(field, raw)
    if kind == FieldKind.computed and isinstance(raw, bool):
        return None
    if kind in {FieldKind.number, FieldKind.computed} and isinstance(raw, int | float) and not isinstance(raw, bool):
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


def _tidy_block(field: FieldLike, raw: Any) -> dict[str, Any] | None:
    given = raw if isinstance(raw, Mapping) else {}
    values = {cell.key: tidy(cell, given.get(cell.key)) for cell in columns_of(field)}
    if field.kind == FieldKind.person and values.get("name"):
        values["name"] = person_name(values["name"])
    return values if any(v not in (None, "", False, []) for v in values.values()) else None


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
