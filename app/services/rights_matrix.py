"""The matrix of rights as a page shows it: entities by menu, roles, six actions, scope, fields."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.lowcode.actions import Action, declared, possible
from app.lowcode.overrides import fields_of_entity, holds, may_grant, may_revoke, naming
from app.lowcode.scopes import Scope, scopes_of
from app.lowcode.screen import declared_writable, label_of
from app.permissions import Role
from app.services.rights_changes import HIDE, KEEP, State, as_decisions
from app.text import fold

MATRIX_ROLES = tuple(role for role in Role if role is not Role.citizen)


@dataclass(frozen=True)
class Cell:
    """One action of one role on one entity."""

    action: Action
    is_possible: bool
    is_declared: bool
    has: bool
    works: bool  # with the right to read

    @property
    def is_changed(self) -> bool:
        """Whether it differs from the declaration."""
        return self.has != self.is_declared


@dataclass(frozen=True)
class Line:
    """One role on one entity; ``fields``: how many attributes are closed to it."""

    role: Any
    entity: str
    title: str
    cells: tuple[Cell, ...]
    scope: str
    scopes: tuple[Scope, ...]
    fields: int
    is_fixed: bool


@dataclass(frozen=True)
class FieldLine:
    """One attribute: what is decided for a role, and what could be."""

    name: str
    label: str
    value: str
    may_hide: bool
    may_keep: bool


def line_of(model: type[Any], role: Any, state: State, decided: Mapping[Any, bool]) -> Line:
    """Return what ``role`` may do with records of ``model``; decided: of ``as_decisions``."""
    name, can = model.__name__, possible(model)
    is_fixed = not may_revoke(model, role)
    scopes = tuple(scopes_of(model))
    scope = state.get((str(role), name, "scope", ""), Scope.all)
    shut = sum(1 for key in state if key[:3] == (str(role), name, "field"))
    cells = []
    reads = holds(declared(model, Action.read), decided, model, role, Action.read)
    for action in Action:
        roles = declared(model, action)
        has = holds(roles, decided, model, role, action)
        is_possible = action in can and may_grant(model, role, action)
        cells.append(Cell(action, is_possible, role in roles, has, has and reads))
    return Line(role, name, str(model.screen.title), tuple(cells), scope, scopes, shut, is_fixed)


def matrix(
    models: Iterable[type[Any]], roles: Iterable[Any], state: State, menus: Iterable[Any]
) -> list[tuple[str, list[list[Line]]]]:
    """Return [(menu title, [a line per role, of each entity])], menus in their order."""
    decided, roles = as_decisions(state), list(roles)
    titles = {menu.key: str(menu.title) for menu in menus}
    groups: dict[str, list[list[Line]]] = {key: [] for key in [*titles, ""]}
    for model in models:
        key = model.screen.menu.key if model.screen.menu else ""
        groups.setdefault(key, []).append([line_of(model, role, state, decided) for role in roles])
    for lines in groups.values():
        lines.sort(key=lambda row: fold(row[0].title))
    return [(titles.get(key, ""), lines) for key, lines in groups.items() if lines]


def fields_of_role(model: type[Any], role: Role, state: State) -> list[FieldLine]:
    """Return the attributes of ``model`` with what is decided for ``role``."""
    named, written = naming(model), set(declared_writable(model))
    return [
        FieldLine(name, str(label_of(model, name)),
                  state.get((str(role), model.__name__, "field", name), ""),
                  name not in named, name in written)
        for name in fields_of_entity(model)
    ]  # fmt: skip


def field_choices(line: FieldLine) -> list[str]:
    """Return what may be decided for an attribute; "" is as declared."""
    return ["", *([KEEP] if line.may_keep else []), *([HIDE] if line.may_hide else [])]
