"""The history: what happened to each record, by whom, chained so that nothing can be altered.

Every insert, update and delete of every model is written here by one flush listener, in
the same transaction. Entries of one aggregate (a dossier with all its parts) form a
chain: each carries the SHA-256 of its own content and of the entry before it.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import replace
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_babel import gettext as _
from sqlalchemy import event, inspect
from sqlalchemy.exc import IntegrityError
from sqlalchemy.orm import InstanceState, Mapped, Session, mapped_column

from app.clock import recorded_now
from app.errors import Invalid
from app.permissions import Actor, Position, current_actor
from app.types import JSON, UtcDateTime

GENESIS = "0" * 64
HIDDEN = "•••"
MAX_REASON = 4000  # characters: two pages; every reason stands in the history for good
SECRET_COLUMNS = frozenset({"password", "key_hash", "lookup_hash"})
# Written by the login itself; a login has an entry of its own.
_NOISE = frozenset(
    {"search_text", "search_pairs", "answers_text", "row_version", "last_login", "login_count", "fail_login_count"}
    | {"id", "created_on", "changed_on", "changed_by_fk", "created_by_fk", "registration_hash"}
)

_LOCKS, _MOST_LOCKS = "history_locks", 500  # in one transaction
_ATTEMPTS = 5
_RESTORED = "history_restored"
_ACTS_BY = "history_acts_by"

Key = tuple[str, int]


class HistoryEntry(Model):
    """One thing that happened to one record. Never updated, never deleted."""

    __tablename__ = "history"
    __history__ = False
    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    aggregate: Mapped[str] = mapped_column(sa.String(60))
    aggregate_id: Mapped[int] = mapped_column(sa.BigInteger)
    seq: Mapped[int] = mapped_column(sa.Integer)
    at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    actor_id: Mapped[int | None] = mapped_column(sa.Integer)
    actor_name: Mapped[str] = mapped_column(sa.String(255))
    on_behalf_of: Mapped[str | None] = mapped_column(sa.String(255))
    ip: Mapped[str | None] = mapped_column(sa.String(45))
    action: Mapped[str] = mapped_column(sa.String(60))
    record: Mapped[str] = mapped_column(sa.String(60))
    record_id: Mapped[int] = mapped_column(sa.BigInteger)
    changes: Mapped[dict[str, Any]] = mapped_column(JSON)
    reason: Mapped[str | None] = mapped_column(sa.Text)
    previous_hash: Mapped[str] = mapped_column(sa.String(64))
    hash: Mapped[str] = mapped_column(sa.String(64))
    __table_args__ = (
        sa.UniqueConstraint("aggregate", "aggregate_id", "seq"),
        sa.Index("ix_history_record", "record", "record_id"),
        sa.Index("ix_history_actor", "actor_id", "at"),
    )


_TABLE = HistoryEntry.__table__
_LAST = sa.select(_TABLE.c.seq, _TABLE.c.hash).order_by(_TABLE.c.seq.desc()).limit(1).where(
    _TABLE.c.aggregate == sa.bindparam("aggregate"), _TABLE.c.aggregate_id == sa.bindparam("aggregate_id")
)  # fmt: skip
# Waits for the lock, looks then: in one plain SELECT PostgreSQL would look first. Migration "history_head".
_LOCKED_LAST = sa.text(
    "SELECT seq, hash FROM history_head(CAST(:lock AS bigint), CAST(:aggregate AS text), CAST(:aggregate_id AS bigint))"
)


def digest(row: dict[str, Any]) -> str:
    """Return the hash of an entry: SHA-256 over its canonical JSON, ``id`` and ``hash`` left out."""
    kept = {key: plain(value) for key, value in row.items() if key not in {"id", "hash"}}
    text = json.dumps(kept, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()


def plain(value: Any) -> Any:
    """Return ``value`` as JSON can hold it; instants and dates in ISO form."""
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(item) for item in value]
    return getattr(value, "id", value) if isinstance(value, Model) else value


def restored(session: Session, key: Key) -> None:
    """Say that a record which was removed comes back under its number: its chain goes on."""
    session.info.setdefault(_RESTORED, set()).add(key)


def because(session: Session, *, action: str | None = None, reason: str | None = None) -> None:
    """Name the act (a transition, say) and its reason for the entries of the coming flush.

    Raises Invalid (field "reason") for a reason nobody would read to its end.
    """
    if reason is not None and len(reason) > MAX_REASON:
        message = _("At most %(limit)d characters. You typed %(count)d.", limit=MAX_REASON, count=len(reason))
        raise Invalid(message, {"reason": message})
    if session.info.get("history_action") and any(_touched(session)):
        session.flush()  # what the act before did is told with its own reason
    session.info["history_action"] = action
    session.info["history_reason"] = reason


def act_by(session: Session, actor: Actor, post: Position | None) -> None:
    """Say by which post ``actor`` does what this transaction does; what he said first holds.

    A delegated post makes every entry tell in whose place it was done.
    """
    said = session.info.get(_ACTS_BY)
    if said is None or said[0] != actor.user_id:
        session.info[_ACTS_BY] = (actor.user_id, post)


def acting_post(session: Session, actor: Actor, *, own: bool = False) -> Position | None:
    """Return the delegated post by which ``actor`` acts in this transaction; with ``own`` also one of his own."""
    user_id, post = session.info.get(_ACTS_BY, (None, None))
    is_meant = post is not None and (own or post.delegation_id is not None)
    return post if is_meant and user_id == actor.user_id else None


def _teller(session: Session) -> Actor:
    """Who acts now, and in whose place."""
    actor = current_actor()
    post = acting_post(session, actor)
    return actor if post is None or actor.on_behalf_of else replace(actor, on_behalf_of=post.delegator)


def record(
    session: Session, key: Key, action: str, *,
    changes: dict[str, Any] | None = None, reason: str | None = None,
) -> None:  # fmt: skip
    """Write an entry that no column change tells of: a read, a print, a login."""
    append(session, [_entry(key, key, action, changes or {}, reason, _teller(session))])


def append(session: Session, entries: Iterable[dict[str, Any]]) -> None:
    """Chain ``entries`` behind their aggregates' last ones and insert them."""
    rows = sorted(entries, key=lambda row: (row["aggregate"], row["aggregate_id"]))
    _chain(session, rows)
    if rows and session.info.get(_LOCKS, 0) < _MOST_LOCKS:
        session.connection().execute(sa.insert(_TABLE), rows)
    elif rows:
        _insert_unlocked(session, rows)


