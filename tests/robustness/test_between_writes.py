"""``kill -9`` between any two writes of an act, the commit included: all of it, or nothing."""

from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.extensions import db
from app.models import Agency, Dossier, Task
from app.permissions import Actor, Role
from app.services import extensions, handing, processing, reception
from app.services.submission import find_draft, submit
from app.transactions import transaction
from tests.factories import make_user
from tests.robustness.world import World, act, history_faults, make_drafts, make_world
from tests.robustness.world import reception as at_counter
from tests.robustness.writes import die_before, differences, picture

pytestmark = pytest.mark.timeout(600)
MOST = 100  # writes of one act
Act = Callable[[], Any]


def _receive(session: Session, actor: Actor, *, world: World) -> int:
    return reception.receive_at_counter(session, at_counter(session, world, "one form"), actor).id


def _submit(session: Session, actor: Actor, *, key: str) -> str:
    return submit(session, find_draft(session, key, actor), actor).code


def _with_dossier(service: Callable[..., Any], *rest: Any, **named: Any) -> Callable[[Session, Actor], Any]:
    """Return the work of calling ``service`` with the only dossier there is."""

    def work(session: Session, actor: Actor) -> Any:
        dossier = session.scalars(sa.select(Dossier)).one()
        service(session, dossier, *([] if named else [actor]), *rest, **({"actor": actor} | named if named else {}))

    return work


def _finish(session: Session, actor: Actor) -> None:
    pk = session.scalars(sa.select(Task.id).where(Task.state == "open")).one()
    processing.finish_task(session, handing.get_task(session, pk, actor), actor)


def _sent(app: Flask, world: World) -> Act:
    (key,) = make_drafts(app, world, 1)
    return partial(act, app, world.applicants[0], partial(_submit, key=key))


def _received(app: Flask, world: World) -> Act:
    return partial(act, app, world.desk_officers[0], partial(_receive, world=world))


def _accepted(app: Flask, world: World) -> Act:
    _sent(app, world)()
    return partial(act, app, world.desk_officers[0], _with_dossier(reception.accept))


def _supplement(app: Flask, world: World) -> Act:
    _sent(app, world)()
    ask = _with_dossier(reception.ask_supplement, field_keys=["noi_dung"], component_ids=[], reason="Chưa rõ nội dung")
    return partial(act, app, world.desk_officers[0], ask)


def _passed_on(app: Flask, world: World) -> Act:
    _received(app, world)()
    return partial(act, app, world.desk_officers[0], _with_dossier(reception.pass_on))


def _step(app: Flask, world: World) -> Act:
    _passed_on(app, world)()
    return partial(act, app, world.specialists[0], _finish)


def _extension(app: Flask, world: World) -> Act:
    _passed_on(app, world)()
    with app.app_context(), transaction() as session:
        for role in (Role.division_head, Role.agency_head):  # who confirms
            make_user(role, session.get_one(Agency, world.commune))

    def ask(session: Session, actor: Actor) -> None:
        dossier = session.scalars(sa.select(Dossier)).one()
        minutes = extensions.choices(session, dossier)[0][0]
        extensions.ask(session, dossier, actor, minutes=minutes, reason="Phải xác minh thêm tại thực địa")

    return partial(act, app, world.specialists[0], ask)


ACTS = (_sent, _received, _accepted, _supplement, _passed_on, _step, _extension)


@pytest.fixture
def world(own_database: Flask) -> Iterator[World]:
    yield make_world(own_database)
    with own_database.app_context():
        db.engine.dispose()


@pytest.mark.parametrize("prepare", ACTS, ids=lambda prepare: prepare.__name__.strip("_"))
def test_an_act_killed_between_two_writes_leaves_nothing(
    own_database: Flask, world: World, prepare: Callable[[Flask, World], Act]
) -> None:
    work = prepare(own_database, world)
    before, number = picture(own_database), 1
    while die_before(own_database, work, number):
        assert differences(own_database, before) == [], f"killed before write {number}"
        number += 1
        assert number < MOST
    assert number > 4, "the last of them is the commit"
    assert picture(own_database)["history"][0] > before["history"][0]
    assert picture(own_database) != before
    assert history_faults(own_database) == []
