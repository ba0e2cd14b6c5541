"""Steps whose officer may not do them any more: their head is told once, finds them in the inbox, gives them on."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, today
from app.errors import NotAllowed
from app.models import Movement, Notice, OfficerPosition, User
from app.permissions import Role
from app.services import absences, handing, stranded
from app.services.inbox import Show, Tab, Wanted, find_inbox
from app.services.inbox_bulk import acts_of
from app.services.stranded import mark_stranded, stranded_steps
from app.tasks import deadlines
from app.workflows.states import State
from tests.services.steps import task_of
from tests.services.test_delegations import lend
from tests.services.test_extensions import use_profile
from tests.wording import vi


@pytest.fixture
def task(office, session):
    """A step given to the specialist; a head and a second specialist are there."""
    office.staff()
    found = task_of(office.processed())
    assert found.assignee_id == office[Role.specialist].user_id
    return found


@pytest.fixture
def colleague(office, task):
    """Another who may do the step."""
    return office.officer(Role.specialist)


def _post(session, actor):
    return session.scalar(sa.select(OfficerPosition).where(OfficerPosition.user_id == actor.user_id))


def leave(session, office):
    """The specialist's post ended yesterday."""
    post = _post(session, office[Role.specialist])
    post.valid_from, post.valid_to = today() - timedelta(days=30), today() - timedelta(days=1)
    session.flush()


def look(session):
    """One look of the clock."""
    return sum(mark_stranded(session, ids) for ids in stranded_steps(session))


def without_heads(session, office, *roles):
    """The posts of these roles ended yesterday."""
    for role in roles:
        post = _post(session, office[role])
        post.valid_from, post.valid_to = today() - timedelta(days=2), today() - timedelta(days=1)
    session.flush()


def told(session):
    """Who was told of stranded steps: {user id: titles}."""
    rows = session.execute(sa.select(Notice.user_id, Notice.title).where(Notice.key.startswith("stranded:")))
    found = {}
    for user_id, title in rows:
        found.setdefault(user_id, []).append(title)
    return found


def away(session, office, until):
    absences.enter(session, office[Role.specialist].user_id, office[Role.agency_head], kind="leave",
                   valid_from=today(), valid_to=until, reason="Nghỉ phép", way="keep")  # fmt: skip
    session.flush()


def test_who_may_do_his_step_is_left_in_peace(office, session, task):
    assert look(session) == 0
    assert (task.stranded, told(session)) == (None, {})


def test_one_who_left_his_post_leaves_his_step_to_the_head_who_is_told_once(office, session, task, colleague):
    leave(session, office)
    assert [look(session), look(session)] == [1, 0]
    assert task.stranded == "left"
    head = office[Role.agency_head]
    assert told(session) == {head.user_id: [f"Cần phân công lại: {task.name} ({task.dossier.code})"]}
    for wanted in (Wanted(), Wanted(show=Show.unassigned), Wanted(tab=Tab.team, show=Show.unassigned)):
        (row,) = find_inbox(session, head, wanted).rows
        assert row.facts.task_id == task.id
    assert "hand_to" in acts_of(row, head, {})
    assert find_inbox(session, colleague, Wanted()).rows == [], "it is for the head to give"
    handing.hand_to(session, task, colleague.user_id, head)
    assert (task.assignee_id, task.stranded) == (colleague.user_id, None)
    assert look(session) == 0
    assert find_inbox(session, head, Wanted()).rows == []


def test_the_page_says_why_and_only_a_head_reads_it_as_his_work(office, session, task, enter):
    leave(session, office)
    look(session)
    session.commit()
    reason = vi("The officer no longer holds the post of this step")
    text = enter(Role.agency_head).get("/work/").get_data(as_text=True)
    assert text.casefold().count(reason.casefold()) >= 2, "in words where the step stands, and at a glance"
    for role in (Role.clerk, Role.desk_officer, Role.cashier):
        assert task.dossier.code not in enter(role).get("/work/?tab=mine").get_data(as_text=True), role


def test_a_blocked_login_counts_as_gone_and_as_back_when_opened_again(office, session, task):
    user = session.get(User, office[Role.specialist].user_id)
    user.active = False
    session.flush()
    look(session)
    assert task.stranded == "left"
    user.active = True
    session.flush()
    assert look(session) == 0
    assert task.stranded is None


