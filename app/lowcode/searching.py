"""The condition "its search text holds the words typed", by what the actor may see."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from app.lowcode.screen import searched
from app.text import like_pattern


def matching(model: type[Any], text: str) -> ColumnElement[bool]:
    """Return the condition that a record of ``model`` holds ``text``, without diacritics.

    The folded column holds all search columns together; an actor to whom one of them is
    closed searches the open ones as they are written, or nothing could be kept from him.
    """
    names = searched(model)
    if len(names) == len(model.screen.search):
        return model.search_text.like(like_pattern(text), escape="\\")  # type: ignore[no-any-return]
    found = [getattr(model, name).icontains(text, autoescape=True) for name in names]
    return sa.or_(sa.false(), *found)
