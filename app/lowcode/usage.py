"""Who refers to a record: what stands in the way of deleting it."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.errors import Invalid

COUNT_CAP = 1000


class InUse(Invalid):
    """The record cannot go: others refer to it."""


@dataclass(frozen=True)
class Use:
    """``count`` records of ``model`` (at most COUNT_CAP + 1) that refer to a record.

    relation: the attribute they do it by, if it is the record itself and not a part of it.
    """

    model: type[Any]
    count: int
    relation: str | None

    @property
    def title(self) -> str:
        """What such records are called."""
        screen = getattr(self.model, "screen", None)
        return str(screen.title) if screen else _("other records")

    @property
    def words(self) -> str:
        """Return title and count, as in "Procedures (3)"."""
        count = f"{COUNT_CAP}+" if self.count > COUNT_CAP else str(self.count)
        return f"{self.title} ({count})"


def uses(session: Session, row: Any) -> list[Use]:
    """Return who refers to ``row`` or to a part that goes with it, by title."""
    found = _uses(session, type(row), sa.select(sa.literal(row.id)), is_part=False)
    return sorted(found, key=lambda use: use.title)


def in_use_by(session: Session, row: Any) -> list[str]:
    """Return who refers to ``row``, in words with their counts."""
    return list(dict.fromkeys(use.words for use in uses(session, row)))


def refuse_in_use(session: Session, row: Any) -> None:
    """Raise InUse, naming who refers to ``row`` and how many they are."""
    users = in_use_by(session, row)
    if users:
        raise InUse(_("This cannot be deleted: it is in use by %(users)s.", users=", ".join(users)))


def _uses(session: Session, model: type[Any], ids: Any, *, is_part: bool) -> list[Use]:
    owned = {r.mapper.class_ for r in inspect(model).relationships if "delete-orphan" in r.cascade}
    found: list[Use] = []
    for user in (mapper.class_ for mapper in model.registry.mappers):
        for column in _references(user, model):
            if user in owned:
                parts = sa.select(user.id).where(column.in_(ids))
                found += _uses(session, user, parts, is_part=True)
            elif count := _count(session, user, column, ids, model):
                relation = None if is_part else _relation(user, column)
                found.append(Use(user, count, relation))
    return found


def _relation(user: type[Any], column: Any) -> str | None:
    relations = inspect(user).relationships
    return next((r.key for r in relations if not r.uselist and column in r.local_columns), None)


def _references(user: type[Any], model: type[Any]) -> list[Any]:
    """Return the columns that lead to ``model``, but for those of records the database removes with it."""
    return [column for column in user.__table__.columns
            if any(key.column.table is model.__table__ and key.ondelete != "CASCADE"
                   for key in column.foreign_keys)]  # fmt: skip


def _count(session: Session, user: type[Any], column: Any, ids: Any, model: type[Any]) -> int:
    query = sa.select(sa.literal(1)).select_from(user).where(column.in_(ids))
    if user is model:
        query = query.where(user.id.not_in(ids))  # a record that refers to itself goes with itself
    some = query.limit(COUNT_CAP + 1).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(some)) or 0
