"""Open tasks carry what the inbox reads of their dossiers: the database copies it, whoever writes."""

from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Dossier, Task
from app.models.task_copies import FACTS, fill
from app.services.codes import give_code
from app.services.submission import make_dossier
from app.workflows.states import State
from tests.factories import make_account, make_agency, make_procedure

# What others may do at any moment: statements of plain SQL, past the program.
CHANGES = [
    "UPDATE dossier SET state = 5 WHERE id = :id",
    "UPDATE dossier SET due_at = NULL WHERE id = :id",
    "UPDATE dossier SET received_at = reception_due_at WHERE id = :id",
    "UPDATE dossier SET reception_due_at = NULL, state = 2 WHERE id = :id",
]


@pytest.fixture
def task(session: Session) -> Task:
    """An open task of a dossier with all dates."""
    agency = make_agency()
    dossier = make_dossier(session, make_procedure(), make_account(), agency, channel="counter", data={}, desk=agency)
    give_code(session, dossier)
    dossier.state, dossier.due_at, dossier.reception_due_at = State.processing, now(), now() + timedelta(hours=1)
    session.add(dossier)
    session.flush()
    return _open(session, dossier, 1)


def _open(session: Session, dossier: Dossier, number: int) -> Task:
    found = Task(dossier=dossier, step=dossier.version.process.steps[0], position=number, name="Thẩm định", kind="work",
                 role="specialist", agency=dossier.agency, opened_at=now(), due_at=now(), key=f"b{number}")  # fmt: skip
    session.add(found)
    session.flush()
    return found


def _copies(session: Session, task: Task) -> tuple[Any, ...]:
    columns = Task.__table__.c
    return tuple(session.execute(sa.select(*(columns[f"dossier_{fact}"] for fact in FACTS))
                                 .where(columns.id == task.id)).one())  # fmt: skip


def _facts(session: Session, task: Task) -> tuple[Any, ...]:
    columns = Dossier.__table__.c
    return tuple(session.execute(sa.select(*(columns[fact] for fact in FACTS))
                                 .where(columns.id == task.dossier_id)).one())  # fmt: skip


def test_a_new_task_carries_what_stands_in_its_dossier(session, task):
    assert _copies(session, task) == _facts(session, task)
    assert _copies(session, task)[0] == State.processing


@pytest.mark.parametrize("statement", CHANGES)
def test_every_change_of_a_dossier_reaches_all_its_open_tasks(session, task, statement):
    second = _open(session, task.dossier, 2)
    before = _facts(session, task)
    session.execute(sa.text(statement), {"id": task.dossier_id})
    assert _facts(session, task) != before
    assert _copies(session, task) == _copies(session, second) == _facts(session, task)


def test_a_task_that_is_over_keeps_what_it_had_until_it_is_opened_again(session, task):
    before = _facts(session, task)
    task.state = "done"
    session.flush()
    task.dossier.state = State.supplement_requested
    session.flush()
    assert _copies(session, task) == before != _facts(session, task)
    task.state = "open"
    session.flush()
    assert _copies(session, task) == _facts(session, task)


def test_the_migration_fills_what_was_open_before(session, task):
    session.execute(sa.update(Task.__table__).values(dossier_state=None, dossier_due_at=None))
    assert _copies(session, task) != _facts(session, task)
    fill(session.connection())
    assert _copies(session, task) == _facts(session, task)


def test_the_history_tells_nothing_of_the_copies(session, task):
    from app.history import HistoryEntry

    session.execute(sa.text(CHANGES[0]), {"id": task.dossier_id})
    told = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "task")).all()
    assert told
    assert not any(name.startswith("dossier_s") for entry in told for name in entry.changes)
