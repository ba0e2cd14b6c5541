"""The pages of delegations and absences: who opens them, doubled sending, preview before giving away."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app.clock import acting_at, now, today
from app.models import Absence, Delegation, Movement, OfficerPosition, Task
from app.models.delegation import DELEGABLE
from app.permissions import OVERSEERS, Role
from app.services import absences, delegating
from app.services.assigning import candidates_of
from app.services.process_graphs import graph_of
from app.tasks.outbox import run_waiting
from tests.services.steps import task_of
from tests.wording import vi


@pytest.fixture
def post(session, office):
    """The specialist's post."""
    query = sa.select(OfficerPosition).where(OfficerPosition.user_id == office[Role.specialist].user_id)
    return session.scalar(query)


def days(first=0, last=5):
    return {"valid_from": (today() + timedelta(days=first)).isoformat(),
            "valid_to": (today() + timedelta(days=last)).isoformat()}  # fmt: skip


def lent(office, **given):
    return {"delegate": office[Role.clerk].user_id, "document_number": "12/QĐ", "reason": "Nghỉ phép"} | days() | given


AWAY = {"kind": "leave", "reason": "Nghỉ phép năm", "do": "enter"}


@pytest.mark.parametrize("role", sorted(set(Role) - {Role.citizen}))
def test_who_opens_the_pages(office, enter, role):
    expected = 200 if role in DELEGABLE | OVERSEERS | {Role.system_admin} else 403
    browser = enter(office.officer(role, office.tree.root))
    assert [browser.get(f"/stand-ins/{name}").status_code for name in ("", "done")] == [expected] * 2


def test_visitors_and_applicants_do_not(office, client, enter):
    assert client.get("/stand-ins/").status_code in {302, 401}
    assert enter(office.applicant()[1]).get("/stand-ins/").status_code == 403


def test_sent_twice_there_is_one_and_it_shows(session, office, enter, post):
    browser = enter(Role.specialist)
    for _time in range(2):
        assert browser.post(f"/stand-ins/post/{post.id}", data=lent(office)).status_code == 302
    assert session.scalar(sa.select(sa.func.count(Delegation.id))) == 1
    assert "12/QĐ" in browser.get("/stand-ins/").get_data(as_text=True)
    assert "12/QĐ" in enter(Role.clerk).get("/stand-ins/").get_data(as_text=True)
    assert "12/QĐ" not in enter(Role.cashier).get("/stand-ins/").get_data(as_text=True)


def test_a_wrong_form_keeps_what_was_typed_and_names_the_field(session, office, enter, post):
    given = lent(office, valid_to="", reason="Đi học dài ngày")
    answer = enter(Role.specialist).post(f"/stand-ins/post/{post.id}", data=given)
    page = answer.get_data(as_text=True)
    assert answer.status_code == 422
    assert vi("Give the last day.") in page
    assert "Đi học dài ngày" in page
    assert session.scalar(sa.select(sa.func.count(Delegation.id))) == 0


def test_others_find_neither_the_post_nor_the_absence(office, enter, post):
    browser = enter(Role.clerk)
    for address in (f"/stand-ins/post/{post.id}", f"/stand-ins/absence/{post.user_id}"):
        assert browser.get(address).status_code == 404
        assert browser.post(address, data=lent(office) | AWAY | {"way": "pool"}).status_code in {302, 404}


def test_withdrawn_with_a_reason(session, office, enter, post):
    enter(Role.specialist).post(f"/stand-ins/post/{post.id}", data=lent(office))
    row = session.scalar(sa.select(Delegation))
    head = enter(Role.agency_head)
    assert head.post(f"/stand-ins/withdraw/{row.id}", data={}).status_code == 422
    assert enter(Role.clerk).post(f"/stand-ins/withdraw/{row.id}", data={f"reason-{row.id}": "x"}).status_code in {
        302, 403}  # fmt: skip
    assert head.post(f"/stand-ins/withdraw/{row.id}", data={f"reason-{row.id}": "Đã về"}).status_code == 302
    session.expire_all()
    assert session.scalar(sa.select(Delegation.is_withdrawn))


