"""Writing the declared rights into FAB's tables, at deploy time and never in a web process."""

from typing import Any

import sqlalchemy as sa
from flask import current_app
from flask_appbuilder.security.sqla.models import (
    Permission,
    PermissionView,
    ViewMenu,
)
from flask_appbuilder.security.sqla.models import (
    Role as FabRole,
)
from sqlalchemy.orm import Session

from app.lowcode.generate import declared_models, declared_rights
from app.lowcode.overrides import Rights, decisions, overridden
from app.permissions import Role


def wanted_rights() -> dict[tuple[str, str], frozenset[Role]]:
    """Return {(permission, view): roles} of the declarations and the hand-made views.

    A hand-made view names its roles in ``roles``: {permission: roles}.
    """
    rights = declared_rights()
    for view in current_app.appbuilder.baseviews:
        for permission, roles in getattr(view, "roles", {}).items():
            rights[f"can_{permission}", view.class_permission_name] = frozenset(roles)
    return rights


def effective_rights(session: Session) -> Rights:
    """Return what is declared, with what the administrators decided on top of it."""
    return overridden(wanted_rights(), decisions(session), declared_models())


def sync_permissions(session: Session) -> int:
    """Make FAB's role table say exactly what is declared and decided; returns the number of changes.

    May run at any time, and again: a second run changes nothing.
    """
    roles = _named(session, FabRole, {str(role) for role in Role} | {"public"})
    rights = effective_rights(session)
    permissions = _named(session, Permission, {pair[0] for pair in rights})
    views = _named(session, ViewMenu, {pair[1] for pair in rights})
    session.flush()
    pairs = _pairs(session, rights, permissions, views)
    return sum(_grant(role, name, rights, pairs) for name, role in roles.items())


def _named(session: Session, model: type[Any], names: set[str]) -> dict[str, Any]:
    found = {
        row.name: row for row in session.scalars(sa.select(model).where(model.name.in_(names)))
    }
    for name in sorted(names - set(found)):
        found[name] = model(name=name)
        session.add(found[name])
    return found


def _pairs(
    session: Session, rights: Any, permissions: Any, views: Any
) -> dict[tuple[str, str], Any]:
    query = sa.select(PermissionView)
    found = {(row.permission.name, row.view_menu.name): row for row in session.scalars(query)}
    for permission, view in sorted(set(rights) - set(found)):
        row = PermissionView(permission=permissions[permission], view_menu=views[view])
        session.add(row)
        found[permission, view] = row
    return found


def _grant(role: Any, name: str, rights: Any, pairs: Any) -> int:
    wanted = {id(pairs[pair]): pairs[pair] for pair, roles in rights.items() if name in roles}
    present = {id(row): row for row in role.permissions}
    if set(wanted) == set(present):
        return 0
    role.permissions = list(wanted.values())
    return len(set(wanted) ^ set(present))
