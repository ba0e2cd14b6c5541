"""Dossiers on processes that are graphs: parallel steps, opinions, money, linked dossiers, taking back."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Conflict, Invalid, NotAllowed
from app.history import record
from app.models import Dossier, Notice, Process, Task
from app.permissions import Role, acting_as
from app.services import (
    charges,
    consulting,
    extensions,
    handing,
    lifecycle,
    linked,
    processing,
    recalling,
    reception,
    results,
)
from app.services.dossier_offers import find_offers
from app.services.lifecycle import open_questions, open_tasks
from app.services.notices import MANY
from app.tasks import deadlines
from tests.factories import make_procedure, make_process
from tests.services.steps import Office, write_draft

DESK = ("Tiếp nhận", "receive", "desk_officer", "desk", 60)
WORK = ("Thụ lý", "work", "specialist", "agency", 240)
SIGN = ("Ký", "sign", "agency_head", "agency", 60)
BACK = ("Trả kết quả", "return", "desk_officer", "desk", 0)


def graph(session, *steps: tuple[Any, ...], **ways: Any) -> Process:
    """Return a process of ``steps``; ways: key → values of that step."""
    process = make_process(steps)
    for step in process.steps:
        for name, value in ways.get(step.key, {}).items():
            setattr(step, name, value)
    session.flush()
    return process


def to(*keys: str) -> list[dict[str, str]]:
    """Return the stored ways to ``keys``."""
    return [{"to": key} for key in keys]


def office_with(session, process: Process, **version: Any) -> Office:
    """Return an office whose procedure follows ``process``, without a fee unless given."""
    return Office(session, **({"process": process, "fee": 0} | version))


def task_at(dossier: Dossier, key: str) -> Task:
    """Return the open task of a step."""
    return next(task for task in open_tasks(dossier) if task.key == key)


def finish(office: Office, dossier: Dossier, key: str) -> None:
    """Finish a step by whoever holds its role; the draft is there."""
    task = task_at(dossier, key)
    actor = office[Role(task.role)]
    if results.may_draft(dossier, actor) and not dossier.results:
        write_draft(office.session, dossier, actor)
    processing.finish_task(office.session, task, actor)


@pytest.fixture
def parallel(session):
    """Return (office, dossier) at two parallel checks after the work."""
    check = ("Thẩm tra", "check", "division_head", "agency", 60)
    process = graph(session, DESK, WORK, check, check, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5")})  # fmt: skip
    office = office_with(session, process)
    dossier = office.processed()
    finish(office, dossier, "b2")
    return office, dossier


def test_parallel_steps_stand_open_and_meet(session, parallel):
    office, dossier = parallel
    assert {task.key for task in open_tasks(dossier)} == {"b3", "b4"}
    finish(office, dossier, "b3")
    assert {task.key for task in open_tasks(dossier)} == {"b4"}
    finish(office, dossier, "b4")
    assert dossier.step_name == "Ký"
    finish(office, dossier, "b5")
    assert dossier.state == 9


def test_one_clock_runs_while_several_work(session, parallel):
    _office, dossier = parallel
    assert len([s for s in dossier.segments if s.ended_at is None]) == 1


def test_sending_back_cancels_the_step_beside(session, parallel):
    office, dossier = parallel
    head = office[Role.division_head]
    fresh = processing.send_back(session, task_at(dossier, "b3"), "b2", head, "Thiếu căn cứ")
    assert [task.key for task in open_tasks(dossier)] == ["b2"]
    assert fresh.assignee_id == office[Role.specialist].user_id
    finish(office, dossier, "b2")
    assert {task.key for task in open_tasks(dossier)} == {"b3", "b4"}


def test_a_condition_on_the_form_chooses(session):
    when = {"field": "ho_ten", "op": "eq", "value": "Không ai"}
    process = graph(session, DESK, WORK, ("Rẽ", "decide", "specialist", "agency", 0), SIGN, BACK,
                    b2={"goes_to": [{"to": "b3"}]},
                    b3={"goes_to": [{"to": "b5", "when": when}, {"to": "b4"}], "split": "one"})  # fmt: skip
    office = office_with(session, process)
    dossier = office.processed()
    finish(office, dossier, "b2")
    assert [task.key for task in open_tasks(dossier)] == ["b4"]
    passed = next(task for task in dossier.tasks if task.kind == "decide")
    assert (passed.state, passed.went_to) == ("done", ["b4"])


def test_a_form_that_opens_no_way_is_told_and_nothing_moves(session):
    when = {"field": "ho_ten", "op": "eq", "value": "Không ai"}
    process = graph(session, DESK, WORK, SIGN, BACK, b2={"goes_to": [{"to": "b3", "when": when}]})
    office = office_with(session, process)
    dossier = office.processed()
    with pytest.raises(Exception, match="Thụ lý"):
        finish(office, dossier, "b2")


# --- opinions ---


@pytest.fixture
def asking(session):
    """Return (office, dossier, other ward's specialist) with the work step open."""
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK))
    dossier = office.processed()
    return office, dossier, office.officer(Role.specialist, office.tree.department)


