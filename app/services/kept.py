"""What rarely changes, kept in this process until its mark changes (``models/stamp.py``)."""

from collections.abc import Callable, Hashable, Iterable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.orm import Session

from app.models import Stamp
from app.models.stamp import WATCHED

Found = TypeVar("Found")
_MOST = 5000  # processes, mostly; then all is found anew
_kept: dict[tuple[Hashable, ...], Any] = {}
_ALL = sa.select(Stamp.name, Stamp.value)
_STAMPS = "stamps"


def stamp_column(name: str) -> sa.ScalarSelect[str]:
    """Return the present mark ``name`` as a column, for a query that is asked anyway."""
    return sa.select(Stamp.value).where(Stamp.name == name).scalar_subquery()


MARKS = tuple(stamp_column(name) for name in WATCHED)
_TABLES = frozenset(table for tables in WATCHED.values() for table in tables)


def marks_of(session: Session) -> dict[str, str]:
    """Return the present marks by name; read once a transaction, and after each change anew."""
    if not _TABLES.isdisjoint(obj.__tablename__ for some in (session.new, session.dirty) for obj in some):
        session.flush()  # what is worked out now rests on what is not written yet
    if _STAMPS not in session.info:
        with session.no_autoflush:
            session.info[_STAMPS] = {row.name: row.value for row in session.execute(_ALL)}
    return session.info[_STAMPS]


def mark(session: Session, name: str) -> str | None:
    """Return the present mark ``name``, as of ``marks_of``."""
    return marks_of(session).get(name)


def remember_marks(session: Session, values: Iterable[str | None]) -> dict[str, str]:
    """Keep for this transaction what a query found in ``MARKS``; returns it by name."""
    found = {name: value for name, value in zip(WATCHED, values, strict=True) if value}
    session.info[_STAMPS] = found
    return found


@event.listens_for(Session, "after_flush")
def _forget_after_change(session: Session, _context: object) -> None:
    touched = (obj.__tablename__ for some in (session.new, session.dirty, session.deleted) for obj in some)
    if not _TABLES.isdisjoint(touched):
        forget_marks(session)


@event.listens_for(Session, "after_transaction_end")
def _forget_after_transaction(session: Session, transaction: Any) -> None:
    if transaction.parent is None:
        forget_marks(session)


@event.listens_for(Session, "after_soft_rollback")
def _forget_after_rollback(session: Session, _previous: object) -> None:
    forget_marks(session)


def forget_marks(session: Session) -> None:
    """Read the marks anew when next asked."""
    session.info.pop(_STAMPS, None)


def kept(stamp: str | None, key: tuple[Hashable, ...], find: Callable[[], Found]) -> Found:
    """Return what ``find`` found under ``stamp``; it is asked again when the mark is another one.

    Read the mark before asking: what was found is then never older than the mark says.
    What comes back is shared by all requests: nobody may change it. Without a mark nothing is kept.
    """
    if not stamp:
        return find()
    whole = (stamp, *key)
    found = _kept.get(whole)
    if found is None:
        found = find()
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept[whole] = found
    return found
