"""How far an import is, told while it works."""

import contextlib
import time
from datetime import timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.clock import now
from app.extensions import db
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.run import BUSY, ImportRun

_TOLD_EVERY = 1.0  # seconds between two reports
STALLED = timedelta(minutes=5)


def reporter(number: int, *, is_writing: bool = False) -> Report:
    """Return a function that keeps the progress of a run, seen at once by others.

    SQLite has one writer: while the rows themselves are written, nothing is told there.
    """
    last = [time.monotonic()]

    def report(done: int, total: int) -> None:
        if time.monotonic() - last[0] < _TOLD_EVERY or (is_writing and db.engine.dialect.name == "sqlite"):
            return
        last[0] = time.monotonic()
        values = {"done": done, "total": total, "touched_at": now()}
        if not is_writing:
            values["state"] = "checking"
        with contextlib.suppress(OperationalError), db.engine.begin() as connection:  # busy: told next time
            connection.execute(sa.update(ImportRun).where(ImportRun.id == number).values(**values))

    return report


def is_stalled(run: ImportRun) -> bool:
    """Return whether a run says it works, and has said nothing for long."""
    return run.state in BUSY and run.touched_at < now() - STALLED
