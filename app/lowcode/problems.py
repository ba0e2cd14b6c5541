"""Every declaration checked at start: a wrong name fails the boot, not a click."""

from collections.abc import Iterator
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.lowcode.filters import filter_kind
from app.lowcode.forms import fields_of, is_needed
from app.lowcode.screen import Screen, back_of, inline, label_of, shown, writable
from app.lowcode.validity import controller
from app.permissions import NOBODY, Role


def problems(model: type[Any]) -> list[str]:
    """Return what is wrong with ``model``'s declaration, each naming class and attribute."""
    unknown = [name for name in _named(model.screen) if name not in inspect(model).attrs]
    if unknown:  # the other checks look these attributes up
        return [f"{model.__name__}: unknown attribute {name!r}" for name in unknown]
    checks = (_roles, _scope, _labels, _lists, _related, _inline, _choices, _forms)
    return [f"{model.__name__}: {text}" for check in checks for text in check(model)]


def _named(screen: Screen) -> list[str]:
    names = [
        *screen.columns,
        *screen.search,
        *screen.filters,
        *screen.related,
        *screen.sheets,
        *(screen.inline or ()),
        *screen.depends,
        *(text.partition(".")[0] for text in screen.depends.values()),
        *filter(None, [screen.ends]),
        *(screen.form or ()),
    ]
    names += [*screen.readonly, *screen.key, screen.order.removeprefix("-")]
    return names + [name for _title, part in screen.sections for name in part]


def _roles(model: type[Any]) -> Iterator[str]:
    screen = model.screen
    for role in screen.read | screen.write | (screen.export or NOBODY):
        if not isinstance(role, Role):
            yield f"unknown role {role!r}"
    if not screen.read >= screen.write:
        yield "a role may write what it may not read"
    if not screen.read >= (screen.export or NOBODY):
        yield "a role may export what it may not read"


def _scope(model: type[Any]) -> Iterator[str]:
    for kind, paths in (model.screen.scope or {}).items():
        if kind not in ("agency", "owner"):
            yield f"scope {kind!r}: only agency and owner"
        for path in paths:
            if not _leads(model, path):
                yield f"scope {path!r}: leads to no column"


def _leads(model: type[Any], path: str) -> bool:
    name, _dot, rest = path.partition(".")
    if not rest:
        return name in inspect(model).columns
    relations = inspect(model).relationships
    return name in relations and not relations[name].uselist and _leads(
        relations[name].mapper.class_, rest
    )


def _labels(model: type[Any]) -> Iterator[str]:
    for name in dict.fromkeys(
        [*model.screen.columns, *shown(model), *writable(model), *model.screen.filters]
    ):
        if label_of(model, name) == name:
            yield f"{name}: no label"


def _lists(model: type[Any]) -> Iterator[str]:
    screen, mapper = model.screen, inspect(model)
    if screen.order.removeprefix("-") not in mapper.column_attrs:
        yield f"order {screen.order!r}: only a column orders"
    if screen.search and "search_text" not in mapper.attrs:
        yield "search needs the Searchable mixin"
    for name in screen.search:
        if name not in mapper.columns or not isinstance(mapper.columns[name].type, sa.String):
            yield f"search {name!r}: not a text"
    for name in screen.filters:
        if filter_kind(model, name) is None:
            yield f"filter {name!r}: only relations, choices, yes-no, dates and numbers filter"
    for name in screen.columns:
        if name in mapper.relationships and mapper.relationships[name].uselist:
            yield f"column {name!r}: a list of records"


def _related(model: type[Any]) -> Iterator[str]:
    relations = inspect(model).relationships
    for name in [*model.screen.related, *model.screen.sheets]:
        if name not in relations or not relations[name].uselist:
            yield f"related {name!r}: not a list of records"
    for name in [*model.screen.related, *model.screen.filters, *writable(model)]:
        target = relations[name].mapper.class_ if name in relations else model
        screen = getattr(target, "screen", None)
        if screen is None:
            yield f"{name}: {target.__name__} has no screen"
        elif name in writable(model) and not screen.read >= model.screen.write:
            yield f"{name}: a role that writes may not read {target.__name__}"


def _inline(model: type[Any]) -> Iterator[str]:
    relations = inspect(model).relationships
    for name in inline(model):
        if name not in relations or "delete-orphan" not in relations[name].cascade:
            yield f"inline {name!r}: not parts that a record owns"
        elif getattr(relations[name].mapper.class_, "screen", None) is None or not back_of(relations[name]):
            yield f"inline {name!r}: its records have no screen, or no way back"


def _choices(model: type[Any]) -> Iterator[str]:
    relations = inspect(model).relationships
    for name in model.screen.depends:
        deciding, own = controller(model, name) or ("", "")
        if name not in relations or deciding not in relations:
            yield f"depends {name!r}: only a relation hangs on another"
        elif own not in relations[name].mapper.relationships:
            yield f"depends {name!r}: its records have no {own!r}"


def _forms(model: type[Any]) -> Iterator[str]:
    names = writable(model)
    if "state" in names:
        yield "state in a form; only a service moves it"
    if not model.screen.write or not names:
        return
    fields_of(model)  # raises TypeError for a column no field is made for
    if model.screen.can_add:
        yield from (f"{name}: needed by a new record, and not in the form"
                    for name in needed(model) if name not in names)  # fmt: skip


def needed(model: type[Any]) -> list[str]:
    """Return the attributes without which a new record cannot be stored."""
    relations = {
        next(iter(r.local_columns)).key: r.key
        for r in inspect(model).relationships
        if not r.uselist
    }
    keys = [attr.key for attr in inspect(model).column_attrs
              if not attr.columns[0].primary_key and is_needed(model, attr.key)]  # fmt: skip
    return [relations.get(key, key) for key in keys]
