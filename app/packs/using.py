"""Who still uses what is to be removed."""

from collections.abc import Iterable, Iterator
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.packs.comparing import Change

_MOST = 3  # names given of each kind of user


def users_of(
    session: Session, removed: Iterable[tuple[Change, Any]]
) -> Iterator[tuple[Change, list[str]]]:
    """Yield (change, users in words) for what records that stay refer to."""
    gone: dict[type[Any], dict[int, Change]] = {}
    for change, row in removed:
        gone.setdefault(type(row), {})[row.id] = change
    for model, changes in gone.items():
        found: dict[int, list[str]] = {}
        for user, column in _references(model):
            for number, words in _users(session, user, column, changes, gone).items():
                found.setdefault(number, []).append(words)
        yield from ((changes[number], words) for number, words in sorted(found.items()))


def _references(model: type[Any]) -> Iterator[tuple[type[Any], Any]]:
    for mapper in model.registry.mappers:
        for column in mapper.class_.__table__.columns:
            if any(key.column.table is model.__table__ for key in column.foreign_keys):
                yield mapper.class_, column


def _users(
    session: Session, user: type[Any], column: Any, changes: dict[int, Change], gone: Any
) -> dict[int, str]:
    """Return {id of what is to go: its users of one kind}, of those users that stay."""
    found: dict[int, list[str]] = {}
    ids, own = sorted(changes), gone.get(user, {})
    for start in range(0, len(ids), 500):
        query = sa.select(user, column).where(column.in_(ids[start : start + 500]))
        for row, number in session.execute(query.limit(2000)):
            if getattr(row, "id", None) not in own:
                found.setdefault(number, []).append(_name(row))
    return {number: _words(user, names) for number, names in found.items()}


def _name(row: Any) -> str:
    is_named = type(row).__str__ is not object.__str__
    return getattr(row, "code", None) or (str(row) if is_named else "")


def _words(user: type[Any], names: list[str]) -> str:
    screen = getattr(user, "screen", None)
    title = str(screen.title) if screen else _("other records")
    shown = ", ".join(name for name in names[:_MOST] if name)
    more = "…" if len(names) > _MOST else ""
    return f"{title} ({shown}{more})" if shown else title
