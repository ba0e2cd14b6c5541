"""Explanations of delays: asked with a time limit by who oversees, answered by who holds, tracked and reminded of."""

from dataclasses import replace
from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, to_local, today
from app.errors import Conflict, Invalid, NotAllowed
from app.models import Explanation, Movement, Notice, User
from app.permissions import Role
from app.services import explanations
from app.services.explanation_reminders import chase_explanations
from app.services.lookup import PUBLIC_WORDS
from tests.officers.pages import act, page
from tests.wording import vi

WHY = "Chờ ý kiến của phường khác."
QUESTION = "Vì sao quá hạn hai ngày?"


@pytest.fixture
def late(office, session):
    dossier = office.processed()
    dossier.due_at = now() - timedelta(hours=2)
    session.flush()
    return dossier


@pytest.fixture
def focal(office):
    """The control focal point of the province, above the agency."""
    return office.officer(Role.control_focal_point, office.tree.root)


def asked(office, dossier, by, days=3):
    return explanations.ask(office.session, dossier, by, question=QUESTION, due_on=today() + timedelta(days=days))


def told(session, user_id):
    return list(session.scalars(sa.select(Notice.key).where(Notice.user_id == user_id).order_by(Notice.id)))


def test_the_focal_point_asks_and_who_holds_it_answers(office, session, late, focal):
    one = asked(office, late, focal)
    assert (one.state, one.question, one.asked_by_name) == ("asked", QUESTION, focal.name)
    assert to_local(one.due_at).date() == today() + timedelta(days=3)
    for role in (Role.specialist, Role.agency_head):
        assert f"explanation:{one.id}" in told(session, office[role].user_id)
    assert explanations.explain(session, late, office[Role.specialist], WHY) is one
    assert (one.state, one.answer, one.answered_by_name) == ("given", WHY, office[Role.specialist].name)
    assert f"explained:{one.id}" in told(session, focal.user_id)
    moves = [(m.transition, m.remark, m.clause) for m in late.movements[-2:]]
    assert moves == [("ask_explanation", QUESTION, "QN20 Đ4.4"), ("explain", WHY, "QN20 Đ4.4")]
    assert not {"ask_explanation", "explain", "withdraw_explanation"} & set(PUBLIC_WORDS)


def test_the_head_asks_his_division_and_answers_not_himself(office, session, late):
    head = office[Role.agency_head]
    one = asked(office, late, head)
    with pytest.raises(NotAllowed):
        explanations.explain(session, late, head, WHY)
    specialist = office[Role.specialist]
    lent = replace(next(iter(specialist.positions)), delegation_id=7, delegator="Lãnh đạo", delegator_id=head.user_id)
    with pytest.raises(NotAllowed):
        explanations.explain(session, late, replace(specialist, positions=(lent,)), WHY)
    explanations.explain(session, late, specialist, WHY)
    assert one.state == "given"


@pytest.mark.parametrize("role", [Role.specialist, Role.division_head, Role.desk_officer, Role.cashier, Role.auditor])
def test_others_ask_nothing_and_withdraw_nothing(office, session, late, focal, role):
    with pytest.raises(NotAllowed):
        asked(office, late, office[role])
    one = asked(office, late, focal)
    with pytest.raises(NotAllowed):
        explanations.withdraw(session, late, office[role], WHY)
    assert one.state == "asked"


def test_a_focal_point_beside_or_below_asks_nothing(office, late):
    for place in (office.tree.centre, office.tree.department):
        with pytest.raises(NotAllowed):
            asked(office, late, office.officer(Role.control_focal_point, place))


def test_nobody_who_did_nothing_here_explains(office, session, late, focal):
    asked(office, late, focal)
    for who in (office[Role.auditor], office[Role.cashier], focal,
                office.officer(Role.specialist, office.tree.department)):  # fmt: skip
        with pytest.raises(NotAllowed):
            explanations.explain(session, late, who, WHY)


def test_asked_twice_it_is_one_question(office, session, late, focal):
    asked(office, late, focal)
    for who in (focal, office[Role.agency_head]):
        with pytest.raises(Conflict):
            asked(office, late, who)
    assert session.scalar(sa.select(sa.func.count(Explanation.id))) == 1


