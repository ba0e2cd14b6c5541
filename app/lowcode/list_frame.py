"""What stands around the rows of a list and is the same for many readers: its filters and columns."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from flask import request, url_for
from flask_babel import gettext as _
from sqlalchemy import inspect

from app.lowcode.choosing import find_choice, may_choose
from app.lowcode.columns import offered_columns
from app.lowcode.filters import BOUNDS, filter_kind
from app.lowcode.listing import ListRequest
from app.lowcode.screen import filtered, label_of
from app.lowcode.values import as_id, choices_of, display
from app.permissions import current_actor

NOT_KEPT = object()  # key of a part that is rendered anew each time


class Filters:
    """The filters of a list: their names, those in use, the key of how they look, how to find them."""

    def __init__(self, view: Any, wanted: ListRequest) -> None:
        self.names = _filters_offered(view)
        given = [(key, text) for key, text in request.args.items() if text and key.startswith("f.")]
        asked = {key[2:].partition(".")[0] for key, _text in given}
        self.used = [name for name in self.names if name in asked]
        # What a reader typed or looked up is nobody else's; a choice among few may be kept.
        is_common = not wanted.faults and all(_has_few(view.model, name) for name in self.used)
        self.key = (view.endpoint, tuple(self.names), tuple(given)) if is_common else NOT_KEPT
        self.find = lambda: [filter_of(view, name) for name in self.names]


class Offered:
    """The columns a list could show: the key of how their menu looks, how to find them."""

    def __init__(self, view: Any, wanted: ListRequest) -> None:
        model, closed = view.model, frozenset(current_actor().closed.items())
        self.key = (view.endpoint, closed, wanted.columns)
        self.find = lambda: [(name, str(label_of(model, name))) for name in offered_columns(model)]


def _has_few(model: type[Any], name: str) -> bool:
    return filter_kind(model, name) in ("choice", "boolean")


def _filters_offered(view: Any) -> list[str]:
    """Return the filters whose choices the actor may see."""
    relations = inspect(view.model).relationships
    return [
        name
        for name in filtered(view.model)
        if name not in relations or may_choose(relations[name].mapper.class_)
    ]


def filter_of(view: Any, name: str) -> dict[str, Any]:
    """Return what the filter bar needs to know about attribute ``name``."""
    kind = filter_kind(view.model, name)
    value = request.args.get(f"f.{name}", "")
    info = {
        "name": name,
        "kind": kind,
        "label": label_of(view.model, name),
        "value": value,
        "text": "",
    }
    if kind in ("date", "number"):
        return info | {bound: request.args.get(f"f.{name}.{bound}", "") for bound in BOUNDS}
    if kind == "relation":
        return info | _chosen(view, name, value)
    if kind == "boolean":
        options = [("1", _("Yes")), ("0", _("No"))]
    else:
        options = [
            (str(v), display(view.model, name, v)) for v in choices_of(view.model, name) or {}
        ]
    return info | {"options": options, "text": dict(options).get(value, "")}


def _chosen(view: Any, name: str, value: str) -> dict[str, Any]:
    target = inspect(view.model).relationships[name].mapper.class_
    number = as_id(value)
    row = find_choice(target, number) if number else None
    return {
        "url": url_for(f"{view.endpoint}.choices", name=name),
        "text": str(row) if row else "",
        "value": value if row else "",
    }


def chips_of(info: dict[str, Any], here: Callable[..., str]) -> list[dict[str, Any]]:
    """Return the active filter as removable parts of the sentence above the table."""
    name, label = info["name"], info["label"]
    if info["kind"] not in ("date", "number"):
        chip = {"label": label, "value": info["text"], "remove_url": here(**{f"f.{name}": None})}
        return [chip] if info["text"] else []
    words = {"from": _("from"), "to": _("until")}
    return [
        {
            "label": f"{label} ({words[bound]})",
            "value": info[bound],
            "remove_url": here(**{f"f.{name}.{bound}": None}),
        }
        for bound in BOUNDS
        if info[bound]
    ]