def ask(office, dossier, **more):
    """Ask from the work step."""
    given = {"question": "Có tranh chấp không?", "hours": 8} | more
    return consulting.ask(office.session, task_at(dossier, "b2"), office[Role.specialist], **given)


def place(actor) -> int:
    """Return the agency of the actor's post."""
    return actor.positions[0].agency_id


def test_an_agency_is_asked_beside_the_step_and_answers(session, asking):
    office, dossier, outsider = asking
    (question,) = ask(office, dossier, agency_ids=[place(outsider)])
    assert [t.key for t in open_tasks(dossier)] == ["b2"], "the dossier stands where it stood"
    consulting.answer(session, question, outsider, given="disagree", remark="Đất đang tranh chấp")
    assert (question.answer, question.state) == ("disagree", "done")
    told = session.scalars(sa.select(Notice.title).where(Notice.key == f"answer:{question.id}")).all()
    assert len(told) == 1
    finish(office, dossier, "b2")
    assert dossier.step_name == "Ký"


def test_the_asked_may_answer_and_nothing_else(session, asking):
    office, dossier, outsider = asking
    (question,) = ask(office, dossier, agency_ids=[place(outsider)])
    with pytest.raises(NotAllowed):
        processing.finish_task(session, question, outsider)
    assert not lifecycle.offered(dossier, outsider)
    with pytest.raises(NotAllowed):
        consulting.answer(session, question, office[Role.clerk], given="agree", remark="")
    consulting.answer(session, question, outsider, given="agree", remark="")
    assert not lifecycle.handles(dossier, outsider, set(Role)), "an opinion is no step of the dossier"
    assert not extensions.may_ask(dossier, outsider)


@pytest.mark.parametrize(("more", "field"), [
    ({"question": "  "}, "question"), ({"hours": 0}, "hours"), ({"hours": 999}, "hours"), ({}, "agency"),
])  # fmt: skip
def test_bad_questions_name_the_field(session, asking, more, field):
    office, dossier, outsider = asking
    whom = {} if field == "agency" else {"agency_ids": [place(outsider)]}
    with pytest.raises(Invalid) as refused:
        ask(office, dossier, **(whom | more))
    assert field in refused.value.fields
    assert not open_questions(dossier)


def test_nobody_is_asked_twice_at_once(session, asking):
    office, dossier, outsider = asking
    ask(office, dossier, agency_ids=[place(outsider)])
    with pytest.raises(Invalid):
        ask(office, dossier, agency_ids=[place(outsider)])


def test_a_colleague_is_asked_by_name(session, asking):
    office, dossier, _outsider = asking
    colleague = office.officer(Role.specialist)
    (question,) = ask(office, dossier, user_id=colleague.user_id)
    with pytest.raises(NotAllowed):
        consulting.answer(session, question, office[Role.specialist], given="agree", remark="")
    consulting.answer(session, question, colleague, given="agree", remark="")
    assert question.state == "done"


def test_a_question_can_be_taken_back(session, asking):
    office, dossier, outsider = asking
    (question,) = ask(office, dossier, agency_ids=[place(outsider)])
    with pytest.raises(NotAllowed):
        consulting.take_back(session, question, outsider)
    consulting.take_back(session, question, office[Role.specialist])
    with pytest.raises(Conflict):
        consulting.answer(session, question, outsider, given="agree", remark="")


