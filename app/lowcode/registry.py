"""The generated view of each model, for links from one record to another."""

from typing import Any

from flask import url_for

from app.permissions import current_actor

_views: dict[type[Any], Any] = {}


def register_view(model: type[Any], view: Any) -> None:
    """Remember the view of ``model`` for links from other records."""
    _views[model] = view


def view_of(model: type[Any]) -> Any:
    """Return the generated view of ``model``; raises KeyError if it has none."""
    return _views[model]


def link_to(row: Any) -> str | None:
    """Return the address of a record's page if the actor may open such records, else None."""
    view = _views.get(type(row))
    if view is None or not current_actor().may("can_read", view.class_permission_name):
        return None
    return url_for(f"{view.endpoint}.show", pk=row.id)
