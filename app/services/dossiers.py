"""Finding dossiers an actor may see."""

from collections.abc import Collection, Sequence
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import set_committed_value

from app.errors import NotFound
from app.models import Dossier, ProcedureVersion
from app.models.scope import dossiers_of
from app.permissions import Actor
from app.services.kept import MARKS, remember_marks
from app.transactions import locked

# What nearly every act asks of a dossier, come along with it.
_ACTED_ON = (
    joinedload(Dossier.agency), joinedload(Dossier.account), joinedload(Dossier.process),
    joinedload(Dossier.version).joinedload(ProcedureVersion.process),
)  # fmt: skip


def openable(session: Session, ids: Collection[int], actor: Actor) -> frozenset[int]:
    """Return which of these dossiers the actor may open: one statement, none for no ids."""
    if not ids:
        return frozenset()
    query, condition = sa.select(Dossier.id).where(Dossier.id.in_(ids)), dossiers_of(actor)
    return frozenset(session.scalars(query if condition is None else query.where(condition)))


def get_dossier_id(session: Session, code: str, actor: Actor) -> int:
    """Return the number of a dossier the actor may see; else NotFound."""
    found = session.scalar(_visible(sa.select(Dossier.id), code, actor))
    if found is None:
        raise _not_found()
    return int(found)


def get_dossier(
    session: Session, code: str, actor: Actor, *, to_change: bool = False, load: Sequence[Any] = ()
) -> Dossier:
    """Return a dossier the actor may see, locked when it is to be changed; else NotFound.

    load: loader options of a page that shows it; it is read as it is now, whatever was read before,
    and of its lists those without a row are not asked for again.
    """
    columns: tuple[Any, ...] = (Dossier, *MARKS) if to_change or load else (Dossier,)
    query = _visible(sa.select(*columns), code, actor)
    if to_change:
        query = locked(query.options(*_ACTED_ON), Dossier)
    if load:
        query = query.options(*load).add_columns(*_lists().values()).execution_options(populate_existing=True)
    row = session.execute(query).one_or_none()
    if row is None:
        raise _not_found()
    if to_change or load:
        remember_marks(session, row[1:1 + len(MARKS)])
    if load:
        for name, has_rows in zip(_lists(), row[1 + len(MARKS):], strict=True):
            if not has_rows:
                set_committed_value(row[0], name, [])
    return row[0]


def _visible(query: sa.Select[Any], code: str, actor: Actor) -> sa.Select[Any]:
    condition = dossiers_of(actor)
    # A database refuses a text with NUL; no code has one.
    query = query.where(Dossier.code == code.replace("\0", "").strip().upper())
    return query if condition is None else query.where(condition)


@cache
def _lists() -> dict[str, sa.Exists]:
    """Return of each list of a dossier whether it has a row: most dossiers were never extended, refunded …"""
    return {
        relation.key: sa.exists().select_from(relation.mapper.local_table).where(relation.primaryjoin)
        for relation in inspect(Dossier).relationships if relation.uselist
    }  # fmt: skip


def _not_found() -> NotFound:
    return NotFound(_("There is no dossier with this code, or you may not see it."))