def _chain(session: Session, rows: list[dict[str, Any]]) -> None:
    heads = session.info.setdefault("history_heads", {})
    for row in rows:
        key = (row["aggregate"], row["aggregate_id"])
        if key not in heads:
            heads[key] = _head(session, key)
        row["seq"], row["previous_hash"] = heads[key][0] + 1, heads[key][1]
        row["hash"] = digest(row)
        heads[key] = (row["seq"], row["hash"])


def _insert_unlocked(session: Session, rows: list[dict[str, Any]]) -> None:
    """Insert entries of which some have no lock: one who read a dossier meanwhile may have been faster."""
    connection, heads = session.connection(), session.info["history_heads"]
    for left in reversed(range(_ATTEMPTS)):
        try:
            with connection.begin_nested():
                connection.execute(sa.insert(_TABLE), rows)
            return
        except IntegrityError:
            if not left:
                raise
            for row in rows:
                heads.pop((row["aggregate"], row["aggregate_id"]), None)
            _chain(session, rows)


def _head(session: Session, key: Key) -> tuple[int, str]:
    """Return the last (seq, hash) of an aggregate, locked against other writers."""
    connection = session.connection()
    values: dict[str, Any] = {"aggregate": key[0], "aggregate_id": key[1]}
    held = session.info.get(_LOCKS, 0)
    # PostgreSQL keeps all locks in one table of fixed size: who changes thousands of records locks some,
    # and chains the others anew when another writer of the chain was faster.
    if connection.dialect.name == "postgresql" and held < _MOST_LOCKS:
        session.info[_LOCKS] = held + 1
        lock = int.from_bytes(hashlib.sha256(f"{key}".encode()).digest()[:8], "big", signed=True)
        row = connection.execute(_LOCKED_LAST, values | {"lock": lock}).first()
    else:
        row = connection.execute(_LAST, values).first()
    return (row.seq, row.hash) if row else (0, GENESIS)


