"""Alembic's environment: one metadata, FAB's tables and ours."""

import warnings

from alembic import context
from flask import current_app

from app.extensions import metadata
from app.models.stamp import watch
from app.models.task_copies import copy_from_now, stop_copying

options = current_app.extensions["migrate"].configure_args


# To make a table anew on SQLite those it refers to are looked at, too; this index of theirs stays as it is.
_UNREAD = "Skipped unsupported reflection of expression-based index ux_ab_user_username_lower"


def run() -> None:
    """Apply the migrations over the application's own engine."""
    with current_app.extensions["migrate"].db.engine.connect() as connection:
        # SQLite alters a table by making it anew; what refers to it would forbid to drop the old one.
        is_sqlite = connection.dialect.name == "sqlite"
        if is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys = OFF")
            stop_copying(connection)
            connection.commit()
        context.configure(
            connection=connection, target_metadata=metadata, transaction_per_migration=True,
            **options,
        )  # fmt: skip
        try:
            with warnings.catch_warnings(), context.begin_transaction():
                warnings.filterwarnings("ignore", message=_UNREAD)
                context.run_migrations()
        except BaseException:
            connection.rollback()
            raise
        finally:
            watch(connection)
            copy_from_now(connection)
            connection.commit()
        if is_sqlite:
            connection.connection.cursor().execute("PRAGMA foreign_keys = ON")


run()
