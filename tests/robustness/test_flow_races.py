"""Two at once over one dossier of the workflow: a supplement and a withdrawal, an opinion and the clock, two tabs.

Each act is made as its page makes it, the dossier locked first.
"""

import time
from collections.abc import Callable
from datetime import timedelta
from functools import partial
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Conflict, DomainError, Invalid, NotAllowed
from app.extensions import db
from app.models import Dossier, FormRevision, Movement, SupplementRequest, Task
from app.permissions import Actor, Role
from app.services import consulting, handing, lifecycle, my_dossiers, processing, reception
from app.services.dossiers import get_dossier
from app.services.reception import pass_on, receive_at_counter
from app.services.submission import answer_supplement, find_draft, submit
from app.transactions import transaction
from app.workflows.states import State
from tests.factories import make_user
from tests.robustness.world import (
    World,
    act,
    at_once,
    count,
    history_faults,
    make_drafts,
    make_world,
)
from tests.robustness.world import (
    reception as at_the_counter,
)
from tests.wording import vi

pytestmark = pytest.mark.timeout(300)
ROUNDS = range(4)  # a race that is lost only sometimes shows itself in one of them
Do = Callable[[Session, Dossier, Actor], Any]


def _on(code: str, do: Do, pause: float = 0) -> Callable[[Session, Actor], Any]:
    """Return the act as the dossier page makes it.

    pause: between the lock and the act, for others to come meanwhile.
    """

    def work(session: Session, actor: Actor) -> bool:
        dossier = get_dossier(session, code, actor, to_change=True)
        time.sleep(pause)
        do(session, dossier, actor)
        return True

    return work


def _refused(result: Any) -> bool:
    """Return whether an act was refused, with a message; fail for any other fault."""
    if not isinstance(result, Exception):
        return False
    assert isinstance(result, Conflict | Invalid | NotAllowed), repr(result)
    assert len(str(result)) > 15
    return True


def _in_process(app: Flask, world: World, key: str) -> str:
    def receive(session: Session, actor: Actor) -> str:
        return pass_on(session, receive_at_counter(session, at_the_counter(session, world, key), actor), actor).code

    return str(act(app, world.desk_officers[0], receive))


def _open_task(app: Flask, code: str) -> int:
    with app.app_context():
        query = sa.select(Task.id).join(Dossier, Dossier.id == Task.dossier_id)
        return db.session.scalars(query.where(Dossier.code == code, Task.state == "open")).one()


# ---- a supplement answered in one tab, the dossier withdrawn in the other


def _asked_online(app: Flask, world: World) -> str:
    """Return the code of a dossier of which the desk asked a field."""
    (key,) = make_drafts(app, world, 1)
    code = str(act(app, world.applicants[0], lambda s, a: submit(s, find_draft(s, key, a), a).code))

    def ask(session: Session, dossier: Dossier, actor: Actor) -> None:
        reception.ask_supplement(session, dossier, actor, reason="Bản khai mờ", field_keys=["ho_ten"],
                                 component_ids=[])  # fmt: skip

    act(app, world.desk_officers[0], _on(code, ask))
    return code


def _answers(code: str) -> Callable[[Session, Actor], bool]:
    def work(session: Session, actor: Actor) -> bool:
        dossier = my_dossiers.get_own(session, code, actor, to_change=True)
        answer_supplement(session, dossier, {"ho_ten": "Trần Văn Bổ Sung"}, actor)
        return True

    return work


def _withdraws(code: str) -> Callable[[Session, Actor], bool]:
    def work(session: Session, actor: Actor) -> bool:
        dossier = my_dossiers.get_own(session, code, actor, to_change=True)
        lifecycle.move(session, dossier, "request_withdrawal", actor, remark="Không cần nữa")
        return True

    return work


