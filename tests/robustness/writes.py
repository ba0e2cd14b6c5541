"""Ending a process the hard way between any two writes of an act, and looking at what is left."""

import hashlib
import os
import signal
import time
import traceback
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event

from app.extensions import db, metadata

PATIENCE = 30  # seconds until a database has seen that a process is gone
_READS = ("SELECT", "PRAGMA", "BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "SET", "SHOW")
_CATALOGS = ("ab_permission", "ab_view_menu", "stamp")  # never written by the acts of officers


def die_before(app: Flask, act: Callable[[], Any], number: int) -> bool:
    """Do ``act`` in a process of its own that is killed before its ``number``-th write.

    The commit counts as a write; reads between two writes leave nothing else behind. Returns
    whether it was killed; False if it had fewer, and then it is done. Raises AssertionError if
    it ended in any other way.
    """
    with app.app_context():
        db.engine.dispose()  # a connection must not be held by two processes
    child = os.fork()
    if child == 0:
        _act_and_die(app, act, number)
    _pid, status = os.waitpid(child, 0)
    if os.WIFSIGNALED(status):
        assert os.WTERMSIG(status) == signal.SIGKILL, status
        return True
    assert os.waitstatus_to_exitcode(status) == 0, status
    return False


def _act_and_die(app: Flask, act: Callable[[], Any], number: int) -> None:
    code = 1
    try:
        seen = [0]

        def count(_connection: Any, _cursor: Any = None, statement: str = "COMMIT", *_rest: Any) -> None:
            seen[0] += not statement.lstrip().upper().startswith(_READS)
            if seen[0] == number:
                os.kill(os.getpid(), signal.SIGKILL)

        with app.app_context():
            event.listen(db.engine, "before_cursor_execute", count)
            event.listen(db.engine, "commit", count)
        act()
        code = 0
    except BaseException:
        traceback.print_exc()
    finally:
        os._exit(code)  # nothing of the test runner may run twice


def picture(app: Flask) -> dict[str, tuple[int, str]]:
    """Return {table: (rows, digest of all they hold)}."""
    found = {}
    with app.app_context(), db.engine.connect() as connection:
        for name, table in metadata.tables.items():
            if not name.startswith(_CATALOGS):
                rows = sorted(repr(tuple(row)) for row in connection.execute(sa.select(table)))
                found[name] = len(rows), hashlib.sha256("\n".join(rows).encode()).hexdigest()
    return found


def differences(app: Flask, before: dict[str, tuple[int, str]]) -> list[str]:
    """Return the tables that differ from ``before``, once no half transaction is under way any more."""
    end = time.monotonic() + PATIENCE
    while True:
        now = picture(app)
        changed = [name for name in before if now[name] != before[name]]
        if not changed or time.monotonic() > end:
            return changed
        time.sleep(0.2)
