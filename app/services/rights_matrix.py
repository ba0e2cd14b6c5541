"""The matrix of rights as a page shows it: entities by menu, roles, six actions, scope, fields."""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from app.lowcode.actions import Action, declared, possible
from app.lowcode.collation import key_of
from app.lowcode.overrides import fields_of_entity, holds, may_revoke, naming
from app.lowcode.scopes import Scope, scopes_of
from app.lowcode.screen import declared_writable, label_of
from app.permissions import Role
from app.services.rights_changes import HIDE, KEEP, State, as_decisions

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


class _Facts:
    """What the declaration of one entity says, asked once for all roles."""

    def __init__(self, model: type[Any]) -> None:
        self.model, self.name, self.title = model, model.__name__, str(model.screen.title)
        self.possible, self.scopes = possible(model), tuple(scopes_of(model))
        self.declared = {action: declared(model, action) for action in Action}

    def line(self, role: Any, state: State, decided: Mapping[Any, bool], shut: int) -> Line:
        """Return what ``role`` may do; shut: how many attributes are closed to it."""
        scope = state.get((str(role), self.name, "scope", ""), Scope.all)
        reads = self._has(role, Action.read, decided)
        cells = []
        for action in Action:
            has, is_declared = self._has(role, action, decided), role in self.declared[action]
            is_possible = action in self.possible and role is not Role.citizen
            cells.append(Cell(action, is_possible, is_declared, has, has and reads))
        is_fixed = not may_revoke(self.model, role)
        return Line(role, self.name, self.title, tuple(cells), scope, self.scopes, shut, is_fixed)

    def _has(self, role: Any, action: Action, decided: Mapping[Any, bool]) -> bool:
        if (str(role), self.name, str(action)) not in decided:
            return role in self.declared[action]
        return holds(self.declared[action], decided, self.model, role, action)


def matrix(
    models: Iterable[type[Any]], roles: Iterable[Any], state: State, menus: Iterable[Any]
) -> list[tuple[str, list[list[Line]]]]:
    """Return [(menu title, [a line per role, of each entity])], menus in their order."""
    decided, roles = as_decisions(state), list(roles)
    shut = Counter(key[:2] for key in state if key[2] == "field")
    titles = {menu.key: str(menu.title) for menu in menus}
    groups: dict[str, list[list[Line]]] = {key: [] for key in [*titles, ""]}
    for facts in map(_Facts, models):
        key = facts.model.screen.menu.key if facts.model.screen.menu else ""
        lines = [facts.line(role, state, decided, shut[str(role), facts.name]) for role in roles]
        groups.setdefault(key, []).append(lines)
    for rows in groups.values():
        rows.sort(key=lambda row: key_of(str(row[0].title)))
    return [(titles.get(key, ""), rows) for key, rows in groups.items() if rows]


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
