"""Lists on a record's page of those that belong to it, each with its own search and pages."""

from __future__ import annotations

from functools import cache
from typing import Any
from urllib.parse import urlencode

from flask import request, url_for
from sqlalchemy import inspect

from app.extensions import db
from app.lowcode.actions import may
from app.lowcode.cursors import read_token
from app.lowcode.lean import shape_of
from app.lowcode.listing import ListRequest, Page, find_page
from app.lowcode.pages import column_class, summary_of
from app.lowcode.screen import back_of, default_order, listed, searched, tells, writable
from app.lowcode.words import label_in, language
from app.permissions import current_actor

SIZE = 20
_KEYS = ("q", "after", "before")
_MAX_QUERY = 200


def related(row: Any, name: str, view: Any) -> dict[str, Any]:
    """Return a page of a one-to-many relation: those of its records that the actor may see.

    view: the generated view of the related model. Address parameters: ``<name>.q``,
    ``<name>.after``, ``<name>.before``; what makes no sense there is the first page.
    """
    relation = inspect(type(row)).relationships[name]
    target, back = relation.mapper.class_, back_of(relation)
    columns = [column for column in listed(target) if column != back]
    wanted = _wanted(relation, name)
    of_row = next(iter(relation.remote_side)) == row.id
    shape = shape_of(target, tuple(columns), wanted.sort.removeprefix("-"))
    page = find_page(db.session(), target, current_actor(), wanted, only=[of_row], shape=shape, is_short=True)
    can_add = back in writable(target, "add") and may(target, "add")
    return {
        "model": target,
        "view": view,
        "rows": page.rows,
        "name": name,
        "title": relation.info.get("label") or target.screen.title,
        "columns": _heads(language(), target, tuple(columns)),
        "link": next((c for c in columns if not column_class(target, c)), columns[0]),
        "q": wanted.q,
        "has_search": bool(searched(target)) and bool(wanted.q or page.next or page.previous),
        "kept": _kept(name),
        "all_url": _address(name),
        "add_url": url_for(f"{view.endpoint}.add", **{back: row.id}) if can_add else None,
        **_around(name, page, wanted),
    }


@cache
def _heads(spoken: str, target: type[Any], columns: tuple[str, ...]) -> list[dict[str, Any]]:
    return [{"name": c, "label": label_in(spoken, target, c), "class": column_class(target, c)} for c in columns]


def _wanted(relation: Any, name: str) -> ListRequest:
    target = relation.mapper.class_
    sort = _sort(relation)
    way = "before" if request.args.get(f"{name}.before") else "after"
    token = request.args.get(f"{name}.{way}")
    cursor = read_token(target, sort, token) if token else None
    text = request.args.get(f"{name}.q", "").replace("\x00", "")[:_MAX_QUERY].strip()
    is_back = way == "before" and cursor is not None
    q = text if searched(target) else ""
    return ListRequest(q=q, sort=sort, size=SIZE, cursor=cursor, is_back=is_back)


def _sort(relation: Any) -> str:
    """Return the order of the relation if one column says it, else that of the records' own list."""
    target = relation.mapper.class_
    keys = {column: attr.key for attr in inspect(target).column_attrs for column in attr.columns}
    order = list(relation.order_by or ())
    name = keys.get(order[0]) if len(order) == 1 else None
    return name if name and tells(target, name) else default_order(target)


def _around(name: str, page: Page, wanted: ListRequest) -> dict[str, Any]:
    """Return the addresses of the pages beside this one, and how many records there are."""
    kept = {f"{name}.q": wanted.q} if wanted.q else {}
    back, forth = page.previous, page.next
    return {
        "summary": summary_of(page) if back or forth or wanted.q else "",
        "count": f"{page.count}+" if page.is_capped else str(page.count),
        "previous_url": _address(name, kept | {f"{name}.before": back}) if back else None,
        "next_url": _address(name, kept | {f"{name}.after": forth}) if forth else None,
    }


def _kept(name: str) -> dict[str, str]:
    """Return the parameters of the page that concern other lists than ``name``."""
    own = {f"{name}.{key}" for key in _KEYS}
    return {key: text for key, text in request.args.items()
            if text and key not in own and key.rpartition(".")[2] in _KEYS}  # fmt: skip


def _address(name: str, changes: dict[str, str] | None = None) -> str:
    query = urlencode(_kept(name) | (changes or {}))
    return f"{request.path}{'?' if query else ''}{query}#{name}"
