"""Deciding rights: what is decided now, what a change would give to whom, and making it.

Everything decided is one value by key: (role, entity, "action", action) → yes or no,
(role, entity, "scope", "") → a scope, (role, entity, "field", attribute) → keep or hide.
A key without a value is as declared.
"""

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import Conflict, Invalid
from app.history import because
from app.lowcode.actions import ACTIONS, Action, declared
from app.lowcode.generate import declared_models
from app.lowcode.overrides import (
    FieldRight,
    RoleRight,
    RoleScope,
    fields_of_entity,
    may_grant,
    may_revoke,
    naming,
    overridden,
)
from app.lowcode.problems import needed
from app.lowcode.scopes import SCOPES, Scope, scopes_of
from app.lowcode.screen import label_of
from app.lowcode.sync import sync_permissions, wanted_rights
from app.models import FabRole, OfficerPosition, User
from app.permissions import ROLE_LABELS, Role

Key = tuple[str, str, str, str]
State = Mapping[Key, str]
YES, NO, KEEP, HIDE = "yes", "no", "keep", "hide"
MAX_NAMES = 12


@dataclass(frozen=True)
class Effect:
    """What a change does to one role: in words, whether it gives, and to whom."""

    role: Role
    entity: str
    words: str
    is_gain: bool
    count: int
    names: list[str]


def decided(session: Session) -> dict[Key, str]:
    """Return everything that is decided against the declaration, in one statement."""
    rows = sa.union_all(
        _select(RoleRight, "action", RoleRight.action, sa.case((RoleRight.is_allowed, YES), else_=NO)),
        _select(RoleScope, "scope", sa.literal(""), RoleScope.scope),
        _select(FieldRight, "field", FieldRight.field, sa.case((FieldRight.may_read, KEEP), else_=HIDE)),
    )
    return {(role, entity, what, key): value
            for role, entity, what, key, value in session.execute(rows)}  # fmt: skip


def _select(model: type[Any], what: str, name: Any, value: Any) -> Any:
    columns = (FabRole.name, model.entity, sa.literal(what), name, value)
    return sa.select(*columns).join_from(model, FabRole)


def mark_of(state: State) -> str:
    """Return the mark of what is decided: a form opened before somebody else's change differs."""
    text = json.dumps(sorted([*key, value] for key, value in state.items()))
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def model_named(entity: str) -> type[Any]:
    """Return the declared model called ``entity``; raises Invalid if there is none."""
    model = next((m for m in declared_models() if m.__name__ == entity), None)
    if model is None:
        raise Invalid(_("There is no such kind of record."))
    return model


def as_decision(model: type[Any], role: Role, action: str, *, is_wanted: bool) -> str:
    """Return the value to decide so that ``role`` has ``action`` or not; "" = as declared."""
    if is_wanted == (role in declared(model, action)):
        return ""
    return YES if is_wanted else NO


def after(state: State, changes: State) -> dict[Key, str]:
    """Return what is decided once ``changes`` are made; "" takes a decision back."""
    return {key: value for key, value in {**state, **changes}.items() if value}


def differing(state: State, wanted: State) -> dict[Key, str]:
    """Return those of ``wanted`` that differ from what is decided."""
    return {key: value for key, value in wanted.items() if state.get(key, "") != value}


def check(state: State, changes: State) -> None:
    """Refuse what no declaration allows and what would lock the administrators out.

    Raises Invalid naming the rule.
    """
    for key, value in changes.items():
        role, model = _role(key[0]), model_named(key[1])
        _CHECKS.get(key[2], _refuse)(model, role, key[3], value)
    for role_name, entity in {key[:2] for key in changes}:
        _refuse_impossible_add(after(state, changes), Role(role_name), model_named(entity))


def _role(name: str) -> Role:
    if name not in set(Role) or name == Role.citizen:
        raise Invalid(_("There is no such role."))
    return Role(name)


def _refuse(*_given: Any) -> None:
    raise Invalid(_("This cannot be decided here."))


def _check_action(model: type[Any], role: Role, action: str, value: str) -> None:
    if action not in set(Action) or value not in (YES, NO, ""):
        _refuse()
    words = {"role": _(ROLE_LABELS[role]), "what": model.screen.title, "action": _(ACTIONS[Action(action)])}
    if value == YES and not may_grant(model, role, action):
        raise Invalid(_("“%(what)s”: nobody can be allowed to %(action)s; no screen does it.", **words))
    if value == NO and not may_revoke(model, role):
        raise Invalid(
            _("“%(what)s”: %(role)s must keep this right, or nobody could give posts any more.", **words)
        )


def _check_scope(model: type[Any], role: Role, _name: str, value: str) -> None:
    if value and value not in scopes_of(model)[1:]:
        raise Invalid(
            _("“%(what)s” has no such scope: its records do not say whose they are.", what=model.screen.title)
        )
    if value and not may_revoke(model, role):
        raise Invalid(_("The system administrator must see all users and posts."))


def _check_field(model: type[Any], role: Role, name: str, value: str) -> None:
    if name not in fields_of_entity(model) or value not in (KEEP, HIDE, ""):
        _refuse()
    label = {"field": label_of(model, name)}
    if value == HIDE and name in naming(model):
        raise Invalid(_("“%(field)s” cannot be hidden: records are called by it.", **label))
    if value and not may_revoke(model, role):
        raise Invalid(_("The system administrator must see all users and posts."))


