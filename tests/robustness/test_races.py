"""Two at once over one record: one wins, the other reads why; nothing happens twice."""

import time
from collections.abc import Callable
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.errors import Conflict, DomainError, Invalid, NotAllowed
from app.extensions import db
from app.models import (
    Account,
    Agency,
    Charge,
    Counter,
    Dossier,
    Draft,
    Feedback,
    Letter,
    MailMessage,
    Movement,
    Notice,
    Task,
)
from app.permissions import Actor
from app.services import charges, handing, processing
from app.services.drafts import get_draft
from app.services.feedback import NewFeedback, send_feedback
from app.services.reception import pass_on, receive_at_counter
from app.services.submission import find_draft, submit
from tests.robustness.world import (
    World,
    act,
    at_once,
    count,
    history_faults,
    make_drafts,
    make_world,
    reception,
)

pytestmark = pytest.mark.timeout(300)
ROUNDS = range(4)  # a race that is lost only sometimes shows itself in one of them


def _receive(session: Session, actor: Actor, *, world: World, key: str) -> int:
    return receive_at_counter(session, reception(session, world, key), actor).id


def _pass_on(session: Session, actor: Actor, *, pk: int) -> int:
    return pass_on(session, session.get_one(Dossier, pk), actor).id


def _open_task(app: Flask, dossier_id: int) -> int:
    with app.app_context():
        query = sa.select(Task.id).where(Task.dossier_id == dossier_id, Task.state == "open")
        return db.session.scalars(query).one()


def _dossier_in_process(app: Flask, world: World, key: str) -> int:
    officer = world.desk_officers[0]
    pk = act(app, officer, partial(_receive, world=world, key=key))
    return act(app, officer, partial(_pass_on, pk=pk))


def _one_winner(results: list[Any], refusals: tuple[type[DomainError], ...]) -> Any:
    """Return what the winner got; fail unless exactly one other was refused with a message."""
    won = [result for result in results if not isinstance(result, Exception)]
    lost = [result for result in results if isinstance(result, Exception)]
    assert len(won) == 1, results
    assert all(isinstance(exc, refusals) and len(str(exc)) > 15 for exc in lost), results
    return won[0]


