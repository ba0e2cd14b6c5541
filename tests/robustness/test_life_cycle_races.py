"""Two at once over one extension or one apology: it is asked, granted and signed once."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.clock import acting_at, now, today
from app.errors import Conflict, DomainError, Invalid, NotAllowed
from app.extensions import db
from app.models import Apology, Dossier, DueChange, Extension, Letter, MailMessage, Movement
from app.permissions import Actor, Role
from app.services import apologies, extensions
from app.services.dossiers import get_dossier
from app.services.escalation import escalate_overdue
from app.services.reception import pass_on, receive_at_counter
from app.transactions import transaction
from tests.factories import make_user
from tests.robustness.world import World, act, at_once, count, history_faults, make_world, reception

pytestmark = pytest.mark.timeout(300)
ROUNDS = range(2)


def _head(app: Flask) -> int:
    with app.app_context(), transaction():
        return make_user(Role.agency_head).id


def _in_process(app: Flask, world: World) -> str:
    def receive(session: Session, actor: Actor) -> str:
        dossier = receive_at_counter(session, reception(session, world, "races"), actor)
        return pass_on(session, dossier, actor).code

    return str(act(app, world.desk_officers[0], receive))


def _on(code: str, do: Callable[[Session, Dossier, Actor], Any]) -> Callable[[Session, Actor], Any]:
    """Return the act as the dossier page makes it: the dossier is locked first."""

    def work(session: Session, actor: Actor) -> Any:
        do(session, get_dossier(session, code, actor, to_change=True), actor)
        return True

    return work


def _ask(session: Session, dossier: Dossier, actor: Actor) -> None:
    extensions.ask(session, dossier, actor, minutes=60, reason="Cần xác minh")


def _agree(session: Session, dossier: Dossier, actor: Actor) -> None:
    waiting = extensions.pending(dossier)
    if waiting is None:
        raise Conflict("decided meanwhile")
    extensions.agree(session, waiting, actor)


def _one_of(results: list[Any]) -> None:
    lost = [one for one in results if isinstance(one, Exception)]
    assert len(results) - len(lost) == 1, results
    assert all(isinstance(one, (Conflict, Invalid, NotAllowed)) for one in lost), results
    assert all(isinstance(one, DomainError) for one in lost)


@pytest.mark.parametrize("number", ROUNDS)
def test_two_ask_and_two_grant_at_once(own_database: Flask, number: int) -> None:
    world, heads = make_world(own_database), [_head(own_database), _head(own_database)]
    code = _in_process(own_database, world)

    _one_of(at_once([partial(act, own_database, user, _on(code, _ask)) for user in world.specialists]))
    assert count(own_database, Extension) == 1
    _one_of(at_once([partial(act, own_database, user, _on(code, _agree)) for user in heads]))

    assert count(own_database, Extension, Extension.state == "granted") == 1
    assert count(own_database, DueChange) == 1
    assert count(own_database, Letter, Letter.kind == "apology") == 1
    assert count(own_database, Movement, Movement.transition == "grant_extension") == 1
    assert history_faults(own_database) == []


@pytest.mark.parametrize("number", ROUNDS)
def test_a_doubled_signature_sends_one_letter(own_database: Flask, number: int) -> None:
    world, head = make_world(own_database), _head(own_database)
    code = _in_process(own_database, world)

    def make_late(session: Session, dossier: Dossier, actor: Actor) -> None:
        dossier.due_at = now().replace(year=now().year - 1)

    def sign(session: Session, dossier: Dossier, actor: Actor) -> None:
        apologies.sign(session, dossier.apologies[0], actor)

    def write(session: Session, dossier: Dossier, actor: Actor) -> None:
        apologies.write(session, dossier, actor, cause="overdue", reason="Chờ xác minh", new_due_on=today())

    act(own_database, head, _on(code, make_late))
    _one_of(at_once([partial(act, own_database, user, _on(code, write)) for user in world.specialists]))
    assert count(own_database, Apology) == 1
    _one_of(at_once([partial(act, own_database, head, _on(code, sign))] * 2))
    assert count(own_database, Letter, Letter.kind == "apology") == 1
    assert history_faults(own_database) == []


def test_the_clock_reports_a_late_dossier_once_though_two_look(own_database: Flask) -> None:
    world, head = make_world(own_database), _head(own_database)
    _in_process(own_database, world)
    with own_database.app_context():
        due_at = db.session.scalars(sa.select(Dossier.due_at)).one()

    def look(session: Session, actor: Actor) -> int:
        with acting_at(due_at.replace(year=due_at.year + 1)):
            return escalate_overdue(session)

    at_once([partial(act, own_database, head, look)] * 2)
    assert count(own_database, Apology) == 1
    assert count(own_database, MailMessage, MailMessage.key.like("overdue:%")) == 1
