"""Proof that the history was not altered: hash chains of each record, and signed seals over all."""

import hashlib
import hmac
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask import current_app
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Session

from app.clock import now
from app.extensions import db
from app.history import GENESIS, HistoryEntry, Key, digest
from app.i18n import N_
from app.models import HistorySeal
from app.workflows.wording import Phrase

_BATCH = 2000
SEAL = "history_seal"
# The beat seals once a day; after two the operator should ask why it does not.
SEAL_DUE = timedelta(days=2)
# Above this many entries the whole chain is checked from the command line, not by a request.
WHOLE_LIMIT = 200_000
_TABLE = HistoryEntry.__table__
_SEALS = HistorySeal.__table__


@dataclass(frozen=True)
class Fault:
    """The first broken link of one record's chain, or a seal that no longer fits."""

    aggregate: str
    aggregate_id: int
    entry_id: int
    phrase: Phrase

    @property
    def why(self) -> str:
        """What is wrong, in English; callers with a reader translate the phrase."""
        return self.phrase.text()

    def __str__(self) -> str:
        return f"{self.aggregate} {self.aggregate_id}: entry {self.entry_id}: {self.why}"


@dataclass(frozen=True)
class SealStatus:
    """How far the history is sealed: the last seal, and how many entries came after it."""

    last: HistorySeal | None
    unsealed: int
    is_late: bool


def verify_history() -> Iterator[Fault]:
    """Yield the first broken link of each chain, then each seal that does not fit.

    Nothing = intact. Reads the history twice, in constant memory. Found: changed content, a
    missing or inserted entry, a changed order, and, for what was sealed, the removal of a
    chain's last entries. Entries newer than the last seal could still be cut off unnoticed.
    """
    connection = db.session().connection()
    query = sa.select(_TABLE).order_by(_TABLE.c.aggregate, _TABLE.c.aggregate_id, _TABLE.c.seq)
    rows = connection.execute(query.execution_options(yield_per=_BATCH)).mappings()
    for _key, chain in groupby(rows, key=lambda row: (row["aggregate"], row["aggregate_id"])):
        fault = _first_fault(chain)
        if fault is not None:
            yield fault
    yield from _seal_faults(connection)


def verify_record(session: Session, key: Key) -> tuple[int, Fault | None]:
    """Return (entries checked, first broken link or None) of one record's chain."""
    query = sa.select(_TABLE).where(_TABLE.c.aggregate == key[0], _TABLE.c.aggregate_id == key[1])
    rows = session.execute(query.order_by(_TABLE.c.seq)).mappings().all()
    return len(rows), _first_fault(iter(rows))


def _first_fault(chain: Iterator[Any]) -> Fault | None:
    seq, previous = 0, GENESIS
    found: Fault | None = None
    for row in chain:
        if found is not None:
            continue  # read the rest of the chain away, the first fault is what counts
        seq += 1
        why = _fault(row, seq, previous)
        previous = row["hash"]
        if why:
            found = Fault(row["aggregate"], row["aggregate_id"], row["id"], why)
    return found


def _fault(row: Any, seq: int, previous: str) -> Phrase | None:
    if row["seq"] != seq:
        return Phrase(N_("number %(seq)d of the chain is missing"), {"seq": seq})
    if row["previous_hash"] != previous:
        return Phrase(N_("does not continue the entry before it"))
    if digest(dict(row)) != row["hash"]:
        return Phrase(N_("content does not match its hash"))
    return None


def settled_id(session: Session) -> int:
    """Return the id up to which no transaction can still add an entry; 0 for no entries.

    On PostgreSQL ids are drawn before they are committed: the lock waits for every writer
    and is let go with this transaction. SQLite has one writer at a time anyway.
    """
    if session.connection().dialect.name == "postgresql":
        session.execute(sa.text("SET LOCAL lock_timeout = '20s'"))
        session.execute(sa.text("LOCK TABLE history IN SHARE ROW EXCLUSIVE MODE"))
    return session.scalar(sa.select(sa.func.max(_TABLE.c.id))) or 0


