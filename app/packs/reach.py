"""Where what a pack writes may lie: among the rows its author may change, and in no circle."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from app.lowcode.exchange.applying import within
from app.permissions import Actor


def any_outside(session: Session, touched: Mapping[tuple[type[Any], str], set[int]], actor: Actor) -> bool:
    """Return whether some of the rows, ids by model and action, lie where ``actor`` may not do that."""
    for (model, action), ids in touched.items():
        if getattr(model, "screen", None) is None:  # decided for a role: no rows of anybody
            continue
        query = within(model, actor, action)
        if query.whereclause is not None and ids - set(session.scalars(query.with_only_columns(model.id))):
            return True
    return False


def is_circle(row: Any, name: str) -> bool:
    """Return whether ``row`` stands under itself in the tree made by relation ``name``."""
    node, seen = getattr(row, name), set()
    while node is not None and id(node) not in seen:
        if node is row:
            return True
        seen.add(id(node))
        node = getattr(node, name)
    return False
