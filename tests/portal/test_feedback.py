"""Feedback: every move by its table, each item once, nothing of the sender made public."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import product
from threading import Barrier

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now
from app.errors import Conflict, DomainError, Invalid, NotAllowed
from app.models import HistoryEntry, MailMessage, Notice
from app.permissions import ANONYMOUS, Actor, Role
from app.services import feedback as service
from app.transactions import transaction
from app.workflows.feedback import FEEDBACK, FeedbackState
from tests.factories import make_account, make_agency, make_tree, make_user
from tests.portal.records import make_feedback, new_feedback, vietnam

MOVES = {
    "accept": lambda *args: service.accept_feedback(*args, agency_code=""),
    "answer": lambda *args: service.answer_feedback(*args, text="Đã bố trí thêm quầy."),
    "publish": lambda *args: service.publish_feedback(*args, is_read=True),
    "refuse": lambda *args: service.refuse_feedback(*args, reason="Thuộc thẩm quyền tòa án"),
}


@pytest.mark.parametrize(("state", "name"), list(product(FeedbackState, MOVES)))
def test_only_tabled_moves_succeed_and_only_by_tabled_roles(session, actor, state, name):
    row = FEEDBACK.find(name)
    for role in Role:
        is_director = role is Role.centre_director  # he answers for his Centre
        place = make_tree().desk if is_director else None
        feedback, who = make_feedback(state, **({"agency": place} if is_director else {})), actor(role, place)
        if role in {Role.specialist, Role.desk_officer, Role.cashier, Role.clerk, Role.citizen}:
            assert role not in row.roles
        if state in row.sources and role in row.roles:
            MOVES[name](session, feedback, who)
            assert feedback.state == row.target
        else:
            with pytest.raises(NotAllowed):
                MOVES[name](session, feedback, who)
            assert feedback.state == state


@pytest.mark.parametrize("name", ["accept", "refuse"])
def test_a_focal_point_elsewhere_has_no_say(session, actor, name):
    other = make_agency(parent=make_tree().root)
    with pytest.raises(NotAllowed):
        MOVES[name](session, make_feedback(), actor(Role.control_focal_point, other))


def test_an_item_is_not_given_to_an_agency_outside_ones_area(session, actor):
    tree = make_tree()
    feedback, who = make_feedback(), actor(Role.control_focal_point, tree.commune)
    with pytest.raises(Invalid):
        service.accept_feedback(session, feedback, who, agency_code=tree.department.code)
    assert (feedback.state, feedback.agency) == ("received", tree.commune)


def test_accepting_gives_it_to_the_agency_chosen(session, actor):
    feedback = make_feedback()
    service.accept_feedback(
        session, feedback, actor(Role.control_focal_point), agency_code="H57.SXD"
    )
    assert feedback.agency.code == "H57.SXD"


def test_an_answer_and_a_reason_must_be_written(session, actor):
    focal = actor(Role.control_focal_point)
    with pytest.raises(Invalid, match="trả lời"):
        service.answer_feedback(session, make_feedback("accepted"), focal, text="  ")
    with pytest.raises(Invalid, match="lý do"):
        service.refuse_feedback(session, make_feedback(), focal, reason=" ")


def test_a_private_answer_is_never_published(session, actor):
    feedback = make_feedback("answered", is_public=False)
    with pytest.raises(Invalid):
        service.publish_feedback(session, feedback, actor(Role.control_focal_point), is_read=True)
    assert (feedback.state, feedback.published_at) == ("answered", None)


def test_codes_follow_one_another_and_the_answer_is_due_in_15_working_days(session):
    """Friday 04/12/2026 counts from Monday; 15 working days end on Friday 25/12 (QĐ 766/2022)."""
    with acting_at(vietnam("2026-12-04T09:00")):
        first, second = (
            service.send_feedback(session, new_feedback(), ANONYMOUS) for _ in range(2)
        )
    assert [first.code, second.code] == ["PA.H57-261204-0001", "PA.H57-261204-0002"]
    assert first.due_at == vietnam("2026-12-25T17:30")
    assert (first.state, first.channel) == ("received", "portal")


def test_the_limits_of_refusing_and_publishing(session, actor):
    with acting_at(vietnam("2026-12-04T09:00")):
        feedback = service.send_feedback(session, new_feedback(), ANONYMOUS)
    assert service.step_due(session, feedback, "refuse") == vietnam("2026-12-08T17:30")
    assert service.step_due(session, feedback, "answer") == feedback.due_at
    assert service.step_due(session, feedback, "publish") is None
    feedback.answered_at = vietnam("2026-12-11T10:00")
    assert service.step_due(session, feedback, "publish") == vietnam("2026-12-15T17:30")
    assert service.step_due(session, feedback, "accept") is None


def test_an_ended_agency_cannot_be_chosen(session):
    ended = make_agency(parent=make_tree().root, valid_to=now().date() - timedelta(days=400))
    for code in (ended.code, "khong-co"):
        with pytest.raises(Invalid):
            service.send_feedback(session, new_feedback(agency_code=code), ANONYMOUS)


def test_everyone_concerned_is_told_once(session, actor):
    focal, head = actor(Role.control_focal_point), actor(Role.agency_head)
    far = actor(Role.agency_head, make_agency(parent=make_tree().root))
    account = make_account(user=make_user())
    sender = Actor(user_id=account.user_id, name=account.name, account_id=account.id)
    feedback = service.send_feedback(session, new_feedback(), sender)
    for name in ("accept", "answer", "publish"):
        MOVES[name](session, feedback, focal)
    told = session.execute(sa.select(Notice.user_id, Notice.key).order_by(Notice.id)).all()
    steps = {user: [key.split(":")[2] for who, key in told if who == user] for user, _key in told}
    assert steps[focal.user_id] == ["send", "answer"]
    assert steps[head.user_id] == ["accept"]
    assert steps[account.user_id] == ["send", "accept", "answer", "publish"]
    assert far.user_id not in steps
    mails = list(session.scalars(sa.select(MailMessage).order_by(MailMessage.id)))
    assert [mail.recipient for mail in mails] == ["kin@example.vn"] * 4
    assert "Đã bố trí thêm quầy." in mails[2].body


def test_each_move_is_in_the_history_with_its_name_and_reason(session, actor):
    feedback = service.send_feedback(session, new_feedback(), ANONYMOUS)
    MOVES["refuse"](session, feedback, actor(Role.control_focal_point))
    query = sa.select(HistoryEntry.action, HistoryEntry.reason).where(
        HistoryEntry.record == "feedback", HistoryEntry.record_id == feedback.id
    )
    entries = session.execute(query.order_by(HistoryEntry.seq)).all()
    assert entries[0][0] == "create"
    assert entries[-1] == ("refuse", "Thuộc thẩm quyền tòa án")


# By hand


def test_feedback_from_elsewhere_is_entered_with_its_own_time(session, actor):
    arrived = vietnam("2026-12-04T09:00")
    with acting_at(vietnam("2026-12-04T16:00")):
        feedback = service.record_feedback(
            session, new_feedback(), actor(Role.desk_officer), channel="phone", arrived_at=arrived
        )
        assert not service.is_entered_late(session, feedback)
    assert (feedback.received_at, feedback.channel, feedback.account_id) == (arrived, "phone", None)
    assert feedback.due_at == vietnam("2026-12-25T17:30")
    with acting_at(vietnam("2026-12-07T09:01")):
        assert service.is_entered_late(session, feedback)


def test_who_may_not_enter_and_what_has_not_happened_is_refused(session, actor):
    for role in set(Role) - {Role.desk_officer, Role.control_focal_point}:
        with pytest.raises(NotAllowed):
            service.record_feedback(
                session, new_feedback(), actor(role), channel="phone", arrived_at=now()
            )
    with pytest.raises(Invalid):
        service.record_feedback(
            session,
            new_feedback(),
            actor(Role.desk_officer),
            channel="phone",
            arrived_at=now() + timedelta(minutes=5),
        )


def test_two_clicks_at_one_moment_make_one_item(own_database):
    with own_database.app_context(), transaction():
        make_tree()
    barrier = Barrier(4)

    def click(_number):
        with own_database.app_context():
            barrier.wait()
            for _ in range(3):
                try:
                    with transaction() as unit:
                        return service.send_feedback(
                            unit, new_feedback_of(), ANONYMOUS, key="k"
                        ).code
                except Conflict:
                    continue
        raise DomainError("never got through")

    with ThreadPoolExecutor(4) as pool:
        codes = set(pool.map(click, range(4)))
    assert len(codes) == 1


def new_feedback_of():
    """Return the same input without touching the tree, which another thread has made."""
    return service.NewFeedback(
        title="Chờ quá lâu",
        content="Tôi chờ hơn hai giờ.",
        category="delay",
        agency_code="H57.19753",
        sender_name="Lê Thị Kín",
    )
