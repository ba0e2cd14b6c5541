"""Breaking the history on purpose: what only someone with the database itself could do."""

from contextlib import contextmanager

import sqlalchemy as sa

_TRIGGERS = {
    "history": ("history_no_UPDATE", "history_no_DELETE"),
    "history_seal": ("history_seal_no_UPDATE", "history_seal_no_DELETE"),
}


@contextmanager
def guard_taken_away(session, table="history"):
    """Run the block without the triggers that refuse a change of ``table``."""
    if session.connection().dialect.name == "postgresql":
        session.execute(sa.text(f"ALTER TABLE {table} DISABLE TRIGGER USER"))
        yield
        session.execute(sa.text(f"ALTER TABLE {table} ENABLE TRIGGER USER"))
        return
    query = sa.text("SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND name = :name")
    kept = [session.execute(query, {"name": name}).one() for name in _TRIGGERS[table]]
    for name, _sql in kept:
        session.execute(sa.text(f"DROP TRIGGER {name}"))
    yield
    for _name, sql in kept:
        session.execute(sa.text(sql))
