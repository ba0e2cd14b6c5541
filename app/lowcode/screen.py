"""What a model declares about its screens. Checked at start, see ``problems.py``."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from sqlalchemy import ColumnElement, inspect

from app.permissions import NOBODY, Actor, Role, current_actor

# Which rows an actor may touch: a condition on the model; None = every row, false() = none.
RowRule = Callable[[Actor], ColumnElement[bool] | None]
# Where a page begins: an id, and whether the ids behind it rise. The same rows beyond it only.
Near = tuple[int, bool]
RowRuleFrom = Callable[[Actor, Near], ColumnElement[bool] | None]


@dataclass(frozen=True)
class Menu:
    """A group of the sidebar."""

    key: str
    title: Any  # lazy msgid
    icon: str


@dataclass(frozen=True)
class Screen:
    """The declaration from which ``lowcode`` makes a view, an API and permissions.

    menu_title: what the sidebar calls it where a hand-made screen there is called nearly the same.
    columns: attributes of the list. search: text columns found without diacritics.
    filters: attributes one may filter by. form: attributes one may write, by default all
    labelled columns. sections: (title, attributes) of show and form pages, by default one.
    related: one-to-many attributes listed on the show page. order: default sort, "-x" descending.
    inline: which of those are edited as rows of the form, by default the parts a record owns.
    sheets: one-to-many attributes whose records go along in a workbook, beside the parts it owns.
    ends: the yes-no or date that takes a record out of use, by default is_active or valid_to; "" none.
    depends: {relation: relation}: a division is chosen among those of the chosen agency;
    {"ward": "province.parent"} where its own relation has another name.
    key: attributes that name a record in files and spreadsheets, by default its unique code.
    read/write: roles; rows: which rows they see; write_rows: which of those they may change.
    export: roles that may take the list along; by default readers, of personal data nobody.
    rows_from: the same for a page that begins at an id, where an index can begin there too.
    scope: where a record says whose it is: {"agency": columns, "owner": columns}, "dossier.agency_id"
    through a relation; by default its ``agency_id`` or its dossier's (``scopes.py``).
    """

    title: Any
    singular: Any
    columns: Sequence[str]
    read: frozenset[Role]
    write: frozenset[Role] = NOBODY
    export: frozenset[Role] | None = None
    menu: Menu | None = None
    menu_title: Any = None
    icon: str = "table"
    search: Sequence[str] = ()
    filters: Sequence[str] = ()
    form: Sequence[str] | None = None
    readonly: Sequence[str] = ()
    sections: Sequence[tuple[Any, Sequence[str]]] = ()
    related: Sequence[str] = ()
    inline: Sequence[str] | None = None
    ends: str | None = None
    depends: Mapping[str, str] = field(default_factory=dict)
    order: str = "-id"
    key: Sequence[str] = ()
    sheets: Sequence[str] = ()
    is_configuration: bool | None = None  # None: it is if the catalog administrator alone writes it
    rows: RowRule | None = None
    rows_from: RowRuleFrom | None = None
    scope: Mapping[str, Sequence[str]] | None = None
    write_rows: RowRule | None = None
    can_add: bool = True
    can_delete: bool = True
    is_personal: bool = False  # reading one writes a read entry into the history
    help: Any = ""


def opened(model: type[Any], names: Iterable[str], action: str = "read") -> list[str]:
    """Return those of ``names`` that no field right closes to ``action`` of the actor."""
    rights = current_actor().closed
    closed = rights.get((f"can_{action}", model.__name__)) if rights else None
    return [name for name in names if name not in closed] if closed else list(names)


def tells(model: type[Any], key: str) -> bool:
    """Return whether the actor may see ``key`` in the history: an attribute, or a foreign key
    that stands on the screens as its relation."""
    names = _with_twins(model, key)
    return len(opened(model, names)) == len(names)


@cache
def _with_twins(model: type[Any], key: str) -> tuple[str, ...]:
    relations = inspect(model).relationships
    return (key, *(r.key for r in relations if key in {column.key for column in r.local_columns}))


def shown(model: type[Any]) -> list[str]:
    """Return the attributes of the show page the actor may see, in order."""
    return opened(model, declared_shown(model))


def listed(model: type[Any]) -> list[str]:
    """Return the columns of the list the actor may see."""
    return opened(model, model.screen.columns)


def searched(model: type[Any]) -> list[str]:
    """Return the search columns the actor may see."""
    return opened(model, model.screen.search)


def filtered(model: type[Any]) -> list[str]:
    """Return the filters of the attributes the actor may see."""
    return opened(model, model.screen.filters)


def default_order(model: type[Any]) -> str:
    """Return how the list is sorted unless asked otherwise; by age if its column is closed."""
    order: str = model.screen.order
    return order if tells(model, order.removeprefix("-")) else "-id"


def writable(model: type[Any], action: str = "change") -> list[str]:
    """Return the attributes of the form that the actor may write by ``action``, in order."""
    return opened(model, opened(model, declared_writable(model)), action)


def form_names(model: type[Any], action: str) -> list[str]:
    """Return the attributes of the form the actor sees: to write, or when changing to read only."""
    names = writable(model, action)
    if action == "add":
        return names
    return opened(model, declared_writable(model))


def declared_shown(model: type[Any]) -> list[str]:
    """Return the attributes of the show page, in order, without repetition."""
    screen: Screen = model.screen
    names = [name for _title, part in screen.sections for name in part]
    return list(dict.fromkeys(names or [*_default_form(model), *screen.readonly]))


def declared_writable(model: type[Any]) -> list[str]:
    """Return the attributes of the add and edit form, in order."""
    screen: Screen = model.screen
    wanted = screen.form if screen.form is not None else _default_form(model)
    if not screen.sections:
        return list(wanted)
    return [name for _title, part in screen.sections for name in part if name in set(wanted)]


def inline(model: type[Any]) -> list[str]:
    """Return the one-to-many attributes whose records are edited as rows of the form."""
    screen: Screen = model.screen
    if screen.inline is not None:
        return list(screen.inline)
    relations = inspect(model).relationships
    return [name for name in screen.related if "delete-orphan" in relations[name].cascade]


def back_of(relation: Any) -> str | None:
    """Return the relation that leads from a one-to-many ``relation``'s records back to the one."""
    key = next(iter(relation.remote_side))
    return next((r.key for r in relation.mapper.relationships if key in r.local_columns), None)


def _default_form(model: type[Any]) -> list[str]:
    """Every labelled column but keys; a foreign key stands as its relation."""
    mapper = inspect(model)
    by_column = {next(iter(r.local_columns)).key: r.key for r in mapper.relationships
                 if not r.uselist and len(r.local_columns) == 1}  # fmt: skip
    return [by_column.get(attr.key, attr.key) for attr in mapper.column_attrs
            if "label" in attr.columns[0].info and not attr.columns[0].primary_key
            and attr.key not in model.screen.readonly]  # fmt: skip


def label_of(model: type[Any], name: str) -> Any:
    """Return the lazy label of an attribute; a relation is labelled by its foreign key."""
    attr = inspect(model).attrs[name]
    if hasattr(attr, "columns"):
        return attr.columns[0].info.get("label", name)
    if attr.info.get("label"):
        return attr.info["label"]
    return next(iter(attr.local_columns)).info.get("label", name)
