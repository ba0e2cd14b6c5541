"""Scans kept at the counter that no dossier and no late entry took: forgotten after some days."""

from collections.abc import Iterator
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.models import KeptScan, PaperReception, StoredFile

KEPT = timedelta(days=7)  # the form's own marks hold for one day
MOST = 200  # at once


def forget(session: Session) -> tuple[int, set[str]]:
    """Forget the oldest MOST scans kept longer than KEPT; returns how many, and the contents nothing needs any more.

    A file that hangs on anything, or was kept again lately, stays; its contents are the caller's to remove, after
    the transaction. Statements do not grow with the scans.
    """
    query = sa.select(KeptScan.id, KeptScan.file_id).where(KeptScan.created_at < now() - KEPT)
    rows = session.execute(query.order_by(KeptScan.id).limit(MOST)).all()
    session.execute(sa.delete(KeptScan).where(KeptScan.id.in_([row.id for row in rows])))
    free = _unused(session, {row.file_id for row in rows})
    files = session.execute(sa.select(StoredFile.id, StoredFile.sha256).where(StoredFile.id.in_(free))).all()
    session.execute(sa.delete(StoredFile).where(StoredFile.id.in_(free)))
    return len(rows), {row.sha256 for row in files}


def _unused(session: Session, files: set[int]) -> set[int]:
    """Return which of ``files`` nothing names, held: who was about to name one has done so, or keeps it anew."""
    left = set(session.scalars(sa.select(StoredFile.id).where(StoredFile.id.in_(files)).with_for_update()))
    for column in _references():
        left -= set(session.scalars(sa.select(column).where(column.in_(left)))) if left else set()
    scans = sa.select(PaperReception.scans).where(sa.cast(PaperReception.scans, sa.String) != "[]")
    for some in session.scalars(scans) if left else ():
        left -= {file_id for file_id, *_rest in some}
    return left


def _references() -> Iterator[sa.Column[int]]:
    """Every column that may name a stored file, whichever model has it."""
    for table in StoredFile.metadata.tables.values():
        for key in table.foreign_keys:
            if key.column is StoredFile.__table__.c.id:
                yield key.parent
