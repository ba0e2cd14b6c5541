"""Delegations: who lends a post to whom, what a delegate may, what is recorded, and what nobody may."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.errors import Invalid, NotAllowed, NotFound
from app.models import Delegation, HistoryEntry, Movement, Notice, OfficerPosition, User
from app.permissions import Role, acting_as
from app.services import apologies, catch_up, delegating, extensions, lifecycle, processing, results
from app.services.actors import build_actor, find_identity
from app.services.delegating import Wish
from app.services.escalation import escalate_overdue
from app.services.inbox import Wanted, find_inbox
from app.services.letter_data import signature
from app.services.reminders import remind_all
from app.workflows.apology import APOLOGY
from tests.factories import make_user
from tests.services.steps import Office, task_of, write_draft
from tests.services.test_extensions import TTH17, use_profile

DAY = 480


@pytest.fixture
def office(session) -> Office:
    found = Office(session, time_limit_value=15)
    found.staff()
    return found


def post_of(session, actor) -> OfficerPosition:
    return session.scalar(sa.select(OfficerPosition).where(OfficerPosition.user_id == actor.user_id))


def wish(delegate, days=5, start=0, **given) -> Wish:
    begin = today() + timedelta(days=start)
    known = {"delegate_id": delegate.user_id, "valid_from": begin, "valid_to": begin + timedelta(days=days),
             "document_number": "12/QĐ-UBND", "reason": "Đi công tác"}  # fmt: skip
    return Wish(**known | given)


def lend(session, giver, delegate, by=None, **given) -> Delegation:
    return delegating.delegate(session, post_of(session, giver).id, by or giver, wish(delegate, **given))


def again(session, actor, **given):
    """The actor as his next request finds him."""
    return build_actor(session, session.get(User, actor.user_id), **given)


@pytest.fixture
def head(office):
    return office[Role.agency_head]


@pytest.fixture
def clerk(office):
    return office[Role.clerk]


def to_the_signature(office):
    """A dossier that waits for the head's signature."""
    dossier = office.processed()
    office.step(dossier)
    assert task_of(dossier).kind == "sign"
    return dossier


# ---- who may lend what to whom


def test_each_lends_his_own_heads_theirs_the_administrator_all(session, office, head, clerk):
    specialist = office[Role.specialist]
    for by in (specialist, head, office.officer(Role.system_admin)):
        row = lend(session, specialist, clerk, by=by)
        delegating.withdraw(session, row.id, by, "Đã về")
    for by in (clerk, office.officer(Role.agency_head, office.tree.department), office.officer(Role.auditor)):
        with pytest.raises(NotFound):
            lend(session, specialist, clerk, by=by)


def test_the_delegate_of_a_head_arranges_nothing_in_his_place(session, office, head, clerk):
    lend(session, head, clerk)
    acting = again(session, clerk)
    assert acting.has(Role.agency_head)
    with pytest.raises(NotFound):
        lend(session, office[Role.specialist], office.officer(Role.specialist, office.tree.commune), by=acting)
    with pytest.raises(NotFound):
        lend(session, head, office[Role.specialist], by=acting)


def test_to_himself_elsewhere_backwards_or_without_end_is_refused(session, office, head, clerk):
    for given, field in (
        ({"delegate_id": head.user_id}, "delegate"),
        ({"delegate_id": office[Role.desk_officer].user_id}, "delegate"),
        ({"valid_from": today() - timedelta(days=1)}, "valid_from"),
        ({"valid_to": None}, "valid_to"), ({"valid_to": today() - timedelta(days=2)}, "valid_to"),
        ({"reason": " "}, "reason"), ({"document_number": ""}, "document_number"),
        ({"document_number": "x" * 121}, "document_number"),
    ):  # fmt: skip
        with pytest.raises(Invalid) as caught:
            lend(session, head, clerk, **given)
        assert field in caught.value.fields
    assert session.scalar(sa.select(sa.func.count(Delegation.id))) == 0


def test_posts_of_administration_are_not_lent(session, office):
    admin, other = office.officer(Role.system_admin), office.officer(Role.auditor)
    with pytest.raises(Invalid) as caught:
        lend(session, admin, other)
    assert "delegate" in caught.value.fields


