"""What a dossier owes at its state: asked of one record and of the whole inbox, with one answer."""

import re
from itertools import count, product

import pytest
import sqlalchemy as sa

from app.clock import now
from app.models import Dossier
from app.models.money import CHARGE_STATES, FEE_MOMENTS
from app.services.guards import owed_now
from app.services.inbox_scope import owes_now
from app.workflows.states import State
from tests.services.steps import Office


@pytest.fixture
def dossier(session):
    """A dossier with one charge."""
    found, _citizen = Office(session, fee=50_000).submitted()
    return found


@pytest.mark.parametrize("state", State)
def test_the_inbox_and_the_dossier_say_the_same_of_what_is_owed(session, dossier, state):
    (charge,) = dossier.charges
    seen = set()
    dossier.state = state
    for own, usual, asked, at in product([None, *FEE_MOMENTS], FEE_MOMENTS, (0, 1), (None, now())):
        charge.due, dossier.version.fee_due = own, usual
        dossier.supplement_count, dossier.received_at = asked, at
        session.flush()
        said = session.scalar(sa.select(owes_now()).where(Dossier.id == dossier.id))
        assert said is bool(owed_now(dossier)), (own, usual, asked, at)
        seen.add(said)
    waits = state in {State.payment_requested, State.finished}
    assert seen == ({True} if waits else {True, False})


@pytest.mark.parametrize("stands", CHARGE_STATES)
@pytest.mark.parametrize("amount", [0, 10_000])
def test_only_an_amount_still_due_is_owed(session, dossier, stands, amount):
    dossier.state, dossier.received_at = State.finished, now()
    dossier.charges[0].state, dossier.charges[0].amount = stands, amount
    session.flush()
    said = session.scalar(sa.select(owes_now()).where(Dossier.id == dossier.id))
    assert said is bool(owed_now(dossier)) is (stands == "due" and amount > 0)


def test_a_plan_that_serves_any_values_finds_what_is_owed_by_its_own_index(session):
    """A plan kept for any values may use a partial index only for what the statement itself says."""
    if session.connection().dialect.name != "postgresql":
        pytest.skip("PostgreSQL only: SQLite plans each statement as it is written")
    connection = session.connection()
    query = sa.select(owes_now()).where(Dossier.id == 1)
    text, given = str(query.compile(connection, compile_kwargs={"render_postcompile": True})), count(1)
    numbered = re.sub(r"%\(\w+\)s", lambda _found: f"${next(given)}", text)
    for wish in ("enable_seqscan = off", "plan_cache_mode = force_generic_plan"):
        connection.exec_driver_sql(f"SET LOCAL {wish}")
    connection.exec_driver_sql("DROP INDEX ix_charge_dossier_id")  # undone with the test
    connection.exec_driver_sql(f"PREPARE owed AS {numbered}")
    values = ", ".join(["NULL"] * (next(given) - 1))
    plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN EXECUTE owed ({values})").scalars())
    connection.exec_driver_sql("DEALLOCATE owed")
    assert "using ix_charge_due" in plan
