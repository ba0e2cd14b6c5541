"""The second gate: which rows of a model an actor may see, or change."""

from collections.abc import Sequence
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.lowcode.actions import WRITES
from app.lowcode.scopes import narrowing
from app.lowcode.screen import Near
from app.lowcode.values import MAX_ID
from app.permissions import Actor, current_actor


def visible(
    model: type[Any], actor: Actor, *, to_write: bool = False, action: str = "", near: Near | None = None
) -> sa.Select[Any]:
    """Return a query of the rows an actor may see, or do ``action`` with (to_write: change).

    near: only those beyond an id are wanted; the caller says so in the query as well.
    """
    screen, action = model.screen, action or ("change" if to_write else "read")
    is_write = action in WRITES
    rules = [screen.rows, screen.write_rows] if is_write else [screen.rows]
    if near is not None and screen.rows_from is not None:
        rules[0] = partial(screen.rows_from, near=near)
    conditions = [rule(actor) for rule in rules if rule is not None]
    conditions += [narrowing(model, actor, one) for one in {"read", action}]
    return sa.select(model).where(*(one for one in conditions if one is not None))


def is_whole(model: type[Any], action: str) -> bool:
    """Return whether whoever sees a record may do ``action`` with it: no rule of its own."""
    actor = current_actor()
    return model.screen.write_rows is None and (f"can_{action}", model.__name__) not in actor.scopes


def sees_all(model: type[Any]) -> bool:
    """Return whether no rule and no scope says which records of ``model`` the actor sees."""
    return model.screen.rows is None and ("can_read", model.__name__) not in current_actor().scopes


def may_touch(session: Session, row: Any, action: str) -> bool:
    """Return whether the actor, who sees ``row``, may do ``action`` with it; roles aside."""
    model = type(row)
    return is_whole(model, action) or find_row(session, model, row.id, action=action) is not None


def find_row(
    session: Session, model: type[Any], pk: int, *, to_write: bool = False, action: str = "",
    load: Sequence[Any] = (),
) -> Any | None:  # fmt: skip
    """Return row ``pk`` if the actor may see (or change) it, else None. load: loader options."""
    if not 0 < pk <= MAX_ID:
        return None
    query = visible(model, current_actor(), to_write=to_write, action=action)
    return session.scalar(query.where(model.id == pk).options(*load))


def get_row(
    session: Session, model: type[Any], pk: int, *, to_write: bool = False, action: str = "",
    load: Sequence[Any] = (),
) -> Any:  # fmt: skip
    """Return row ``pk`` if the actor may see (or change) it; raises NotFound otherwise.

    One answer for "does not exist" and "not yours": nothing can be learnt from it.
    """
    row = find_row(session, model, pk, to_write=to_write, action=action, load=load)
    if row is None:
        raise NotFound(_("There is no such record, or you may not see it."))
    return row