# ---- absence


@pytest.fixture
def busy(session, office):
    """The specialist with one open task, and a colleague without any."""
    colleague = office.officer(Role.specialist, office.tree.commune)
    dossier = office.processed()
    task = task_of(dossier)
    task.assignee_id = office[Role.specialist].user_id
    session.flush()
    return task, colleague


@pytest.mark.parametrize("way", ["colleagues", "pool", "keep", "delegate"])
def test_the_preview_is_what_happens(session, office, enter, busy, way):
    task, colleague = busy
    specialist = office[Role.specialist]
    (line,) = absences.plan(session, specialist.user_id, way)
    browser = enter(Role.agency_head)
    address = f"/stand-ins/absence/{specialist.user_id}"
    page = browser.post(address, data={"way": way, "do": "preview"}).get_data(as_text=True)
    assert task.dossier.code in page
    assert session.scalar(sa.select(sa.func.count(Absence.id))) == 0
    for _time in range(2):
        assert browser.post(address, data=AWAY | days() | {"way": way}).status_code == 302
    session.expire_all()
    expected = {"colleagues": colleague.user_id, "pool": None}.get(way, specialist.user_id)
    assert (task.assignee_id, line.user_id) == (expected, expected)
    assert session.scalar(sa.select(sa.func.count(Absence.id))) == 1
    moves = session.scalars(sa.select(Movement.remark).where(Movement.transition == "hand_over_absence")).all()
    assert len(moves) == (way in {"colleagues", "pool"})
    assert not any("Nghỉ phép" in remark for remark in moves)


def test_who_is_away_gets_no_new_task_unless_there_is_nobody_else(session, office, busy):
    task, colleague = busy
    specialist = office[Role.specialist]
    step = graph_of(task.dossier.version.process).find(task.key)
    place = [(task.agency_id, step)]

    def may_get():
        return {candidates_of(session, task.dossier, place).choose(task.dossier, step, task.agency_id)}

    for person in (specialist, colleague):
        absences.enter(session, person.user_id, office[Role.agency_head], kind="leave", valid_from=today(),
                       valid_to=today() + timedelta(days=1), reason="Nghỉ", way="keep")  # fmt: skip
        if person is specialist:
            assert may_get() == {colleague.user_id}
    assert may_get() <= {specialist.user_id, colleague.user_id, None}
    assert may_get() != {colleague.user_id}


def test_the_plan_costs_the_same_however_many_tasks(session, office, busy, count_queries):
    specialist = office[Role.specialist]
    seen = []
    for _more in range(2):
        with count_queries() as sent:
            absences.plan(session, specialist.user_id, "colleagues")
        seen.append(len(sent))
        for _number in range(3):
            task_of(office.processed()).assignee_id = specialist.user_id
        session.commit()
    assert seen[1] <= seen[0]


def test_back_early(session, office, enter, busy):
    specialist = office[Role.specialist]
    row = absences.enter(session, specialist.user_id, specialist, kind="leave", valid_from=today(),
                         valid_to=today() + timedelta(days=3), reason="Nghỉ", way="keep")  # fmt: skip
    session.commit()
    assert enter(Role.clerk).post(f"/stand-ins/back/{row.id}", data={}).status_code in {302, 404}
    assert enter(Role.specialist).post(f"/stand-ins/back/{row.id}", data={f"back-{row.id}": "Về"}).status_code == 302
    session.expire_all()
    assert session.get(Absence, row.id).is_withdrawn


def test_the_administrator_finds_an_officer_by_name(session, office, enter, post):
    browser = enter(office.officer(Role.system_admin))
    assert f"/stand-ins/post/{post.id}\"" in browser.get(f"/stand-ins/?q={post.user.last_name}").get_data(as_text=True)
    assert delegating.posts_to_lend(session, office[Role.auditor]) == []