def test_in_time_there_is_nothing_to_ask_or_explain(office, session, focal):
    dossier = office.processed()
    with pytest.raises(Invalid):
        asked(office, dossier, focal)
    with pytest.raises(NotAllowed):
        explanations.explain(session, dossier, office[Role.specialist], WHY)
    assert session.scalar(sa.select(sa.func.count(Movement.id)).where(Movement.transition == "explain")) == 0


@pytest.mark.parametrize(
    ("question", "days", "field"),
    [(" ", 3, "reason"), (QUESTION, -1, "due_on"), (QUESTION, 61, "due_on"), (QUESTION, None, "due_on")],
)
def test_what_is_missing_or_absurd_is_named(office, session, late, focal, question, days, field):
    due_on = today() + timedelta(days=days) if days is not None else None
    with pytest.raises(Invalid) as refusal:
        explanations.ask(session, late, focal, question=question, due_on=due_on)
    assert set(refusal.value.fields) == {field}
    assert session.scalar(sa.select(sa.func.count(Explanation.id))) == 0


def test_unasked_explanations_stand_in_the_list_too_and_twice_the_same_is_one(office, session, late):
    explanations.explain(session, late, office[Role.specialist], WHY)
    assert explanations.explain(session, late, office[Role.specialist], WHY) is None
    (one,) = explanations.explanations_of(session, late)
    assert (one.state, one.question, one.due_at, one.answer) == ("given", None, None, WHY)
    with pytest.raises(Invalid):
        explanations.explain(session, late, office[Role.specialist], " ")


def test_withdrawn_by_who_asked_or_the_focal_point_not_by_the_head_asked_about(office, session, late, focal):
    one = asked(office, late, focal)
    with pytest.raises(NotAllowed):
        explanations.withdraw(session, late, office[Role.agency_head], WHY)
    with pytest.raises(Invalid):
        explanations.withdraw(session, late, focal, " ")
    explanations.withdraw(session, late, focal, "Đã rõ")
    assert (one.state, one.answer) == ("withdrawn", "Đã rõ")
    with pytest.raises(Conflict):
        explanations.withdraw(session, late, focal, "Đã rõ")
    asked(office, late, office[Role.agency_head])
    explanations.withdraw(session, late, office[Role.agency_head], "Nhầm")


def test_the_clock_reminds_once_before_and_once_after(office, session, late, focal):
    one = asked(office, late, focal, days=5)
    specialist = office[Role.specialist].user_id
    assert chase_explanations(session) == 0
    with acting_at(one.due_at - timedelta(hours=3)):
        assert (chase_explanations(session), chase_explanations(session)) == (1, 0)
        assert told(session, specialist).count(f"explanation:{one.id}:soon") == 1
        assert f"explanation:{one.id}:soon" not in told(session, focal.user_id)
    with acting_at(one.due_at + timedelta(minutes=1)):
        assert (chase_explanations(session), chase_explanations(session)) == (1, 0)
        for who in (specialist, focal.user_id):
            assert f"explanation:{one.id}:late" in told(session, who)
        explanations.explain(session, late, office[Role.specialist], WHY)
    with acting_at(one.due_at + timedelta(days=1)):
        assert chase_explanations(session) == 0


def test_it_is_asked_and_answered_by_the_buttons_and_stands_on_page_and_list(office, session, late, focal, login):
    overseer, worker = (login(session.get(User, who.user_id)) for who in (focal, office[Role.specialist]))
    assert vi("Ask for an explanation of the delay") in page(overseer, late)
    assert vi("Ask for an explanation of the delay") not in page(worker, late)
    given = {"reason": QUESTION, "due_on": (today() + timedelta(days=2)).isoformat()}
    assert act(overseer, late, "ask_explanation", **given | {"due_on": "x"}).status_code == 422
    assert act(worker, late, "ask_explanation", **given).status_code == 403
    assert act(overseer, late, "ask_explanation", **given).status_code == 302
    assert act(overseer, late, "ask_explanation", **given).status_code == 409
    assert QUESTION in page(worker, late)
    assert act(worker, late, "explain", reason="Chờ <b>ý kiến").status_code == 302
    text = page(overseer, late)
    assert "Chờ &lt;b&gt;ý kiến" in text
    assert vi("Explanation given") in text
    assert QUESTION in overseer.get("/explanation/list/").get_data(as_text=True)