def test_no_second_delegate_no_circle_no_chain(session, office, head, clerk):
    specialist = office[Role.specialist]
    lend(session, head, clerk)
    for giver, to, field in ((head, specialist, "valid_from"), (clerk, head, "delegate"),
                             (clerk, specialist, "valid_from"), (specialist, head, "delegate")):  # fmt: skip
        with pytest.raises(Invalid) as caught:
            lend(session, giver, to, start=3)
        assert field in caught.value.fields
    later = lend(session, head, specialist, start=6)
    assert later.id
    with pytest.raises(Invalid):
        lend(session, clerk, specialist, start=5)


def test_sent_twice_is_lent_once_and_both_are_told_once(session, head, clerk):
    assert lend(session, head, clerk) is lend(session, head, clerk)
    told = session.scalars(sa.select(Notice.user_id).where(Notice.key.like("delegation:%"))).all()
    assert sorted(told) == sorted([head.user_id, clerk.user_id])


# ---- while it is valid, and no longer


def test_who_stands_in_for_a_head_is_told_what_the_head_is(session, office, head, clerk):
    lend(session, head, clerk, days=60)
    dossier = office.processed()
    with acting_at(dossier.due_at + timedelta(hours=1)):
        remind_all(session)
        escalate_overdue(session)
    told = sa.select(Notice.user_id).where(sa.or_(Notice.key.like("overdue:%"), Notice.key.like("late:%")))
    assert {head.user_id, clerk.user_id} <= set(session.scalars(told))
    apology = dossier.apologies[-1]
    apology.signer_role = str(Role.agency_head)
    apologies.submit(session, apology, office[Role.specialist], "Quá tải", None, APOLOGY.find("write_apology"))
    told = sa.select(Notice.user_id).where(Notice.dossier_id == dossier.id, Notice.title.like("%xin lỗi%"))
    assert {head.user_id, clerk.user_id} <= set(session.scalars(told))


def test_who_stands_in_at_the_desk_is_told_what_waits_there(session, office):
    clerk = office[Role.cashier]
    lend(session, office[Role.desk_officer], clerk)
    dossier, _citizen = office.submitted()
    with acting_at(dossier.reception_due_at + timedelta(hours=1)):
        remind_all(session)
    told = sa.select(Notice.user_id).where(Notice.key.like("reception-late:%"))
    assert clerk.user_id in set(session.scalars(told))


def test_it_begins_and_ends_by_itself(session, head, clerk):
    row = lend(session, head, clerk, start=1, days=1)
    for day, expected in ((0, False), (1, True), (2, True), (3, False)):
        with acting_at(now() + timedelta(days=day)):
            found = again(session, clerk)
            identity = find_identity(session, clerk.user_id)
        assert found.has(Role.agency_head) is expected
        assert any(post.delegation_id == row.id for post in identity.posts) is expected
        assert found.positions[0].delegation_id is None


def test_withdrawn_it_ends_at_once(session, head, clerk):
    row = lend(session, head, clerk)
    assert again(session, clerk).has(Role.agency_head)
    with pytest.raises(NotAllowed):
        delegating.withdraw(session, row.id, clerk, "Không nhận")
    with pytest.raises(Invalid):
        delegating.withdraw(session, row.id, head, " ")
    delegating.withdraw(session, row.id, head, "Đã về")
    delegating.withdraw(session, row.id, head, "")
    assert not again(session, clerk).has(Role.agency_head)
    entry = session.scalar(sa.select(HistoryEntry).where(HistoryEntry.action == "withdraw_delegation"))
    assert entry.reason == "Đã về"


@pytest.mark.parametrize("end", ["inactive", "post"])
def test_with_the_officer_or_his_post_it_ends_too(session, head, clerk, end):
    lend(session, head, clerk)
    if end == "inactive":
        session.get(User, head.user_id).active = False
    else:
        post_of(session, head).valid_to = today() - timedelta(days=1)
    session.flush()
    assert not again(session, clerk).has(Role.agency_head)