def _entry(
    aggregate: Key, target: Key, action: str, changes: dict[str, Any], reason: str | None, actor: Actor
) -> dict[str, Any]:
    return {
        "aggregate": aggregate[0], "aggregate_id": aggregate[1], "at": recorded_now(),
        "actor_id": actor.user_id, "actor_name": actor.name, "on_behalf_of": actor.on_behalf_of,
        "ip": actor.ip, "action": action, "record": target[0], "record_id": target[1],
        "changes": changes, "reason": reason,
    }  # fmt: skip


def owner_key(obj: Any) -> Key:
    """Return the aggregate a record belongs to: ``__history_owner__`` or the record itself."""
    owner = getattr(obj, "__history_owner__", None)
    if owner:
        table, column = owner
        if getattr(obj, column) is not None:
            return table, getattr(obj, column)
    return obj.__tablename__, obj.id


@event.listens_for(Session, "after_flush")
def _write_history(session: Session, _context: Any) -> None:
    actor = _teller(session)
    named, reason = session.info.pop("history_action", None), session.info.pop("history_reason", None)
    entries, fresh = [], session.info.setdefault("history_heads", {})
    # SQLite gives the number of a deleted last row out again; its chain then goes on.
    reuses_ids = session.connection().dialect.name == "sqlite"
    for obj, default in _touched(session):
        changes = changed_fields(obj, default)
        if not changes and default == "update":
            continue
        target = (obj.__tablename__, obj.id)
        is_new = not reuses_ids and target not in session.info.get(_RESTORED, ())
        owner = owner_key(obj)
        if default == "create" and owner == target and is_new:
            fresh[target] = (0, GENESIS)
        action = named if named and default == "update" and owner == target else default
        entries.append(_entry(owner, target, action, changes, reason, actor))
    append(session, entries)


def forget_heads(session: Session) -> None:
    """Let go of the ends of chains kept for the next entries: many thousand take much memory."""
    session.info.pop("history_heads", None)


@event.listens_for(Session, "after_transaction_end")
def _forget_post(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        session.info.pop(_ACTS_BY, None)


@event.listens_for(Session, "after_soft_rollback")
def _forget_heads(session: Session, _previous: Any) -> None:
    forget_heads(session)


def _touched(session: Session) -> list[tuple[Any, str]]:
    found = [(obj, "create") for obj in session.new]
    found += [(obj, "update") for obj in session.dirty if session.is_modified(obj)]
    found += [(obj, "delete") for obj in session.deleted]
    return [pair for pair in found if getattr(pair[0], "__history__", True)]


def changed_fields(obj: Any, action: str) -> dict[str, list[Any]]:
    """Return ``{column: [old, new]}`` of what the flush changes; secrets are hidden."""
    state: InstanceState[Any] = inspect(obj)
    changes: dict[str, list[Any]] = {}
    for attr in state.mapper.column_attrs:
        # One not written to is left out: asking for its past costs as much as one that was.
        if attr.key in _NOISE or (action != "delete" and attr.key not in state.committed_state):
            continue
        old, new = _old_and_new(state, attr.key, action)
        if old != new:
            changes[attr.key] = [HIDDEN, HIDDEN] if attr.key in SECRET_COLUMNS else [old, new]
    for relation in state.mapper.relationships:
        if relation.secondary is not None and relation.key in state.dict:
            past = state.attrs[relation.key].history
            if past.added or past.deleted:
                changes[relation.key] = [plain(past.deleted), plain(past.added)]
    return changes


def _old_and_new(state: InstanceState[Any], key: str, action: str) -> tuple[Any, Any]:
    past = state.attrs[key].history
    if action == "delete":
        return plain(state.dict.get(key)), None
    if not past.has_changes():
        return None, None
    old = past.deleted[0] if past.deleted and action == "update" else None
    return plain(old), plain(past.added[0] if past.added else None)
