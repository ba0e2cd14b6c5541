"""Scopes: whose records a role may touch, beside what the declaration's row rule allows."""

from collections.abc import Mapping, Sequence
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement, inspect

from app.i18n import N_
from app.permissions import Actor, Role


class Scope(StrEnum):
    """How far a right of a role reaches."""

    all = "all"
    agency = "agency"
    subtree = "subtree"
    own = "own"


SCOPES = {
    Scope.all: N_("everything the screen allows"),
    Scope.agency: N_("own agency"),
    Scope.subtree: N_("own agency and those below"),
    Scope.own: N_("own records"),
}
_AGENCIES = "agency"  # the table


def scope_paths(model: type[Any]) -> Mapping[str, Sequence[str]]:
    """Return where a record says whose it is: {"agency": paths, "owner": paths}."""
    if model.screen.scope is not None:
        return model.screen.scope
    columns = inspect(model).columns
    if "agency_id" in columns and _target(columns["agency_id"]) == _AGENCIES:
        return {"agency": ["agency_id"]}
    if "dossier_id" in columns and "dossier" in inspect(model).relationships:
        return {"agency": ["dossier.agency_id", "dossier.desk_id"], "owner": ["dossier.holder_id"]}
    return {}


def scopes_of(model: type[Any]) -> list[Scope]:
    """Return the scopes that make sense for records of ``model``; "all" is always the first."""
    paths = scope_paths(model)
    by_agency = [Scope.agency, Scope.subtree] if paths.get("agency") else []
    return [Scope.all, *by_agency, *([Scope.own] if paths.get("owner") else [])]


def narrowing(model: type[Any], actor: Actor, action: str) -> ColumnElement[bool] | None:
    """Return the condition that the roles granting ``action`` reach a record; None = every one."""
    granting = actor.scopes.get((f"can_{action}", model.__name__))
    if granting is None:
        return None
    return sa.or_(sa.false(), *(_reached(model, actor, role, scope) for role, scope in granting))


def _reached(model: type[Any], actor: Actor, role: Role, scope: str) -> ColumnElement[bool]:
    paths = scope_paths(model)
    if scope == Scope.own:
        return _any(model, paths.get("owner", ()), lambda column: column == actor.user_id)
    posts = actor.positions_as(frozenset({role}))
    if scope == Scope.agency:
        numbers = {post.agency_id for post in posts}
        return _any(model, paths.get("agency", ()), lambda column: column.in_(numbers))
    places = {post.path for post in posts}
    return _any(model, paths.get("agency", ()), lambda column: column.in_(_under(column, places)))


def _under(column: Any, places: set[str]) -> sa.Select[Any]:
    """Return the ids of the agencies at or below ``places``."""
    column = inspect(column).parent.columns[column.key]
    keys = list(column.foreign_keys)
    table = keys[0].column.table if keys else column.table
    return sa.select(table.c.id).where(
        sa.or_(sa.false(), *(table.c.path.startswith(place) for place in places))
    )


def _any(model: type[Any], paths: Sequence[str], test: Any) -> ColumnElement[bool]:
    return sa.or_(sa.false(), *(_through(model, path, test) for path in paths))


def _through(model: type[Any], path: str, test: Any) -> ColumnElement[bool]:
    """Return ``test`` of the attribute at the end of ``path``, along many-to-one relations."""
    name, _dot, rest = path.partition(".")
    if not rest:
        return test(getattr(model, name))  # type: ignore[no-any-return]
    relation = inspect(model).relationships[name]
    target, key = relation.mapper.class_, next(iter(relation.local_columns))
    return key.in_(sa.select(target.id).where(_through(target, rest, test)))


def _target(column: Any) -> str:
    return next((key.column.table.name for key in column.foreign_keys), "")
