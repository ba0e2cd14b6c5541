"""How far an import is, told while it works."""

import time

import sqlalchemy as sa

from app.clock import now
from app.extensions import db
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.run import ImportRun

_TOLD_EVERY = 1.0  # seconds between two reports


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
        with db.engine.begin() as connection:
            connection.execute(sa.update(ImportRun).where(ImportRun.id == number).values(**values))

    return report
