"""Where what a pack writes may lie: among the rows its author may change, and in no circle."""

from collections.abc import Iterable
from typing import Any

from sqlalchemy.orm import Session

from app.lowcode.exchange.applying import within
from app.models import AgencyCalendar
from app.permissions import Actor
from app.services.agency_calendars import may_place


def any_outside(session: Session, touched: Iterable[tuple[Any, str]], actor: Actor) -> bool:
    """Return whether some of the rows, each with its action, lie where ``actor`` may not do that.

    To which calendar an agency turns is said by who may say so on its page.
    """
    found: dict[tuple[type[Any], str], set[int]] = {}
    for row, action in touched:
        if isinstance(row, AgencyCalendar) and not may_place(row.agency, actor):
            return True
        found.setdefault((type(row), action), set()).add(row.id)
    for (model, action), ids in found.items():
        if getattr(model, "screen", None) is None:  # decided for a role, or asked above: no rows of anybody
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
