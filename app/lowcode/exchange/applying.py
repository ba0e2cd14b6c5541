"""Writing a plan: in the caller's transaction, some hundred records at a time."""

import itertools
from collections.abc import Callable, Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.history import because
from app.lowcode.exchange.layout import Sheet
from app.lowcode.exchange.plan import Entry, Kind
from app.lowcode.rows import visible
from app.permissions import Actor

_CHUNK = 500
_WRITTEN = (Kind.add, Kind.change)


def write(
    session: Session, entries: list[Entry], reason: str, report: Callable[[int, int], None] | None = None
) -> None:
    """Store what ``entries`` add and change, parents first; flushed, not committed."""
    for start in range(0, len(entries), _CHUNK):
        part = entries[start : start + _CHUNK]
        because(session, reason=reason)
        session.add_all([entry.record for entry in part])
        session.flush()
        if report is not None:
            report(start + len(part), len(entries))


def written(entries: Iterable[Entry]) -> list[Entry]:
    """Return those of ``entries`` that add or change something."""
    return [entry for entry in entries if entry.kind in _WRITTEN]


def within(model: type[Any], actor: Actor, action: str) -> sa.Select[Any]:
    """Return a query of the rows the actor may import, and do ``action`` with: add or change."""
    query = sa.select(model)
    for one in (action, "import"):
        condition = visible(model, actor, action=one).whereclause
        query = query if condition is None else query.where(condition)
    return query


def has_row_rules(sheets: list[Sheet], actor: Actor) -> bool:
    """Return whether some sheet's rows are not all open to the actor."""
    return any(within(sheet.model, actor, str(kind)).whereclause is not None
               for sheet in sheets for kind in _WRITTEN)  # fmt: skip


def outside(session: Session, entries: list[Entry], actor: Actor) -> list[Entry]:
    """Return the written rows that the actor may not keep where they now lie."""
    found: list[Entry] = []
    for model, kind in itertools.product(dict.fromkeys(entry.table.sheet.model for entry in entries), _WRITTEN):
        query = within(model, actor, str(kind))
        mine = [entry for entry in entries if entry.kind == kind and entry.table.sheet.model is model]
        for start in range(0, len(mine) if query.whereclause is not None else 0, _CHUNK):
            part = {entry.record.id: entry for entry in mine[start : start + _CHUNK]}
            allowed = set(session.scalars(query.with_only_columns(model.id).where(model.id.in_(part))))
            found += [entry for number, entry in part.items() if number not in allowed]
    return found


def outside_words() -> str:
    """Return the refusal, the same as the form's."""
    return _("You may not keep a record there: it lies outside your agencies.")
