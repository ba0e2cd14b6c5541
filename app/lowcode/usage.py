"""Who refers to a record: what stands in the way of deleting it."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session


def in_use_by(session: Session, row: Any) -> list[str]:
    """Return the titles of the records that refer to ``row`` or to a part that goes with it."""
    return sorted(set(_users(session, type(row), sa.select(sa.literal(row.id)))))


def _users(session: Session, model: type[Any], ids: Any) -> list[str]:
    owned = {r.mapper.class_ for r in inspect(model).relationships if "delete-orphan" in r.cascade}
    titles: list[str] = []
    for user in (mapper.class_ for mapper in model.registry.mappers):
        for column in _references(user, model):
            if user in owned:
                titles += _users(session, user, sa.select(user.id).where(column.in_(ids)))
            elif _is_used(session, user, column, ids, model):
                screen = getattr(user, "screen", None)
                titles.append(str(screen.title) if screen else _("other records"))
    return titles


def _references(user: type[Any], model: type[Any]) -> list[Any]:
    return [column for column in user.__table__.columns
            if any(key.column.table is model.__table__ for key in column.foreign_keys)]  # fmt: skip


def _is_used(session: Session, user: type[Any], column: Any, ids: Any, model: type[Any]) -> bool:
    query = sa.select(sa.literal(1)).where(column.in_(ids))
    if user is model:
        query = query.where(user.id.not_in(ids))  # a record that refers to itself goes with itself
    return session.scalar(query.limit(1)) is not None