@pytest.mark.parametrize("number", ROUNDS)
def test_two_officers_finish_the_same_step(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    pk = _dossier_in_process(own_database, world, f"finish-{number}")
    task = _open_task(own_database, pk)

    def finish(session: Session, actor: Actor) -> int:
        return processing.finish_task(session, handing.get_task(session, task, actor), actor).id

    results = at_once([partial(act, own_database, user, finish) for user in world.specialists])

    _one_winner(results, (Conflict, NotAllowed))
    assert count(own_database, Task, Task.dossier_id == pk, Task.state == "open") == 1
    assert count(own_database, Task, Task.dossier_id == pk, Task.name == "Rà soát hồ sơ") == 1
    assert count(own_database, Movement, Movement.dossier_id == pk, Movement.transition == "finish_step") == 1
    assert history_faults(own_database) == []


@pytest.mark.parametrize("number", ROUNDS)
def test_two_officers_pass_the_same_dossier_on(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    pk = act(own_database, world.desk_officers[0], partial(_receive, world=world, key=f"pass-{number}"))

    results = at_once([partial(act, own_database, world.desk_officers[0], partial(_pass_on, pk=pk))] * 2)

    _one_winner(results, (Conflict, NotAllowed))
    assert count(own_database, Task, Task.dossier_id == pk, Task.state == "open") == 1
    assert count(own_database, Letter, Letter.dossier_id == pk, Letter.kind == "control_slip") == 1
    assert history_faults(own_database) == []


@pytest.mark.parametrize("find", [find_draft, get_draft, partial(get_draft, to_change=True)])
def test_a_draft_sent_by_a_double_click_is_one_dossier(
    own_database: Flask, find: Callable[[Session, str, Actor], Draft]
) -> None:
    world = make_world(own_database)
    (key,) = make_drafts(own_database, world, 1)

    def send(session: Session, actor: Actor) -> str:
        return submit(session, find(session, key, actor), actor).code

    codes = at_once([partial(act, own_database, world.applicants[0], send)] * 2)

    assert len(set(codes)) == 1
    assert isinstance(codes[0], str), codes
    assert count(own_database, Dossier) == 1
    assert count(own_database, Draft, Draft.dossier_id.is_not(None)) == 1
    assert count(own_database, Letter, Letter.kind == "acknowledgement") == 1
    assert count(own_database, Notice, Notice.user_id == world.applicants[0]) == 1
    with own_database.app_context():
        address = db.session.get_one(Account, world.accounts[0]).email
    assert count(own_database, MailMessage, MailMessage.recipient == address) == 1
    assert history_faults(own_database) == []


@pytest.mark.parametrize("number", ROUNDS)
def test_a_double_click_at_the_counter_receives_once(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    work: Callable[..., int] = partial(_receive, world=world, key="the same form")

    results = at_once([partial(act, own_database, world.desk_officers[0], work)] * 2)

    assert results[0] == results[1], results  # both see the dossier that the first made
    assert count(own_database, Dossier) == 1
    assert count(own_database, Letter, Letter.kind == "receipt_slip") == 1
    assert count(own_database, Counter, Counter.key.like("%#"), Counter.value == 1) == 1
    assert history_faults(own_database) == []


@pytest.mark.parametrize("number", ROUNDS)
def test_feedback_sent_by_a_double_click_is_kept_once(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    with own_database.app_context():
        code = db.session.get_one(Agency, world.commune).code
    given = NewFeedback(title="Chậm trả kết quả", content="Hồ sơ của tôi đã quá hẹn.",
                        category="delay", agency_code=code, sender_name="Lê Văn Thử")  # fmt: skip

    def send(session: Session, actor: Actor) -> str:
        return send_feedback(session, given, actor, key="the same form").code

    codes = at_once([partial(act, own_database, world.applicants[0], send)] * 2)

    assert codes[0] == codes[1], codes
    assert count(own_database, Feedback) == 1


@pytest.mark.parametrize("number", ROUNDS)
def test_a_payment_recorded_twice_has_one_receipt(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    pk = act(own_database, world.desk_officers[0], partial(_receive, world=world, key=f"pay-{number}"))

    def pay(session: Session, actor: Actor) -> int:
        return charges.record_payment(session, session.get_one(Dossier, pk), actor, "cash").id

    results = at_once([partial(act, own_database, user, pay) for user in world.desk_officers])

    _one_winner(results, (Conflict, Invalid, NotAllowed))
    assert count(own_database, Letter, Letter.kind == "charge_receipt") == 1
    assert count(own_database, Charge, Charge.state == "paid", Charge.receipt_number.is_not(None)) == 1
    assert count(own_database, Counter, Counter.key.like("receipt:%"), Counter.value == 1) == 1
    assert history_faults(own_database) == []


@pytest.mark.parametrize("number", ROUNDS)
def test_two_colleagues_take_the_same_task(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    task = _open_task(own_database, _dossier_in_process(own_database, world, f"claim-{number}"))

    def take(session: Session, actor: Actor) -> int | None:
        return handing.claim(session, handing.get_task(session, task, actor), actor).assignee_id

    results = at_once([partial(act, own_database, user, take) for user in world.specialists])

    winner = _one_winner(results, (Conflict, NotAllowed))
    assert count(own_database, Task, Task.id == task, Task.assignee_id == winner) == 1


def test_who_waited_for_a_draft_reads_all_that_it_points_to_now(own_database: Flask) -> None:
    world = make_world(own_database)
    (key,) = make_drafts(own_database, world, 1)

    def move(session: Session, actor: Actor) -> tuple[int | None, int | None]:
        draft = get_draft(session, key, actor, to_change=True)
        seen = draft.agency_id, draft.agency.id if draft.agency else None
        time.sleep(0.5)  # the other one asks meanwhile
        draft.agency = session.scalars(sa.select(Agency).where(Agency.id != draft.agency_id)).first()
        return seen

    first, second = at_once([partial(act, own_database, world.applicants[0], move)] * 2)

    assert [first[0], second[0]] == [first[1], second[1]]
    assert first != second
