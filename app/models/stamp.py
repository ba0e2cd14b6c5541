"""Marks that change whenever tables do that nearly never change.

What is worked out from such tables (rights of roles, facts of the province, announced incidents)
may be kept in a process as long as the mark read with the request is still the one it was worked
out under. The database changes the mark itself, in the transaction of the change and whoever
makes it, so that a right taken away is gone with the next request. A mark is never used twice:
what was worked out in a transaction that was rolled back is never taken for anything else.
"""

import secrets

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.engine import Connection
from sqlalchemy.orm import Mapped, mapped_column

# mark → the tables whose changes change it; a table belongs to one mark
WATCHED = {
    "rights": ("ab_role", "ab_permission", "ab_view_menu", "ab_permission_view",
               "ab_permission_view_role", "role_scope", "field_right"),
    "site": ("agency",),
    "incidents": ("incident_notice",),
    "calendars": ("working_calendar", "calendar_session", "calendar_day", "agency_calendar"),
    "profiles": ("profile", "profile_parameter", "letter_template"),
    "processes": ("process", "process_step"),
    "posts": ("officer_position", "delegation", "absence", "ab_user"),
}  # fmt: skip
_EVENTS = ("INSERT", "UPDATE", "DELETE")
# Every log-in writes when it was, and a new user holds no post yet.
_FEWER = {"ab_user": ("UPDATE OF active, username", "DELETE")}
_FUNCTION = """
CREATE OR REPLACE FUNCTION change_stamp() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE stamp SET value = replace(gen_random_uuid()::text, '-', '') WHERE name = TG_ARGV[0];
    RETURN NULL;
END $$
"""
_POSTGRESQL = """
CREATE OR REPLACE TRIGGER stamp_{table} AFTER {events} OR TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION change_stamp('{name}')
"""
_SQLITE = """
CREATE TRIGGER IF NOT EXISTS stamp_{table}_{verb} AFTER {events} ON {table}
BEGIN UPDATE stamp SET value = lower(hex(randomblob(16))) WHERE name = '{name}'; END
"""


class Stamp(Model):
    """The present mark of one group of tables; written by the database alone."""

    __tablename__ = "stamp"
    __history__ = False
    name: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    value: Mapped[str] = mapped_column(sa.String(32))


def watch(connection: Connection) -> None:
    """Let the database change the marks with their tables; what is there already stays.

    Called after every migration: SQLite loses triggers with a table that is built anew.
    """
    tables = set(sa.inspect(connection).get_table_names())
    if "stamp" not in tables:
        return
    known = set(connection.scalars(sa.select(Stamp.name)))
    for name in sorted(set(WATCHED) - known):
        connection.execute(sa.insert(Stamp.__table__), {"name": name, "value": secrets.token_hex(16)})
    is_postgresql = connection.dialect.name == "postgresql"
    if is_postgresql:
        connection.execute(sa.text(_FUNCTION))
    for name, watched in WATCHED.items():
        for table in sorted(tables.intersection(watched)):
            events = _FEWER.get(table, _EVENTS)
            for some in (" OR ".join(events),) if is_postgresql else events:
                pattern = _POSTGRESQL if is_postgresql else _SQLITE
                verb = some.split()[0]
                connection.exec_driver_sql(pattern.format(table=table, name=name, events=some, verb=verb))


def unwatch(connection: Connection) -> None:
    """Take back what ``watch`` made."""
    if connection.dialect.name == "postgresql":
        connection.execute(sa.text("DROP FUNCTION IF EXISTS change_stamp() CASCADE"))
        return
    for table in (table for watched in WATCHED.values() for table in watched):
        for verb in _EVENTS:
            connection.exec_driver_sql(f"DROP TRIGGER IF EXISTS stamp_{table}_{verb}")
