"""What waits beside the steps: refunds to decide and delays to explain, for who may, in one statement."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app.clock import now, today
from app.models import User
from app.permissions import Role
from app.services import explanations, reception, refunds
from app.services.other_work import MOST, find_other_work
from app.services.refund_rights import deciding_post
from tests.services.test_refunds import payout
from tests.wording import vi


def refund(office):
    dossier = reception.stop(office.session, office.processed(), office[Role.agency_head], "Người nộp đổi ý")
    return refunds.enter(office.session, dossier, office[Role.cashier], payout(dossier))


def question(office, asker):
    dossier = office.processed()
    dossier.due_at = now() - timedelta(hours=2)
    office.session.flush()
    return explanations.ask(office.session, dossier, asker, question="Vì sao chậm?", due_on=today() + timedelta(days=3))


def codes(office, actor):
    return [(line.kind, line.code) for line in find_other_work(office.session, actor)]


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen}))
def test_a_refund_waits_for_who_may_decide_on_it_and_nobody_else(office, role):
    made = refund(office)
    actor = office[role]
    expected = [("refund", made.dossier.code)] if deciding_post(made, actor) else []
    assert codes(office, actor) == expected
    assert bool(expected) == (role is Role.agency_head)
    assert codes(office, office.officer(Role.centre_director, office.tree.desk)) == [("refund", made.dossier.code)]
    if expected:
        refunds.refuse(office.session, made, actor, "Chưa đủ căn cứ")
        assert codes(office, actor) == []


def test_a_question_waits_for_who_holds_the_dossier_and_the_heads_but_not_for_who_asked(office):
    asked = question(office, office.officer(Role.control_focal_point, office.tree.root))
    line = [("explanation", asked.dossier.code)]
    staff = [office[role] for role in sorted(set(Role) - {Role.citizen})]
    told = explanations.answerers(office.session, asked)
    assert {one.user_id for one in staff if codes(office, one) == line} == told
    assert office[Role.specialist].user_id in told
    explanations.explain(office.session, asked.dossier, office[Role.specialist], "Chờ ý kiến phường khác.")
    assert codes(office, office[Role.specialist]) == []
    own = question(office, office[Role.agency_head])
    assert codes(office, office[Role.agency_head]) == []
    assert codes(office, office[Role.specialist]) == [("explanation", own.dossier.code)]


def test_nobody_finds_through_a_delegation_what_he_entered_himself(office):
    made = refund(office)
    head = office[Role.agency_head].positions[0]
    lent = replace(head, delegation_id=7, delegator="Lãnh đạo", delegator_id=office[Role.agency_head].user_id)
    found = {role: codes(office, replace(office[role], positions=(lent,))) for role in (Role.cashier, Role.clerk)}
    assert found == {Role.cashier: [], Role.clerk: [("refund", made.dossier.code)]}


def test_the_inbox_names_them_and_its_statements_do_not_grow(office, login, count_queries):
    client = login(office.session.get(User, office[Role.agency_head].user_id))
    assert vi("Other work that waits for you") not in client.get("/work/").get_data(as_text=True)
    first = refund(office)
    with count_queries() as few:
        page = client.get("/work/").get_data(as_text=True)
    assert vi("Other work that waits for you") in page
    assert f"/dossier/{first.dossier.code}" in page
    assert "/refund/list/?" not in page
    for _ in range(MOST):
        refund(office)
    with count_queries() as many:
        page = client.get("/work/").get_data(as_text=True)
    assert len(many) == len(few)
    assert f"{MOST + 1} khoản hoàn trả" in page
    assert client.get("/refund/list/?state=asked").status_code == 200
    assert page.count("/refund/list/?state=asked") == 1
