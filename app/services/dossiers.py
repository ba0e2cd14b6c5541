"""Finding dossiers an actor may see."""

from collections.abc import Collection, Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

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


def get_dossier(
    session: Session, code: str, actor: Actor, *, to_change: bool = False, load: Sequence[Any] = ()
) -> Dossier:
    """Return a dossier the actor may see, locked when it is to be changed; else NotFound.

    load: loader options of a page that shows it; it is read as it is now, whatever was read before.
    """
    condition = dossiers_of(actor)
    # A database refuses a text with NUL; no code has one.
    query = sa.select(Dossier, *MARKS) if to_change else sa.select(Dossier)
    query = query.where(Dossier.code == code.replace("\0", "").strip().upper())
    if condition is not None:
        query = query.where(condition)
    if to_change:
        query = locked(query.options(*_ACTED_ON), Dossier)
    if load:
        query = query.options(*load).execution_options(populate_existing=True)
    row = session.execute(query).one_or_none()
    if row is None:
        raise NotFound(_("There is no dossier with this code, or you may not see it."))
    if to_change:
        remember_marks(session, row[1:])
    return row[0]
