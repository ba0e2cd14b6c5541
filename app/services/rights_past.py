"""Rights on a past date: posts by their validity, decisions by replaying the history."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import VIETNAM
from app.history import HistoryEntry
from app.lowcode.generate import declared_models
from app.lowcode.overrides import FieldRight, RoleRight, RoleScope, overridden
from app.lowcode.sync import wanted_rights
from app.models import Account, Delegation, FabRole, User
from app.permissions import Actor, Position, Role
from app.services.actors import posts_held
from app.services.rights_changes import HIDE, KEEP, NO, YES, Key, State, as_decisions
from app.services.role_rights import combine

_TABLES = tuple(model.__tablename__ for model in (RoleRight, RoleScope, FieldRight))


@dataclass(frozen=True)
class Decision:
    """What stood decided under a key: the value, when, by whom, why."""

    value: str
    at: datetime
    who: str
    reason: str


def decisions_on(session: Session, day: date) -> dict[Key, Decision]:
    """Return what was decided at the end of ``day`` and by whom, replayed from the history."""
    entry = HistoryEntry
    query = sa.select(entry).where(entry.record.in_(_TABLES), entry.at < _end_of(day)).order_by(entry.id)
    rows: dict[tuple[str, int], dict[str, Any]] = {}
    last: dict[tuple[str, int], HistoryEntry] = {}
    for one in session.scalars(query):
        number = (one.record, one.record_id)
        if one.action == "delete":
            rows.pop(number, None)
            continue
        kept = rows.setdefault(number, {})
        kept.update({key: new for key, (_old, new) in one.changes.items()})
        last[number] = one
    names = {role.id: role.name for role in session.scalars(sa.select(FabRole))}
    return {
        _key(number[0], row, names): Decision(
            _value(number[0], row), last[number].at, last[number].actor_name, last[number].reason or "")
        for number, row in rows.items()
    }  # fmt: skip


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def _key(table: str, row: Mapping[str, Any], names: Mapping[int, str]) -> Key:
    role, entity = names.get(row["role_id"], ""), row["entity"]
    if table == RoleRight.__tablename__:
        return role, entity, "action", row["action"]
    if table == RoleScope.__tablename__:
        return role, entity, "scope", ""
    return role, entity, "field", row["field"]


def _value(table: str, row: Mapping[str, Any]) -> str:
    if table == RoleRight.__tablename__:
        return YES if row.get("is_allowed") else NO
    if table == RoleScope.__tablename__:
        return str(row["scope"])
    return KEEP if row.get("may_read") else HIDE


def account_on(session: Session, user: User, day: date) -> bool | None:
    """Return whether the account was open at the end of ``day``, as the history tells; None if it does not."""
    entry = HistoryEntry
    query = sa.select(entry.at, entry.changes).where(entry.record == User.__tablename__, entry.record_id == user.id)
    told = [(at, changes["active"]) for at, changes in session.execute(query.order_by(entry.id))
            if changes and "active" in changes]  # fmt: skip
    later = [was for at, (was, _then) in told if at >= _end_of(day)]
    if later:
        return bool(later[0])
    return bool(told[-1][1][1]) if told else None


def positions_on(session: Session, user_id: int, day: date) -> tuple[Position, ...]:
    """Return the posts a user held on ``day``, and those lent to him that no one had withdrawn by its end."""
    entry, lent = HistoryEntry, Delegation
    later = sa.exists().where(
        entry.record == lent.__tablename__, entry.record_id == lent.id,
        entry.action == "withdraw_delegation", entry.at >= _end_of(day),
    )  # fmt: skip
    is_lent = sa.and_(lent.valid_from <= day, lent.valid_to >= day, sa.or_(lent.is_withdrawn.is_(False), later))
    return posts_held(session, user_id, day, is_lent)


def actor_on(session: Session, user: User, day: date, state: State) -> Actor:
    """Return the actor ``user`` was on ``day``: his posts and those lent to him then, the rights decided then.

    The declarations are those of the present release.
    """
    posts = positions_on(session, user.id, day)
    account_id = session.scalar(sa.select(Account.id).where(Account.user_id == user.id))
    as_officer = session.scalar(sa.select(Account.id).where(Account.officer_id == user.id))
    roles = {post.role for post in posts} | ({Role.citizen} if account_id else set())
    return Actor(
        user_id=user.id, name=user.get_full_name(), roles=frozenset(roles), positions=posts,
        account_id=account_id, officer_account_id=as_officer, **combine(_rows(roles, state)),
    )  # fmt: skip


def _rows(roles: set[Role], state: State) -> list[tuple[str, str, str, str]]:
    """Return what ``role_rights`` reads from the database, of a state of decisions."""
    rights = overridden(wanted_rights(), as_decisions(state), declared_models())
    rows = [("grant", str(role), permission, view)
            for (permission, view), holders in rights.items() for role in roles if role in holders]  # fmt: skip
    for (role, entity, what, name), value in state.items():
        if role in roles and what == "scope":
            rows.append(("scope", role, value, entity))
        if role in roles and what == "field":
            rows.append((value, role, name, entity))
    return rows
