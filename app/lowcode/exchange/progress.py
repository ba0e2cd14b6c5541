"""How far an import is, told while it works."""

import contextlib
import time
from datetime import datetime, timedelta

import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

from app.clock import now
from app.extensions import db
from app.lowcode import beside
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.run import BUSY, ImportRun

_TOLD_EVERY = 1.0  # seconds between two reports
STALLED = timedelta(minutes=5)


def reporter(number: int, *, is_writing: bool = False) -> Report:
    """Return a function that keeps the progress of a run, seen at once by others.

    SQLite has one writer: while the rows themselves are written, a small file beside the
    database tells how far it is (there all processes share one machine).
    """
    last = [time.monotonic()]
    in_file = is_writing and db.engine.dialect.name == "sqlite"

    def report(done: int, total: int) -> None:
        if time.monotonic() - last[0] < _TOLD_EVERY:
            return
        last[0] = time.monotonic()
        if in_file:
            beside.tell(_name(number), done, total)
            return
        values = {"done": done, "total": total, "touched_at": now()}
        if not is_writing:
            values["state"] = "checking"
        with contextlib.suppress(OperationalError), db.engine.begin() as connection:  # busy: told next time
            connection.execute(sa.update(ImportRun).where(ImportRun.id == number).values(**values))

    return report


def forget(number: int) -> None:
    """Remove what was told beside the database: the run has ended, or begins anew."""
    beside.forget(_name(number))


def _name(number: int) -> str:
    return f"import-{number}"


def how_far(run: ImportRun) -> tuple[int, int, datetime]:
    """Return (rows done, rows in all, when it was last heard of)."""
    told = run.done, run.total, run.touched_at
    if run.state != "applying":
        return told
    return beside.told(_name(run.id)) or told


def is_stalled(run: ImportRun) -> bool:
    """Return whether a run says it works, and has said nothing for long."""
    return run.state in BUSY and how_far(run)[2] < now() - STALLED