def test_a_program_of_the_delegate_gets_nothing_of_it(session, head, clerk):
    lend(session, head, clerk)
    assert not again(session, clerk, own_only=True).has(Role.agency_head)


def test_who_acts_is_found_in_one_statement(session, head, clerk, count_queries):
    lend(session, head, clerk)
    again(session, clerk)
    with count_queries() as seen:
        find_identity(session, clerk.user_id)
    assert len(seen) == 1


# ---- what a delegate does


def test_the_delegate_signs_and_everything_says_in_whose_place(session, office, head, clerk):
    dossier = to_the_signature(office)
    row = lend(session, head, clerk)
    session.commit()
    acting = again(session, clerk)
    assert [line.facts.code for line in find_inbox(session, acting, Wanted()).rows] == [dossier.code]
    task = task_of(dossier)
    with acting_as(acting):
        processing.finish_task(session, task, acting)
    session.commit()
    move = session.scalars(sa.select(Movement).where(Movement.dossier_id == dossier.id).order_by(Movement.id)).all()[-1]
    assert (move.actor_id, move.on_behalf_of, move.delegation_id) == (clerk.user_id, head.name, row.id)
    assert (task.assignee_id, task.delegate_id) == (head.user_id, clerk.user_id)
    entries = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.actor_id == clerk.user_id)).all()
    assert entries
    assert {entry.on_behalf_of for entry in entries} == {head.name}
    block = dossier.results[-1].data["signer"]
    assert block["name"] == clerk.name
    assert block["authority"][0].startswith("TUQ. ")
    assert [m.id for m, code in delegating.done_in_place(session, acting) if code == dossier.code] == [move.id]
    assert delegating.done_in_place(session, office[Role.specialist]) == []
    assert [m.id for m, _code in delegating.done_in_place(session, head)] == [move.id]
    assert [m.id for m, _code in delegating.done_in_place(session, office.officer(Role.auditor))] == [move.id]


def test_without_before_or_after_the_delegation_he_may_not(session, office, head, clerk):
    dossier = to_the_signature(office)
    lend(session, head, clerk, start=1, days=1)
    for day in (0, 3):
        with acting_at(now() + timedelta(days=day)):
            with pytest.raises(NotAllowed):
                processing.finish_task(session, task_of(dossier), again(session, clerk))
            assert find_inbox(session, again(session, clerk), Wanted()).rows == []


def test_what_he_does_with_his_own_post_is_in_his_own_name(session, office, head, clerk):
    dossier = to_the_signature(office)
    office.step(dossier)
    lend(session, head, clerk)
    session.commit()
    acting = again(session, clerk)
    task = task_of(dossier)
    assert task.role == Role.clerk
    processing.finish_task(session, task, acting)
    assert task.delegate_id is None
    assert dossier.movements[-1].on_behalf_of is None


def test_holding_the_same_post_himself_he_acts_in_his_own_name(session, office):
    first, second = office[Role.specialist], office.officer(Role.specialist, office.tree.commune)
    dossier = office.processed()
    task = task_of(dossier)
    task.assignee_id = first.user_id
    session.flush()
    lend(session, first, second)
    session.commit()
    acting = again(session, second)
    write_draft(session, dossier, acting)
    processing.finish_task(session, task, acting)
    assert dossier.movements[-1].on_behalf_of is None


def test_a_task_he_takes_belongs_to_whom_he_stands_for(session, office, clerk):
    from app.services import handing

    first, second = office[Role.specialist], office.officer(Role.specialist, office.tree.commune)
    dossier = office.processed()
    task = task_of(dossier)
    task.assignee_id = None
    session.flush()
    lend(session, second, clerk)
    session.commit()
    handing.claim(session, task, again(session, clerk))
    assert task.assignee_id == second.user_id
    assert first.user_id != second.user_id


# ---- two persons where the law wants two


def test_nobody_signs_as_delegate_what_he_drafted_or_did(session, office, head):
    specialist = office[Role.specialist]
    dossier = to_the_signature(office)
    lend(session, head, specialist)
    session.commit()
    acting = again(session, specialist)
    assert acting.has(Role.agency_head)
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), acting)
    task_of(dossier).dossier.results[-1].drafted_by_id = None  # the step he did is enough
    session.flush()
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), acting)


