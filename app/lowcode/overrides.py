"""What administrators decided on top of the declaration; a row that is absent decides nothing.

A right may be given only where the declaration makes it possible, a scope or a field right
only narrows. ``sync`` writes the sum into FAB's tables.
"""

from collections.abc import Mapping
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_appbuilder.security.sqla.models import Role as FabRole
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import inspect
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.lowcode.actions import ACTIONS, Action, possible
from app.lowcode.entity import Entity
from app.lowcode.naturals import has_key, key_names
from app.lowcode.scopes import SCOPES
from app.lowcode.screen import declared_shown, declared_writable, label_of
from app.permissions import Role

Rights = Mapping[tuple[str, str], frozenset[Any]]
Decisions = Mapping[tuple[str, str, str], bool]
# Without these nobody could give posts and roles any more.
_KEPT = frozenset({"User", "OfficerPosition", "Role"})


class _Titles(dict[str, str]):
    """The choices of an entity's name: the titles of the declared models, looked up when read."""

    def __contains__(self, name: object) -> bool:
        return _declared(str(name)) is not None

    def __missing__(self, name: str) -> str:
        return entity_title(name)


class _OfRole(Entity):
    """What all three have: a role and the entity. They belong to the role's history."""

    __abstract__ = True
    __history_owner__ = ("ab_role", "role_id")
    role_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_role.id"), info={"label": _l("Role")})
    entity: Mapped[str] = mapped_column(
        sa.String(60), info={"label": _l("Kind of record"), "choices": _Titles()}
    )
    singular: ClassVar[Any] = _l("Right")

    def _of(self, *words: str) -> str:
        return " · ".join([str(self.role), entity_title(self.entity), *words])


class RoleRight(_OfRole):
    """A right given to a role, or taken from it, against the declaration."""

    action: Mapped[str] = mapped_column(
        sa.String(10), info={"label": _l("Action"), "choices": ACTIONS}
    )
    is_allowed: Mapped[bool] = mapped_column(info={"label": _l("Allowed")})
    role: Mapped[FabRole] = relationship(FabRole, lazy="joined")
    __table_args__ = (sa.UniqueConstraint("role_id", "entity", "action"),)

    def __str__(self) -> str:
        return self._of(_(ACTIONS[Action(self.action)]))


class RoleScope(_OfRole):
    """How far a role's rights on an entity reach."""

    scope: Mapped[str] = mapped_column(
        sa.String(10), info={"label": _l("Scope"), "choices": SCOPES}
    )
    role: Mapped[FabRole] = relationship(FabRole, lazy="joined")
    __table_args__ = (sa.UniqueConstraint("role_id", "entity"),)

    def __str__(self) -> str:
        return self._of()


class FieldRight(_OfRole):
    """An attribute that a role does not see, or sees and does not change."""

    field: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Attribute")})
    may_read: Mapped[bool] = mapped_column(default=True, info={"label": _l("Sees it")})
    may_change: Mapped[bool] = mapped_column(default=False, info={"label": _l("Changes it")})
    role: Mapped[FabRole] = relationship(FabRole, lazy="joined")
    __table_args__ = (sa.UniqueConstraint("role_id", "entity", "field"),)

    def __str__(self) -> str:
        model = _declared(self.entity)
        is_known = model is not None and self.field in inspect(model).attrs
        return self._of(str(label_of(model, self.field)) if model and is_known else self.field)


def _declared(name: str) -> type[Any] | None:
    models = (mapper.class_ for mapper in Entity.registry.mappers)
    return next((m for m in models if m.__name__ == name and getattr(m, "screen", None)), None)


def entity_title(name: str) -> str:
    """Return what the records of the declared model ``name`` are called."""
    model = _declared(name)
    return str(model.screen.title) if model is not None else name


def may_grant(model: type[Any], role: Role, action: str) -> bool:
    """Return whether ``action`` may be given to ``role``: possible, and not to applicants."""
    return action in possible(model) and role is not Role.citizen


def possible_actions(model: type[Any], role: Role) -> list[Action]:
    """Return the actions that may be decided for ``role``, in the order of the matrix."""
    return [action for action in Action if may_grant(model, role, action)]


def may_revoke(model: type[Any], role: Role) -> bool:
    """Return whether rights may be taken: the system administrator must be able to give posts."""
    return not (role is Role.system_admin and model.__name__ in _KEPT)


def decisions(session: Session) -> Decisions:
    """Return {(role, entity, action): is_allowed} of what was decided."""
    query = sa.select(FabRole.name, RoleRight.entity, RoleRight.action, RoleRight.is_allowed)
    rows = session.execute(query.join(FabRole, FabRole.id == RoleRight.role_id))
    return {(role, entity, action): allowed for role, entity, action, allowed in rows}


def overridden(rights: Rights, decided: Decisions, models: list[type[Any]]) -> Rights:
    """Return ``rights`` with what was decided, as far as the declarations allow it.

    Who may not see records may do nothing else with them either.
    """
    found = dict(rights)
    for model in models:
        name = model.__name__
        for action in possible(model):
            key = f"can_{action}", name
            found[key] = frozenset(
                role for role in Role if holds(rights[key], decided, model, role, action)
            )
        readers = found["can_read", name]
        found |= {(f"can_{action}", name): found[f"can_{action}", name] & readers
                  for action in possible(model)}  # fmt: skip
    return found


def holds(declared: Any, decided: Decisions, model: type[Any], role: Role, action: str) -> bool:
    """Return whether ``role`` has ``action`` by ``declared`` and what was decided; reading aside."""
    is_declared = role in declared
    wanted = decided.get((str(role), model.__name__, str(action)), is_declared)
    if wanted == is_declared:
        return is_declared
    return may_grant(model, role, action) if wanted else not may_revoke(model, role)


def fields_of_entity(model: type[Any]) -> list[str]:
    """Return the attributes that screens of ``model`` show, offer or write."""
    screen = model.screen
    names = [*declared_shown(model), *declared_writable(model), *screen.columns, *screen.filters,
             *screen.search]  # fmt: skip
    return list(dict.fromkeys(names))


def naming(model: type[Any]) -> frozenset[str]:
    """Return the attributes a record is called by: its name stands wherever it is mentioned.

    Files name records by their natural key; those of persons are not named in other files.
    """
    code = getattr(model.__str__, "__code__", None)
    names = set(code.co_names if code else ())
    screen = getattr(model, "screen", None)
    if screen is not None and has_key(model) and not screen.is_personal:
        names |= set(key_names(model))
    return frozenset(names & set(inspect(model).attrs.keys()))
