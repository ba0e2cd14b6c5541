"""Cells: what people type, as values; values, as people read them."""

import math
import re
from dataclasses import dataclass
from datetime import MAXYEAR, date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

from flask_babel import gettext as _
from wtforms import ValidationError

from app.clock import VIETNAM, to_local
from app.lowcode.exchange.layout import Column
from app.lowcode.fields import clean
from app.lowcode.forms import RecordForm
from app.lowcode.values import choices_of
from app.text import fold

_YES = frozenset({"co", "x", "yes", "true", "dung", "1", "y"})
_NO = frozenset({"khong", "no", "false", "sai", "0", "n", "-"})
_UNIT = re.compile(r"\s*(đồng|dong|vnđ|vnd|đ)$", re.IGNORECASE)
_GROUPED = re.compile(r"-?\d{1,3}(?:(?:\.\d{3})+|(?: \d{3})+|(?:,\d{3}){2,})")
_DAY = re.compile(r"(\d{1,2})[/.-](\d{1,2})[/.-](\d{4})")
_ISO_DAY = re.compile(r"(\d{4})-(\d{1,2})-(\d{1,2})")
_LONG_DAY = re.compile(r"ngay (\d{1,2}) thang (\d{1,2}) nam (\d{4})")
_TIME = re.compile(r"(\d{1,2})(?::|h|gio|g)(\d{2})?(?::(\d{2})(?:\.\d+)?)?")
# A spreadsheet programme would read a cell that begins so as a formula.
RISKY = ("=", "+", "-", "@", "\t", "\r")


class BadCell(Exception):
    """What is typed in a cell cannot be read; the message says what could."""


@dataclass(frozen=True)
class Unread:
    """A cell of a derived sheet whose source cannot be read: what stands there, and the rule it breaks."""

    text: str
    message: str


def is_blank(raw: Any) -> bool:
    """Return whether a cell holds nothing but spaces."""
    return raw is None or (isinstance(raw, str) and not raw.strip())


def read(column: Column, raw: Any, form: RecordForm, words: dict[str, Any]) -> Any:
    """Return the value typed in a cell that is not blank; raises BadCell.

    words: what ``choice_words`` says of the column's model. A relation stays text.
    """
    if isinstance(raw, Unread):
        raise BadCell(raw.message)
    if column.kind == "choice":
        return _choice(raw, words.get(column.name, {}), form[column.name])
    if column.kind == "special":
        return _special(raw, form[column.name])
    return _READERS[column.kind](raw)


def choice_words(model: type[Any], columns: tuple[Column, ...]) -> dict[str, dict[str, Any]]:
    """Return {attribute: {folded word: value}} of every choice, in the reader's language."""
    found: dict[str, dict[str, Any]] = {}
    for column in columns:
        if column.kind == "choice":
            offered = choices_of(model, column.name) or {}
            stored = {fold(str(plain(value))): value for value in offered}
            found[column.name] = stored | {fold(_(word)): value for value, word in offered.items()}
    return found


def plain(value: Any) -> Any:
    """Return a choice as it is stored: the value of an enumeration."""
    return getattr(value, "value", value)


def as_text(raw: Any) -> str:
    """Return a cell as the text one sees in it."""
    if isinstance(raw, bool):
        return _("Yes") if raw else _("No")
    if isinstance(raw, float):
        return str(int(raw)) if raw.is_integer() else format(Decimal(repr(raw)), "f")
    if isinstance(raw, datetime):
        return raw.strftime("%d/%m/%Y %H:%M") if raw.time() != time() else raw.strftime("%d/%m/%Y")
    if isinstance(raw, date):
        return raw.strftime("%d/%m/%Y")
    if isinstance(raw, time):
        return raw.strftime("%H:%M")
    text = "" if raw is None else str(raw)
    # An export to CSV puts this sign before what would run as a formula.
    return text[1:] if text.startswith("'") and text[1:].startswith(RISKY) else text


def _text(raw: Any) -> Any:
    return clean(as_text(raw))


def _integer(raw: Any) -> int:
    if isinstance(raw, int | float) and not isinstance(raw, bool):
        if math.isfinite(raw) and raw == int(raw):
            return int(raw)
        raise BadCell(_("Write a whole number, for example 1.000.000."))
    text = _UNIT.sub("", as_text(raw).strip())
    if _GROUPED.fullmatch(text):
        text = re.sub(r"[., ]", "", text)
    if not re.fullmatch(r"[+-]?[0-9]{1,18}", text):
        raise BadCell(_("Write a whole number, for example 1.000.000."))
    return int(text)


