"""How connections to a database begin, are handed out again and keep what the server planned.

On PostgreSQL a statement that is asked again and again is planned once and kept by the
server ("prepared"). psycopg throws all of them away at every rollback, in fear of tables made
and taken back; a web request ends its reading by a rollback and changes no table. Keeping
them spares a step of a dossier about a third of its time in the database.
"""

import re
import select
from functools import cache, lru_cache
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Connection, Engine
from sqlalchemy.exc import InvalidatePoolError
from sqlalchemy.pool import Pool

_KEPT = 200  # statements planned once, of one connection
_MOST_COLUMNS = 2000  # statements whose columns are known; then all are worked out anew
_columns: dict[tuple[str, int], Any] = {}
_USED = "used"  # in the info of a connection: it was handed out before
# The best plan of these hangs on the values asked for (a rare state, a small agency):
# the server plans them anew each time.
_PLANNED_BY_VALUES = re.compile(r"^SELECT count\(|\bGROUP BY\b|\bI?LIKE\b|\bLIMIT \S+\s*$")


@event.listens_for(Engine, "do_connect")
def _connect(dialect: Any, _record: Any, arguments: Any, parameters: Any) -> Any:
    """Return a connection of our own kind to PostgreSQL; None lets SQLAlchemy open any other."""
    return _kind().connect(*arguments, **parameters) if dialect.driver == "psycopg" else None


@cache
def _kind() -> Any:
    import psycopg  # not there for what runs on SQLite alone
    from psycopg.pq import TransactionStatus

    class PlanningCursor(psycopg.Cursor[Any]):
        """Lets the server keep the plans that serve any values; knows the columns of what was asked before."""

        _asked: Any = None

        def execute(self, query: Any, params: Any = None, **given: Any) -> Any:
            if isinstance(query, str) and is_planned_by_values(query):
                given["prepare"] = False
            self._asked = query
            return super().execute(query, params, **given)

        @property
        def description(self) -> Any:
            """What the columns are called and of what kind: of one statement always the same, and worked out once."""
            asked, found = self._asked, self.pgresult
            if not isinstance(asked, str) or found is None or not found.nfields:
                return super().description
            key = asked, found.nfields
            if key not in _columns:
                if len(_columns) >= _MOST_COLUMNS:
                    _columns.clear()
                _columns[key] = super().description
            return _columns[key]

    class KeepingConnection(psycopg.Connection[Any]):
        """Keeps its prepared statements over a rollback that follows no error."""

        def __init__(self, *args: Any, **kwargs: Any) -> None:
            super().__init__(*args, **kwargs)
            self.cursor_factory = PlanningCursor
            self.prepared_max = _KEPT

        def rollback(self) -> None:
            with self.lock:
                if self.pgconn.transaction_status == TransactionStatus.INTRANS:
                    self.pgconn.exec_(b"ROLLBACK")
                    return
            super().rollback()

    return KeepingConnection


@lru_cache(maxsize=4096)
def is_planned_by_values(query: str) -> bool:
    """Return whether the best plan of ``query`` hangs on the values it is asked with."""
    return _PLANNED_BY_VALUES.search(query) is not None


@event.listens_for(Pool, "checkout")
def _see_whether_it_lives(connection: Any, record: Any, _proxy: Any) -> None:
    """Drop connections whose server has gone: a restart costs a reconnect, not an error.

    A server that ends says so on every open connection, and one at rest has nothing else to
    say: looking costs no round trip, unlike the usual SELECT 1.
    """
    if not hasattr(connection, "pgconn"):
        return
    if not record.info.get(_USED):  # just opened; a new one is not looked at, lest none were ever good enough
        record.info[_USED] = True
        return
    if connection.closed or _has_something_to_say(connection.fileno()):
        raise InvalidatePoolError()


def _has_something_to_say(socket: int) -> bool:
    found = select.poll()
    found.register(socket, select.POLLIN)
    return bool(found.poll(0))


@event.listens_for(Engine, "connect")
def _leave_jit_off(connection: Any, _record: Any) -> None:
    """Our statements take milliseconds: compiling one at a misjudged cost takes a hundred times as long."""
    if hasattr(connection, "pgconn"):
        connection.pgconn.exec_(b"SET jit = off")


@event.listens_for(Engine, "connect")
def _prepare_sqlite(connection: Any, _record: Any) -> None:
    if "sqlite" not in type(connection).__module__:
        return
    connection.isolation_level = None  # we say BEGIN ourselves, see below
    cursor = connection.cursor()
    cursor.execute("PRAGMA busy_timeout = 30000")
    cursor.execute("PRAGMA journal_mode = WAL")
    cursor.execute("PRAGMA synchronous = FULL")  # what was acknowledged survives a power cut
    cursor.execute("PRAGMA foreign_keys = ON")
    cursor.close()


@event.listens_for(Engine, "begin")
def _begin_sqlite(connection: Connection) -> None:
    if connection.dialect.name == "sqlite":
        kind = connection.get_execution_options().get("sqlite_begin", "DEFERRED")
        connection.exec_driver_sql(f"BEGIN {kind}")
