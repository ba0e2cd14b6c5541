"""Money at the desk: recorded once, with its receipt, and the dossier goes on."""

import pytest

from app.errors import Conflict, Invalid, NotAllowed
from app.models import Charge
from app.permissions import Role
from app.services import charges, reception
from app.services.dossier_offers import find_offers
from app.services.guards import due_charges, owed_now
from app.services.lifecycle import open_tasks
from tests.services.steps import Office
from tests.services.test_graph_processes import BACK, DESK, SIGN, WORK, finish, graph, to


@pytest.fixture
def office(session):
    """A ward with everybody its process needs."""
    found = Office(session)
    found.staff()
    return found


@pytest.mark.parametrize("role", [Role.cashier, Role.desk_officer])
def test_a_payment_is_recorded_with_its_receipt(office, session, role):
    dossier = office.received()
    letter = charges.record_payment(session, dossier, office[role], "transfer")
    (charge,) = dossier.charges
    assert (charge.state, charge.method, charge.cashier_id) == (
        "paid",
        "transfer",
        office[role].user_id,
    )
    assert charge.paid_at is not None
    assert charge.receipt_number.startswith("0000001/")
    assert (letter.kind, letter.data["lines"][0]["amount"]) == ("charge_receipt", 50_000)


def test_a_payment_is_recorded_only_once(office, session):
    dossier = office.received()
    charges.record_payment(session, dossier, office[Role.cashier], "cash")
    with pytest.raises(Invalid):
        charges.record_payment(session, dossier, office[Role.cashier], "cash")
    assert len([letter for letter in dossier.letters if letter.kind == "charge_receipt"]) == 1


def test_an_unknown_way_of_payment_is_refused(office, session):
    with pytest.raises(Invalid) as refusal:
        charges.record_payment(session, office.received(), office[Role.cashier], "gold")
    assert "method" in refusal.value.fields


def test_only_this_desk_takes_money(office, session):
    dossier = office.received()
    for actor in (office[Role.specialist], office[Role.clerk],
                  office.officer(Role.cashier, office.tree.centre)):  # fmt: skip
        assert not charges.may_collect(dossier, actor)
        with pytest.raises(NotAllowed):
            charges.record_payment(session, dossier, actor, "cash")


@pytest.mark.parametrize("state_before", [1, 2, 4])
def test_a_dossier_waiting_for_money_goes_on_from_where_it_was(office, session, state_before):
    dossier, _citizen = office.submitted()
    desk = office[Role.desk_officer]
    if state_before > 1:
        reception.accept(session, dossier, desk)
    if state_before > 2:
        reception.pass_on(session, dossier, desk)
    asker = office[Role.specialist] if state_before == 4 else desk
    charges.request_payment(session, dossier, asker)
    assert dossier.state == 6
    charges.record_payment(session, dossier, office[Role.cashier], "cash")
    assert dossier.state == state_before
    assert dossier.movements[-1].transition == "record_payment"


@pytest.mark.parametrize("in_process", [False, True])
def test_what_is_owed_now_is_recorded_before_what_falls_due_with_the_result(office, session, in_process):
    dossier, _citizen = office.submitted()
    (at_once,) = dossier.charges
    later = Charge(name="Lệ phí trả kết quả", kind="le_phi", amount=20_000, state="due", due="return")
    dossier.charges.append(later)
    reception.accept(session, dossier, office[Role.desk_officer])
    if in_process:
        reception.pass_on(session, dossier, office[Role.desk_officer])
    session.flush()
    till = office[Role.cashier]
    (offer,) = [offer for offer in find_offers(session, dossier, till) if offer.name == "pay"]
    assert offer.facts["due"] == owed_now(dossier) == [at_once]
    charges.record_payment(session, dossier, till, "cash", shown=[at_once.id])
    assert (at_once.state, due_charges(dossier)) == ("paid", [later])
    with pytest.raises(Conflict):
        charges.record_payment(session, dossier, till, "cash", shown=[at_once.id])
    assert later.state == "due", "the same form sent twice takes nothing else"
    charges.record_payment(session, dossier, till, "cash", shown=[later.id])
    assert due_charges(dossier) == []


def test_a_payment_step_waits_until_all_is_paid_that_is_not_due_with_the_result(session):
    process = graph(session, DESK, WORK, ("Nộp phí", "payment", "cashier", "desk", 0),
                    ("Thẩm tra", "check", "division_head", "agency", 60), SIGN, BACK,
                    b2={"goes_to": to("b3", "b4")}, b3={"goes_to": to("b5")})  # fmt: skip
    office = Office(session, process=process, fee=50_000, fee_due="reception")
    dossier, _citizen = office.submitted()
    dossier.charges.append(Charge(name="Phí thẩm định", kind="phi", amount=10_000, state="due", due="supplement"))
    reception.accept(session, dossier, office[Role.desk_officer])
    reception.pass_on(session, dossier, office[Role.desk_officer])
    finish(office, dossier, "b2")
    for open_then in (["b3", "b4"], ["b4"]):
        charges.record_payment(session, dossier, office[Role.cashier], "cash")
        assert sorted(task.key for task in open_tasks(dossier)) == open_then


def test_nothing_is_asked_when_nothing_is_owed(office, session):
    dossier = office.received()
    office.pay(dossier)
    with pytest.raises(Invalid):
        charges.request_payment(session, dossier, office[Role.desk_officer])


def test_receipts_are_numbered_by_desk_and_year(office, session):
    numbers = []
    for _ in range(3):
        dossier = office.received()
        charges.record_payment(session, dossier, office[Role.cashier], "cash")
        numbers.append(dossier.charges[0].receipt_number.split("/")[0])
    assert numbers == ["0000001", "0000002", "0000003"]


def test_a_closed_dossier_takes_no_money(office, session):
    dossier, _citizen = office.submitted()
    reception.refuse(session, dossier, office[Role.desk_officer], "lý do")
    assert not charges.may_collect(dossier, office[Role.cashier])
