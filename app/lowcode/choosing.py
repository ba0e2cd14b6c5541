"""Which records may be chosen for a relation: those the actor may see, found by their text.

``choosable`` is the one gate of every reference that is written: forms and their rows, the API,
spreadsheets, and the values of catalogs made at run time.
"""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.extensions import db
from app.lowcode.actions import may
from app.lowcode.cursors import sort_column
from app.lowcode.rows import visible
from app.lowcode.screen import default_order
from app.lowcode.searching import matching
from app.permissions import SYSTEM, Actor, current_actor
from app.text import fold

LIMIT = 30
_MAX_PAGE = 200
# Catalogs without a folded column are small; they are searched by the names they show.
_SMALL = 1000


def may_choose(target: type[Any]) -> bool:
    """Return whether the actor's roles let him see records of ``target`` at all."""
    return may(target, "read")


def choosable(query: Any, target: type[Any], actor: Actor) -> Any:
    """Return ``query`` over ``target`` narrowed to the records that ``actor`` may choose.

    The system itself chooses any: packs and the command line bring their own references.
    """
    if actor is SYSTEM:
        return query
    if not actor.may("can_read", target.__name__):
        return query.where(sa.false())
    condition = visible(target, actor).whereclause
    return query if condition is None else query.where(condition)


def find_choice(target: type[Any], number: int) -> Any:
    """Return the record ``number`` of ``target`` if the actor may choose it, else None."""
    query = sa.select(target).where(target.id == number)
    return db.session.scalar(choosable(query, target, current_actor()))


def find_several(session: Session, target: type[Any], numbers: set[int]) -> dict[int, Any]:
    """Return {id: record} of those among ``numbers`` the actor may choose, in one statement."""
    if not numbers:
        return {}
    query = sa.select(target).where(target.id.in_(numbers))
    return {row.id: row for row in session.scalars(choosable(query, target, current_actor()))}


def find_choices(
    session: Session, target: type[Any], text: str, page: int = 1, only: Sequence[Any] = ()
) -> dict[str, Any]:
    """Return a page of records of ``target`` the actor may choose whose text holds ``text``.

    only: further conditions. Shape: {"results": [{"id", "text"}], "more"}.
    """
    start = (min(max(page, 1), _MAX_PAGE) - 1) * LIMIT
    query = _ordered(target).where(*only)
    if hasattr(target, "search_text"):
        query = query.where(matching(target, text[:200].replace("\x00", "")))
        rows = list(session.scalars(query.offset(start).limit(LIMIT + 1)))
    else:
        found = [
            row for row in session.scalars(query.limit(_SMALL)) if fold(text) in fold(str(row))
        ]
        rows = found[start : start + LIMIT + 1]
    results = [{"id": row.id, "text": str(row)} for row in rows[:LIMIT]]
    return {"results": results, "more": len(rows) > LIMIT}


def _ordered(target: type[Any]) -> Any:
    order = default_order(target)
    column = sort_column(target, order)
    query = visible(target, current_actor())
    return query.order_by(column.desc() if order.startswith("-") else column, target.id)