def test_finishing_the_step_cancels_open_questions(session, asking):
    office, dossier, outsider = asking
    (question,) = ask(office, dossier, agency_ids=[place(outsider)])
    write_draft(session, dossier, office[Role.specialist])
    with pytest.raises(Invalid) as refused:
        finish(office, dossier, "b2")
    assert "remark" in refused.value.fields
    assert (question.state, dossier.step_name) == ("open", "Thụ lý"), "nothing was written"
    processing.finish_task(session, task_at(dossier, "b2"), office[Role.specialist], "Hết hạn trả kết quả")
    assert question.state == "cancelled"
    (told,) = [m.remark for m in dossier.movements if m.transition == "finish_step"]
    assert "Hết hạn trả kết quả" in told, "why"
    assert str(question.agency) in told, "and without whom"


def test_a_step_met_with_silence_is_left_only_with_a_reason(session):
    office, dossier, outsider = consultation(session, silence=False)
    (question,) = open_questions(dossier)
    question.due_at = now() - timedelta(minutes=1)
    session.flush()
    assert consulting.close_silent(session, question.id)
    step = task_at(dossier, "b3")
    with pytest.raises(Invalid):
        processing.finish_task(session, step, office[Role.specialist])
    processing.finish_task(session, step, office[Role.specialist], "Cơ quan được hỏi không trả lời")
    assert str(place(outsider)) in question.slot
    assert str(question.agency) in step.remark


def consultation(session, *, silence: bool):
    """Return (office, dossier, outsider) at a consultation step that asks another ward."""
    office = Office(session)
    step = ("Lấy ý kiến", "consult", "specialist", "agency", 120)
    process = graph(session, DESK, WORK, step, SIGN, BACK,
                    b3={"consulted": [office.tree.department.code], "silence_consents": silence})  # fmt: skip
    office.version = make_procedure(process=process, fee=0)
    outsider = office.officer(Role.specialist, office.tree.department)
    dossier = office.processed()
    finish(office, dossier, "b2")
    return office, dossier, outsider


def test_a_consultation_step_goes_on_with_the_last_answer(session):
    _office, dossier, outsider = consultation(session, silence=False)
    (question,) = open_questions(dossier)
    assert next(s for s in dossier.segments if s.ended_at is None).holder == "other_agency"
    task_at(dossier, "b3").assignee_id = None  # several could have it
    consulting.answer(session, question, outsider, given="agree", remark="")
    assert dossier.step_name == "Ký"
    passed = next(task for task in dossier.tasks if task.key == "b3" and task.asked_by_id is None)
    assert (question.assignee_id, passed.assignee_id) == (outsider.user_id, None), "nobody of the ward did it"


def test_who_signs_drafts_where_nobody_before_him_could(session):
    """Without it a process that is signed by the director of the Centre could stick for good."""
    process = graph(session, DESK, ("Ký", "sign", "centre_director", "desk", 60), BACK)
    office = office_with(session, process)
    director = office.people[Role.centre_director] = office.officer(Role.centre_director, office.tree.desk)
    dossier = office.processed()
    assert results.may_draft(dossier, director)
    finish(office, dossier, "b2")
    assert dossier.state == 9


@pytest.mark.parametrize(("silence", "step"), [(True, "Ký"), (False, "Lấy ý kiến")])
def test_silence_is_consent_only_where_the_step_says_so(session, silence, step):
    _office, dossier, _outsider = consultation(session, silence=silence)
    (question,) = open_questions(dossier)
    question.due_at = now() - timedelta(minutes=1)
    session.flush()
    assert consulting.silent_questions(session) == [question.id]
    assert consulting.close_silent(session, question.id)
    assert consulting.silent_questions(session) == []
    assert not consulting.close_silent(session, question.id), "twice is once"
    assert (question.answer, dossier.step_name) == ("silent", step)


def test_a_step_that_silence_opened_is_told_of_by_the_same_look(session):
    """The beat looked for late steps first: who got one by silence heard of it, late already, a beat later."""
    _office, dossier, _outsider = consultation(session, silence=True)
    (question,) = open_questions(dossier)
    dossier.version.process.steps[3].working_minutes = 0
    question.due_at = now() - timedelta(minutes=1)
    session.commit()
    with acting_at(now() + timedelta(days=3)):
        first, second = deadlines.check(), deadlines.check()
    session.refresh(dossier)  # a task has a session of its own
    assert (first > 0, second, dossier.step_name) == (True, 0, "Ký")


