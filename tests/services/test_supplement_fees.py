"""A supplement asked during processing whose fee is due with it: named, held until paid or exempt, on both channels."""

from datetime import timedelta

import pytest

from app.clock import acting_at, now
from app.models import Charge, Notice
from app.permissions import Role
from app.services import charges, fees, reception
from app.services.guards import due_charges, payable
from app.services.letters import letter_pdf
from app.services.lifecycle import open_tasks
from app.services.submission import answer_supplement
from tests.documents.test_render import pages
from tests.factories import make_user
from tests.officers.pages import page
from tests.services.test_extensions import use_profile
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, graph, office_with

ANSWERS = {"ho_ten": "Nguyễn Thị Hoa"}


@pytest.fixture(params=["online", "counter"])
def processed(office, request):
    """A dossier in processing, its fee due with a supplement: nothing was asked of it before."""
    dossier, _citizen = office.submitted()
    dossier.channel = request.param
    for charge in dossier.charges:
        charge.due = "supplement"
    reception.accept(office.session, dossier, office[Role.desk_officer])
    return reception.pass_on(office.session, dossier, office[Role.desk_officer])


def ask(office, dossier):
    return reception.ask_supplement(office.session, dossier, office[Role.specialist], reason="Bản chụp mờ",
                                    field_keys=["ho_ten"], component_ids=[])  # fmt: skip


def answer(office, dossier):
    answer_supplement(office.session, dossier, ANSWERS, office[Role.desk_officer])


def test_letter_notice_and_page_name_what_is_to_be_paid_with_the_answer(office, session, processed, login):
    processed.account.user = make_user()
    client = login(session.get_one(type(processed.account.user), office[Role.specialist].user_id))
    assert "phải nộp" in page(client, processed)
    ask(office, processed)
    text = " ".join(pages(letter_pdf(session, processed.letters[-1])))
    assert "Phí, lệ phí phải nộp khi bổ sung" in text
    assert "Năm mươi nghìn đồng" in text
    bodies = [one.body for one in session.query(Notice).filter_by(user_id=processed.account.user_id)]
    assert any("50.000" in body for body in bodies)


def test_the_answer_does_not_resume_the_way_until_it_is_paid(office, session, processed):
    ask(office, processed)
    answer(office, processed)
    assert processed.state == 6
    assert [m.transition for m in processed.movements[-2:]] == ["answer_supplement", "request_payment_in_process"]
    assert processed.movements[-1].clause == "QN20 Đ14.2; HCM24 Đ11.5"
    charges.record_payment(session, processed, office[Role.cashier], "cash")
    assert processed.state == 4
    assert due_charges(processed) == []


def test_paid_before_the_answer_it_goes_on_with_the_answer(office, session, processed):
    ask(office, processed)
    charges.record_payment(session, processed, office[Role.cashier], "cash")
    assert processed.state == 5
    answer(office, processed)
    assert processed.state == 4


def test_found_exempt_it_goes_on_without_a_receipt(office, session, processed):
    ask(office, processed)
    answer(office, processed)
    fees.set_charges(session, processed, office[Role.desk_officer], {}, reason="Hộ nghèo, đã xem giấy")
    assert (processed.state, due_charges(processed)) == (4, [])
    assert not [letter for letter in processed.letters if letter.kind == "charge_receipt"]


def test_what_falls_due_with_the_result_is_neither_named_nor_asked_for_now(office, session, processed):
    later = Charge(name="Lệ phí trả kết quả", kind="le_phi", amount=20_000, state="due", due="return")
    processed.charges.append(later)
    session.flush()
    ask(office, processed)
    assert [line["amount"] for line in processed.letters[-1].data["fees"]] == [50_000]
    answer(office, processed)
    assert [charge.amount for charge in payable(processed)] == [50_000]
    charges.record_payment(session, processed, office[Role.cashier], "cash")
    assert processed.state == 4
    assert due_charges(processed) == [later]


def test_found_exempt_it_goes_on_though_something_is_due_with_the_result(office, session, processed):
    """Only what is to be paid now holds it (QN20 Đ14.2)."""
    ask(office, processed)
    answer(office, processed)
    (now_due,) = due_charges(processed)
    later = Charge(name="Lệ phí trả kết quả", kind="le_phi", amount=20_000, state="due", due="return")
    processed.charges.append(later)
    charges.settle(session, processed, office[Role.desk_officer])
    assert processed.state == 6
    now_due.state = "exempt"
    charges.settle(session, processed, office[Role.desk_officer])
    assert (processed.state, due_charges(processed)) == (4, [later])


def test_nothing_due_with_it_holds_nothing(office, session, processed):
    for charge in processed.charges:
        charge.due = "return"
    ask(office, processed)
    assert "fees" not in processed.letters[-1].data
    answer(office, processed)
    assert processed.state == 4


@pytest.mark.parametrize("pauses", [True, False])
def test_the_clock_stands_still_for_the_money_only_where_the_profile_says_so(office, session, processed, pauses):
    use_profile(session, payment_pauses_clock=pauses)
    ask(office, processed)
    answer(office, processed)
    due = processed.due_at
    with acting_at(now() + timedelta(days=3)):
        charges.record_payment(session, processed, office[Role.cashier], "cash")
    assert (processed.due_at > due) is pauses


def test_a_step_that_waits_for_the_applicant_is_left_only_when_the_money_came_too(session):
    waits = ("Chờ người nộp", "applicant", "specialist", "agency", 0)
    office = office_with(session, graph(session, DESK, WORK, waits, SIGN, BACK))
    dossier = office.processed()
    dossier.charges.append(Charge(name="Phí", kind="phi", amount=30_000, state="due", due="supplement"))
    office.step(dossier)
    assert [task.kind for task in open_tasks(dossier)] == ["applicant"]
    reception.ask_supplement(session, dossier, office[Role.agency_head], reason="Bản chụp mờ", field_keys=["ho_ten"],
                             component_ids=[])  # fmt: skip
    answer(office, dossier)
    assert (dossier.state, [task.kind for task in open_tasks(dossier)]) == (6, ["applicant"])
    charges.record_payment(session, dossier, office[Role.desk_officer], "cash")
    assert (dossier.state, [task.kind for task in open_tasks(dossier)]) == (4, ["sign"])
