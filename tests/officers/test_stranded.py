"""Steps whose officer may not do them any more: their head is told once, finds them in the inbox, gives them on."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, today
from app.errors import NotAllowed
from app.models import Movement, Notice, OfficerPosition, User
from app.permissions import Role
from app.services import absences, handing
from app.services.inbox import Show, Tab, Wanted, find_inbox
from app.services.inbox_bulk import acts_of
from app.services.stranded import mark_stranded
from app.tasks import deadlines
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
    assert mark_stranded(session) == 0
    assert (task.stranded, told(session)) == (None, {})


def test_one_who_left_his_post_leaves_his_step_to_the_head_who_is_told_once(office, session, task, colleague):
    leave(session, office)
    assert [mark_stranded(session), mark_stranded(session)] == [1, 0]
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
    assert mark_stranded(session) == 0
    assert find_inbox(session, head, Wanted()).rows == []


def test_the_page_says_why_and_only_a_head_reads_it_as_his_work(office, session, task, enter):
    leave(session, office)
    mark_stranded(session)
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
    mark_stranded(session)
    assert task.stranded == "left"
    user.active = True
    session.flush()
    assert mark_stranded(session) == 0
    assert task.stranded is None


def test_a_superior_s_post_does_the_step_too(office, session, task):
    leave(session, office)
    session.add(OfficerPosition(user_id=task.assignee_id, agency_id=task.agency_id, role="division_head",
                                valid_from=today()))  # fmt: skip
    session.flush()
    assert mark_stranded(session) == 0


def test_a_dossier_of_his_own_is_given_on(office, session, task):
    task.dossier.account.user_id = task.assignee_id
    session.flush()
    mark_stranded(session)
    assert task.stranded == "own"
    assert list(told(session)) == [office[Role.agency_head].user_id]


def test_away_beyond_the_limit_with_nobody_in_his_place(office, session, task):
    away(session, office, today())
    assert (mark_stranded(session), task.stranded) == (0, None), "he is back before the step is due"


def test_away_past_the_limit_of_the_step(office, session, task):
    away(session, office, task.due_at.date() + timedelta(days=3))
    assert (mark_stranded(session), task.stranded) == (1, "away")
    absence_over = task.due_at.date() + timedelta(days=4)
    with acting_at(task.due_at + timedelta(days=4, hours=12)):
        assert today() >= absence_over
        mark_stranded(session)
    assert task.stranded is None


def test_whom_somebody_stands_in_for_keeps_his_step(office, session, task):
    lend(session, office[Role.specialist], office[Role.clerk], valid_to=task.due_at.date() + timedelta(days=3))
    away(session, office, task.due_at.date() + timedelta(days=3))
    assert (mark_stranded(session), task.stranded) == (0, None)


def test_several_steps_of_one_who_left_are_told_in_one_notice(office, session, task):
    task_of(office.processed())
    leave(session, office)
    assert mark_stranded(session) == 2
    ((title,),) = told(session).values()
    assert title.startswith("Cần phân công lại 2 bước")


def test_without_a_head_the_focal_point_above_is_told(office, session, task):
    _post(session, office[Role.agency_head]).valid_to = today() - timedelta(days=1)
    _post(session, office[Role.agency_head]).valid_from = today() - timedelta(days=2)
    focal = office.officer(Role.control_focal_point, office.tree.root)
    leave(session, office)
    mark_stranded(session)
    assert list(told(session)) == [focal.user_id]


@pytest.mark.parametrize("is_wished", [True, False])
def test_where_the_profile_says_so_the_rule_of_the_step_gives_it_on(office, session, task, colleague, is_wished):
    use_profile(session, stranded_steps_go_on=is_wished)
    leave(session, office)  # one colleague is left: the usual rule gives it to him
    assert mark_stranded(session) == 1
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
    mark_stranded(session)
    assert (task.stranded, list(told(session))) == ("left", [office[Role.agency_head].user_id])


def test_only_who_heads_gives_it_on(office, session, task, colleague):
    leave(session, office)
    mark_stranded(session)
    for role in (Role.clerk, Role.desk_officer, Role.cashier):
        with pytest.raises(NotAllowed):
            handing.hand_to(session, task, colleague.user_id, office[role])


def test_who_heads_the_centre_gives_on_what_is_done_there(office, session, task):
    director = office.officer(Role.centre_director, task.agency)
    clerk = office.officer(Role.specialist)
    leave(session, office)
    mark_stranded(session)
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
            mark_stranded(session)
        seen.append(len(queries))
    assert seen[0] == seen[1] <= 3
