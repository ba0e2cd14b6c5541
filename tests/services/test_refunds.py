"""Money paid back: by whom, how much, never more than was paid; and what a reopened dossier owes."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Notice, Refund, User
from app.permissions import Role
from app.services import charges, reception, refunds
from app.services.guards import due_charges
from app.services.letters import letter_pdf
from app.services.notices import holders
from app.services.reopening import reopen
from tests.documents.test_render import pages
from tests.factories import make_user
from tests.officers.pages import act, page
from tests.services.test_extensions import use_profile
from tests.wording import vi


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


def paid(office, dossier, **given):
    """A refund entered by the cashier and approved by the head."""
    made = refunds.enter(office.session, dossier, office[Role.cashier], payout(dossier, **given))
    return refunds.approve(office.session, made, office[Role.agency_head])


@pytest.mark.parametrize("role", [Role.cashier, Role.desk_officer])
def test_it_is_kept_with_who_how_much_why_who_approved_and_its_number(office, session, stopped, role):
    receipt = stopped.charges[0].receipt_number
    made = refunds.enter(session, stopped, office[role], payout(stopped))
    assert (made.amount, made.receiver, made.receipt_number) == (50_000, "Trần Thị Bình", receipt)
    assert (made.state, made.number, stopped.charges[0].state) == ("asked", None, "paid")
    refunds.approve(session, made, office[Role.agency_head])
    assert (made.cashier_name, made.decision) == (office[role].name, "12/QĐ-TTPVHCC")
    assert made.decided_by_name == office[Role.agency_head].name
    assert made.number.startswith("HT000001/")
    assert stopped.charges[0].state == "refunded"
    assert [m.transition for m in stopped.movements[-2:]] == ["ask_refund", "approve_refund"]


def test_a_part_at_a_time_and_never_more_than_was_paid(office, session, stopped):
    cashier = office[Role.cashier]
    paid(office, stopped, amount=20_000)
    assert stopped.charges[0].state == "paid"
    with pytest.raises(Invalid) as refusal:
        refunds.enter(session, stopped, cashier, payout(stopped, amount=30_001, serial=2))
    assert set(refusal.value.fields) == {"amount"}
    paid(office, stopped, amount=30_000, serial=2)
    assert stopped.charges[0].state == "refunded"
    with pytest.raises(Invalid):
        refunds.enter(session, stopped, cashier, payout(stopped, amount=1, serial=3))
    assert [one.amount for one in refunds.refunds_of(session, stopped)] == [20_000, 30_000]


def test_a_part_sent_twice_is_one_refund(office, session, stopped):
    given = payout(stopped, amount=20_000)
    refunds.enter(session, stopped, office[Role.cashier], given)
    for who in (Role.cashier, Role.desk_officer):  # a second click, and a colleague's older tab
        with pytest.raises(Conflict, match=vi("This was recorded already: %(what)s, %(amount)s. Nothing was recorded "
                                              "a second time.").split(":")[0]):  # fmt: skip
            refunds.enter(session, stopped, office[who], given)
    with pytest.raises(Conflict):  # nor another one while it waits
        refunds.enter(session, stopped, office[Role.cashier], replace(given, serial=2))
    with pytest.raises(Conflict):  # nor one of a form nobody was given
        refunds.enter(session, stopped, office[Role.cashier], replace(given, serial=0))
    assert len(refunds.refunds_of(session, stopped)) == 1


def test_the_database_itself_keeps_one_refund_of_each_serial(office, session, stopped):
    made = paid(office, stopped, amount=20_000)
    values = {name: getattr(made, name) for name in (
        "dossier_id", "charge_id", "amount", "state", "serial", "decision", "receiver", "method", "reason", "at",
        "cashier_name")}  # fmt: skip
    with pytest.raises(sa.exc.IntegrityError), session.begin_nested():
        session.execute(sa.insert(Refund).values(**values, row_version=1))


def test_nobody_approves_what_he_entered_nor_a_delegate_in_his_place(office, session, stopped):
    cashier = office[Role.cashier]
    made = refunds.enter(session, stopped, cashier, payout(stopped))
    head = next(post for post in office[Role.agency_head].positions if post.role is Role.agency_head)
    his = replace(cashier, positions=(*cashier.positions, head))
    with pytest.raises(NotAllowed, match=vi("Nobody approves a refund he entered himself.")):
        refunds.approve(session, made, his)
    stand_in = replace(head, delegation_id=7, delegator="Thu ngân", delegator_id=cashier.user_id)
    specialist = office[Role.specialist]
    with pytest.raises(NotAllowed):
        refunds.approve(session, made, replace(specialist, positions=(stand_in,)))
    for who in (cashier, office[Role.desk_officer], specialist, office.officer(Role.agency_head, office.tree.centre)):
        with pytest.raises(NotAllowed):
            refunds.approve(session, made, who)
        with pytest.raises(NotAllowed):
            refunds.refuse(session, made, who, "Không")
    assert made.state == "asked"


def test_who_entered_it_for_another_leaves_that_other_out_as_well(office, session, stopped):
    head = office[Role.agency_head]
    made = refunds.enter(session, stopped, office[Role.cashier], payout(stopped))
    made.entered_for_id = head.user_id
    with pytest.raises(NotAllowed):
        refunds.approve(session, made, head)


def test_a_refusal_says_why_and_leaves_the_money_to_be_entered_anew(office, session, stopped):
    made = refunds.enter(session, stopped, office[Role.cashier], payout(stopped))
    with pytest.raises(Invalid):
        refunds.refuse(session, made, office[Role.agency_head], " ")
    refunds.refuse(session, made, office[Role.agency_head], "Chưa có quyết định")
    assert (made.state, made.answer, made.number) == ("refused", "Chưa có quyết định", None)
    told = session.scalars(sa.select(Notice.key).where(Notice.user_id == office[Role.cashier].user_id)).all()
    assert f"refund:{made.id}:refused" in told
    with pytest.raises(NotAllowed):
        refunds.approve(session, made, office[Role.agency_head])
    assert paid(office, stopped, serial=2).number.startswith("HT000001/")


def test_only_who_entered_it_takes_it_back_before_it_is_decided(office, session, stopped):
    made = refunds.enter(session, stopped, office[Role.cashier], payout(stopped))
    with pytest.raises(NotAllowed):
        refunds.take_back(session, made, office[Role.desk_officer])
    refunds.take_back(session, made, office[Role.cashier])
    assert made.state == "taken_back"
    with pytest.raises(NotAllowed):
        refunds.take_back(session, made, office[Role.cashier])


def test_small_sums_are_paid_out_alone_where_the_profile_says_so_but_not_in_pieces(office, session, stopped):
    use_profile(session, refund_alone_most=30_000)
    made = refunds.enter(session, stopped, office[Role.cashier], payout(stopped, amount=20_000))
    assert (made.state, made.number[:9]) == ("paid_back", "HT000001/")
    assert stopped.movements[-1].transition == "refund"
    second = refunds.enter(session, stopped, office[Role.cashier], payout(stopped, amount=20_000, serial=2))
    assert second.state == "asked"


def test_where_nobody_can_approve_it_is_said_and_nothing_kept(office, session, stopped):
    for user_id in (office[Role.agency_head].user_id, *holders(session, stopped.desk_id, Role.centre_director)):
        session.get(User, user_id).active = False
    session.flush()
    with pytest.raises(Invalid, match=vi("Nobody can approve this refund: no Centre director or head of the "
                                         "agency is posted.")), session.begin_nested():  # fmt: skip
        refunds.enter(session, stopped, office[Role.cashier], payout(stopped))
    assert refunds.refunds_of(session, stopped) == []


def test_the_slip_names_number_receipt_reason_and_the_amount_in_words(office, session, stopped):
    made = paid(office, stopped)
    (slip,) = [letter for letter in stopped.letters if letter.kind == "refund_slip"]
    assert slip.number == made.number
    words = " ".join(pages(letter_pdf(session, slip)))
    for part in (made.number, made.receipt_number, "Năm mươi nghìn đồng", "Dừng giải quyết", "12/QĐ-TTPVHCC",
                 office[Role.agency_head].name, office[Role.cashier].name):  # fmt: skip
        assert part in words


def test_one_that_waits_lapses_when_the_dossier_is_opened_again(office, session, stopped):
    made = refunds.enter(session, stopped, office[Role.cashier], payout(stopped))
    reopen(session, stopped, office[Role.agency_head], "Dừng nhầm")
    assert made.state == "lapsed"
    assert due_charges(stopped) == []


def test_every_refund_is_told_of_not_only_the_first(office, session, stopped):
    stopped.account.user = make_user()
    session.flush()
    for serial in (1, 2):
        made = paid(office, stopped, amount=20_000, serial=serial)
        keys = session.scalars(sa.select(Notice.key).where(Notice.user_id == stopped.account.user_id)).all()
        assert f"refund:{made.id}" in keys


@pytest.mark.parametrize("name", ["receiver", "decision", "reason", "method"])
def test_what_is_missing_is_named(office, session, stopped, name):
    with pytest.raises(Invalid) as refusal:
        refunds.enter(session, stopped, office[Role.cashier], payout(stopped, **{name: " "}))
    assert set(refusal.value.fields) == {name}
    assert refunds.refunds_of(session, stopped) == []


def test_nothing_is_paid_back_by_card(office, session, stopped, login):
    with pytest.raises(Invalid) as refusal:
        refunds.enter(session, stopped, office[Role.cashier], payout(stopped, method="card"))
    assert set(refusal.value.fields) == {"method"}
    offered = page(login(session.get(User, office[Role.cashier].user_id)), stopped)
    assert 'value="transfer"' in offered
    assert 'value="card"' not in offered
    assert refunds.enter(session, stopped, office[Role.cashier], payout(stopped, method="transfer"))


def test_others_pay_nothing_back_and_nobody_while_it_runs(office, session, stopped):
    elsewhere = office.officer(Role.cashier, office.tree.centre)
    for who in (office[Role.specialist], office[Role.agency_head], elsewhere):
        with pytest.raises(NotAllowed):
            refunds.enter(session, stopped, who, payout(stopped))
    running = office.processed()
    with pytest.raises(NotAllowed):
        refunds.enter(session, running, office[Role.cashier], payout(running))


def test_what_the_end_cancelled_is_owed_again_after_reopening(office, session):
    dossier, _citizen = office.submitted()
    reception.refuse(session, dossier, office[Role.desk_officer], "Nhầm")
    assert [c.state for c in dossier.charges if c.amount] == ["cancelled"]
    reopen(session, dossier, office[Role.agency_head], "Từ chối nhầm")
    assert [c.amount for c in due_charges(dossier)] == [50_000]


def test_what_was_paid_back_is_owed_again_what_was_kept_is_not(office, session, stopped):
    paid(office, stopped)
    reopen(session, stopped, office[Role.agency_head], "Dừng nhầm")
    assert [(c.amount, c.receipt_number) for c in due_charges(stopped)] == [(50_000, None)]
    charges.record_payment(session, stopped, office[Role.cashier], "cash")
    assert due_charges(stopped) == []
    reception.stop(session, stopped, office[Role.agency_head], "Lại dừng")
    assert [left for _charge, left in refunds.refundable(stopped, refunds.refunds_of(session, stopped))] == [50_000]


def test_a_part_paid_back_is_owed_again_once(office, session, stopped):
    """However often it is closed and opened again, what was paid is what it costs (QN20 Đ14.2)."""
    head, cashier = office[Role.agency_head], office[Role.cashier]
    paid(office, stopped, amount=20_000)
    reopen(session, stopped, head, "Dừng nhầm")
    assert [(c.amount, c.name) for c in due_charges(stopped)] == [(20_000, stopped.charges[0].name)]
    with acting_at(now() + timedelta(hours=1)):
        charges.record_payment(session, stopped, cashier, "cash")
        reception.stop(session, stopped, head, "Lại dừng")
        left = [rest for _charge, rest in refunds.refundable(stopped, refunds.refunds_of(session, stopped))]
        assert left == [30_000, 20_000]
        reopen(session, stopped, head, "Lại nhầm")
        assert due_charges(stopped) == []
    with acting_at(now() + timedelta(hours=2)):
        reception.stop(session, stopped, head, "Lại dừng")
        paid(office, stopped, amount=30_000, serial=2)  # now the whole of the first charge is paid back
        assert stopped.charges[0].state == "refunded"
        reopen(session, stopped, head, "Lại nhầm")
        assert [c.amount for c in due_charges(stopped)] == [30_000]


def test_a_claimed_exemption_comes_back_with_the_dossier(office, session):
    dossier, _citizen = office.submitted()
    charge = next(c for c in dossier.charges if c.amount)
    charge.amount, charge.state, charge.claim = 0, "exempt", "claimed"
    reception.refuse(session, dossier, office[Role.desk_officer], "Nhầm")
    assert (charge.state, charge.is_ended) == ("cancelled", True)
    reopen(session, dossier, office[Role.agency_head], "Từ chối nhầm")
    assert (charge.state, charge.claim, charge.is_ended) == ("exempt", "claimed", False)


def test_a_paid_dossier_reopened_owes_nothing(office, session, stopped):
    reopen(session, stopped, office[Role.agency_head], "Dừng nhầm")
    assert due_charges(stopped) == []


def test_it_is_done_by_the_buttons_of_two_people(office, session, stopped, login):
    client = login(session.get(User, office[Role.cashier].user_id))
    assert vi("Enter a refund") in page(client, stopped)
    given = {"charge": str(stopped.charges[0].id), "amount": "20.000", "receiver": "Trần Thị Bình", "method": "cash",
             "decision": "12/QĐ", "reason": "Dừng <b>giải quyết", "serial": "1"}  # fmt: skip
    assert act(client, stopped, "refund", **given | {"amount": "x"}).status_code == 422
    assert act(client, stopped, "refund", **given).status_code == 302
    again = act(client, stopped, "refund", **given)
    assert again.status_code == 409
    assert "đã được ghi" in again.get_data(as_text=True)
    (made,) = refunds.refunds_of(session, stopped)
    assert vi("Approve the refund") not in page(client, stopped)
    assert act(client, stopped, "approve_refund", refund=made.id).status_code == 403
    client = login(session.get(User, office[Role.agency_head].user_id))
    assert vi("Approve the refund") in page(client, stopped)
    assert act(client, stopped, "approve_refund", refund=made.id).status_code == 302
    assert act(client, stopped, "approve_refund", refund=made.id).status_code == 409
    text = page(client, stopped, "?tab=papers")
    assert "HT000001/" in text
    assert "Dừng &lt;b&gt;giải quyết" in text
