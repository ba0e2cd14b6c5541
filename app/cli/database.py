"""./manage db: the tables and their migrations."""

from pathlib import Path

import click

from app.cli.base import in_app

FOLDER = str(Path(__file__).resolve().parent.parent / "migrations")


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
    upgrade_to(revision)
    click.echo(f"The database is at revision: {current()}")


@db.command()
@click.argument("revision", default="-1")
@click.confirmation_option(prompt="Columns and tables may be dropped with their data. Go on?")
@in_app
def downgrade(revision: str) -> None:
    """Take the tables back to REVISION, by default one step (hạ cấp)."""
    import flask_migrate

    flask_migrate.downgrade(FOLDER, revision=revision)
    click.echo(f"The database is at revision: {current()}")


@db.command()
@click.option("-m", "--message", required=True, help="Short name: verb_object.")
@click.option("--empty", is_flag=True, help="Do not compare the models with the tables.")
@in_app
def revision(message: str, empty: bool) -> None:
    """Write a new migration from what the models have changed (dành cho lập trình viên)."""
    import flask_migrate

    flask_migrate.revision(FOLDER, message=message, autogenerate=not empty)


@db.command()
@in_app
def check() -> None:
    """Say whether the tables agree with the models (kiểm tra); exit code 1 if not."""
    import flask_migrate

    flask_migrate.check(FOLDER)
    click.echo("Tables and models agree.")


def upgrade_to(target: str = "head") -> None:
    """Apply the migrations up to ``target``."""
    import flask_migrate

    flask_migrate.upgrade(FOLDER, revision=target)


def current() -> str:
    """Return the revision the database is at, ``none`` if it is empty."""
    from alembic.migration import MigrationContext

    from app.extensions import db as database

    with database.engine.connect() as connection:
        return MigrationContext.configure(connection).get_current_revision() or "none"