_CHECKS = {"action": _check_action, "scope": _check_scope, "field": _check_field}


def _refuse_impossible_add(state: State, role: Role, model: type[Any]) -> None:
    """Who may add records must be able to write what a record cannot do without."""
    shut = {name for (r, e, what, name) in state if (r, e, what) == (role, model.__name__, "field")}
    rights = overridden(wanted_rights(), as_decisions(state), [model])
    short = sorted(shut & set(needed(model)))
    if short and role in rights.get(("can_add", model.__name__), ()):
        raise Invalid(
            _("“%(field)s” is needed by every new record; take the right to add first.",
              field=label_of(model, short[0]))
        )  # fmt: skip


def as_decisions(state: State) -> dict[tuple[str, str, str], bool]:
    """Return the decided actions as the declaration layer reads them."""
    return {(role, entity, name): value == YES
            for (role, entity, what, name), value in state.items() if what == "action"}  # fmt: skip


def effects(session: Session, state: State, changes: State) -> list[Effect]:
    """Return what ``changes`` would give to whom or take from whom, roles in their order."""
    models = [m for m in declared_models() if m.__name__ in {key[1] for key in changes}]
    rights = wanted_rights()
    before = overridden(rights, as_decisions(state), models)
    then = overridden(rights, as_decisions(after(state, changes)), models)
    lines = [line for model in models for line in _moved(model, before, then)]
    lines += [(Role(key[0]), model_named(key[1]), *_narrowed(key, value))
              for key, value in sorted(changes.items()) if key[2] != "action"]  # fmt: skip
    holders = holders_of(session, {role for role, *_rest in lines})
    return [
        Effect(role, str(model.screen.title), words, is_gain, len(holders[role]), holders[role][:MAX_NAMES])
        for role, model, words, is_gain in sorted(lines, key=lambda line: list(Role).index(line[0]))
    ]


def _moved(model: type[Any], before: Any, then: Any) -> Iterable[tuple[Role, type[Any], str, bool]]:
    for action in Action:
        key = f"can_{action}", model.__name__
        old, new = before.get(key, frozenset()), then.get(key, frozenset())
        for role in old ^ new:
            yield Role(role), model, _(ACTIONS[action]), role in new


def _narrowed(key: Key, value: str) -> tuple[str, bool]:
    """Return a change of scope or of an attribute in words, and whether it widens."""
    if key[2] == "scope":
        reach = _(SCOPES[Scope(value or Scope.all)])
        return _("reach: %(scope)s", scope=reach), not value
    words = {"": _("sees and changes as declared"), KEEP: _("sees, does not change"), HIDE: _("does not see")}
    label = label_of(model_named(key[1]), key[3])
    return _("attribute “%(field)s”: %(what)s", field=label, what=words[value]), not value


def holders_of(session: Session, roles: set[Role]) -> dict[Role, list[str]]:
    """Return the names of those who hold each of ``roles`` today, in one statement."""
    day, post = today(), OfficerPosition
    query = (
        sa.select(post.role, User.id, User.first_name, User.last_name)
        .join(User, User.id == post.user_id)
        .where(post.role.in_([str(role) for role in roles]), post.valid_from <= day, User.active)
        .where(sa.or_(post.valid_to.is_(None), post.valid_to >= day))
        .distinct().order_by(User.first_name, User.last_name, User.id)
    )  # fmt: skip
    found: dict[Role, list[str]] = {role: [] for role in roles}
    for role, _number, first, last in session.execute(query):
        found[Role(role)].append(f"{first} {last}".strip())
    return found


def decide(session: Session, changes: State, mark: str, reason: str) -> int:
    """Make ``changes`` and bring the rights in line at once; returns how many were made.

    mark: of what the administrator saw. Raises Invalid (the rule, or no reason given),
    Conflict when somebody else decided meanwhile.
    """
    if not reason.strip():
        message = _("Say why: the reason stands in the history.")
        raise Invalid(message, {"reason": message})
    query = sa.select(FabRole).order_by(FabRole.id).with_for_update()
    roles = {role.name: role for role in session.scalars(query)}
    state = decided(session)
    if mark_of(state) != mark:
        raise Conflict(_("Somebody else changed rights meanwhile. Look at the present state and decide again."))
    changes = differing(state, changes)
    check(state, changes)
    with session.no_autoflush:  # one flush: the reason stands at every entry
        for key, value in changes.items():
            _store(session, roles[key[0]], key, value)
    because(session, reason=reason.strip()[:1000])
    session.flush()
    because(session, action="change_rights", reason=reason.strip()[:1000])
    sync_permissions(session)
    session.flush()
    return len(changes)


def _store(session: Session, role: FabRole, key: Key, value: str) -> None:
    _name, entity, what, name = key
    tables: dict[str, tuple[type[Any], dict[str, Any], dict[str, Any]]] = {
        "action": (RoleRight, {"action": name}, {"is_allowed": value == YES}),
        "scope": (RoleScope, {}, {"scope": value}),
        "field": (FieldRight, {"field": name}, {"may_read": value == KEEP, "may_change": False}),
    }
    model, given, values = tables[what]
    row = session.scalar(sa.select(model).filter_by(role_id=role.id, entity=entity, **given))
    if not value:
        if row is not None:
            session.delete(row)
        return
    if row is None:
        row = model(role=role, role_id=role.id, entity=entity, **given)
        session.add(row)
    for attribute, wanted in values.items():
        setattr(row, attribute, wanted)
