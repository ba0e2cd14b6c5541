"""Conditions and choices as people type them into a spreadsheet, read into the form's own data.

``loai = Đăng ký lại và tuoi >= 18``, ``email đã điền hoặc dien_thoai đã điền``,
``loai thuộc a; b``, ``den_ngay >= tu_ngay`` (another key), ``không phải (loai = a hoặc tuoi < 18)``.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from flask_babel import gettext as _

from app.models.form_words import FieldKind
from app.text import fold

_JOINS = (("all", re.compile(r"\s+(?:và|and)\s+", re.I)), ("any", re.compile(r"\s+(?:hoặc|or)\s+", re.I)))
_NOT = re.compile(r"(?:không phải|none of|not)\s*\((.+)\)", re.I)
_ALONE = {
    "đã điền": "filled", "có điền": "filled", "filled": "filled", "để trống": "empty", "empty": "empty",
}  # fmt: skip
_COMPARE = re.compile(r"^(.+?)\s*(>=|<=|≥|≤|<>|!=|≠|=|>|<|\s(?:không thuộc|not in|thuộc|in|là|khác)\s)\s*(.+)$", re.I)
_OPS = {
    ">=": "ge", "≥": "ge", "<=": "le", "≤": "le", "<>": "ne", "!=": "ne", "≠": "ne", "khác": "ne",
    "=": "eq", "là": "eq", ">": "gt", "<": "lt", "thuộc": "in", "in": "in",
    "không thuộc": "not_in", "not in": "not_in",
}  # fmt: skip
_NUMBER = re.compile(r"-?\d{1,15}(?:[.,]\d{1,6})?", re.ASCII)
_VN_DATE = re.compile(r"(\d{1,2})/(\d{1,2})/(\d{4})", re.ASCII)


def read_condition(text: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    """Return the condition ``text`` says; raises ValueError with what cannot be read, in words.

    fields: of the form, named by key or label.
    """
    negated = _NOT.fullmatch(text.strip())
    if negated is not None:
        part = read_condition(negated[1], fields)
        return {"none": part.get("any") or [part]}
    joined = [name for name, join in _JOINS if join.search(text)]
    if len(joined) > 1:
        raise ValueError(_("Please join the parts either all with “và” or all with “hoặc”."))
    if not joined:
        return _clause(text.strip(), fields)
    join = dict(_JOINS)[joined[0]]
    return {joined[0]: [_clause(part.strip(), fields) for part in join.split(text)]}


def _clause(text: str, fields: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    for words, op in _ALONE.items():
        if text.lower().endswith(f" {words}"):
            return {"field": _named(text[: -len(words)], fields)["key"], "op": op}
    match = _COMPARE.match(text)
    if match is None:
        raise ValueError(_("“%(text)s” is no condition; write for example: loai = a", text=text[:60]))
    field, op = _named(match[1], fields), _OPS[match[2].strip().lower()]
    given = match[3].strip().strip('"“”')
    if op in {"in", "not_in"}:
        values = [_value(part.strip(), field) for part in given.split(";") if part.strip()]
        return {"field": field["key"], "op": op, "value": values}
    other = next((f for f in fields if f["key"] == given), None)
    if other is not None and field["kind"] not in {FieldKind.select, FieldKind.multi_select}:
        return {"field": field["key"], "op": op, "other": other["key"]}
    return {"field": field["key"], "op": op, "value": _value(given, field)}


def _named(text: str, fields: Sequence[Mapping[str, Any]]) -> Mapping[str, Any]:
    wanted = text.strip().strip('"“”')
    for field in fields:
        if field["key"] == wanted:
            return field
    same = [field for field in fields if fold(field["label"]) == fold(wanted)]
    if len(same) == 1:
        return same[0]
    raise ValueError(_("There is no field with the key “%(key)s” in this form.", key=wanted[:60]))


def _value(text: str, field: Mapping[str, Any]) -> Any:
    if field["kind"] == FieldKind.number and _NUMBER.fullmatch(text):
        number = float(text.replace(",", "."))
        return int(number) if number.is_integer() else number
    if field["kind"] == FieldKind.checkbox:
        return fold(text) in {"co", "true", "1", "x", "yes"}
    date = _VN_DATE.fullmatch(text)
    if field["kind"] == FieldKind.date and date:
        return f"{date[3]}-{int(date[2]):02}-{int(date[1]):02}"
    for option in field.get("options") or []:
        if fold(str(option["label"])) == fold(text):
            return option["value"]
    return text


def key_from(label: str, taken: set[str]) -> str:
    """Return a key made of a label: "Số định danh" → "so_dinh_danh", unlike those in ``taken``."""
    base = re.sub(r"[^a-z0-9]+", "_", fold(label)).strip("_")[:40] or "truong"
    base = base if base[0].isalpha() else f"t_{base}"
    key, number = base, 1
    while key in taken:
        number += 1
        key = f"{base}_{number}"
    return key


def read_options(text: str) -> list[dict[str, str]] | None:
    """Return the choices of a cell: one a line, or separated by ";"; each "label" or "value = label"."""
    found: list[dict[str, str]] = []
    for part in re.split(r"[\n;]", text):
        value, equals, label = (piece.strip() for piece in part.partition("="))
        if value:
            key = value if equals else key_from(value, {o["value"] for o in found})
            found.append({"value": key, "label": label if equals and label else value})
    return found or None
