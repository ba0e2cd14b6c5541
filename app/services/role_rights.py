"""What an actor's roles allow: granted rights, scopes and closed attributes, in one statement."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.lowcode.actions import Action
from app.lowcode.overrides import FieldRight, RoleScope
from app.lowcode.scopes import Scope
from app.models import FabRole, PermissionView
from app.permissions import Role

_FORM_WRITES = (Action.add, Action.change, Action.import_)


def rights_of(session: Session, roles: Iterable[Role]) -> dict[str, Any]:
    """Return what an Actor of ``roles`` carries: {"grants", "scopes", "closed"}."""
    names = [str(role) for role in roles]
    rows = session.execute(_query(names)).all() if names else []
    return combine([tuple(row) for row in rows])


def combine(rows: list[tuple[str, str, str, str]]) -> dict[str, Any]:
    """Return grants, scopes and closed attributes of several roles taken together.

    rows: (what, role, name, entity); what is grant (name = permission), scope, hide or keep
    (name = attribute).
    """
    granting: dict[tuple[str, str], set[str]] = {}
    for what, role, name, entity in rows:
        if what == "grant":
            granting.setdefault((name, entity), set()).add(role)
    scope = {(r, entity): name for what, r, name, entity in rows if what == "scope"}
    return {
        "grants": frozenset(granting),
        "scopes": dict(_scopes(granting, scope)),
        "closed": _closed(granting, scope, rows),
    }


def _query(names: list[str]) -> Any:
    """Return one statement for the three things; each row is (what, role, name, entity)."""
    pair = PermissionView
    right, screen = (pair.permission.property.mapper.class_, pair.view_menu.property.mapper.class_)
    grants = (
        sa.select(sa.literal("grant"), FabRole.name, right.name, screen.name)
        .select_from(FabRole).join(FabRole.permissions).join(pair.permission).join(pair.view_menu)
    )  # fmt: skip
    scopes = (
        sa.select(sa.literal("scope"), FabRole.name, RoleScope.scope, RoleScope.entity)
        .join_from(RoleScope, FabRole)
    )  # fmt: skip
    closing = sa.case((FieldRight.may_read, "keep"), else_="hide")
    fields = (
        sa.select(closing, FabRole.name, FieldRight.field, FieldRight.entity)
        .join_from(FieldRight, FabRole).where(sa.not_(FieldRight.may_change))
    )  # fmt: skip
    return sa.union_all(*(part.where(FabRole.name.in_(names)) for part in (grants, scopes, fields)))


def _scopes(granting: Any, scope: Any) -> Iterable[tuple[Any, Any]]:
    """Yield the rights that every granting role has within a scope only."""
    for key, roles in granting.items():
        reached = {(role, scope.get((role, key[1]), Scope.all)) for role in roles}
        if all(how != Scope.all for _role, how in reached):
            yield key, frozenset((Role(role), str(how)) for role, how in reached)
    # Hand-made pages have rights of their own: a scope narrows them also where the screen is closed.
    for entity in {entity for _role, entity in scope if ("can_read", entity) not in granting}:
        yield ("can_read", entity), frozenset(
            (Role(role), str(how)) for (role, one), how in scope.items() if one == entity)  # fmt: skip


def _closed(granting: Any, scope: Any, rows: Any) -> dict[tuple[str, str], frozenset[str]]:
    """Return the attributes closed to each right.

    An attribute is open if a role that reaches every record opens it, or all roles do: a
    role that reaches few records must not open it on the many of another.
    """
    shut: dict[tuple[str, str], dict[str, set[str]]] = {}
    for what, role, name, entity in rows:
        for action in _closing(what):
            shut.setdefault((f"can_{action}", entity), {}).setdefault(name, set()).add(role)
    found = {}
    for key in shut.keys() & granting.keys():
        wide = {r for r in granting[key] if scope.get((r, key[1]), Scope.all) == Scope.all}
        found[key] = frozenset(
            name for name, roles in shut[key].items()
            if roles & granting[key] and not wide - roles
        )  # fmt: skip
    return {key: names for key, names in found.items() if names}


def _closing(what: str) -> tuple[str, ...]:
    if what == "hide":
        return tuple(Action)
    return _FORM_WRITES if what == "keep" else ()
