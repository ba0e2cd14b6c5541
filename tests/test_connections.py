"""What the server planned is kept from request to request, and a server that restarted is no error."""

import time

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app import connections
from app.extensions import db

PLANNED = sa.text("SELECT statement FROM pg_prepared_statements")
OFTEN = 8  # more than the five times after which psycopg has a statement planned


@pytest.fixture
def engine(own_database):
    """An engine on PostgreSQL whose connections really begin and end."""
    with own_database.app_context():
        if db.engine.dialect.name != "postgresql":
            pytest.skip("PostgreSQL only: SQLite has no server")
        yield db.engine


def _ask(engine, query):
    """Ask as web requests do: each time another transaction, ended by a rollback."""
    for number in range(OFTEN):
        with engine.connect() as connection:
            assert connection.scalar(query, {"number": number}) == number


def test_a_plan_outlives_the_rollback_that_ends_a_request(engine):
    _ask(engine, sa.text("SELECT CAST(:number AS integer)"))
    with engine.connect() as connection:
        assert "SELECT CAST($1 AS integer)" in connection.scalars(PLANNED).all()


def test_what_hangs_on_its_values_is_planned_each_time(engine):
    _ask(engine, sa.text("SELECT CAST(:number AS integer) LIMIT 1"))
    with engine.connect() as connection:
        assert not [text for text in connection.scalars(PLANNED) if text.endswith("LIMIT 1")]


def test_nothing_is_compiled_for_a_misjudged_cost(engine):
    with engine.connect() as connection:
        assert connection.scalar(sa.text("SHOW jit")) == "off"


def test_a_fault_throws_the_plans_away(engine):
    _ask(engine, sa.text("SELECT CAST(:number AS integer)"))
    with pytest.raises(DBAPIError), engine.connect() as connection:
        connection.execute(sa.text("SELECT 1 / 0"))
    with engine.connect() as connection:
        assert "SELECT CAST($1 AS integer)" not in connection.scalars(PLANNED).all()
        assert connection.scalar(sa.text("SELECT 7")) == 7


def test_a_connection_whose_server_has_gone_is_made_anew(engine):
    mine, alive = sa.text("SELECT pg_backend_pid()"), sa.text("SELECT count(*) FROM pg_stat_activity WHERE pid = :pid")
    with engine.connect() as other:
        with engine.connect() as connection:
            gone = connection.scalar(mine)
        other.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": gone})
        end = time.monotonic() + 20
        while other.scalar(alive, {"pid": gone}) and time.monotonic() < end:
            time.sleep(0.05)
    with engine.connect() as first, engine.connect() as second:
        assert gone not in {first.scalar(mine), second.scalar(mine)}


@pytest.mark.parametrize(("query", "expected"), [
    ("SELECT a.id FROM a WHERE a.id = %(id)s FOR UPDATE", False),
    ("SELECT (SELECT count(*) FROM (SELECT 1 FROM b LIMIT %(most)s) AS c) FROM a WHERE a.id = %(id)s", False),
    ("INSERT INTO a (id) VALUES (%(id)s) RETURNING a.id", False),
    ("SELECT a.id FROM a WHERE a.state = %(state)s ORDER BY a.id \n LIMIT %(most)s", True),
    ("SELECT count(*) AS count_1 FROM a WHERE a.state = %(state)s", True),
    ("SELECT a.state, sum(a.b) FROM a GROUP BY a.state", True),
    ("SELECT a.id FROM a WHERE a.name ILIKE %(text)s", True),
])  # fmt: skip
def test_which_plans_hang_on_the_values(query, expected):
    assert connections.is_planned_by_values(query) is expected
