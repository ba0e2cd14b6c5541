"""What a workbook of a model looks like: its sheets and their columns, from the declaration."""

from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.lowcode.actions import Action, may, possible
from app.lowcode.forms import column_of, is_needed
from app.lowcode.naturals import has_key, key_names
from app.lowcode.screen import label_of, listed, shown, writable
from app.lowcode.values import choices_of, kind_of
from app.text import fold

MAX_SHEET_NAME = 31
_FORBIDDEN = "[]:*?/\\'"
_KINDS: tuple[tuple[Any, str], ...] = (
    (sa.Boolean, "boolean"), (sa.Integer, "integer"), (sa.String, "text"), (sa.Date, "date"),
    (sa.Time, "time"), ((sa.types.TypeDecorator, sa.DateTime), "instant"), (sa.JSON, "special"),
)  # fmt: skip


@dataclass(frozen=True)
class Column:
    """One column of a sheet. kind: text, integer, boolean, date, instant, time, choice, relation
    or special (written as its form field writes it)."""

    name: str
    label: str
    kind: str
    needed: bool = False
    is_key: bool = False
    target: type[Any] | None = None
    help: str = ""

    @property
    def heading(self) -> str:
        """The label, with a star where a new row must have a value."""
        return f"{self.label} *" if self.needed else self.label


@dataclass(frozen=True)
class Sheet:
    """One sheet: the model of its rows, its columns, and those that are only read."""

    model: type[Any]
    title: str
    columns: tuple[Column, ...]
    read_only: tuple[Column, ...] = ()
    by_heading: dict[str, Column] = field(default_factory=dict, compare=False)

    def column(self, name: str) -> Column:
        """Return the column of attribute ``name``; raises KeyError."""
        return next(c for c in self.columns if c.name == name)


def can_exchange(model: type[Any]) -> bool:
    """Return whether rows of ``model`` may come from a file at all: named, and written by a form."""
    if Action.import_ not in possible(model) or not has_key(model):
        return False
    return set(key_names(model)) <= set(writable(model, "import"))


def sheets_of(model: type[Any], action: str) -> list[Sheet]:
    """Return the sheets of a workbook of ``model``: its own, then the parts it owns, in order.

    action: what the actor must be allowed for a part to be there, "import" or "export".
    """
    models = [model, *(part for part in _parts(model) if may(part, action) and can_exchange(part))]
    return [sheet_of(one) for one in models]


def _parts(model: type[Any]) -> list[type[Any]]:
    found: list[type[Any]] = []
    relations = inspect(model).relationships
    names = [r.key for r in relations if "delete-orphan" in r.cascade]
    for name in [*model.screen.sheets, *names]:
        target = relations[name].mapper.class_
        if getattr(target, "screen", None) is not None and target not in found:
            found += [target, *(part for part in _parts(target) if part not in found)]
    return found


def sheet_of(model: type[Any]) -> Sheet:
    """Return the sheet of one model, headings in the reader's language."""
    names = writable(model, "import")
    keys = key_names(model) if has_key(model) else ()
    ordered = [n for n in names if n in keys] + [n for n in names if n not in keys]
    columns = tuple(_column(model, name, name in keys) for name in ordered)
    readable = dict.fromkeys([*shown(model), *listed(model)])
    others = tuple(_column(model, n, False) for n in readable if n not in names and _is_plain(model, n))
    by_heading = {fold(c.label): c for c in (*others, *columns)}
    return Sheet(model, sheet_name(str(model.screen.title)), columns, others, by_heading)


def _is_plain(model: type[Any], name: str) -> bool:
    relations = inspect(model).relationships
    return name not in relations or not relations[name].uselist and has_key(relations[name].mapper.class_)


def sheet_name(title: str) -> str:
    """Return ``title`` as Excel takes it for a sheet: 31 characters, without []:*?/\\'."""
    return "".join(c for c in title if c not in _FORBIDDEN)[:MAX_SHEET_NAME].strip() or "1"


def _column(model: type[Any], name: str, is_key: bool) -> Column:
    relation = inspect(model).relationships.get(name)
    target = relation.mapper.class_ if relation is not None else None
    stored = column_of(model, name)
    return Column(
        name, str(label_of(model, name)), "relation" if target else _kind(model, name, stored),
        needed=is_needed(model, name), is_key=is_key, target=target,
        help=str(stored.info.get("help", "")),
    )  # fmt: skip


def _kind(model: type[Any], name: str, stored: Any) -> str:
    if choices_of(model, name) is not None:
        return "choice"
    if kind_of(model, name) in ("json", "columns", "options", "life_events"):
        return "special"
    return next(kind for types, kind in _KINDS if isinstance(stored.type, types))


def rule_of(column: Column, model: type[Any]) -> str:
    """Return in one sentence what may stand in a column."""
    if column.kind == "relation" and column.target is not None:
        what = str(column.target.screen.title)
        return _("The code of one of: %(what)s. A choice of the list may be kept whole.", what=what)
    if column.kind == "text":
        length = getattr(column_of(model, column.name).type, "length", None)
        return _("Text of at most %(count)d characters.", count=length) if length else _("Text.")
    return {
        "integer": _("A whole number, for example 1.000.000."), "boolean": _("Yes or No."),
        "date": _("A day, for example 31/12/2026."), "time": _("A time of day, for example 07:30."),
        "instant": _("A day and a time, for example 31/12/2026 07:30."),
        "choice": _("One of the list."), "special": column.help or _("As on the form."),
    }[column.kind]  # fmt: skip