# --- money, waiting ---


def unpaid(session, process, fee_due="reception"):
    """Return (office, dossier) of an online dossier in processing whose fee was not paid yet."""
    office = Office(session, process=process, fee=50_000, fee_due=fee_due)
    dossier, _citizen = office.submitted()
    reception.accept(session, dossier, office[Role.desk_officer])
    return office, reception.pass_on(session, dossier, office[Role.desk_officer])


def test_a_payment_step_asks_for_money_and_goes_on_when_paid(session):
    step = ("Nộp phí", "payment", "cashier", "desk", 0)
    office, dossier = unpaid(session, graph(session, DESK, WORK, step, SIGN, BACK))
    finish(office, dossier, "b2")
    assert dossier.state == 6
    charges.record_payment(session, dossier, office[Role.desk_officer], "cash")
    assert (dossier.state, dossier.step_name) == (4, "Ký")


@pytest.fixture
def paying_beside(session):
    """Return (office, dossier) at a payment and a check side by side, the money still due."""
    pay, check = ("Nộp phí", "payment", "cashier", "desk", 0), ("Thẩm tra", "check", "division_head", "agency", 60)
    process = graph(session, DESK, WORK, pay, check, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5")})  # fmt: skip
    office, dossier = unpaid(session, process)
    finish(office, dossier, "b2")
    return office, dossier


def test_a_payment_beside_work_is_asked_for_once_the_work_is_done(session, paying_beside):
    office, dossier = paying_beside
    assert dossier.state == 4
    finish(office, dossier, "b4")
    assert (dossier.state, dossier.step_name) == (6, "Nộp phí")
    charges.record_payment(session, dossier, office[Role.desk_officer], "cash")
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_a_payment_step_is_not_finished_by_hand_while_money_is_due(session, paying_beside):
    office, dossier = paying_beside
    till = office[Role.cashier]
    assert [o.name for o in find_offers(session, dossier, till) if o.blocked] == ["finish_step"]
    with pytest.raises(Invalid):
        processing.finish_task(session, task_at(dossier, "b3"), till)
    charges.record_payment(session, dossier, till, "cash")
    assert dossier.step_name == "Thẩm tra"


def test_money_no_longer_owed_is_not_waited_for(session, paying_beside):
    office, dossier = paying_beside
    charges.cancel_due(session, dossier)
    finish(office, dossier, "b4")
    assert (dossier.state, dossier.step_name) == (4, "Ký")


# --- taking back, giving back ---


def test_a_step_is_taken_back_until_somebody_has_opened_it(session):
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK))
    dossier = office.processed()
    finish(office, dossier, "b2")
    done = next(task for task in dossier.tasks if task.key == "b2")
    with pytest.raises(NotAllowed):
        recalling.recall(session, done, office[Role.division_head])
    fresh = recalling.recall(session, done, office[Role.specialist])
    assert (fresh.key, dossier.step_name) == ("b2", "Thụ lý")
    finish(office, dossier, "b2")
    again = [task for task in dossier.tasks if task.key == "b2" and task.is_current][-1]
    with acting_as(office[Role.agency_head]):
        record(session, ("dossier", dossier.id), "read")
    with pytest.raises(Conflict):
        recalling.recall(session, again, office[Role.specialist])


def test_a_step_is_taken_back_only_by_who_holds_its_post_still(session):
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK))
    dossier = office.processed()
    finish(office, dossier, "b2")
    done = next(task for task in dossier.tasks if task.key == "b2")
    before = office[Role.specialist]
    moved = replace(before, positions=(replace(before.positions[0], agency_id=office.tree.department.id),))
    assert recalling.may_recall(done, before)
    for actor in (moved, replace(before, positions=())):
        with pytest.raises(NotAllowed):
            recalling.recall(session, done, actor)
    assert dossier.step_name == "Ký"


def test_a_task_is_given_back_only_if_somebody_else_may_do_it(session):
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK))
    dossier = office.processed()
    task = task_at(dossier, "b2")
    handing.claim(session, task, office[Role.specialist])
    with pytest.raises(Invalid):
        handing.unclaim(session, task, office[Role.specialist])
    office.officer(Role.specialist)
    handing.unclaim(session, task, office[Role.specialist])
    assert task.assignee_id is None


