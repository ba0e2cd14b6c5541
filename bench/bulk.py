"""Many rows at once: COPY on PostgreSQL, executemany on SQLite; no ORM, no history."""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.engine import Connection

Rows = Iterable[Sequence[Any]]


def prepare(connection: Connection) -> None:
    """Trade safety for speed: what a power cut destroys is built again."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("SET LOCAL synchronous_commit = off"))


def insert(connection: Connection, table: str, columns: Sequence[str], rows: Rows) -> None:
    """Insert ``rows`` of plain values (JSON already as text) into ``columns`` of ``table``."""
    names = ", ".join(columns)
    cursor = connection.connection.cursor()
    if connection.dialect.name == "postgresql":
        with cursor.copy(f"COPY {table} ({names}) FROM STDIN") as copy:
            for row in rows:
                copy.write_row(row)
    else:
        places = ", ".join("?" * len(columns))
        plain = (tuple(_text(value) for value in row) for row in rows)
        cursor.executemany(f"INSERT INTO {table} ({names}) VALUES ({places})", plain)
    cursor.close()


def _text(value: Any) -> Any:
    """SQLAlchemy keeps instants on SQLite as text in UTC without their zone."""
    return f"{value:%Y-%m-%d %H:%M:%S.%f}" if isinstance(value, datetime) else value


def settle(connection: Connection, tables: Iterable[str]) -> None:
    """Let the next ids follow those inserted, and the planner know what is there."""
    if connection.dialect.name == "postgresql":
        for table in tables:
            connection.execute(sa.text(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'),"
                f" (SELECT coalesce(max(id), 1) FROM {table}))"
            ))  # fmt: skip
    connection.execute(sa.text("ANALYZE"))
