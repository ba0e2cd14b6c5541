"""The migrations make the tables the models describe, and a history nobody can change."""

import runpy
from pathlib import Path

import pytest
import sqlalchemy as sa
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import DatabaseError, IntegrityError

from app.cli.database import FOLDER, migrations, vacuum_rewritten
from app.extensions import db, metadata
from app.history import HistoryEntry
from app.models import User
from app.types import pairs_vector
from tests.factories import make_procedure, make_sector


# SQLite cannot say what an index on an expression holds.
@pytest.mark.filterwarnings("ignore:Skipped unsupported reflection of expression-based index")
@pytest.mark.filterwarnings("ignore:autogenerate skipping metadata-specified expression-based index")
def test_models_and_migrations_agree(session):
    options = {"compare_type": True, "compare_server_default": False}
    context = MigrationContext.configure(session.connection(), opts=options)
    assert compare_metadata(context, metadata) == []


def test_the_framework_and_we_share_one_metadata(session):
    found = set(sa.inspect(session.connection()).get_table_names())
    assert {"ab_user", "ab_role", "dossier", "history"} <= found
    assert set(metadata.tables) == found - {"alembic_version"}


def test_revisions_are_numbered_one_after_the_other():
    script = ScriptDirectory(FOLDER)
    revisions = [revision.revision for revision in script.walk_revisions()][::-1]
    assert revisions == [f"{number:04}" for number in range(1, len(revisions) + 1)]
    assert len(script.get_heads()) == 1


def test_an_upgrade_from_nothing_and_back_to_nothing(own_database):
    with own_database.app_context():
        migrations().downgrade(FOLDER, revision="base")
        assert set(sa.inspect(db.engine).get_table_names()) <= {"alembic_version"}
        migrations().upgrade(FOLDER)
        assert "dossier" in sa.inspect(db.engine).get_table_names()


def test_an_upgrade_keeps_what_refers_to_a_changed_table(own_database):
    """SQLite alters a table by building it anew: steps must outlive their process meanwhile."""
    with own_database.app_context():
        make_procedure()
        db.session.commit()
        counted = sa.text("SELECT count(*) FROM process_step")
        before = db.session.scalar(counted)
        db.session.remove()
        migrations().downgrade(FOLDER, revision="0016")
        migrations().upgrade(FOLDER)
        assert db.session.scalar(counted) == before > 0
        if db.engine.dialect.name == "sqlite":
            assert db.session.execute(sa.text("PRAGMA foreign_key_check")).all() == []
            assert db.session.scalar(sa.text("PRAGMA foreign_keys")) == 1


def test_logins_that_differ_in_capitals_stop_the_upgrade_by_name(own_database, caplog):
    with own_database.app_context():
        migrations().downgrade(FOLDER, revision="0055")
        db.session.add_all(User(username=name, first_name="A", last_name="B", email=f"{number}@example.vn", active=True)
                           for number, name in enumerate(("Hoa.Le", "hoa.le", "binh")))  # fmt: skip
        db.session.commit()
        with pytest.raises(SystemExit):
            migrations().upgrade(FOLDER)
        assert "Hoa.Le (1), hoa.le (2)" in caplog.text
        assert "binh" not in caplog.text
        assert MigrationContext.configure(db.session.connection()).get_current_revision() == "0055"
        db.session.scalars(sa.select(User).where(User.username == "Hoa.Le")).one().username = "hoa.le2"
        db.session.commit()
        db.session.remove()
        migrations().upgrade(FOLDER)
        db.session.add(User(username="BINH", first_name="A", last_name="B", email="x@example.vn", active=True))
        with pytest.raises(IntegrityError):
            db.session.commit()


def test_folded_columns_have_an_index_for_contains(session):
    if session.connection().dialect.name != "postgresql":
        pytest.skip("SQLite has no trigram index")
    query = "SELECT tablename FROM pg_indexes WHERE indexdef LIKE '%gin_trgm_ops%'"
    indexed = set(session.scalars(sa.text(query)))
    folded = {table.name for table in metadata.tables.values() if "search_text" in table.columns}
    assert folded == indexed
    assert len(folded) >= 8
    pairs = "SELECT tablename FROM pg_indexes WHERE indexname LIKE '%_search_pairs' AND indexdef LIKE '%USING gin%'"
    with_pairs = {table.name for table in metadata.tables.values() if "search_pairs" in table.columns}
    assert set(session.scalars(sa.text(pairs))) == with_pairs == {"account", "dossier"}


def test_names_kept_before_are_found_by_their_words(session):
    """What migration 0059 wrote of names is what the program writes."""
    if session.connection().dialect.name != "postgresql":
        pytest.skip("SQLite has no search vectors")
    path = Path(__file__).parent.parent / "app/migrations/versions/0059_add_search_pairs.py"
    session.execute(sa.text(runpy.run_path(str(path))["_PAIRS"].replace(":", r"\:")))
    for name in ("nguyen thi hoa", "h57.4-231120-0000001 le xuan le xuan phong 046126614242", "a&b", "", "an"):
        made = session.scalar(sa.text("SELECT pg_temp.word_pairs(:name)").bindparams(name=name))
        assert made == session.scalar(sa.select(sa.cast(sa.literal(pairs_vector(name)), postgresql.TSVECTOR)))


STATEMENTS = [
    "UPDATE history SET actor_name = 'x'",
    "DELETE FROM history",
    "UPDATE history SET hash = hash WHERE id > 0",
    "DELETE FROM history WHERE id = 1",
]


@pytest.mark.parametrize("statement", STATEMENTS)
def test_the_history_cannot_be_updated_or_deleted(session, statement):
    make_sector()
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(sa.text(statement))
    assert session.scalar(sa.select(sa.func.count()).select_from(HistoryEntry)) > 0


def test_the_history_cannot_be_emptied(session):
    if session.connection().dialect.name != "postgresql":
        pytest.skip("SQLite has no TRUNCATE")
    make_sector()
    with pytest.raises(DatabaseError, match="append-only"), session.begin_nested():
        session.execute(sa.text("TRUNCATE history"))


def test_a_table_written_anew_is_vacuumed(app):
    """PostgreSQL reads its indexes alone again; SQLite has nothing to do."""
    with app.app_context():
        if db.engine.dialect.name == "postgresql":
            with db.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
                _vacuum_a_table(connection)
        else:
            assert vacuum_rewritten() == []


def _vacuum_a_table(connection):
    made = "CREATE TABLE written_anew AS SELECT repeat('x', 500) AS t FROM generate_series(1, 3000)"
    connection.exec_driver_sql("SET synchronous_commit = on")  # what is not flushed yet counts as unseen
    connection.exec_driver_sql(made)
    try:
        assert "written_anew" in vacuum_rewritten()
        seen = "SELECT relallvisible FROM pg_class WHERE relname = 'written_anew'"
        assert connection.exec_driver_sql(seen).scalar_one() > 0
        assert "written_anew" not in vacuum_rewritten()
    finally:
        connection.exec_driver_sql("DROP TABLE written_anew")
