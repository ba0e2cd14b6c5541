"""200 users at once on one process: nothing lost, nothing doubled, every history whole (PostgreSQL)."""

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.errors import DomainError
from app.extensions import db
from app.models import Dossier, Movement, Notice, OutboxEvent, Task
from app.permissions import Actor, Role
from app.services import handing, processing
from app.services.reception import pass_on, receive_at_counter
from app.transactions import transaction
from tests.factories import make_user
from tests.machine import checks
from tests.robustness.world import World, act, at_once, count, history_faults, make_world, reception

pytestmark = pytest.mark.timeout(900)
USERS, RIVALS = 200, 8  # so many would do the same thing
CONNECTIONS = 60  # more than any installation gives its processes; a default server takes 100


@contextmanager
def many_connections(app: Flask) -> Iterator[None]:
    """Give the users so many connections that they wait for one another at the rows, hardly at the pool."""
    with app.app_context():
        kept = db.engines[None]
        if kept.dialect.name != "postgresql":
            pytest.skip("SQLite has one writer at a time")
        db.engines[None] = sa.create_engine(kept.url, pool_size=CONNECTIONS, max_overflow=0, pool_timeout=600)
    try:
        yield
    finally:
        with app.app_context():
            db.engine.dispose()
            db.engines[None] = kept


def _staff(app: Flask, role: Role, many: int) -> list[int]:
    with app.app_context(), transaction():
        return [make_user(role).id for _ in range(many)]


def _bring(session: Session, actor: Actor, *, world: World, key: str) -> str:
    """Receive a dossier at the counter and pass it on."""
    return pass_on(session, receive_at_counter(session, reception(session, world, key), actor), actor).code


def _finish(session: Session, actor: Actor, *, task: int) -> int:
    processing.finish_task(session, handing.get_task(session, task, actor), actor)
    return task


def _claim(session: Session, actor: Actor, *, task: int) -> int:
    handing.claim(session, handing.get_task(session, task, actor), actor)
    return task


def _send_back(session: Session, actor: Actor, *, task: int) -> int:
    found = handing.get_task(session, task, actor)
    return processing.send_back(session, found, "b2", actor, "Thiếu căn cứ").id


def _open_tasks(app: Flask, key: str) -> list[int]:
    with app.app_context():
        query = sa.select(Task.id).where(Task.state == "open", Task.key == key).order_by(Task.id)
        return list(db.session.scalars(query))


def _won(results: list[Any]) -> Counter[int]:
    """Return how often each task was won; everybody else was told in words why he was late."""
    lost = [one for one in results if isinstance(one, Exception)]
    assert all(isinstance(exc, DomainError) and len(str(exc)) > 15 for exc in lost), lost
    return Counter(one for one in results if not isinstance(one, Exception))


def _whole(app: Flask) -> None:
    """What the machine asks of one dossier after an act holds of every dossier; so do all histories."""
    with app.app_context():
        session = db.session()
        for dossier in session.scalars(sa.select(Dossier).order_by(Dossier.id)):
            found = [*checks.course(dossier), *checks.steps(dossier), *checks.clock(session, dossier),
                     *checks.history(session, dossier)]  # fmt: skip
            assert not found, (dossier.code, found)
    assert history_faults(app) == []


def test_200_users_act_on_one_process_at_once(own_database: Flask) -> None:
    world = make_world(own_database)
    desk, specialists = (_staff(own_database, role, USERS) for role in (Role.desk_officer, Role.specialist))
    with many_connections(own_database):
        brings = [partial(_bring, world=world, key=f"dossier-{number}") for number in range(USERS)]
        codes = at_once([partial(act, own_database, who, bring) for who, bring in zip(desk, brings, strict=True)])
        assert sorted(int(str(code)[-4:]) for code in codes) == list(range(1, USERS + 1)), "each number once"
        assert count(own_database, Movement, Movement.transition == "start") == USERS

        wanted = _open_tasks(own_database, "b2")[: USERS // RIVALS]
        works = [partial(_finish, task=wanted[number % len(wanted)]) for number in range(USERS)]
        won = _won(at_once([partial(act, own_database, *one) for one in zip(specialists, works, strict=True)]))
        assert won == dict.fromkeys(wanted, 1), "each step is finished once"
        assert count(own_database, Movement, Movement.transition == "finish_step") == len(wanted)
        assert len(_open_tasks(own_database, "b3")) == len(wanted)

        wanted = _open_tasks(own_database, "b3")
        does = (_finish, _claim, _send_back, _finish)
        works = [partial(does[number // len(wanted) % 4], task=wanted[number % len(wanted)]) for number in range(USERS)]
        _won(at_once([partial(act, own_database, *one) for one in zip(specialists, works, strict=True)]))
        left = count(own_database, Task, Task.id.in_(wanted), Task.state != "open")
        moved = Movement.transition.in_(["finish", "send_back_step"])
        assert count(own_database, Movement, moved) == left > 0, "each step is left once, forwards or back"
        taken = count(own_database, Task, Task.id.in_(wanted), Task.state == "open", Task.assignee_id.is_not(None))
        assert taken == len(wanted) - left, "what was not left is held by the one who took it first"
    _whole(own_database)
    assert count(own_database, OutboxEvent, OutboxEvent.name == "letters.render") >= USERS
    with own_database.app_context():
        doubled = sa.select(Notice.user_id, Notice.key).group_by(Notice.user_id, Notice.key)
        assert db.session.execute(doubled.having(sa.func.count() > 1)).all() == []
