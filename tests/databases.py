"""Databases for tests: isolation by savepoint, counting of statements, real files for threads."""

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from flask import Flask
from sqlalchemy import event
from sqlalchemy.engine import Engine
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session

import config as settings_module

_PATIENCE = 20
_SILENT = ("SAVEPOINT", "RELEASE", "ROLLBACK", "BEGIN", "PRAGMA")


def make_app(settings: Any) -> Flask:
    """Return an application whose database is migrated and holds roles and permissions."""
    from app import create_app
    from app.cli.database import FOLDER, migrations
    from app.cli.permissions import synchronise

    application = create_app(settings)
    with application.app_context():
        migrations().upgrade(FOLDER)
        synchronise()
    return application


def empty(url: str) -> None:
    """Leave nothing in the test database at ``url``."""
    engine = sa.create_engine(url)
    if engine.dialect.name == "sqlite":
        Path(engine.url.database or "").unlink(missing_ok=True)
    else:
        with engine.begin() as connection:
            connection.execute(sa.text("DROP SCHEMA public CASCADE"))
            connection.execute(sa.text("CREATE SCHEMA public"))
    engine.dispose()


def dispose(application: Flask) -> None:
    """Close every connection of ``application``."""
    from app.extensions import db

    with application.app_context():
        db.engine.dispose()


@contextmanager
def isolated(application: Flask) -> Iterator[Session]:
    """Yield a session in which commits are real to the program and undone at the end."""
    from app.extensions import db

    with application.app_context():
        engine = db.engines[None]
        connection = engine.connect()
        outer = connection.begin()
        db.engines[None] = connection  # type: ignore[assignment]
        db.session.session_factory.configure(join_transaction_mode="create_savepoint")
        try:
            yield db.session()
        finally:
            db.session.remove()
            outer.rollback()
            connection.close()
            db.engines[None] = engine
            db.session.session_factory.configure(join_transaction_mode="conditional_savepoint")


@contextmanager
def count_queries() -> Iterator[list[str]]:
    """Yield a list that grows by every statement sent meanwhile, savepoints left out."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.upper().startswith(_SILENT):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)


class Own:
    """Copies of one migrated database, each with an engine and real commits of its own."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._number = 0
        test = sa.make_url(settings_module.load("test").SQLALCHEMY_DATABASE_URI)
        self._is_file = test.get_backend_name() == "sqlite"
        self._server = test
        self._template = self._url("template")
        if not self._is_file:
            self._create("template")
        settings = settings_module.load(
            "test", SQLALCHEMY_DATABASE_URI=self._template.render_as_string(hide_password=False)
        )
        self._app = make_app(settings)
        dispose(self._app)

    def _url(self, name: str) -> sa.URL:
        if self._is_file:
            return self._server.set(database=str(self._folder / f"{name}.db"))
        return self._server.set(database=f"{self._server.database}_own_{name}")

    def _create(self, name: str, template: str = "template0") -> None:
        target = self._url(name).database
        self._execute(f'DROP DATABASE IF EXISTS "{target}" WITH (FORCE)')
        self._execute(f'CREATE DATABASE "{target}" TEMPLATE "{template}"')

    def _execute(self, statement: str) -> None:
        """Run ``statement`` on the server; the vacuum of a database may hold it for a moment."""
        engine = sa.create_engine(self._server, isolation_level="AUTOCOMMIT")
        for left in reversed(range(_PATIENCE)):
            try:
                with engine.connect() as connection:
                    connection.execute(sa.text(statement))
                break
            except DBAPIError:
                if not left:
                    raise
                time.sleep(0.5)
        engine.dispose()

    @contextmanager
    def fresh(self) -> Iterator[Flask]:
        """Yield the application on a new copy of the migrated database."""
        from app.extensions import db

        self._number += 1
        url = self._copy(f"copy{self._number}")
        engine = sa.create_engine(url, **_pool(self._is_file))
        with self._app.app_context():
            kept, db.engines[None] = db.engines[None], engine
        try:
            yield self._app
        finally:
            engine.dispose()
            with self._app.app_context():
                db.engines[None] = kept
            self._drop(url)

    def _copy(self, name: str) -> sa.URL:
        url = self._url(name)
        if self._is_file:
            shutil.copyfile(self._template.database or "", url.database or "")
        else:
            self._create(name, self._template.database or "")
        return url

    def _drop(self, url: sa.URL) -> None:
        if not self._is_file:
            self._execute(f'DROP DATABASE IF EXISTS "{url.database}" WITH (FORCE)')

    def close(self) -> None:
        """Remove the template."""
        dispose(self._app)
        self._drop(self._template)


def _pool(is_file: bool) -> dict[str, Any]:
    return (
        {"pool_size": 20, "max_overflow": 20} if is_file else {"pool_size": 20, "max_overflow": 0}
    )
