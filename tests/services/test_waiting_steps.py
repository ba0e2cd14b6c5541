"""What a step waits for comes while its dossier stands still: nothing is lost, whatever the order."""

import pytest
import sqlalchemy as sa

from app.clock import now
from app.permissions import Role
from app.services import charges, consulting, linked, reception, submission, supplements
from app.services.fees import set_charges
from app.services.lifecycle import open_questions, open_tasks
from app.tasks.handlers import HANDLERS
from app.transactions import OutboxEvent
from tests.factories import make_procedure, make_process
from tests.services.steps import Office
from tests.services.test_graph_processes import (
    BACK,
    DESK,
    SIGN,
    WORK,
    finish,
    graph,
    office_with,
    task_at,
    to,
    unpaid,
)

WHY = "Người nộp cần giấy tờ."
ASK = ("Lấy ý kiến", "consult", "specialist", "agency", 120)
CHILD = ("Liên thông", "child", "specialist", "agency", 480)
PAY = ("Nộp phí", "payment", "cashier", "desk", 0)


def work(session):
    """Do what the outbox promised about waiting steps, each thing twice, as the worker may."""
    names = ("linked.open", "linked.ended", "consult.go_on")
    query = sa.select(OutboxEvent).where(OutboxEvent.name.in_(names), OutboxEvent.done_at.is_(None))
    while (event := session.scalar(query.order_by(OutboxEvent.id).limit(1))) is not None:
        for _time in range(2):
            HANDLERS[event.name](session, **event.payload)
        event.done_at = now()
        session.flush()


def asked(session, **more):
    """Return (office, dossier with a login, who is asked) at a consultation step."""
    office = Office(session)
    extra = {"consulted": [office.tree.department.code], "silence_consents": False} | more
    office.version = make_procedure(process=graph(session, DESK, WORK, ASK, SIGN, BACK, b3=extra), fee=0)
    outsider = office.officer(Role.specialist, office.tree.department)
    account, citizen = office.applicant()
    dossier = office.processed(account=account)
    finish(office, dossier, "b2")
    return office, dossier, outsider, citizen


def withdraw(session, office, dossier, citizen):
    reception.request_withdrawal(session, dossier, citizen, WHY)


def keep(session, office, dossier):
    """The officer who decides does not agree: the dossier goes on."""
    reception.decide_withdrawal(session, dossier, office[Role.agency_head], agree=False, reason="Đã xong phần lớn")
    work(session)


def test_an_opinion_given_while_a_withdrawal_is_decided_on_is_heard_when_the_dossier_goes_on(session):
    office, dossier, outsider, citizen = asked(session)
    withdraw(session, office, dossier, citizen)
    consulting.answer(session, open_questions(dossier)[0], outsider, given="agree", remark="")
    assert [task.key for task in open_tasks(dossier)] == ["b3"], "nothing happens until it is decided"
    keep(session, office, dossier)
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_an_opinion_given_while_the_applicant_supplements_is_heard_when_he_has(session):
    office, dossier, outsider, citizen = asked(session)
    supplements.ask_supplement(
        session, dossier, office[Role.specialist], reason="Thiếu ảnh", field_keys=["ho_ten"], component_ids=[])
    consulting.answer(session, open_questions(dossier)[0], outsider, given="agree", remark="")
    submission.answer_supplement(session, dossier, {"ho_ten": "Trần Thị Bình"}, citizen)
    work(session)
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_a_step_with_an_opinion_still_awaited_or_silent_waits_on(session):
    office, dossier, _outsider, citizen = asked(session)
    withdraw(session, office, dossier, citizen)
    keep(session, office, dossier)
    assert [task.key for task in open_tasks(dossier)] == ["b3"]
    (question,) = open_questions(dossier)
    question.due_at = now()
    session.flush()
    assert consulting.close_silent(session, question.id)
    withdraw(session, office, dossier, citizen)
    keep(session, office, dossier)
    assert [task.key for task in open_tasks(dossier)] == ["b3"], "silence is no consent: a person decides"


