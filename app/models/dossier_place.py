"""Where in the agency tree each dossier is seen: the index behind every officer's list.

One row for every agency at or above those that handle, received or work on a dossier. What
an officer may see is then one range of an index, not a search through all dossiers; that is
why no role waits longer for a list than another. The root is left out: it sees everything.
"""

import functools
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy import event, inspect
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, Session, mapped_column

from app.lowcode.screen import Near
from app.models.agency import Agency
from app.models.dossier import Dossier
from app.models.task import Task

_AT, _UP = (Agency.__table__.alias(name) for name in ("at", "up"))
_DOSSIER, _TASK = Dossier.__table__, Task.__table__
_CHUNK = 500  # ids in one statement


class DossierPlace(Model):
    """A dossier is seen at an agency. Written by the listeners below, by nothing else."""

    __tablename__ = "dossier_place"
    __history__ = False
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), primary_key=True)
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), primary_key=True, index=True)
    __table_args__ = ({"sqlite_with_rowid": False},)


_PLACE = DossierPlace.__table__


def dossiers_at(agency_ids: set[int], near: Near | None = None) -> sa.Select[tuple[int]]:
    """Return a query of the ids of the dossiers seen at one of ``agency_ids`` or below it.

    near: only those beyond an id. PostgreSQL does not conclude it from the same condition on the
    dossiers, and would walk through all that lie before.
    """
    query, place = sa.select(DossierPlace.dossier_id), DossierPlace.agency_id
    query = query.where(place == min(agency_ids) if len(agency_ids) == 1 else place.in_(agency_ids))
    if near is None:
        return query
    return query.where(DossierPlace.dossier_id > near[0] if near[1] else DossierPlace.dossier_id < near[0])


def place_again(connection: Connection, dossier_ids: Any) -> None:
    """Write the places of these dossiers anew, from what they, their tasks and the tree say.

    dossier_ids: a query of ids.
    """
    ids = dossier_ids.subquery()
    wanted = sa.select(ids.c[0])
    connection.execute(sa.delete(_PLACE).where(_PLACE.c.dossier_id.in_(wanted)))
    pairs = sa.union(
        *(sa.select(_DOSSIER.c.id.label("dossier_id"), column.label("agency_id"))
          .where(_DOSSIER.c.id.in_(wanted)) for column in (_DOSSIER.c.agency_id, _DOSSIER.c.desk_id)),
        sa.select(_TASK.c.dossier_id, _TASK.c.agency_id).where(_TASK.c.dossier_id.in_(wanted)),
    ).subquery()  # fmt: skip
    rows = sa.select(_UP.c.id, pairs.c.dossier_id).select_from(
        pairs.join(_AT, _AT.c.id == pairs.c.agency_id).join(_UP, _is_below())
    )
    connection.execute(_insert(connection.dialect.name, rows))


def _is_below() -> sa.ColumnElement[bool]:
    return _AT.c.path.like(_UP.c.path + "%")


def _insert(dialect: str, rows: sa.Select[Any]) -> Any:
    insert = postgresql.insert if dialect == "postgresql" else sqlite.insert
    chosen = rows.where(_UP.c.parent_id.is_not(None))  # all but the root
    statement = insert(_PLACE).from_select(["agency_id", "dossier_id"], chosen)
    return statement.on_conflict_do_nothing()


@functools.cache
def _adding(dialect: str) -> Any:
    """The statement that places one dossier at two agencies, built once."""
    rows = sa.select(_UP.c.id, sa.bindparam("dossier", type_=sa.Integer))
    agencies = [sa.bindparam("first"), sa.bindparam("second")]
    return _insert(dialect, rows.select_from(_AT.join(_UP, _is_below())).where(_AT.c.id.in_(agencies)))


@event.listens_for(Session, "after_flush")
def _place_new(session: Session, _context: object) -> None:
    """Place new dossiers, and dossiers where new tasks stand; one statement for any number."""
    wanted = {(d.id, d.agency_id, d.desk_id) for d in session.new if isinstance(d, Dossier)}
    tasks = (t for t in session.new if isinstance(t, Task) and _is_elsewhere(t))
    wanted |= {(t.dossier_id, t.agency_id, t.agency_id) for t in tasks}
    if wanted:
        connection = session.connection()
        names = ("dossier", "first", "second")
        rows = [dict(zip(names, values, strict=True)) for values in sorted(wanted)]
        connection.execute(_adding(connection.dialect.name), rows)


def _is_elsewhere(task: Task) -> bool:
    """Return whether a task stands where its dossier was not placed with its own agencies."""
    dossier = task.dossier
    return dossier is None or task.agency_id not in {dossier.agency_id, dossier.desk_id}


@event.listens_for(Session, "after_flush")
def _move_dossiers(session: Session, _context: object) -> None:
    """Place dossiers anew that went to another agency or desk; two statements for hundreds."""
    moved = sorted(obj.id for obj in session.dirty if isinstance(obj, Dossier) and _has_moved(obj))
    for at in range(0, len(moved), _CHUNK):
        ids = moved[at : at + _CHUNK]
        place_again(session.connection(), sa.select(_DOSSIER.c.id).where(_DOSSIER.c.id.in_(ids)))


def _has_moved(dossier: Dossier) -> bool:
    attributes = inspect(dossier).attrs
    return any(attributes[name].history.has_changes() for name in ("agency_id", "desk_id"))


@event.listens_for(Session, "after_flush")
def _follow_the_tree(session: Session, _context: object) -> None:
    """An agency that stands elsewhere now takes its dossiers along."""
    moved = [obj.id for obj in session.dirty
             if isinstance(obj, Agency) and inspect(obj).attrs.path.history.has_changes()]  # fmt: skip
    if moved:
        place_again(session.connection(), sa.union(
            sa.select(_DOSSIER.c.id).where(_DOSSIER.c.agency_id.in_(moved)),
            sa.select(_DOSSIER.c.id).where(_DOSSIER.c.desk_id.in_(moved)),
            sa.select(_TASK.c.dossier_id).where(_TASK.c.agency_id.in_(moved)),
        ))  # fmt: skip