def test_a_superior_s_post_does_the_step_too(office, session, task):
    leave(session, office)
    session.add(OfficerPosition(user_id=task.assignee_id, agency_id=task.agency_id, role="division_head",
                                valid_from=today()))  # fmt: skip
    session.flush()
    assert look(session) == 0


def test_a_dossier_of_his_own_is_given_on(office, session, task):
    task.dossier.account.user_id = task.assignee_id
    session.flush()
    look(session)
    assert task.stranded == "own"
    assert list(told(session)) == [office[Role.agency_head].user_id]


def test_away_beyond_the_limit_with_nobody_in_his_place(office, session, task):
    away(session, office, today())
    assert (look(session), task.stranded) == (0, None), "he is back before the step is due"


def test_away_past_the_limit_of_the_step(office, session, task):
    away(session, office, task.due_at.date() + timedelta(days=3))
    assert (look(session), task.stranded) == (1, "away")
    absence_over = task.due_at.date() + timedelta(days=4)
    with acting_at(task.due_at + timedelta(days=4, hours=12)):
        assert today() >= absence_over
        look(session)
    assert task.stranded is None


def test_whom_somebody_stands_in_for_keeps_his_step(office, session, task):
    lend(session, office[Role.specialist], office[Role.clerk], valid_to=task.due_at.date() + timedelta(days=3))
    away(session, office, task.due_at.date() + timedelta(days=3))
    assert (look(session), task.stranded) == (0, None)


def test_several_steps_of_one_who_left_are_told_in_one_notice(office, session, task):
    task_of(office.processed())
    leave(session, office)
    assert look(session) == 2
    ((title,),) = told(session).values()
    assert title == f"Cần phân công lại các bước của {task.assignee}"


def test_steps_beyond_one_transaction_are_marked_at_one_look_and_told_once(office, session, task, monkeypatch):
    monkeypatch.setattr(stranded, "_AT_ONCE", 1)
    second, third = task_of(office.processed()), task_of(office.processed())
    leave(session, office)
    session.commit()
    assert [len(ids) for ids in stranded_steps(session)] == [1, 1, 1]
    deadlines.check()
    for one in (task, second, third):
        session.refresh(one)
    assert {task.stranded, second.stranded, third.stranded} == {"left"}
    assert [len(titles) for titles in told(session).values()] == [1]


def test_steps_of_one_reason_are_one_notice_though_another_stands_between(office, session, task):
    own, last = task_of(office.processed()), task_of(office.processed())
    own.dossier.account.user_id = own.assignee_id
    away(session, office, last.due_at.date() + timedelta(days=3))
    assert look(session) == 3
    assert [one.stranded for one in (task, own, last)] == ["away", "own", "away"]
    (titles,) = told(session).values()
    assert sorted(titles) == [f"Cần phân công lại các bước của {task.assignee}",
                              f"Cần phân công lại: {own.name} ({own.dossier.code})"]  # fmt: skip


def _hand_over(office, session, task):
    handing.hand_to(session, task, office.officer(Role.specialist).user_id, office[Role.agency_head])


def _pause(_office, session, task):
    task.dossier.state = State.supplement_requested
    session.flush()


@pytest.mark.parametrize("goes_on", [True, False])
@pytest.mark.parametrize("act", [_hand_over, _pause])
def test_what_was_given_on_or_paused_before_it_is_held_is_left_in_peace(
    office, session, task, monkeypatch, act, goes_on
):
    use_profile(session, stranded_steps_go_on=goes_on)
    leave(session, office)
    (ids,) = stranded_steps(session)
    hold = stranded._held

    def hold_late(*given):
        act(office, session, task)
        return hold(*given)

    monkeypatch.setattr(stranded, "_held", hold_late)
    assert mark_stranded(session, ids) == 0
    assert (task.stranded, told(session)) == (None, {})
    assert session.scalars(sa.select(Movement.id).where(Movement.transition == "hand_over_stranded")).all() == []