@pytest.mark.parametrize("order", [(0, 1), (1, 0)])
def test_linked_dossiers_that_end_in_another_order_all_come_back(session, order):
    child = make_procedure(process=make_process((DESK, WORK, SIGN, BACK)), fee=0)
    other = make_procedure(process=make_process((DESK, WORK, SIGN, BACK)), fee=0)
    process = graph(session, DESK, WORK, CHILD, CHILD, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5"), "child_procedure_id": child.procedure_id},
                    b4={"child_procedure_id": other.procedure_id})  # fmt: skip
    office = office_with(session, process)
    account, citizen = office.applicant()
    dossier = office.processed(account=account)
    finish(office, dossier, "b2")
    work(session)
    children = [link.child for link in sorted(linked.links_of(session, dossier)[0], key=lambda one: one.task.key)]
    own, desk = office.version, office[Role.desk_officer]
    withdraw(session, office, dossier, citizen)  # the first to end ends meanwhile
    for number in order:
        one = children[number]
        office.version = one.version
        reception.accept(session, one, desk, {c.id: ("original", 1) for c in one.version.components})
        reception.pass_on(session, one, desk)
        while one.state == 4:
            office.step(one)
        work(session)
        if number == order[0]:
            assert len(open_tasks(dossier)) == 2
            office.version = own
            keep(session, office, dossier)
            assert [task.key for task in open_tasks(dossier)] == [("b3", "b4")[order[1]]]
    office.version = own
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_money_paid_while_a_withdrawal_is_decided_on_lets_the_dossier_go_on(session):
    office, dossier = unpaid(session, graph(session, DESK, WORK, PAY, SIGN, BACK))
    finish(office, dossier, "b2")
    reception.request_withdrawal(session, dossier, office[Role.desk_officer], WHY)
    charges.record_payment(session, dossier, office[Role.cashier], "cash")
    assert dossier.state == 7
    keep(session, office, dossier)
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_what_is_not_paid_is_asked_for_again_when_the_withdrawal_is_declined(session):
    office, dossier = unpaid(session, graph(session, DESK, WORK, PAY, SIGN, BACK))
    finish(office, dossier, "b2")
    reception.request_withdrawal(session, dossier, office[Role.desk_officer], WHY)
    keep(session, office, dossier)
    assert (dossier.state, [task.key for task in open_tasks(dossier)]) == (6, ["b3"])


def test_a_payment_paid_while_the_applicant_supplements_holds_nobody_up(session):
    check = ("Thẩm tra", "check", "division_head", "agency", 60)
    process = graph(session, DESK, WORK, PAY, check, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5")})  # fmt: skip
    office, dossier = unpaid(session, process)
    citizen = office.officer(Role.desk_officer)
    finish(office, dossier, "b2")
    reception.request_withdrawal(session, dossier, citizen, WHY)
    charges.record_payment(session, dossier, office[Role.cashier], "cash")
    keep(session, office, dossier)
    finish(office, dossier, "b4")
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_a_fee_that_falls_away_at_a_payment_step_lets_the_dossier_go_on(session):
    office, dossier = unpaid(session, graph(session, DESK, WORK, PAY, SIGN, BACK))
    finish(office, dossier, "b2")
    assert dossier.state == 6
    set_charges(session, dossier, office[Role.desk_officer], {dossier.version.fees[0].id: 0}, reason="Được miễn")
    assert (dossier.state, dossier.step_name) == (4, "Ký")


def test_a_branch_no_longer_needed_takes_its_question_along(session):
    """Where the first branch to arrive is enough, what the other one asked is asked no longer."""
    office = Office(session)
    check = ("Thẩm tra", "check", "division_head", "agency", 60)
    process = graph(session, DESK, WORK, ASK, check, SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5"),
                        "consulted": [office.tree.department.code]}, b5={"join": "any"})  # fmt: skip
    office.version = make_procedure(process=process, fee=0)
    office.officer(Role.specialist, office.tree.department)
    dossier = office.processed()
    finish(office, dossier, "b2")
    assert len(open_questions(dossier)) == 1
    finish(office, dossier, "b4")
    assert open_questions(dossier) == []
    assert [task.key for task in open_tasks(dossier)] == ["b5"]
    assert task_at(dossier, "b5").name == "Ký"
