"""Which rows an actor may touch: the second gate, following the agency tree."""

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import InstrumentedAttribute

from app.lowcode.scopes import narrowing
from app.lowcode.screen import Near
from app.models.account import Account
from app.models.agency import Agency
from app.models.dossier import Dossier
from app.models.dossier_place import dossiers_at
from app.models.officer import OfficerPosition
from app.models.user import User
from app.permissions import DOSSIER_READERS, OVERSEERS, Actor, Role

# A root's path holds one id: whoever is posted there sees the whole province.
_ROOT_SLASHES = 2
NO_ROWS = sa.false()


def agencies_under(paths: set[str]) -> sa.Select[tuple[int]]:
    """Return a query of the ids of the agencies at or below ``paths``."""
    return sa.select(Agency.id).where(sa.or_(*(Agency.path.startswith(path) for path in paths)))


def paths_of(actor: Actor, roles: frozenset[Role]) -> set[str]:
    """Return where the actor's posts in ``roles`` stand in the tree."""
    return {post.path for post in actor.positions_as(roles)}


def sees_province(paths: set[str]) -> bool:
    """Return whether one of ``paths`` is the root."""
    return any(path.count("/") == _ROOT_SLASHES for path in paths)


def by_agency(
    column: InstrumentedAttribute[int], actor: Actor, roles: frozenset[Role]
) -> ColumnElement[bool] | None:
    """Return the condition that ``column`` lies under a post in ``roles``; None = every row."""
    paths = paths_of(actor, roles)
    if not paths:
        return NO_ROWS
    return None if sees_province(paths) else column.in_(agencies_under(paths))


def dossiers_of(actor: Actor, near: Near | None = None) -> ColumnElement[bool] | None:
    """Return the dossiers an actor may see, within the scope his roles were given; None = all.

    near: only those beyond an id are wanted.
    """
    rules = [_dossiers_by_posts(actor, near), narrowing(Dossier, actor, "read")]
    found = [rule for rule in rules if rule is not None]
    return sa.and_(*found) if found else None


def _dossiers_by_posts(actor: Actor, near: Near | None) -> ColumnElement[bool] | None:
    """Return the dossiers an actor's posts let him see.

    Officers: those handled or received in their part of the tree, and those with a task
    there (a step at another agency). Applicants: their own.
    """
    own = Dossier.account_id == actor.account_id if actor.account_id else None
    posts = actor.positions_as(DOSSIER_READERS)
    if not posts:
        return own if own is not None else NO_ROWS
    if sees_province({post.path for post in posts}):
        return None
    seen = dossiers_at({post.agency_id for post in posts}, near)
    if own is None:
        return Dossier.id.in_(seen)
    return Dossier.id.in_(sa.union(seen, sa.select(Dossier.id).where(own)))


def users_of(actor: Actor) -> ColumnElement[bool] | None:
    """Return the users an actor may see: those posted in his part of the tree.

    Administrators of the system see everybody. Applicants log in with their personal number,
    so an auditor of one commune must not read the list of all of them.
    """
    paths = paths_of(actor, OVERSEERS)
    if actor.has(Role.system_admin) or sees_province(paths):
        return None
    if not paths:
        return NO_ROWS
    posts = sa.select(OfficerPosition.user_id)
    return User.id.in_(posts.where(OfficerPosition.agency_id.in_(agencies_under(paths))))


def through_dossier(column: InstrumentedAttribute[int], actor: Actor) -> ColumnElement[bool] | None:
    """Return the condition that the dossier in ``column`` is one the actor may see."""
    condition = dossiers_of(actor)
    return None if condition is None else column.in_(sa.select(Dossier.id).where(condition))


def accounts_of(actor: Actor) -> ColumnElement[bool] | None:
    """Return the applicants an officer may see: those with a dossier in his scope, or his own.

    A desk officer also finds an applicant by the exact number at reception; that is a
    service of its own, recorded as a read.
    """
    own = Account.id == actor.account_id if actor.account_id else sa.false()
    condition = dossiers_of(actor)
    if condition is None:
        return None
    return sa.or_(own, Account.id.in_(sa.select(Dossier.account_id).where(condition)))
