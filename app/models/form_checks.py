"""What is wrong with the definition of a form's field: generated screens and designer ask here."""

import re
from collections.abc import Callable, Mapping
from typing import Any

from flask_babel import gettext as _

from app.clock import today
from app.models.form_words import (
    BLOCK_KINDS,
    CELL_KINDS,
    CHOICE_KINDS,
    GROUP_KINDS,
    ROW_KINDS,
    SEARCHED_KINDS,
    FieldKind,
)
from app.workflows import conditions, expressions, patterns
from app.workflows.wording import Phrase

KEY = re.compile(r"[a-z][a-z0-9_]{0,59}", re.ASCII)
ADDED_FUNCTIONS = ("words", "money_words", "date_words")  # made in services/eform_state.py
_MAX_OPTIONS, _MAX_COLUMNS = 500, 30
_MAX_OPTION = 500


def field_problems(field: Any) -> dict[str, str]:
    """Return {attribute: message} of everything wrong with one field's definition."""
    found: dict[str, str] = {}
    for name, check in _CHECKS.items():
        message = check(field)
        if message is not None:
            found[name] = message
    return found


def said(phrase: Phrase | None) -> str | None:
    """Return a phrase in the reader's language."""
    return None if phrase is None else _(phrase.msgid, **phrase.params)


def condition_problem(condition: Any) -> str | None:
    """Return what is wrong with the shape of a condition; None stands for no condition."""
    return None if condition is None else said(conditions.fault(condition))


def _key(field: Any) -> str | None:
    if isinstance(field.key, str) and KEY.fullmatch(field.key):
        return None
    return _("A key begins with a letter and has small letters, digits and _ only.")


def _label(field: Any) -> str | None:
    return None if (field.label or "").strip() else _("Please fill this in.")


def _kind(field: Any) -> str | None:
    return None if field.kind in set(FieldKind) else _("Please choose one of the offered kinds.")


def _options(field: Any) -> str | None:
    if field.kind in CHOICE_KINDS and not field.options:
        return _("A choice field needs at least one choice.")
    return None if field.options is None else options_problem(field.options)


def _catalog(field: Any) -> str | None:
    if field.kind == FieldKind.catalog and not field.catalog_code:
        return _("Name the shared catalog by its code.")
    return None


def options_problem(options: Any) -> str | None:
    """Return what is wrong with a list of choices [{"value", "label"}], or None."""
    if not isinstance(options, list) or len(options) > _MAX_OPTIONS:
        return _("Choices are a list of at most %(count)d.", count=_MAX_OPTIONS)
    values = [one.get("value") if isinstance(one, Mapping) else None for one in options]
    if not all(isinstance(v, str) and 0 < len(v) <= _MAX_OPTION for v in values):
        return _("Each choice needs a value and a label.")
    twice = next((value for value in values if values.count(value) > 1), None)
    return _("The choice “%(value)s” is there twice.", value=twice) if twice else None


def _columns(field: Any) -> str | None:
    kinds = CELL_KINDS if field.kind == FieldKind.table else GROUP_KINDS
    if field.kind in ROW_KINDS and not field.columns:
        return _("A table field needs at least one column.")
    if field.columns is None:
        return None
    if not isinstance(field.columns, list) or len(field.columns) > _MAX_COLUMNS:
        return _("Columns are a list of at most %(count)d.", count=_MAX_COLUMNS)
    for column in field.columns:
        message = _column(column, kinds, is_block=field.kind in BLOCK_KINDS)
        if message is not None:
            return message
    keys = [column["key"] for column in field.columns]
    twice = next((key for key in keys if keys.count(key) > 1), None)
    return _("The key “%(key)s” is there twice.", key=twice) if twice else None


def _column(column: Any, kinds: frozenset[FieldKind], *, is_block: bool) -> str | None:
    named = isinstance(column, Mapping) and isinstance(column.get("key"), str)
    if not named or not (is_block or (isinstance(column.get("label"), str) and column["label"])):
        return _("Each column needs a key and a label, both texts.")
    if not KEY.fullmatch(column["key"]):
        return _("A key begins with a letter and has small letters, digits and _ only.")
    kind = column.get("kind") or FieldKind.text
    if kind not in kinds:
        return _("The column “%(label)s” cannot be of this kind.", label=column.get("label", ""))
    if kind == FieldKind.catalog and not column.get("catalog_code"):
        return _("Name the shared catalog by its code.")
    if kind in CHOICE_KINDS and not is_block:
        return options_problem(column.get("options") or [{}])
    return None if column.get("options") is None else options_problem(column["options"])


def _pattern(field: Any) -> str | None:
    return said(patterns.fault(field.pattern)) if field.pattern else None


def _day(name: str) -> Callable[[Any], str | None]:
    def check(field: Any) -> str | None:
        text = getattr(field, name)
        if not text or conditions.day_of(text, today()) is not None:
            return None
        return _("Write a date as 2026-01-31, or today, today-18y, today+30d.")

    return check


def _range(field: Any) -> str | None:
    low, high = field.min_value, field.max_value
    if low is not None and high is not None and low > high:
        return _("The largest value is smaller than the smallest one.")
    return None


def _last_day(field: Any) -> str | None:
    message = _day("max_date")(field)
    days = [conditions.day_of(text, today()) for text in (field.min_date, field.max_date)]
    if message is None and days[0] and days[1] and days[0] > days[1]:
        return _("The last day is before the first one.")
    return message


def _expression(field: Any) -> str | None:
    if field.kind != FieldKind.computed:
        return None
    if not (field.expression or "").strip():
        return _("Write how the text is computed, for example =so_ban * 8000.")
    try:
        known = {**expressions.FUNCTIONS, **dict.fromkeys(ADDED_FUNCTIONS, str)}
        expressions.keys_in(field.expression, known)
    except expressions.ExpressionFault as exc:
        return said(exc.phrase)
    return None


def _searchable(field: Any) -> str | None:
    if field.is_searchable and field.kind not in SEARCHED_KINDS:
        return _("Answers of this kind are personal data and are not searched.")
    return None


_CHECKS: dict[str, Callable[[Any], str | None]] = {
    "key": _key, "label": _label, "kind": _kind, "options": _options, "columns": _columns, "catalog_code": _catalog,
    "pattern": _pattern, "max_value": _range, "min_date": _day("min_date"),
    "max_date": _last_day, "expression": _expression, "is_searchable": _searchable,
    "show_when": lambda field: condition_problem(field.show_when),
    "required_when": lambda field: condition_problem(field.required_when),
}  # fmt: skip