def test_without_a_head_who_heads_a_division_is_told_and_gives_it_on(office, session, task, colleague):
    focal = office.officer(Role.control_focal_point, office.tree.root)
    chief = office[Role.division_head]
    without_heads(session, office, Role.agency_head)
    leave(session, office)
    look(session)
    assert list(told(session)) == [chief.user_id] != [focal.user_id]
    handing.hand_to(session, task, colleague.user_id, chief)
    assert task.assignee_id == colleague.user_id


def test_without_any_head_the_focal_point_above_is_asked_what_he_can_do(office, session, task, colleague):
    focal = office.officer(Role.control_focal_point, office.tree.root)
    assert office[Role.division_head]
    without_heads(session, office, Role.agency_head, Role.division_head)
    leave(session, office)
    look(session)
    assert list(told(session)) == [focal.user_id]
    body = session.scalar(sa.select(Notice.body).where(Notice.user_id == focal.user_id))
    assert body.endswith(f"Đề nghị đôn đốc {task.agency.name} phân công người xử lý.")
    assert "Giao" not in body
    with pytest.raises(NotAllowed):
        handing.hand_to(session, task, colleague.user_id, focal)


def test_a_head_is_told_of_no_dossier_of_his_own(office, session, task):
    head, chief, own = office[Role.agency_head], office[Role.division_head], task_of(office.processed())
    own.dossier.account.user_id = head.user_id
    third = task_of(office.processed())
    leave(session, office)
    look(session)
    query = sa.select(Notice.user_id, Notice.body).where(Notice.key.startswith("stranded:"))
    bodies = dict(session.execute(query).all())
    assert set(bodies) == {head.user_id, chief.user_id}
    assert own.dossier.code not in bodies[head.user_id]
    assert all(one.dossier.code in bodies[head.user_id] for one in (task, third))
    assert own.dossier.code in bodies[chief.user_id]
    assert not any(one.dossier.code in bodies[chief.user_id] for one in (task, third))


@pytest.mark.parametrize("is_wished", [True, False])
def test_where_the_profile_says_so_the_rule_of_the_step_gives_it_on(office, session, task, colleague, is_wished):
    use_profile(session, stranded_steps_go_on=is_wished)
    leave(session, office)  # one colleague is left: the usual rule gives it to him
    assert look(session) == 1
    head = office[Role.agency_head].user_id
    if not is_wished:
        assert (task.stranded, list(told(session))) == ("left", [head])
        return
    assert (task.assignee_id, task.stranded, told(session)) == (colleague.user_id, None, {})
    moves = session.scalars(sa.select(Movement.remark).where(Movement.transition == "hand_over_stranded")).all()
    assert len(moves) == 1
    titles = session.scalars(sa.select(Notice.title).where(Notice.user_id == colleague.user_id)).all()
    assert any(task.name in title for title in titles)


def test_a_step_whose_rule_gives_it_to_nobody_waits_for_the_head(office, session, task):
    use_profile(session, stranded_steps_go_on=True)
    leave(session, office)
    look(session)
    assert (task.stranded, list(told(session))) == ("left", [office[Role.agency_head].user_id])


def test_only_who_heads_gives_it_on(office, session, task, colleague):
    leave(session, office)
    look(session)
    for role in (Role.clerk, Role.desk_officer, Role.cashier):
        with pytest.raises(NotAllowed):
            handing.hand_to(session, task, colleague.user_id, office[role])


def test_who_heads_the_centre_gives_on_what_is_done_there(office, session, task):
    director = office.officer(Role.centre_director, task.agency)
    clerk = office.officer(Role.specialist)
    leave(session, office)
    look(session)
    assert [row.facts.task_id for row in find_inbox(session, director, Wanted()).rows] == [task.id]
    handing.hand_to(session, task, clerk.user_id, director)
    assert task.assignee_id == clerk.user_id


def test_the_look_every_five_minutes_does_it(office, session, task):
    leave(session, office)
    session.commit()
    assert deadlines.check() >= 1
    session.refresh(task)
    assert task.stranded == "left"


def test_looking_costs_the_same_however_many_steps_are_fine(office, session, count_queries):
    seen = []
    for number in (1, 3):
        for _one in range(number):
            office.processed()
        session.flush()
        with count_queries() as queries:
            look(session)
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 3
