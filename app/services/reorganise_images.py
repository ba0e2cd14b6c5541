"""Undoing a reorganisation: what stood there before is put back, unless it was used since."""

from collections.abc import Iterator
from datetime import date
from itertools import chain, islice
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.history import because, plain
from app.lowcode.entity import Entity
from app.lowcode.usage import in_use_by
from app.models import Agency, ClockSegment, Dossier, Reorganisation, Task
from app.permissions import Actor
from app.services import reorganise_bulk as bulk_moves

# table, id, attribute (None: the record was made), old and new value; relations by their id
Image = list[Any]


def value_of(row: Any, name: str) -> Any:
    """Return an attribute as JSON can hold it; of a relation, the id it leads to."""
    relation = inspect(type(row)).relationships.get(name)
    return plain(getattr(row, next(iter(relation.local_columns)).key if relation is not None else name))


def image_of(change: Any, old: Any) -> Image:
    """Return what ``change``, now flushed, did to its record."""
    new = value_of(change.row, change.name) if change.name else None
    return [change.row.__tablename__, change.row.id, change.name, old, new]


def refuse_used(session: Session, act: Reorganisation) -> set[int]:
    """Return the ids of the dossiers that ``act`` moved; raises Conflict naming what was used since."""
    singles, bulk = _both(act.images)
    rows = _rows(session, singles)
    ids = bulk_moves.dossiers_of(session, bulk) | {dossier.id for dossier in dossiers_in(rows.values())}
    found = chain(_changed(singles, rows), bulk_moves.changed_since(session, bulk),
                  bulk_moves.moved_on(session, ids, act.done_at))  # fmt: skip
    faults = list(islice(found, 5))
    if faults:
        raise Conflict(_("This can no longer be undone: %(faults)s", faults="; ".join(faults)))
    return ids


def _both(images: list[Image]) -> tuple[list[Image], list[Image]]:
    """Return the images of single records, and those of many; acts of long ago have only the first."""
    return [i for i in images if isinstance(i[1], int)], [i for i in images if not isinstance(i[1], int)]


def put_back(session: Session, act: Reorganisation, actor: Actor, reason: str) -> None:
    """Undo ``act``: old values restored, records it made removed, each dossier's course told.

    Raises Conflict naming what was used or changed since.
    """
    ids = refuse_used(session, act)
    singles, bulk = _both(act.images)
    rows = _rows(session, singles)
    act.target = None if any(i[2] is None and i[0] == "agency" for i in singles) else act.target
    for table, number, name, old, _new in reversed(singles):
        if name is not None:
            _restore(session, rows[table, number], name, old)
    because(session, action="undo_reorganisation", reason=reason)
    session.flush()
    bulk_moves.put_bulk_back(session, bulk, reason)
    _remove_made(session, act, singles, rows)
    bulk_moves.rehome_again(session, ids, actor, reason)


def _rows(session: Session, images: list[Image]) -> dict[tuple[str, int], Any]:
    """Return the records of ``images`` by table and id; what was removed since is missing."""
    wanted: dict[str, list[int]] = {}
    for table, number, *_rest in images:
        wanted.setdefault(table, []).append(number)
    models = {mapper.class_.__tablename__: mapper.class_ for mapper in Entity.registry.mappers}
    found: dict[tuple[str, int], Any] = {}
    for table, ids in wanted.items():
        model = models[table]
        for first in range(0, len(ids), 500):
            query = sa.select(model).where(model.id.in_(ids[first : first + 500]))
            found |= {(table, row.id): row for row in session.scalars(query)}
    return found


def _changed(images: list[Image], rows: dict[tuple[str, int], Any]) -> Iterator[str]:
    last = {(table, number, name): new for table, number, name, _old, new in images}
    for (table, number, name), new in last.items():
        row = rows.get((table, number))
        if row is None:
            yield _("a record was removed")
        elif name is not None and value_of(row, name) != new:
            yield _("%(record)s was changed", record=str(row))


def _restore(session: Session, row: Any, name: str, old: Any) -> None:
    relation = inspect(type(row)).relationships.get(name)
    if relation is not None:
        setattr(row, name, session.get(relation.mapper.class_, old) if old is not None else None)
    elif isinstance(getattr(row, name), date) or name.startswith("valid_"):
        setattr(row, name, date.fromisoformat(old) if old else None)
    else:
        setattr(row, name, old)


def _remove_made(
    session: Session, act: Reorganisation, singles: list[Image], rows: dict[tuple[str, int], Any]
) -> None:
    for table, number, name, *_rest in reversed(singles):
        if name is not None:
            continue
        row = rows[table, number]
        if isinstance(row, Agency):
            _give_time_back(session, row, act.source_id)
        users = in_use_by(session, row) if isinstance(row, Agency) else []
        if users:
            raise Conflict(_("This can no longer be undone: %(faults)s", faults=", ".join(users)))
        session.delete(row)
        session.flush()


def _give_time_back(session: Session, made: Agency, source_id: int) -> None:
    """The time a taken-back agency held dossiers was its origin's: the ledger must not lose it."""
    for part in session.scalars(sa.select(ClockSegment).where(ClockSegment.agency_id == made.id)):
        part.agency_id = source_id
    session.flush()


def dossiers_in(rows: Any) -> Iterator[Dossier]:
    """Yield the dossiers among ``rows``, and those of their tasks."""
    for row in rows:
        if isinstance(row, Dossier):
            yield row
        elif isinstance(row, Task):
            yield row.dossier
