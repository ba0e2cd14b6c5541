"""The database the bench works on: its own, made by it and marked, never anybody's data."""

import os
import tempfile
from pathlib import Path

import sqlalchemy as sa
from flask import Flask

import addresses
import config

# The name a database must carry, and the table in it: both, so that no slip of a setting
# can fill a real system with made-up dossiers.
WORD = "bench"
MARK = "bench_mark"


class Refused(RuntimeError):
    """The database may not be used; the message says why."""


def address(given: str, rows: int) -> str:
    """Return the SQLAlchemy address to work on: the one given, else a kept temporary file.

    Raises Refused for a database whose name does not say that it is for this.
    """
    if given:
        url = sa.make_url(addresses.sqlalchemy_url(given))
        if WORD not in Path(url.database or "").name:
            raise Refused(
                f"{url.render_as_string()}: a database is filled with made-up dossiers only if "
                f"its name contains {WORD!r}."
            )
        return url.render_as_string(hide_password=False)
    folder = Path(tempfile.gettempdir()) / f"motcua-bench-{os.geteuid()}"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return f"sqlite:///{folder / f'{WORD}-{rows}.db'}"


def make_app(url: str) -> Flask:
    """Return the application on the migrated, marked database at ``url``. Raises Refused."""
    from app import create_app
    from app.cli.database import FOLDER, migrations
    from app.cli.permissions import synchronise

    _take(url)
    app = create_app(settings_of(url))
    with app.app_context():
        migrations().upgrade(FOLDER)
        synchronise()
    return app


def settings_of(url: str) -> config.Config:
    """Return the settings of an application on the database at ``url``."""
    home = str(Path(tempfile.gettempdir()) / f"motcua-bench-{os.geteuid()}")
    return config.load("test", env={"TEST_HOME": home, "TEST_DATABASE_URL": url, "LOG_LEVEL": "WARNING"})


def _take(url: str) -> None:
    """Mark an empty database as ours; raise Refused if it holds something that is not."""
    engine = sa.create_engine(url)
    try:
        names = set(sa.inspect(engine).get_table_names())
        if names and MARK not in names:
            raise Refused(f"{engine.url.render_as_string()} holds tables the bench did not make.")
        with engine.begin() as connection:
            connection.execute(sa.text(f"CREATE TABLE IF NOT EXISTS {MARK} (made integer)"))
    finally:
        engine.dispose()
