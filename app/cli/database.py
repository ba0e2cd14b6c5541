"""./manage db: the tables and their migrations."""

from pathlib import Path
from types import ModuleType

import click
import sqlalchemy as sa
from flask import current_app

from app.cli.base import in_app
from app.cli.forms import tell_loose_patterns
from app.cli.users import tidy_kept_numbers

# Up to this one a pattern without ^…$ was looked for within an answer.
_LOOSE_PATTERNS = "0043"
# Up to this one applicants' numbers may stand with dots and hyphens.
_UNTIDY_NUMBERS = "0053"
# Of more than 100 pages, and none of them known to be seen by all.
_REWRITTEN = """
SELECT oid::regclass::text FROM pg_class
WHERE relkind = 'r' AND relnamespace = current_schema()::regnamespace AND relallvisible = 0
  AND pg_relation_size(oid) > 100 * current_setting('block_size')::bigint
"""
FOLDER = str(Path(__file__).resolve().parent.parent / "migrations")


def migrations() -> ModuleType:
    """Return flask_migrate, ready for the present application: web processes need not import it."""
    import flask_migrate

    from app.extensions import db as database

    if "migrate" not in current_app.extensions:
        flask_migrate.Migrate(current_app, database, FOLDER, compare_type=True, render_as_batch=True)
    return flask_migrate


@click.group()
def db() -> None:
    """Database tables and migrations (cơ sở dữ liệu)."""


@db.command()
@click.argument("revision", default="head")
@in_app
def upgrade(revision: str) -> None:
    """Bring the tables up to REVISION, the newest by default (nâng cấp).

    Harmless when nothing is to be done. Give it after every update of the program,
    before its processes start.
    """
    before = current()
    upgrade_to(revision)
    after = current()
    click.echo(f"The database is at revision: {after}")
    if "0001" <= before <= _LOOSE_PATTERNS < after:
        tell_loose_patterns(is_quiet=True)
    if "0001" <= before <= _UNTIDY_NUMBERS < after:
        tidy_kept_numbers(is_quiet=True)


@db.command()
@click.argument("revision", default="-1")
@click.confirmation_option(prompt="Columns and tables may be dropped with their data. Go on?")
@in_app
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION, by default one step (hạ cấp)."""
    migrations().downgrade(FOLDER, revision=revision)
    click.echo(f"The database is at revision: {current()}")


@db.command()
@click.option("-m", "--message", required=True, help="Short name: verb_object.")
@click.option("--empty", is_flag=True, help="Do not compare the models with the tables.")
@in_app
def revision(message: str, empty: bool) -> None:
    """Write a new migration from what the models have changed (dành cho lập trình viên)."""
    migrations().revision(FOLDER, message=message, autogenerate=not empty)


@db.command()
@in_app
def check() -> None:
    """Say whether the tables agree with the models (kiểm tra); exit code 1 if not."""
    migrations().check(FOLDER)
    click.echo("Tables and models agree.")


def upgrade_to(target: str = "head") -> None:
    """Apply the migrations up to ``target``, and vacuum what they wrote anew."""
    migrations().upgrade(FOLDER, revision=target)
    vacuum_rewritten()


def vacuum_rewritten() -> list[str]:
    """Let PostgreSQL read indexes alone again of tables that were written anew; returns their names.

    It knows nothing of such a table's pages and looks into each row: pages of officers take three times
    as long. It would find out by itself only after a fifth of the rows have changed.
    """
    from app.extensions import db as database

    if database.engine.dialect.name != "postgresql":
        return []
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        names = list(connection.scalars(sa.text(_REWRITTEN)))
        for name in names:
            connection.exec_driver_sql(f"VACUUM (ANALYZE) {name}")
    return names


def current() -> str:
    """Return the revision the database is at, ``none`` if it is empty."""
    from alembic.migration import MigrationContext

    from app.extensions import db as database

    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or "none"
