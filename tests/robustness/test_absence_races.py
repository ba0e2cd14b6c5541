"""An absence takes many dossiers while a decision about all of them takes them too: neither waits for the other."""

import time
from datetime import timedelta
from types import SimpleNamespace

import pytest
import sqlalchemy as sa
from flask import Flask

from app.clock import now, today
from app.models import Absence, Dossier, Task
from app.services import absences, chunks
from app.services.reception import pass_on, receive_at_counter
from app.transactions import transaction
from tests.robustness.world import World, act, at_once, count, make_world, reception

pytestmark = pytest.mark.timeout(300)
SEVERAL = 3


def _busy(app: Flask, world: World) -> None:
    """Give an officer several steps, the one of the dossier entered last due first."""
    for place in range(SEVERAL):
        act(app, world.desk_officers[0],
            lambda s, a, key=f"away{place}": pass_on(s, receive_at_counter(s, reception(s, world, key), a), a).code)
    with app.app_context(), transaction() as session:
        query = sa.select(Task).where(Task.state == "open").order_by(Task.dossier_id)
        for place, task in enumerate(session.scalars(query).unique()):
            task.assignee_id, task.due_at = world.specialists[0], now() - timedelta(hours=place)


def _away(app: Flask, world: World) -> int:
    """Enter an absence that begins today and of which nothing was given away yet; returns its id."""
    with app.app_context(), transaction() as session:
        row = Absence(user_id=world.specialists[0], agency_id=world.commune, kind="leave", valid_from=today(),
                      valid_to=today(), reason="Nghỉ", is_withdrawn=False, given_away=0, way="pool")  # fmt: skip
        session.add(row)
        session.flush()
        return row.id


def test_an_absence_begins_while_many_dossiers_are_worked_on(own_database: Flask) -> None:
    world = make_world(own_database)
    _busy(own_database, world)
    number = _away(own_database, world)

    def begin() -> int:
        time.sleep(0.1)
        with own_database.app_context(), transaction() as session:
            return absences.begin(session, number)

    def hold_in_turn() -> bool:
        """Hold the dossiers as decisions about many do, but slowly: so that the absence comes between."""
        cursor = SimpleNamespace(last_dossier_id=0, done_at=None)
        with own_database.app_context(), transaction() as session:
            while chunks.go_on(session, cursor, sa.select(Dossier.id), lambda _ids: time.sleep(0.3), 1):
                pass
        return True

    assert at_once([hold_in_turn, begin]) == [True, 1]
    assert count(own_database, Task, Task.state == "open", Task.assignee_id.is_(None)) == SEVERAL
