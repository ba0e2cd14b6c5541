"""What follows a reorganised agency in any number: running dossiers, their tasks, drafts, feedback.

Found and counted by statements, written in chunks inside one transaction: memory does not grow
with the agency, and every change stands in the history of its record.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session, selectinload

from app.history import because, forget_heads, plain
from app.models import Agency, Dossier, Movement, Task
from app.models.dossier_place import place_again
from app.permissions import Actor
from app.services import lifecycle
from app.services.chunks import pages, parts

# table, ids, attribute, old and new id of the agency it leads to
BulkImage = list[Any]


@dataclass(frozen=True)
class Route:
    """Records that go over together: a query of them, the attribute that leads to the agency, and where to."""

    topic: str
    query: Any
    name: str
    new: Agency

    @property
    def model(self) -> Any:
        """Whose records go over."""
        return self.query.column_descriptions[0]["entity"]

    @property
    def dossier_id(self) -> Any:
        """The column that names the dossier; None for what belongs to none."""
        return {Dossier: Dossier.id, Task: Task.dossier_id}.get(self.model)

    def ids(self, column: Any) -> Any:
        """Return a query of one column of the records."""
        return self.query.order_by(None).with_only_columns(column)


def extent(session: Session, route: Route) -> tuple[int, int, int]:
    """Return how many records go over, the sum and the greatest of their ids."""
    ids = route.ids(route.model.id.label("id")).subquery()
    query = sa.select(sa.func.count(), sa.func.sum(ids.c.id), sa.func.max(ids.c.id))
    count, total, last = session.execute(query).one()
    return count, int(total or 0), last or 0


def count_dossiers(session: Session, routes: list[Route]) -> int:
    """Return how many dossiers are re-homed, each counted once."""
    ids = _dossier_ids(routes)
    return (session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0) if ids is not None else 0


def carry(session: Session, routes: list[Route], actor: Actor, reason: str) -> list[BulkImage]:
    """Take the records over, chunk by chunk, and tell each dossier's course; returns what changed."""
    images: dict[tuple[Any, ...], list[int]] = {}
    concerned = _dossier_ids(routes)
    for ids in pages(session, sa.select(concerned.c.id)) if concerned is not None else ():
        dossiers = _with_course(session, ids)
        _write(session, [r for r in routes if r.dossier_id is not None], ids, images, reason)
        rehome(session, dossiers, actor, reason)
        forget_heads(session)
    for route in [r for r in routes if r.dossier_id is None]:
        ids = list(session.scalars(route.ids(route.model.id)))
        for part in parts(ids):
            _write(session, [route], part, images, reason)
    return [[table, ids, name, old, new] for (table, name, old, new), ids in images.items()]


def _write(session: Session, routes: list[Route], ids: list[int], images: Any, reason: str) -> None:
    for route in routes:
        key = route.model.id if route.dossier_id is None else route.dossier_id
        for row in session.scalars(route.query.where(key.in_(ids))):
            old = plain(getattr(row, column_of(route.model, route.name)))
            image = (row.__tablename__, route.name, old, route.new.id)
            images.setdefault(image, []).append(row.id)
            setattr(row, route.name, route.new)
    because(session, action="reorganise", reason=reason)
    session.flush()


def rehome(session: Session, dossiers: Iterable[Dossier], actor: Actor, reason: str) -> None:
    """Tell each dossier's course that its agency changed, and hand its clock over."""
    moved = list(dossiers)
    lifecycle.note_steps(session, moved, "rehome", actor, reason)
    for dossier in moved:
        running = next((part for part in dossier.segments if part.ended_at is None), None)
        if running is not None:
            place = dossier.desk if running.holder == "desk" else dossier.agency
            task = next(iter(lifecycle.open_tasks(dossier)), None)
            lifecycle.hold(session, dossier, running.holder, running.ground or "",
                           agency=task.agency if task and running.holder != "applicant" else place,
                           user_id=running.user_id)  # fmt: skip
    if moved:
        place_again(session.connection(), sa.select(Dossier.id).where(Dossier.id.in_([d.id for d in moved])))


def rehome_again(session: Session, ids: Iterable[int], actor: Actor, reason: str) -> None:
    """Tell the dossiers with ``ids`` that their agency changed back, chunk by chunk."""
    for part in parts(sorted(ids)):
        rehome(session, _with_course(session, part), actor, reason)
        forget_heads(session)


def put_bulk_back(session: Session, images: list[BulkImage], reason: str) -> None:
    """Give the records their old agencies, chunk by chunk; the places of dossiers follow."""
    for table, ids, name, old, _new in reversed(images):
        model = model_of(table)
        agency = session.get(Agency, old) if old is not None else None
        for part in parts(ids):
            for row in session.scalars(sa.select(model).where(model.id.in_(part))):
                setattr(row, name, agency)
            because(session, action="undo_reorganisation", reason=reason)
            session.flush()
            if table == Task.__tablename__:  # places of dossiers follow by themselves
                place_again(session.connection(), sa.select(Task.dossier_id).where(Task.id.in_(part)))


def changed_since(session: Session, images: list[BulkImage]) -> Iterator[str]:
    """Yield in words what no longer stands where it was taken."""
    for table, ids, name, _old, new in images:
        model = model_of(table)
        column = getattr(model, column_of(model, name))
        for part in parts(ids):
            there = sa.select(sa.func.count()).where(model.id.in_(part), column == new)
            if session.scalar(there) == len(part):
                continue
            row = session.scalar(sa.select(model).where(model.id.in_(part), column.is_distinct_from(new)).limit(1))
            yield _("%(record)s was changed", record=str(row)) if row is not None else _("a record was removed")


def dossiers_of(session: Session, images: list[BulkImage]) -> set[int]:
    """Return the ids of the dossiers that were re-homed."""
    found: set[int] = set()
    for table, ids, *_rest in images:
        if table == Dossier.__tablename__:
            found.update(ids)
        elif table == Task.__tablename__:
            for part in parts(ids):
                found.update(session.scalars(sa.select(Task.dossier_id).where(Task.id.in_(part))))
    return found


def moved_on(session: Session, ids: Iterable[int], since: Any) -> Iterator[str]:
    """Yield in words the dossiers that went on after ``since``."""
    for part in parts(sorted(ids)):
        query = sa.select(Dossier.code).join(Movement, Movement.dossier_id == Dossier.id).where(
            Dossier.id.in_(part), Movement.at > since)  # fmt: skip
        for code in session.scalars(query.distinct().order_by(Dossier.code).limit(3)):
            yield _("dossier %(code)s has moved on", code=code)


def column_of(model: Any, name: str) -> str:
    """Return the attribute that holds the id a relation leads to."""
    return str(next(iter(inspect(model).relationships[name].local_columns)).key)


def model_of(table: str) -> Any:
    """Return the model of a table."""
    return next(m.class_ for m in Agency.registry.mappers if m.class_.__tablename__ == table)


def _dossier_ids(routes: list[Route]) -> Any | None:
    queries = [route.ids(route.dossier_id.label("id")) for route in routes if route.dossier_id is not None]
    return sa.union(*queries).subquery() if queries else None


def _with_course(session: Session, ids: list[int]) -> list[Dossier]:
    course = [selectinload(getattr(Dossier, name)) for name in ("segments", "tasks", "movements")]
    return list(session.scalars(sa.select(Dossier).where(Dossier.id.in_(ids)).options(*course).order_by(Dossier.id)))
