"""The second gate: which rows of a model an actor may see, or change."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.lowcode.values import MAX_ID
from app.permissions import Actor, current_actor


def visible(model: type[Any], actor: Actor, *, to_write: bool = False) -> sa.Select[Any]:
    """Return a query of the rows an actor may see (or change)."""
    screen = model.screen
    query = sa.select(model)
    for rule in [screen.rows, screen.write_rows] if to_write else [screen.rows]:
        condition = rule(actor) if rule is not None else None
        query = query if condition is None else query.where(condition)
    return query


def find_row(
    session: Session, model: type[Any], pk: int, *, to_write: bool = False, load: Sequence[Any] = ()
) -> Any | None:
    """Return row ``pk`` if the actor may see (or change) it, else None. load: loader options."""
    if not 0 < pk <= MAX_ID:
        return None
    query = visible(model, current_actor(), to_write=to_write)
    return session.scalar(query.where(model.id == pk).options(*load))


def get_row(
    session: Session, model: type[Any], pk: int, *, to_write: bool = False, load: Sequence[Any] = ()
) -> Any:
    """Return row ``pk`` if the actor may see (or change) it; raises NotFound otherwise.

    One answer for "does not exist" and "not yours": nothing can be learnt from it.
    """
    row = find_row(session, model, pk, to_write=to_write, load=load)
    if row is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    return row
