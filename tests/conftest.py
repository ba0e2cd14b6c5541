"""What every test shares: one migrated application, and a database that forgets each test.

By default on SQLite in a throw-away folder; ``TEST_DATABASE_URL`` puts the same tests on
PostgreSQL. Each test runs inside a savepoint, so that ``transaction()`` really commits and
its hooks really fire, and nothing of it is left. ``own_database`` is for tests that need
commits seen by other threads.
"""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from flask import Flask
from sqlalchemy.orm import Session

import config as settings_module
from tests import databases
from tests.clients import Client, make_client


@pytest.fixture(scope="session")
def app() -> Iterator[Flask]:
    """The application on a database made by the migrations, with roles and permissions."""
    settings = settings_module.load("test")
    home = Path(settings.MOTCUA_HOME)
    home.mkdir(parents=True, exist_ok=True)
    databases.empty(settings.SQLALCHEMY_DATABASE_URI)
    application = databases.make_app(settings)
    yield application
    databases.dispose(application)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def session(app: Flask) -> Iterator[Session]:
    """The database session of a test; everything is undone when the test ends, and what was counted is forgotten."""
    from app.services import rates

    with databases.isolated(app) as found:
        yield found
    rates._own_counts.storage.reset()  # numbers of users are given out again


@pytest.fixture
def client(app: Flask, session: Session) -> Client:
    """A visitor who is not logged in. Writes carry the CSRF token unless ``csrf=False``."""
    return make_client(app)


@pytest.fixture
def login(app: Flask, session: Session) -> Callable[..., Client]:
    """``login(role_or_user, agency=None)``: a client logged in as that person."""
    from app.permissions import Role
    from tests.factories import make_user

    def log_in(who: Any, agency: Any = None) -> Client:
        user = make_user(who, agency) if isinstance(who, Role) else who
        return make_client(app, user)

    return log_in


@pytest.fixture
def actor(session: Session) -> Callable[..., Any]:
    """``actor(role, agency=None)``: an Actor with that post, for tests of services."""
    from app.permissions import Actor, Role
    from app.services.actors import build_actor
    from tests.factories import make_user

    def make(role: Role, agency: Any = None) -> Actor:
        return build_actor(session, make_user(role, agency), ip="192.0.2.7")

    return make


@pytest.fixture
def office(session: Session) -> Any:
    """A ward with everybody its process needs."""
    from tests.services.steps import Office

    found = Office(session)
    found.staff()
    return found


@pytest.fixture
def enter(office: Any, login: Callable[..., Client]) -> Callable[..., Client]:
    """``enter(role_or_actor)``: a client logged in as that officer."""

    def log_in(who: Any) -> Client:
        from app.models import User
        from app.permissions import Role

        actor = office[who] if isinstance(who, Role) else who
        return login(office.session.get(User, actor.user_id))

    return log_in


@pytest.fixture
def count_queries() -> Callable[..., Any]:
    """``with count_queries() as seen:`` lists the statements sent, without savepoints."""
    return databases.count_queries


@pytest.fixture(scope="session")
def _own(tmp_path_factory: pytest.TempPathFactory) -> Iterator[databases.Own]:
    own = databases.Own(tmp_path_factory.mktemp("own"))
    yield own
    own.close()


@pytest.fixture
def own_database(_own: databases.Own) -> Iterator[Flask]:
    """An application on a fresh database of its own, with real commits: for threads.

    No application context is pushed: each thread opens ``with own_database.app_context():``.
    """
    with _own.fresh() as application:
        yield application
