"""Money paid back: by whom, how much, never more than was paid; and what a reopened dossier owes."""

from dataclasses import replace

import pytest
import sqlalchemy as sa

from app.errors import Invalid, NotAllowed
from app.models import Notice, User
from app.permissions import Role
from app.services import charges, reception, refunds
from app.services.guards import due_charges
from app.services.reopening import reopen
from tests.factories import make_user
from tests.officers.pages import act, page


@pytest.fixture
def stopped(office):
    """A paid dossier that was stopped."""
    dossier = office.processed()
    return reception.stop(office.session, dossier, office[Role.agency_head], "Người nộp đổi ý")


def payout(dossier, **given):
    charge = next(c for c in dossier.charges if c.amount)
    values = {"charge_id": charge.id, "amount": charge.amount, "receiver": "Trần Thị Bình", "method": "cash",
              "decision": "12/QĐ-TTPVHCC", "reason": "Dừng giải quyết"}  # fmt: skip
    return refunds.Payout(**values | given)


@pytest.mark.parametrize("role", [Role.cashier, Role.desk_officer])
def test_it_is_kept_with_who_how_much_why_and_its_number(office, session, stopped, role):
    receipt = stopped.charges[0].receipt_number
    made = refunds.refund(session, stopped, office[role], payout(stopped))
    assert (made.amount, made.receiver, made.receipt_number) == (50_000, "Trần Thị Bình", receipt)
    assert (made.cashier_name, made.decision) == (office[role].name, "12/QĐ-TTPVHCC")
    assert made.number.startswith("HT000001/")
    assert stopped.charges[0].state == "refunded"
    assert stopped.movements[-1].transition == "refund"


def test_a_part_at_a_time_and_never_more_than_was_paid(office, session, stopped):
    cashier, given = office[Role.cashier], payout(stopped, amount=20_000)
    refunds.refund(session, stopped, cashier, given)
    assert stopped.charges[0].state == "paid"
    with pytest.raises(Invalid) as refusal:
        refunds.refund(session, stopped, cashier, replace(given, amount=30_001))
    assert set(refusal.value.fields) == {"amount"}
    refunds.refund(session, stopped, cashier, replace(given, amount=30_000))
    assert stopped.charges[0].state == "refunded"
    with pytest.raises(Invalid):
        refunds.refund(session, stopped, cashier, replace(given, amount=1))
    assert [one.amount for one in refunds.refunds_of(session, stopped)] == [20_000, 30_000]


def test_every_refund_is_told_of_not_only_the_first(office, session, stopped):
    stopped.account.user = make_user()
    session.flush()
    for _number in range(2):
        made = refunds.refund(session, stopped, office[Role.cashier], payout(stopped, amount=20_000))
        keys = session.scalars(sa.select(Notice.key).where(Notice.user_id == stopped.account.user_id)).all()
        assert f"refund:{made.id}" in keys


@pytest.mark.parametrize("name", ["receiver", "decision", "reason", "method"])
def test_what_is_missing_is_named(office, session, stopped, name):
    with pytest.raises(Invalid) as refusal:
        refunds.refund(session, stopped, office[Role.cashier], payout(stopped, **{name: " "}))
    assert set(refusal.value.fields) == {name}
    assert refunds.refunds_of(session, stopped) == []


def test_others_pay_nothing_back_and_nobody_while_it_runs(office, session, stopped):
    elsewhere = office.officer(Role.cashier, office.tree.centre)
    for who in (office[Role.specialist], office[Role.agency_head], elsewhere):
        with pytest.raises(NotAllowed):
            refunds.refund(session, stopped, who, payout(stopped))
    running = office.processed()
    with pytest.raises(NotAllowed):
        refunds.refund(session, running, office[Role.cashier], payout(running))


def test_what_the_end_cancelled_is_owed_again_after_reopening(office, session):
    dossier, _citizen = office.submitted()
    reception.refuse(session, dossier, office[Role.desk_officer], "Nhầm")
    assert [c.state for c in dossier.charges if c.amount] == ["cancelled"]
    reopen(session, dossier, office[Role.agency_head], "Từ chối nhầm")
    assert [c.amount for c in due_charges(dossier)] == [50_000]


def test_what_was_paid_back_is_owed_again_what_was_kept_is_not(office, session, stopped):
    refunds.refund(session, stopped, office[Role.cashier], payout(stopped))
    reopen(session, stopped, office[Role.agency_head], "Dừng nhầm")
    assert [(c.amount, c.receipt_number) for c in due_charges(stopped)] == [(50_000, None)]
    charges.record_payment(session, stopped, office[Role.cashier], "cash")
    assert due_charges(stopped) == []
    reception.stop(session, stopped, office[Role.agency_head], "Lại dừng")
    assert [left for _charge, left in refunds.refundable(session, stopped)] == [50_000]


def test_a_paid_dossier_reopened_owes_nothing(office, session, stopped):
    reopen(session, stopped, office[Role.agency_head], "Dừng nhầm")
    assert due_charges(stopped) == []


def test_it_is_done_by_the_button(office, session, stopped, login):
    client = login(session.get(User, office[Role.cashier].user_id))
    assert "Ghi hoàn trả" in page(client, stopped)
    given = {"charge": str(stopped.charges[0].id), "amount": "50.000", "receiver": "Trần Thị Bình", "method": "cash",
             "decision": "12/QĐ", "reason": "Dừng <b>giải quyết"}  # fmt: skip
    assert act(client, stopped, "refund", **given | {"amount": "x"}).status_code == 422
    assert act(client, stopped, "refund", **given).status_code == 302
    assert act(client, stopped, "refund", **given).status_code == 422
    text = page(client, stopped, "?tab=papers")
    assert "HT000001/" in text
    assert "Dừng &lt;b&gt;giải quyết" in text
