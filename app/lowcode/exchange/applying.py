"""Writing a plan: in the caller's transaction, some hundred records at a time."""

from collections.abc import Callable
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotAllowed
from app.history import because
from app.lowcode.exchange.layout import Sheet
from app.lowcode.exchange.plan import Entry, Kind, Plan
from app.lowcode.rows import visible
from app.permissions import Actor

_CHUNK = 500
_WRITTEN = (Kind.add, Kind.change)


def write(session: Session, plan: Plan, reason: str, report: Callable[[int, int], None] | None = None) -> None:
    """Store what ``plan`` adds and changes, parents first; flushed, not committed."""
    entries = [entry for entry in plan.entries() if entry.kind in _WRITTEN]
    for start in range(0, len(entries), _CHUNK):
        part = entries[start : start + _CHUNK]
        because(session, reason=reason)
        session.add_all([entry.record for entry in part])
        session.flush()
        if report is not None:
            report(start + len(part), len(entries))


def has_row_rules(sheets: list[Sheet], actor: Actor) -> bool:
    """Return whether some sheet's rows are not all open to the actor."""
    return any(visible(s.model, actor, action="import").whereclause is not None for s in sheets)


def outside(session: Session, plan: Plan, actor: Actor) -> list[Entry]:
    """Return the written rows that the actor may not keep where they now lie."""
    found: list[Entry] = []
    for table in plan.tables:
        model: Any = table.sheet.model
        query = visible(model, actor, action="import")
        entries = [entry for entry in table.entries if entry.kind in _WRITTEN]
        for start in range(0, len(entries) if query.whereclause is not None else 0, _CHUNK):
            part = {entry.record.id: entry for entry in entries[start : start + _CHUNK]}
            mine = set(session.scalars(query.with_only_columns(model.id).where(model.id.in_(part))))
            found += [entry for number, entry in part.items() if number not in mine]
    return found


def refuse_outside(session: Session, plan: Plan, actor: Actor) -> None:
    """Raise NotAllowed if a written row lies outside what the actor may change."""
    if outside(session, plan, actor):
        raise NotAllowed(outside_words())


def outside_words() -> str:
    """Return the refusal, the same as the form's."""
    return _("You may not keep a record there: it lies outside your agencies.")