@pytest.mark.parametrize("number", ROUNDS)
def test_a_supplement_is_answered_while_the_dossier_is_withdrawn(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    code, me = _asked_online(own_database, world), world.applicants[0]
    works = [_answers(code), _withdraws(code)]

    results = at_once([partial(act, own_database, me, work) for work in works[:: 1 - 2 * (number % 2)]])

    answered, withdrawn = results[:: 1 - 2 * (number % 2)]
    assert withdrawn is True, "both orders let him withdraw"
    is_late = _refused(answered)
    assert count(own_database, Dossier, Dossier.state == int(State.withdrawal_requested)) == 1
    assert count(own_database, SupplementRequest, SupplementRequest.answered_at.is_not(None)) == (not is_late)
    assert count(own_database, FormRevision) == 1 + (not is_late), "of a refused answer nothing is kept"
    assert count(own_database, Movement, Movement.transition == "answer_supplement") == (not is_late)
    before = State.supplement_requested if is_late else State.registered
    assert count(own_database, Movement, Movement.transition == "request_withdrawal",
                 Movement.source == int(before)) == 1  # fmt: skip
    assert history_faults(own_database) == []


# ---- an opinion given at its limit, while the clock closes the question


def _question(app: Flask, world: World, code: str) -> tuple[int, int]:
    """Return a question to a colleague whose time has just passed, and who is asked."""
    with app.app_context(), transaction():
        asked = make_user(Role.specialist).id
    task = _open_task(app, code)

    def ask(session: Session, dossier: Dossier, actor: Actor) -> None:
        (question,) = consulting.ask(session, handing.task_of(dossier, task), actor, question="Có vướng gì không?",
                                     hours=1, user_id=asked)  # fmt: skip
        question.due_at = now() - timedelta(minutes=1)

    act(app, world.specialists[0], _on(code, ask))
    with app.app_context():
        return db.session.scalars(sa.select(Task.id).where(Task.asked_by_id == task)).one(), asked


@pytest.mark.parametrize("pause", [0, 0.1, 0.3])
def test_an_opinion_is_given_while_the_clock_closes_the_question(own_database: Flask, pause: float) -> None:
    world = make_world(own_database)
    code = _in_process(own_database, world, "opinion")
    number, asked = _question(own_database, world, code)

    def close() -> bool:
        time.sleep(pause / 3)
        with own_database.app_context(), transaction() as session:
            return consulting.close_silent(session, number)

    def answer(session: Session, dossier: Dossier, actor: Actor) -> None:
        consulting.answer(session, handing.task_of(dossier, number), actor, given="agree", remark="")

    answered, closed = at_once([partial(act, own_database, asked, _on(code, answer, pause)), close])

    assert isinstance(closed, bool), repr(closed)
    assert _refused(answered) is closed
    given = "silent" if closed else "agree"
    assert count(own_database, Task, Task.id == number, Task.state == "done", Task.answer == given) == 1
    assert count(own_database, Movement, Movement.transition == "give_opinion") == (not closed)
    assert history_faults(own_database) == []


# ---- one step, open in the tabs of two officers


@pytest.mark.parametrize("number", ROUNDS)
def test_one_takes_a_step_while_the_other_finishes_it(own_database: Flask, number: int) -> None:
    world = make_world(own_database)
    code = _in_process(own_database, world, "tabs")
    task = _open_task(own_database, code)
    one, other = world.specialists

    def take(session: Session, dossier: Dossier, actor: Actor) -> None:
        handing.claim(session, handing.task_of(dossier, task), actor)

    def finish(session: Session, dossier: Dossier, actor: Actor) -> None:
        processing.finish_task(session, handing.task_of(dossier, task), actor)

    taken, finished = at_once([
        partial(act, own_database, one, _on(code, take)), partial(act, own_database, other, _on(code, finish)),
    ])  # fmt: skip

    assert _refused(taken) is not _refused(finished), "one of them is told that the other was faster"
    who, state = (one, "open") if finished is not True else (other, "done")
    assert count(own_database, Task, Task.id == task, Task.assignee_id == who, Task.state == state) == 1
    assert count(own_database, Task, Task.name == "Rà soát hồ sơ") == (finished is True)
    assert count(own_database, Movement, Movement.transition == "finish_step") == (finished is True)
    assert history_faults(own_database) == []


@pytest.mark.parametrize("pause", [0, 0.1, 0.3])
def test_a_step_is_finished_from_the_list_and_from_the_page_at_once(own_database: Flask, pause: float) -> None:
    """The list of work locks the step with its dossier, the page the dossier: neither waits for the other for ever."""
    world = make_world(own_database)
    code = _in_process(own_database, world, "list")
    task, (one, other) = _open_task(own_database, code), world.specialists

    def from_the_list(session: Session, actor: Actor) -> bool:
        time.sleep(pause / 3)
        processing.finish_task(session, handing.get_task(session, task, actor), actor)
        return True

    def finish(session: Session, dossier: Dossier, actor: Actor) -> None:
        processing.finish_task(session, handing.task_of(dossier, task), actor)

    results = at_once([partial(act, own_database, one, _on(code, finish, pause)),
                       partial(act, own_database, other, from_the_list)])  # fmt: skip

    assert sorted(map(_refused, results)) == [False, True]
    told = next(str(one) for one in results if isinstance(one, DomainError))
    assert told != vi("Someone else has just changed this record. Please look again."), "that tells of a deadlock"
    assert count(own_database, Movement, Movement.transition == "finish_step") == 1
