"""A record's history page by page, the newest first, without what the reader may not see of its parts."""

from dataclasses import dataclass
from functools import cache
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app import history
from app.history import HistoryEntry
from app.lowcode.actions import may
from app.lowcode.history_titles import kept_models
from app.lowcode.rows import sees_all, visible
from app.lowcode.telling import Sentence, tell
from app.lowcode.values import as_id
from app.permissions import current_actor

SIZE = 50


@dataclass(frozen=True)
class Told:
    """One page of a history in sentences; older, newest: the addresses beside it, where there are any."""

    tales: list[Sentence]
    older: str | None = None
    newest: str | None = None


def told_of(session: Session, row: Any) -> Told:
    """Return the page of a record's history that the address asks for: ?before=<id of an entry>."""
    before = as_id(request.args.get("before"))
    entries = entries_of(session, row, before, SIZE + 1)
    page = entries[:SIZE]
    return Told(
        tell(session, page), _address(page[-1].id) if len(entries) > SIZE else None,
        _address(None) if before is not None else None,
    )  # fmt: skip


def _address(before: int | None) -> str:
    kept = {key: text for key, text in request.args.items() if key != "before"}
    asked = kept if before is None else kept | {"before": str(before)}
    return f"{request.path}?{urlencode(asked)}#history"


def entries_of(session: Session, row: Any, before: int | None, limit: int) -> list[HistoryEntry]:
    """Return the latest entries of a record and of the parts it owns, newest first, in one statement.

    before: only those older than this entry.
    """
    entry, key = HistoryEntry, (row.__tablename__, row.id)
    if history.owner_key(row) == key:
        rules = [entry.aggregate == key[0], entry.aggregate_id == key[1], *open_parts(row)]
    else:
        rules = [entry.record == key[0], entry.record_id == key[1]]
    if before is not None:
        rules.append(entry.id < before)
    return list(session.scalars(sa.select(entry).where(*rules).order_by(entry.id.desc()).limit(limit)))


def open_parts(row: Any) -> list[ColumnElement[bool]]:
    """Return the conditions that leave out of a record's history the parts the reader may not see.

    A part that is gone is told, unless a scope narrows its kind: its own rule follows the record it was of.
    """
    entry, found, actor = HistoryEntry, [], current_actor()
    for model, column in _parts(row.__tablename__):
        is_other = entry.record != model.__tablename__
        if not may(model, "read"):
            found.append(is_other)
        elif not sees_all(model):
            own = getattr(model, column) == row.id
            rules = [is_other, entry.record_id.in_(visible(model, actor).with_only_columns(model.id).where(own))]
            if not is_narrowed(model):
                rules.append(entry.record_id.not_in(sa.select(model.id).where(own)))
            found.append(sa.or_(*rules))
    return found


def is_narrowed(model: type[Any]) -> bool:
    """Return whether an administrator's scope says which records of ``model`` the actor sees."""
    return ("can_read", model.__name__) in current_actor().scopes


@cache
def _parts(table: str) -> list[tuple[type[Any], str]]:
    """Return (model, foreign key) of the kinds of parts with rights of their own, told with their owner's."""
    owners = ((model, getattr(model, "__history_owner__", None)) for model in kept_models().values())
    return [(model, owner[1]) for model, owner in owners
            if owner is not None and owner[0] == table and getattr(model, "screen", None)]  # fmt: skip