def test_nobody_signs_in_place_of_who_drafted(session, office, head, clerk):
    dossier = to_the_signature(office)
    results.current_result(dossier).drafted_by_id = head.user_id
    lend(session, head, clerk)
    session.commit()
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), again(session, clerk))


def test_extensions_need_two_however_they_stand_in(session, office, head, clerk):
    use_profile(session, extension_approvers=TTH17)
    division = office[Role.division_head]
    director = office.officer(Role.centre_director, office.tree.desk)
    specialist = office[Role.specialist]
    dossier = office.processed()
    # asked in place of the specialist: neither he, nor who asked, nor a delegate of either confirms
    lend(session, specialist, division, by=head)
    session.commit()
    division = again(session, division)
    extension = extensions.ask(session, dossier, division, minutes=DAY, reason="Cần xác minh")
    assert (extension.asked_by_id, extension.asked_for_id) in {
        (division.user_id, specialist.user_id), (division.user_id, None)}  # fmt: skip
    with pytest.raises(NotAllowed):
        extensions.agree(session, extension, division)
    extensions.agree(session, extension, head)
    assert extension.waits_for == Role.centre_director
    extensions.agree(session, extension, director)


def test_who_was_stood_in_for_does_not_confirm_what_was_asked_for_him(session, office, head, clerk):
    division = office[Role.division_head]
    use_profile(session, extension_approvers=["division_head", "agency_head"])
    dossier = office.processed()
    lend(session, division, clerk)
    session.commit()
    acting = again(session, clerk)
    extension = extensions.ask(session, dossier, acting, minutes=DAY, reason="Cần xác minh")
    assert extension.asked_for_id == division.user_id
    for one in (division, acting):
        with pytest.raises(NotAllowed):
            extensions.agree(session, extension, one)
    assert extensions.may_decide(extension, head)


def test_who_asked_finds_no_way_through_a_delegate(session, office, head, clerk):
    division = office[Role.division_head]
    use_profile(session, extension_approvers=["division_head"])
    dossier = office.processed()
    extension = extensions.ask(session, dossier, division, minutes=DAY, reason="Cần xác minh")
    lend(session, division, clerk)
    session.commit()
    with pytest.raises(NotAllowed):
        extensions.agree(session, extension, again(session, clerk))


def test_a_late_entry_is_approved_by_neither_side_of_a_delegation(session, office):
    from app.models import PaperReception

    director = office.officer(Role.centre_director, office.tree.desk)
    desk = office[Role.desk_officer]
    lend(session, director, desk)
    session.commit()
    acting = again(session, desk)
    account, _citizen = office.applicant()
    row = PaperReception(desk_id=office.tree.desk.id, account=account, entered_by_id=desk.user_id)
    assert not catch_up.may_approve(row, acting)  # he entered it
    row.entered_by_id, row.entered_for_id = make_user().id, director.user_id
    assert not catch_up.may_approve(row, director)  # it was entered in his place
    assert not catch_up.may_approve(row, acting)  # nor by his delegate
    row.entered_for_id = None
    assert catch_up.may_approve(row, director)
    assert catch_up.may_approve(row, acting)


def test_nobody_stands_in_for_the_applicant(session, office, head, clerk):
    dossier = to_the_signature(office)
    lend(session, head, clerk)
    dossier.account.user_id = head.user_id
    session.commit()
    acting = again(session, clerk)
    with pytest.raises(NotAllowed):
        processing.finish_task(session, task_of(dossier), acting)
    assert not lifecycle.stands_at(dossier, acting, Role.agency_head)


def test_who_signs_for_another_signs_under_his_title(session, head, clerk):
    post_of(session, head).title = "Chủ tịch"
    post_of(session, clerk).title = "Chánh Văn phòng"
    lend(session, head, clerk)
    session.commit()
    acting = again(session, clerk)
    (lent,) = [post for post in acting.positions if post.delegation_id]
    block = signature(acting, lent, "")
    assert (block["authority"], block["title"]) == (["TUQ. Chủ tịch"], "Chánh Văn phòng")
    assert "authority" not in signature(acting, acting.positions[0], "")
