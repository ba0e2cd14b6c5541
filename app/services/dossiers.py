"""Finding dossiers an actor may see."""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.models import Dossier
from app.models.scope import dossiers_of
from app.permissions import Actor


def get_dossier(session: Session, code: str, actor: Actor, *, to_change: bool = False) -> Dossier:
    """Return a dossier the actor may see, locked when it is to be changed; else NotFound."""
    condition = dossiers_of(actor)
    # A database refuses a text with NUL; no code has one.
    query = sa.select(Dossier).where(Dossier.code == code.replace("\0", "").strip().upper())
    if condition is not None:
        query = query.where(condition)
    if to_change:
        query = query.with_for_update(of=Dossier).execution_options(populate_existing=True)
    dossier = session.scalar(query)
    if dossier is None:
        raise NotFound(_("There is no dossier with this code, or you may not see it."))
    return dossier
