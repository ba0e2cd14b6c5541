"""What the generated pages show beside their rows: addresses, filters, sections, relations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Any
from urllib.parse import urlencode

import sqlalchemy as sa
from flask import request, session, url_for
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import inspect

from app.extensions import db
from app.lowcode.bulk import offers
from app.lowcode.choosing import find_choice
from app.lowcode.list_frame import Filters, Offered, chips_of, filter_of
from app.lowcode.listing import SIZES, ListRequest, Page, sortable
from app.lowcode.saved_views import tidy
from app.lowcode.screen import searched, shown, writable
from app.lowcode.validity import controller
from app.lowcode.values import choices_of
from app.lowcode.words import label_in, language
from app.permissions import current_actor

_NARROW = (sa.Integer, sa.Boolean, sa.Date, sa.DateTime, sa.Time, sa.TypeDecorator)
_NARROW_TEXT = 60  # characters: codes and numbers, which are not broken into lines
_KEPT_QUERY = 1000


def list_context(view: Any, wanted: ListRequest, page: Page) -> dict[str, Any]:
    """Return what the list page needs besides its rows."""
    filters, has_search = Filters(view, wanted), bool(searched(view.model))
    here = Address(url_for(f"{view.endpoint}.list"))
    used = [filter_of(view, name) for name in filters.used]
    return {
        "columns": _columns(view.model, wanted, here),
        "offered": Offered(view, wanted),
        "bulk": tuple(offers(view.model)) if page.rows else (),
        "filters": filters,
        "has_search": has_search,
        **frame_context(wanted, page, here, used, has_search=has_search),
    }


def frame_context(
    wanted: ListRequest, page: Page, here: Address, used: Iterable[dict[str, Any]], *, has_search: bool = True
) -> dict[str, Any]:
    """Return what stands around the rows of any list; used: the filters it is narrowed by, as ``filter_of``."""
    _remember_list(here.path)
    chips = [chip for info in used for chip in chips_of(info, here)]
    if wanted.q and has_search:
        chips.insert(0, {"label": _("Search"), "value": wanted.q, "remove_url": here(q=None)})
    return {
        "query": tidy(request.query_string.decode("utf-8", "replace")),
        "chips": chips,
        "here": here,
        "sizes": SIZES,
        "wanted": wanted,
        "page": page,
        "summary": summary_of(page),
    }


class Address:
    """The address of the present list with some arguments changed; None removes one."""

    def __init__(self, path: str) -> None:
        self.path = path
        self._kept = {key: text for key, text in request.args.items()
                      if text and _is_known(key) and key not in ("after", "before")}  # fmt: skip

    def __call__(self, **changes: Any) -> str:
        """Return the address; every change but of the page itself leads to the first page."""
        kept = dict(self._kept)
        for name, value in changes.items():
            if value is None:
                kept.pop(name, None)
            else:
                kept[name] = str(value)
        return f"{self.path}?{urlencode(kept)}" if kept else self.path


def _is_known(key: str) -> bool:
    return key in ("q", "sort", "size", "cols", "after", "before") or key.startswith("f.")


def _remember_list(path: str) -> None:
    """Keep the list as it was asked for: one returns to it from a record."""
    asked = request.query_string.decode("utf-8", "replace")
    place = [path, asked if len(asked) <= _KEPT_QUERY else ""]
    if session.get("list") != place:
        session["list"] = place


def list_url(view: Any) -> str:
    """Return the address of the list, as the user last saw it."""
    seen, asked = session.get("list") or ("", "")
    path = url_for(f"{view.endpoint}.list")
    return f"{path}?{asked}" if seen == path and asked else path


def summary_of(page: Page) -> str:
    """Return how many records there are, in words."""
    if page.is_capped:
        return _("more than %(count)s records", count=plain_number(page.count))
    return ngettext("%(num)d record", "%(num)d records", page.count)


def plain_number(number: int) -> str:
    """Return a whole number as Vietnamese writes it: 1.000."""
    return f"{number:,}".replace(",", ".")


def _columns(model: type[Any], wanted: ListRequest, here: Address) -> list[dict[str, Any]]:
    able = sortable(model)
    return [_column(model, name, wanted, here if name in able else None) for name in wanted.columns]


def _column(model: type[Any], name: str, wanted: ListRequest, here: Address | None) -> dict[str, Any]:
    info: dict[str, Any] = {
        "name": name,
        "label": label_in(language(), model, name),
        "class": column_class(model, name),
    }
    return sorted_by(info, wanted, here) if here is not None else info


def sorted_by(info: dict[str, Any], wanted: ListRequest, here: Address) -> dict[str, Any]:
    """Return a column with the address that sorts the list by it, and how it is sorted now."""
    name = info["name"]
    if wanted.sort.removeprefix("-") == name:
        info["sort"] = "desc" if wanted.sort.startswith("-") else "asc"
    info["sort_url"] = here(sort=f"-{name}" if info.get("sort") == "asc" else name)
    return info


@cache
def column_class(model: type[Any], name: str) -> str:
    """Return how wide a column of a table is: "num", "fix", or "" for text that wraps."""
    if name in inspect(model).relationships:
        return ""
    kind = inspect(model).columns[name].type
    if choices_of(model, name) is None and isinstance(kind, sa.Integer):
        return "num fix"
    is_short = isinstance(kind, sa.String) and (kind.length or _NARROW_TEXT + 1) <= _NARROW_TEXT
    return "fix" if is_short or isinstance(kind, _NARROW) else ""


def sections_of(
    model: type[Any], allowed: Sequence[str] | None = None
) -> list[tuple[Any, list[str]]]:
    """Return (title, attributes) of a page; only ``allowed`` ones if given, no empty section."""
    parts = model.screen.sections or [(model.screen.singular, shown(model))]
    allowed = shown(model) if allowed is None else allowed
    kept = [(title, [n for n in names if n in allowed]) for title, names in parts]
    return [part for part in kept if part[1]]


def depends_on(model: type[Any], name: str, prefix: str = "") -> dict[str, str]:
    """Return what a choice's control must know of the control that narrows it; prefix: a row's."""
    pair = controller(model, name) if name in model.screen.depends else None
    return {"data-depends": pair[0], "data-depends-on": prefix + pair[0]} if pair else {}


def problems_of(form: Any, lists: Any) -> list[tuple[str, str]]:
    """Return (id on the page, message) of everything to correct in a form and its rows."""
    own = [(one.id, f"{one.label.text}: {text}") for one in form for text in one.errors]
    return own + [problem for parts in lists for problem in parts.problems()]


def parents_of(row: Any) -> list[Any]:
    """Return the records that ``row`` is a part of, outermost first (a field's form, section)."""
    found: list[Any] = []
    while row is not None and row.screen.menu is None and len(found) < 5:
        name = parent_name(type(row))
        row = getattr(row, name) if name else None
        if row is not None:
            found.insert(0, row)
    return found


def parent_name(model: type[Any]) -> str | None:
    """Return the relation to the record on whose page records of ``model`` are listed."""
    for relation in inspect(model).relationships:
        screen = getattr(relation.mapper.class_, "screen", None)
        if relation.uselist or screen is None:
            continue
        listed = inspect(relation.mapper.class_).relationships
        if any(
            listed[name].mapper.class_ is model
            and listed[name].local_remote_pairs
            and next(iter(relation.local_columns)) in listed[name].remote_side
            for name in screen.related
        ):
            return relation.key
    return None


def suggested(model: type[Any], presets: dict[str, Any]) -> dict[str, Any]:
    """Return what ``model.suggested`` proposes for the form of a new record, as far as the actor may write it.

    presets: what the address says already. Of a relation the model gives the id; one may choose it, or it is left out.
    """
    if not hasattr(model, "suggested"):
        return {}
    allowed, relations = writable(model, "add"), inspect(model).relationships
    found = {}
    for name, value in model.suggested(current_actor(), presets).items():
        if name in allowed and value is not None:
            found[name] = find_choice(relations[name].mapper.class_, value) if name in relations else value
    return {name: value for name, value in found.items() if value is not None}


def next_position(model: type[Any], presets: dict[str, Any]) -> int | None:
    """Return the place behind the last part of the same record, for models with an order."""
    if "position" not in inspect(model).columns or not presets:
        return None
    column, owner = next(
        (next(iter(inspect(model).relationships[name].local_columns)), value)
        for name, value in presets.items()
    )
    last = db.session.scalar(sa.select(sa.func.max(model.position)).where(column == owner.id))
    return (last or 0) + 1
