"""The history told in sentences: who did what to which record, old → new in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app import history
from app.history import HistoryEntry
from app.i18n import N_
from app.lowcode.screen import label_of, tells
from app.lowcode.values import display, inside_sentence
from app.permissions import SYSTEM
from app.workflows.registry import WORKFLOWS

ACTIONS = {
    "create": N_("added"), "update": N_("changed"), "delete": N_("deleted"),
    "read": N_("read"), "print": N_("printed"), "download": N_("downloaded"),
    "export": N_("exported"), "login": N_("signed in"), "logout": N_("signed out"),
    "login_failed": N_("typed a wrong password"), "read_file": N_("opened a file"),
    "change_rights": N_("changed the rights"),
    "finish_step": N_("finished a step"), "send_back_step": N_("sent the dossier back a step"),
}  # fmt: skip


# What entries carry that is no attribute: which file or letter somebody opened.
OTHER_LABELS = {"attachment": N_("Attached file")}


@dataclass(frozen=True)
class Change:
    """One attribute: its label, and its value before and after in words."""

    label: str
    old: str
    new: str


@dataclass(frozen=True)
class Tale:
    """One history entry as people read it; ``entry`` keeps the raw values."""

    entry: HistoryEntry
    action: str
    kind: str
    name: str
    changes: tuple[Change, ...]

    @property
    def who(self) -> str:
        """Who did it: a name, or the system."""
        name = self.entry.actor_name
        return _("the system") if name in ("", SYSTEM.name) else name


def history_of(session: Session, row: Any, limit: int = 50) -> list[HistoryEntry]:
    """Return the latest entries of a record and of the parts it owns, newest first."""
    entry, key = HistoryEntry, (row.__tablename__, row.id)
    owns_itself = history.owner_key(row) == key
    table, number = (
        (entry.aggregate, entry.aggregate_id) if owns_itself else (entry.record, entry.record_id)
    )
    query = sa.select(entry).where(table == key[0], number == key[1])
    return list(session.scalars(query.order_by(entry.id.desc()).limit(limit)))


def tell(session: Session, entries: Iterable[HistoryEntry]) -> list[Tale]:
    """Return ``entries`` in words; one statement for each kind of record they name."""
    entries = list(entries)
    names = _names(session, _references(entries))
    return [_tale(entry, names) for entry in entries]


def model_of(table: str) -> type[Any] | None:
    """Return the model stored in ``table``, or None if there is none (any more)."""
    return next((m.class_ for m in Model.registry.mappers if m.local_table.name == table), None)


def action_words(action: str, table: str = "") -> str:
    """Return what ``action`` (an act, or a transition of a life cycle) is called.

    table: the kind of record; to publish a version is not to publish an answer.
    """
    if action in ACTIONS:
        return _(ACTIONS[action])
    own = [WORKFLOWS[table]] if table in WORKFLOWS else []
    for workflow in (*own, *WORKFLOWS.values()):
        for step in workflow.transitions:
            if step.name == action:
                return _("did “%(action)s”", action=_(step.label))
    return action


def _tale(entry: HistoryEntry, names: dict[tuple[str, int], str]) -> Tale:
    model = model_of(entry.record)
    screen = getattr(model, "screen", None)
    singular = screen.singular if screen else getattr(model, "singular", "")
    kind = inside_sentence(singular) if singular else ""
    name = names.get((entry.record, entry.record_id), "")
    changes = tuple(_changes(model, entry.changes, names)) if model else ()
    return Tale(entry, action_words(entry.action, entry.record), kind, name, changes)


def _changes(model: type[Any], changes: dict[str, Any], names: Any) -> Iterable[Change]:
    """Yield the changes of attributes that have a label; the others are for machines."""
    for key, (old, new) in changes.items():
        label = _label(model, key)
        if label and tells(model, key):
            yield Change(label, _words(model, key, old, names), _words(model, key, new, names))


def _label(model: type[Any], key: str) -> str:
    attr = inspect(model).attrs.get(key)
    if attr is None:
        return _(OTHER_LABELS[key]) if key in OTHER_LABELS else key  # else: of an earlier release
    if key == "password":
        return _("Password")
    if not hasattr(attr, "columns"):
        return str(label_of(model, key))
    return str(attr.columns[0].info.get("label", ""))


def _words(model: type[Any], key: str, value: Any, names: Any) -> str:
    if value is None or key not in inspect(model).attrs:
        return "" if value is None else str(value)
    table = _target(model, key)
    if table is not None:
        numbers = value if isinstance(value, list) else [value]
        return ", ".join(names.get((table, number), f"#{number}") for number in numbers)
    return display(model, key, _python(model, key, value))


def _python(model: type[Any], key: str, value: Any) -> Any:
    """Return a JSON value of the history as the column's Python type."""
    python = inspect(model).columns[key].type.python_type
    try:
        is_text = python in (datetime, date, time) and isinstance(value, str)
        return python.fromisoformat(value) if is_text else value
    except ValueError:
        return value


def _target(model: type[Any], key: str) -> str | None:
    """Return the table that attribute ``key`` holds ids of, or None."""
    attr = inspect(model).attrs[key]
    if not hasattr(attr, "columns"):
        return attr.mapper.local_table.name
    keys = list(attr.columns[0].foreign_keys)
    return keys[0].column.table.name if keys else None


def _references(entries: list[HistoryEntry]) -> dict[str, set[int]]:
    """Return {table: ids} of every record the entries are about or mention."""
    found: dict[str, set[int]] = {}
    for entry in entries:
        found.setdefault(entry.record, set()).add(entry.record_id)
        model = model_of(entry.record)
        for key, values in entry.changes.items() if model else ():
            table = _target(model, key) if key in inspect(model).attrs else None
            for value in values if table else ():
                numbers = value if isinstance(value, list) else [value]
                found.setdefault(table, set()).update(n for n in numbers if isinstance(n, int))  # type: ignore[arg-type]
    return found


def _names(session: Session, references: dict[str, set[int]]) -> dict[tuple[str, int], str]:
    names: dict[tuple[str, int], str] = {}
    for table, numbers in references.items():
        model = model_of(table)
        if model is None or not numbers or model.__str__ is object.__str__:
            continue
        for row in session.scalars(sa.select(model).where(model.id.in_(numbers))):
            names[table, row.id] = str(row)
    return names