# --- assignment ---


@pytest.mark.parametrize(("how", "first", "second"), [
    ("round_robin", 0, 1), ("least_loaded", 0, 1), ("pool", None, None),
])  # fmt: skip
def test_work_is_given_out_as_the_step_says(session, how, first, second):
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK, b2={"assign": how}))
    people = [office.officer(Role.specialist), office.officer(Role.specialist)]
    office.people[Role.specialist] = people[0]
    found = [task_at(office.processed(), "b2").assignee_id for _ in range(2)]
    assert found == [people[n].user_id if n is not None else None for n in (first, second)]


# --- linked dossiers ---


@pytest.fixture
def chained(session):
    """Return (office, child's procedure, dossier) whose second step is a dossier elsewhere."""
    child = make_procedure(fee=0)
    step = ("Liên thông", "child", "specialist", "agency", 480)
    process = graph(session, DESK, step, WORK, SIGN, BACK, b2={"child_procedure_id": child.procedure_id})
    office = office_with(session, process)
    return office, child, office.processed()


def test_a_step_opens_a_dossier_elsewhere_and_takes_its_result(session, chained):
    office, child_version, dossier = chained
    task = task_at(dossier, "b2")
    child = linked.open_linked(session, task.id)
    assert (child.state, child.channel, child.version) == (1, "linked", child_version)
    assert linked.open_linked(session, task.id) is None, "run again it opens no second one"
    assert linked.end_linked(session, child.id) is False, "it runs still"
    reception.refuse(session, child, office[Role.desk_officer], "Không thuộc thẩm quyền")
    assert linked.end_linked(session, child.id) is True
    assert dossier.step_name == "Liên thông", "a dossier that is not finished moves nothing"


def test_the_result_finishes_the_waiting_step(session, chained):
    office, _version, dossier = chained
    child = linked.open_linked(session, task_at(dossier, "b2").id)
    office.version = child.version
    office.staff()
    reception.accept(session, child, office[Role.desk_officer],
                     {c.id: ("original", 1) for c in child.version.components})  # fmt: skip
    reception.pass_on(session, child, office[Role.desk_officer])
    while child.state == 4:
        office.step(child)
    assert linked.end_linked(session, child.id) is True
    assert linked.end_linked(session, child.id) is False
    assert dossier.step_name == "Thụ lý"
    assert any(a.name == f"{child.code}.pdf" for a in dossier.attachments)
    children, _none = linked.links_of(session, dossier)
    assert [link.child for link in children] == [child]
    assert linked.links_of(session, child)[1].parent is dossier


def test_the_statements_of_a_step_do_not_grow_with_the_process(session, count_queries):
    counts = []
    for many in (2, 60):
        keys = [f"b{n}" for n in range(3, 3 + many)]
        steps = [DESK, WORK, *[("Việc", "check", "division_head", "agency", 0)] * many, SIGN, BACK]
        process = graph(session, *steps, b2={"goes_to": to(*keys)},
                        **{key: {"goes_to": to(f"b{3 + many}")} for key in keys})  # fmt: skip
        office = office_with(session, process)
        dossier = office.processed()
        write_draft(session, dossier, office[Role.specialist])
        session.expire_all()
        task = handing.get_task(session, task_at(dossier, "b2").id, office[Role.specialist])
        with count_queries() as asked:
            processing.finish_task(session, task, office[Role.specialist])
        # SQLite inserts rows one by one where PostgreSQL takes them together.
        counts.append(len([text for text in asked if not text.startswith("INSERT INTO task ")]))
    assert counts[1] <= counts[0] <= 14, counts


@pytest.mark.parametrize(("colleagues", "told"), [(MANY, MANY), (MANY + 1, 0)])
def test_work_open_to_very_many_is_shown_by_their_inboxes_alone(session, colleagues, told):
    office = office_with(session, graph(session, DESK, WORK, SIGN, BACK))
    for _colleague in range(colleagues - 1):  # and the one whom the office posts itself
        office.officer(Role.specialist)
    dossier = office.processed()
    task = task_at(dossier, "b2")
    assert task.assignee_id is None
    query = sa.select(sa.func.count()).where(Notice.key == f"task:{task.id}")
    assert session.scalar(query) == told