def seal_history(session: Session, up_to_id: int | None = None) -> HistorySeal | None:
    """Seal the entries after the last seal up to ``up_to_id`` (default: all settled ones).

    Returns the seal, flushed, or None if there was nothing new.
    """
    bound = settled_id(session) if up_to_id is None else up_to_id
    last = last_seal(session)
    start, previous = (last.up_to_id, last.digest) if last else (0, GENESIS)
    if bound <= start:
        return None
    count, signature = _sign(session.connection(), start, bound, previous, _keys()[0])
    if not count:
        return None
    seal = HistorySeal(at=now(), up_to_id=bound, count=count, digest=signature)
    session.add(seal)
    session.flush()
    return seal


def last_seal(session: Session) -> HistorySeal | None:
    """Return the newest seal, or None."""
    return session.scalar(sa.select(HistorySeal).order_by(HistorySeal.up_to_id.desc()).limit(1))


def seal_status(session: Session) -> SealStatus:
    """Return how far the history is sealed."""
    last = last_seal(session)
    newer = sa.select(sa.func.count()).select_from(_TABLE)
    unsealed = session.scalar(newer.where(_TABLE.c.id > (last.up_to_id if last else 0))) or 0
    is_late = last is None or last.at < now() - SEAL_DUE
    return SealStatus(last, unsealed, is_late and unsealed > 0)


def is_short(session: Session) -> bool:
    """Return whether the history is short enough to be checked within a request."""
    ids = sa.select(_TABLE.c.id).limit(WHOLE_LIMIT + 1).subquery()
    return (session.scalar(sa.select(sa.func.count()).select_from(ids)) or 0) <= WHOLE_LIMIT


def _keys() -> list[bytes]:
    """The present secret, then those it replaced: old seals stay provable after a change."""
    config = current_app.config
    secrets = [config["SECRET_KEY"], *(config.get("SECRET_KEY_FALLBACKS") or ())]
    return [hashlib.sha256(f"{SEAL}:{secret}".encode()).digest() for secret in secrets]


def _sign(
    connection: Connection, start: int, bound: int, previous: str, key: bytes
) -> tuple[int, str]:
    """Return (entries, HMAC-SHA256 over the previous digest and their hashes by id)."""
    query = sa.select(_TABLE.c.id, _TABLE.c.hash).where(_TABLE.c.id > start, _TABLE.c.id <= bound)
    signature = hmac.new(key, f"{previous}:{bound}".encode(), hashlib.sha256)
    count = 0
    rows = connection.execute(query.order_by(_TABLE.c.id).execution_options(yield_per=_BATCH))
    for entry_id, entry_hash in rows:
        signature.update(f"\n{entry_id}:{entry_hash}".encode())
        count += 1
    return count, signature.hexdigest()


def _seal_faults(connection: Connection) -> Iterator[Fault]:
    start, previous = 0, GENESIS
    for seal in connection.execute(sa.select(_SEALS).order_by(_SEALS.c.up_to_id)).all():
        why = _seal_fault(connection, seal, start, previous)
        if why:
            yield Fault(SEAL, seal.id, seal.up_to_id, why)
        start, previous = seal.up_to_id, seal.digest


def _seal_fault(connection: Connection, seal: Any, start: int, previous: str) -> Phrase | None:
    """Each seal covers the one before it, so a removed seal shows in the next."""
    signed = [_sign(connection, start, seal.up_to_id, previous, key) for key in _keys()]
    count = signed[0][0]
    if count != seal.count:
        params: dict[str, str | int] = {"sealed": seal.count, "found": count}
        return Phrase(N_("%(sealed)d entries were sealed, %(found)d are there"), params)
    if any(hmac.compare_digest(text, seal.digest) for _count, text in signed):
        return None
    return Phrase(N_("the sealed entries or the seal itself were altered"))