def test_more_tasks_than_one_act_gives_away_move_all_the_same(session, office, enter, busy, monkeypatch):
    _task, colleague = busy
    specialist = office[Role.specialist]
    for _number in range(4):
        task_of(office.processed()).assignee_id = specialist.user_id
    session.commit()
    monkeypatch.setattr(absences, "MOST", 2)
    browser, address = enter(Role.agency_head), f"/stand-ins/absence/{specialist.user_id}"
    assert "và 3 việc khác" in browser.post(address, data={"way": "colleagues"}).get_data(as_text=True)
    assert browser.post(address, data=AWAY | days() | {"way": "colleagues"}).status_code == 302
    for _part in range(3):
        run_waiting()
    session.expire_all()
    assert session.scalar(sa.select(Absence.given_away)) == 5
    open_tasks = sa.select(Task.assignee_id).where(Task.state == "open", Task.assignee_id.is_not(None))
    assert set(session.scalars(open_tasks)) == {colleague.user_id}


def test_who_is_back_before_all_was_given_away_keeps_the_rest(session, office, busy, monkeypatch):
    specialist = office[Role.specialist]
    task_of(office.processed()).assignee_id = specialist.user_id
    monkeypatch.setattr(absences, "MOST", 1)
    row = absences.enter(session, specialist.user_id, specialist, kind="leave", valid_from=today(),
                         valid_to=today(), reason="Nghỉ", way="pool")  # fmt: skip
    absences.end(session, row.id, specialist, "Về sớm")
    session.commit()
    run_waiting()
    session.expire_all()
    assert row.given_away == 1
    left = sa.select(sa.func.count()).where(Task.assignee_id == specialist.user_id, Task.state == "open")
    assert session.scalar(left) == 1


# ---- an absence of a later day


def away_later(office, enter, **given):
    """Enter an absence from the day after tomorrow by the page; returns the flash after it."""
    specialist = office[Role.specialist]
    browser = enter(Role.agency_head)
    data = AWAY | days(2, 4) | {"way": "colleagues"} | given
    answer = browser.post(f"/stand-ins/absence/{specialist.user_id}", data=data)
    assert answer.status_code == 302
    return browser.get("/stand-ins/").get_data(as_text=True)


def on_day(number, session):
    """Run the clock's look on a day from now; returns how many absences began."""
    with acting_at(now() + timedelta(days=number)):
        count = sum(absences.begin(session, number) for number in absences.due_absences(session))
    session.commit()
    return count


def test_an_absence_of_a_later_day_moves_the_tasks_on_that_day_once(session, office, enter, busy):
    task, colleague = busy
    text = away_later(office, enter)
    assert "phân việc" in text
    session.expire_all()
    assert task.assignee_id == office[Role.specialist].user_id, "nothing moves at entry"
    assert [on_day(0, session), on_day(1, session)] == [0, 0]
    assert [on_day(2, session), on_day(2, session), on_day(3, session)] == [1, 0, 0]
    session.expire_all()
    row = session.scalar(sa.select(Absence))
    assert (task.assignee_id, row.given_away, row.given_at is not None) == (colleague.user_id, 1, True)
    moves = session.scalars(sa.select(Movement).where(Movement.transition == "hand_over_absence")).all()
    assert [(m.actor_id, m.actor_name) for m in moves] == [(None, "Hệ thống")]


def test_a_worker_that_stood_still_begins_it_late_but_not_after_its_end(session, office, enter, busy):
    task, colleague = busy
    away_later(office, enter)
    assert on_day(5, session) == 0, "it is over"
    assert on_day(4, session) == 1
    session.expire_all()
    assert task.assignee_id == colleague.user_id


def test_an_absence_ended_before_its_day_moves_nothing(session, office, enter, busy):
    task, _colleague = busy
    away_later(office, enter)
    absences.end(session, session.scalar(sa.select(Absence.id)), office[Role.agency_head], "Hoãn chuyến đi")
    session.commit()
    assert on_day(2, session) == 0
    session.expire_all()
    assert task.assignee_id == office[Role.specialist].user_id


def test_the_clock_looks_for_absences(session, office, enter, busy):
    from app.tasks.deadlines import check

    task, colleague = busy
    away_later(office, enter)
    with acting_at(now() + timedelta(days=2)):
        check()
    session.expire_all()
    assert task.assignee_id == colleague.user_id
