"""Conditions of forms as data: when a field is shown or required, what must hold between answers.

A condition is {"field": key, "op": …, "value": …}, or with "other": key in place of the value,
or {"all": […]}, {"any": […]} or {"none": […]} of conditions. A key may name a part of a block: "me.name".
Dates are ISO texts or "today", "today-18y", "today+30d".  The same rules are in conditions.js.
"""

import re
from collections.abc import Callable, Collection, Iterator, Mapping
from datetime import date, timedelta
from typing import Any

from app.i18n import N_
from app.workflows.wording import Phrase

Condition = Mapping[str, Any]

OPS = {
    "eq": N_("is"), "ne": N_("is not"), "in": N_("is one of"), "not_in": N_("is none of"),
    "lt": N_("is less than"), "le": N_("is at most"), "gt": N_("is more than"),
    "ge": N_("is at least"), "filled": N_("is filled in"), "empty": N_("is left empty"),
}  # fmt: skip
_ALONE = frozenset({"filled", "empty"})
_ORDERED: dict[str, Callable[[Any, Any], bool]] = {
    "lt": lambda a, b: a < b, "le": lambda a, b: a <= b,
    "gt": lambda a, b: a > b, "ge": lambda a, b: a >= b,
}  # fmt: skip
GROUPS = ("all", "any", "none")
MOST_PARTS, DEEPEST = 30, 4  # of a group; how many groups may lie in one another
_DAY = re.compile(r"today(?:([+-])(\d{1,5})([dmy]))?", re.ASCII)
_ISO = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def is_empty(value: Any) -> bool:
    """Return whether ``value`` is no answer; 0 is one, an unticked box is none."""
    return value is None or value is False or (not isinstance(value, int | float) and not value)


def day_of(text: Any, today: date) -> date | None:
    """Return the date "2026-01-31", "today", "today-18y" or "today+6m" means; None if it is none."""
    found = _DAY.fullmatch(text) if isinstance(text, str) else None
    try:
        if found is None:
            is_iso = isinstance(text, str) and _ISO.fullmatch(text)
            return date.fromisoformat(text) if is_iso else None
        sign, count, unit = found.groups()
        return _moved(today, int(f"{sign}{count}"), unit) if sign else today
    except (ValueError, OverflowError):
        return None


def _moved(day: date, count: int, unit: str) -> date:
    if unit == "d":
        return day + timedelta(days=count)
    months = day.year * 12 + day.month - 1 + count * (12 if unit == "y" else 1)
    year, month = divmod(months, 12)
    for last in (day.day, 30, 29, 28):
        try:
            return date(year, month + 1, min(last, day.day))
        except ValueError:
            if last == 28:
                raise
    raise AssertionError("unreachable")


def holds(
    condition: Any, value_of: Callable[[str], Any], today: date, *, unknown: bool = False
) -> bool:
    """Return whether ``condition`` holds for the answers; no condition always holds.

    unknown: what a comparison counts as while one of its sides has not been answered. Within "none" it
    counts the other way round, so that "none is less than 18" says the same as "all are at least 18".
    """
    if not condition:
        return True
    if "none" in condition:
        return not any(holds(part, value_of, today, unknown=not unknown) for part in condition["none"])
    for name, gather in (("all", all), ("any", any)):
        if name in condition:
            return gather(holds(part, value_of, today, unknown=unknown) for part in condition[name])
    given, op = value_of(condition["field"]), condition["op"]
    if op in _ALONE:
        return is_empty(given) == (op == "empty")
    is_pair = "other" in condition
    wanted = value_of(condition["other"]) if is_pair else _resolved(condition.get("value"), today)
    if (op in _ORDERED or is_pair) and (is_empty(given) or is_empty(wanted)):
        return unknown
    return _compare(op, given, wanted)


def _resolved(value: Any, today: date) -> Any:
    if isinstance(value, str) and value.startswith("today"):
        day = day_of(value, today)
        return day.isoformat() if day else value
    return value


def _compare(op: str, given: Any, wanted: Any) -> bool:
    if op in _ORDERED:
        are_numbers = all(isinstance(v, int | float) for v in (given, wanted))
        left, right = (given, wanted) if are_numbers else (str(given), str(wanted))
        return _ORDERED[op](left, right)
    mine = [_plain(item) for item in (given if isinstance(given, list) else [given])]
    theirs = [_plain(item) for item in (wanted if isinstance(wanted, list) else [wanted])]
    is_met = any(item in theirs for item in mine) or (not mine and "" in theirs)
    return is_met == (op in {"eq", "in"})


def _plain(value: Any) -> str:
    """Return one text for one answer, so that 2, 2.0 and "2" are the same."""
    if value is None or value is False:
        return ""
    if value is True:
        return "true"
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return str(value)


def leaves(condition: Any) -> Iterator[Condition]:
    """Yield every single comparison in ``condition``."""
    if not isinstance(condition, Mapping):
        return
    for name in GROUPS:
        for part in condition.get(name) or ():
            yield from leaves(part)
    if "field" in condition:
        yield condition


def keys_in(condition: Any) -> set[str]:
    """Return the keys of the fields a condition looks at."""
    found = {str(leaf[name]) for leaf in leaves(condition) for name in ("field", "other") if name in leaf}
    return {key.partition(".")[0] for key in found}


def fault(condition: Any, known: Collection[str] | None = None, depth: int = 0) -> Phrase | None:
    """Return what is wrong with the shape of a condition, or None.

    known: the keys it may name; None leaves them unchecked.
    """
    if not isinstance(condition, Mapping) or depth > DEEPEST:
        return Phrase(N_("A condition names a field, how it compares, and with what."))
    groups = [name for name in GROUPS if name in condition]
    if groups:
        parts = condition[groups[0]]
        if len(condition) > 1 or not isinstance(parts, list) or not 0 < len(parts) <= MOST_PARTS:
            return Phrase(N_("A group of conditions needs between 1 and 30 conditions."))
        return next(filter(None, (fault(part, known, depth + 1) for part in parts)), None)
    return _leaf_fault(condition, known)


def _leaf_fault(leaf: Condition, known: Collection[str] | None) -> Phrase | None:
    op = leaf.get("op")
    named = [leaf[name] for name in ("field", "other") if name in leaf]
    is_whole = "field" in leaf and isinstance(op, str) and op in OPS
    if not is_whole or not all(isinstance(key, str) for key in named):
        return Phrase(N_("A condition names a field, how it compares, and with what."))
    if op not in _ALONE and ("value" in leaf) == ("other" in leaf):
        return Phrase(N_("Please say what the answer is compared with."))
    if "value" in leaf and not _is_value(leaf["value"], is_list=op in {"in", "not_in"}):
        return Phrase(N_("This value cannot be compared with."))
    missing = [key for key in named if known is not None and key.partition(".")[0] not in known]
    if missing:
        return Phrase(N_("There is no field with the key “%(key)s” in this form."), {"key": missing[0]})
    return None


def _is_value(value: Any, *, is_list: bool) -> bool:
    if isinstance(value, list):
        return is_list and 0 < len(value) <= 60 and all(_is_value(v, is_list=False) for v in value)
    return isinstance(value, str | int | float | bool) and len(str(value)) <= 500 and not is_list
