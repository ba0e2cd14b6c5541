"""Money at the desk: recorded once, with its receipt, and the dossier goes on."""

import pytest

from app.errors import Invalid, NotAllowed
from app.permissions import Role
from app.services import charges, reception
from tests.services.steps import Office


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