def _number(raw: Any) -> int | float:
    if isinstance(raw, int | float) and not isinstance(raw, bool) and math.isfinite(raw):
        return raw
    text = as_text(raw).strip()
    text = re.sub(r"[., ]", "", text) if _GROUPED.fullmatch(text) else text.replace(",", ".")
    if not re.fullmatch(r"[+-]?[0-9]{1,15}([.][0-9]{1,6})?", text):
        raise BadCell(_("Please enter a number, for example 1250 or 12,5."))
    return float(text) if "." in text else int(text)


def _boolean(raw: Any) -> bool:
    is_whole = isinstance(raw, bool) or (isinstance(raw, float) and raw.is_integer())
    word = fold(as_text(int(raw) if is_whole else raw))
    if word in _YES or word in _NO:
        return word in _YES
    raise BadCell(_("Write Yes or No."))


def _date(raw: Any) -> date:
    if isinstance(raw, datetime):
        return raw.date()
    if isinstance(raw, date):
        return raw
    found = _find_day(fold(as_text(raw)))
    if found is None:
        raise BadCell(_("Write a day as 31/12/2026."))
    return found


def _find_day(text: str) -> date | None:
    parts: tuple[int, ...] | None = None
    if match := _DAY.fullmatch(text) or _LONG_DAY.fullmatch(text):
        parts = tuple(int(part) for part in reversed(match.groups()))
    elif match := _ISO_DAY.fullmatch(text):
        parts = tuple(int(part) for part in match.groups())
    try:
        return date(*parts) if parts else None
    except ValueError:
        return None


def _time(raw: Any) -> time:
    if isinstance(raw, datetime):
        return raw.time().replace(microsecond=0)
    if isinstance(raw, time):
        return raw.replace(microsecond=0)
    if isinstance(raw, timedelta | float) and not isinstance(raw, bool):
        seconds = raw.total_seconds() if isinstance(raw, timedelta) else raw * 86400
        if 0 <= seconds < 86400:
            return (datetime.min + timedelta(seconds=round(seconds))).time()
    match = _TIME.fullmatch(fold(as_text(raw)).replace(" ", ""))
    try:
        return time(*(int(part or 0) for part in match.groups())) if match else _no_time()
    except ValueError:
        return _no_time()


def _no_time() -> time:
    raise BadCell(_("Write a time as 07:30."))


def _instant(raw: Any) -> datetime:
    if isinstance(raw, datetime):
        half = timedelta(microseconds=500_000 if raw.year < MAXYEAR else 0)
        return (raw + half).replace(microsecond=0, tzinfo=VIETNAM)
    words = fold(as_text(raw)).split()
    days = [day for word in words if (day := _find_day(word))]
    times = [word for word in words if _TIME.fullmatch(word)]
    if len(days) != 1 or len(days) + len(times) != len(words) or len(times) > 1:
        raise BadCell(_("Write a day and a time as 31/12/2026 07:30."))
    return datetime.combine(days[0], _time(times[0]) if times else time(), VIETNAM)


def _choice(raw: Any, words: dict[str, Any], field: Any) -> Any:
    word = fold(as_text(raw))
    if word not in words:
        offered = [str(label) for value, label in getattr(field, "choices", None) or () if value]
        raise BadCell(_("This is not among the choices: %(choices)s.", choices="; ".join(offered)) if offered
                      else _("This is not in the list of choices."))  # fmt: skip
    return words[word]


def _special(raw: Any, bound: Any) -> Any:
    try:
        bound.process_formdata([as_text(raw)])
    except (ValidationError, ValueError) as exc:
        raise BadCell(str(exc)) from exc
    return bound.data


_READERS: dict[str, Any] = {
    "text": _text, "relation": _text, "integer": _integer, "boolean": _boolean, "date": _date,
    "time": _time, "instant": _instant, "number": _number,
}  # fmt: skip


def read_plain(kind: str, raw: Any) -> Any:
    """Return a cell of a kind that needs no model (text, number, boolean, date …); raises BadCell."""
    return _READERS[kind](raw)


def write(model: type[Any], column: Column, value: Any, form: RecordForm) -> Any:
    """Return ``value`` as its cell shows it: text, a whole number, a day or a local instant."""
    if value is None:
        return None
    if column.kind == "choice":
        word = (choices_of(model, column.name) or {}).get(value)
        return _(word) if word else str(value)
    if column.kind == "special" and column.name in form:
        bound = form[column.name]
        bound.raw_data, bound.data = None, value
        return bound._value()
    if column.kind == "instant":
        return to_local(value).replace(tzinfo=None, microsecond=0)
    return _WRITERS.get(column.kind, lambda kept: kept)(value)


_WRITERS: dict[str, Any] = {
    "boolean": as_text, "time": as_text, "text": str, "special": str,
}  # fmt: skip
