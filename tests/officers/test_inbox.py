"""The inbox: what waits for whom, the most urgent first, in a fixed number of statements."""

from datetime import timedelta

import pytest

from app.clock import acting_at, now
from app.models import Task
from app.permissions import Role
from app.services import charges, reception
from app.services.actors import build_actor
from app.services.guards import owed_now
from app.services.inbox import Show, Tab, Wanted, find_inbox, tabs_of, wanted_of
from tests.factories import make_account, make_agency, make_user
from tests.services.steps import Office, task_of
from tests.wording import vi

MONDAY = now().replace(year=2026, month=11, day=9, hour=2, minute=0, second=0)  # 09:00 in Huế


def codes(office, actor, **wanted) -> list[str]:
    """Return the codes of the first page."""
    return [row.code for row in find_inbox(office.session, actor, Wanted(**wanted)).rows]


def test_each_role_sees_what_waits_for_it(office):
    registered, _citizen = office.submitted()
    received = office.received()
    working = office.processed()
    signing, numbering, ready = office.processed(), office.processed(), office.finished()
    office.step(signing)
    office.step(numbering)
    office.step(numbering)
    roles = (Role.desk_officer, Role.specialist, Role.agency_head, Role.clerk, Role.cashier)
    seen = {role: set(codes(office, office[role])) for role in roles}
    assert seen[Role.desk_officer] == {registered.code, received.code, ready.code}
    assert seen[Role.specialist] == {working.code}
    assert seen[Role.agency_head] == {signing.code}
    assert seen[Role.clerk] == {numbering.code}
    assert seen[Role.cashier] == {received.code}


def test_a_new_system_without_a_calendar_opens_an_empty_inbox(session):
    actor = build_actor(session, make_user(Role.agency_head, make_agency()))
    found = find_inbox(session, actor, Wanted())
    assert (found.rows, found.total) == ([], 0)


def test_another_communes_work_is_not_listed(office):
    office.processed()
    office.submitted()
    elsewhere = make_agency(parent=office.tree.root)
    for role in (Role.specialist, Role.desk_officer, Role.agency_head, Role.clerk):
        for tab in Tab:
            assert codes(office, office.officer(role, elsewhere), tab=tab) == []


def test_the_most_urgent_comes_first_and_waiting_last(office):
    with acting_at(MONDAY):
        late = office.processed()
    with acting_at(MONDAY + timedelta(days=1)):
        soon = office.processed()
        waiting = office.processed()
        reception.ask_supplement(
            office.session, waiting, office[Role.specialist], reason="x", field_keys=["ho_ten"],
            component_ids=[],
        )  # fmt: skip
    with acting_at(MONDAY + timedelta(days=1, hours=1)):
        assert codes(office, office[Role.specialist]) == [late.code, soon.code, waiting.code]


def test_the_counters_count_and_filter(office):
    with acting_at(MONDAY):
        office.processed()  # its step is due on Tuesday 09:00
        office[Role.specialist]
        reception.ask_supplement(
            office.session, office.processed(), office[Role.specialist], reason="x",
            field_keys=["ho_ten"], component_ids=[],
        )  # fmt: skip
    specialist = office[Role.specialist]
    for at, expected in (
        (MONDAY, {"waiting": 1}),
        (MONDAY + timedelta(hours=22, minutes=30), {"soon": 1, "today": 1, "waiting": 1}),
        (MONDAY + timedelta(days=1, hours=1), {"overdue": 1, "waiting": 1}),
    ):
        with acting_at(at):
            counts = find_inbox(office.session, specialist, Wanted()).counts
            assert {key: value for key, value in counts.items() if value} == expected
            for show in Show:
                assert len(codes(office, specialist, show=show)) == counts[show], show


def test_unassigned_work_is_everybodys_until_it_is_taken(office):
    colleague = office.officer(Role.specialist)
    dossier = office.processed()
    assert codes(office, colleague) == codes(office, office[Role.specialist]) == [dossier.code]
    assert codes(office, colleague, show=Show.unassigned) == [dossier.code]
    from app.services.handing import claim

    claim(office.session, task_of(dossier), colleague)
    assert codes(office, office[Role.specialist]) == []
    assert codes(office, office[Role.specialist], tab=Tab.team) == [dossier.code]


def test_the_step_decides_when_it_is_due_before_the_dossier(office):
    with acting_at(MONDAY):
        office.processed()
        (row,) = find_inbox(office.session, office[Role.specialist], Wanted()).rows
    assert row.is_step
    assert row.due_at == office.session.query(Task).filter_by(state="open").one().due_at


def test_missing_papers_and_money_are_marked(office):
    session = office.session
    dossier = reception.register(session, office.given(papers={}), office[Role.desk_officer])
    (row,) = find_inbox(session, office[Role.desk_officer], Wanted()).rows
    assert (row.code, row.missing, row.is_unpaid) == (dossier.code, 1, True)
    office.pay(dossier)
    reception.accept(session, dossier, office[Role.desk_officer],
                     {office.version.components[0].id: ("original", 1)})  # fmt: skip
    (row,) = find_inbox(session, office[Role.desk_officer], Wanted()).rows
    assert (row.missing, row.is_unpaid) == (0, False)


def test_a_paper_of_another_dossier_is_no_paper_of_this_one(office):
    session = office.session
    assert any(paper.is_received for paper in office.received().papers)
    bare = reception.register(session, office.given(papers={}), office[Role.desk_officer])
    rows = {row.code: row for row in find_inbox(session, office[Role.desk_officer], Wanted(tab=Tab.team)).rows}
    assert rows[bare.code].missing == 1


def test_the_counters_follow_the_clock(office):
    with acting_at(MONDAY):
        dossier = office.processed()
    for at, number in ((MONDAY, 0), (dossier.due_at + timedelta(minutes=1), 1), (MONDAY + timedelta(minutes=1), 0)):
        with acting_at(at):
            found = find_inbox(office.session, office[Role.specialist], Wanted())
            assert (found.counts[Show.overdue], found.total) == (number, 1)


def test_text_finds_without_marks(office):
    one = office.processed(account=make_account(name="Đặng Thị Nguyệt"))
    office.processed()
    assert codes(office, office[Role.specialist], q="dang thi nguyet") == [one.code]
    assert codes(office, office[Role.specialist], q="100%_") == []


def test_tabs_follow_the_posts(office):
    assert tabs_of(office[Role.specialist]) == [Tab.mine, Tab.team]
    assert tabs_of(office[Role.desk_officer]) == [Tab.mine, Tab.team, Tab.reception]
    assert tabs_of(office[Role.auditor]) == [Tab.team]
    office.submitted()
    assert find_inbox(office.session, office[Role.auditor], Wanted(tab=Tab.team)).total == 1
    assert find_inbox(office.session, office[Role.desk_officer], Wanted(tab=Tab.reception)).total == 1


@pytest.mark.parametrize("args", [{"page": "9" * 30}, {"page": "-1"}, {"show": "x"}, {"tab": "<b>"},
                                  {"channel": "';--"}, {"q": "%" * 500}])  # fmt: skip
def test_absurd_parameters_are_dropped(office, args):
    wanted = wanted_of(args, office[Role.specialist])
    assert find_inbox(office.session, office[Role.specialist], wanted).rows == []
    assert wanted.tab is Tab.mine
    assert 1 <= wanted.page <= 200


@pytest.mark.parametrize("role", [role for role in Role if role is not Role.citizen])
def test_the_page_opens_for_every_officer(office, enter, role):
    office.submitted()
    office.processed()
    office.finished()
    response = enter(office[role]).get("/work/")
    assert response.status_code == 200


def test_the_page_is_not_for_applicants_and_strangers(office, login, client):
    assert client.get("/work/").status_code in {302, 403}
    assert login(Role.citizen).get("/work/").status_code in {302, 403}


def test_statements_do_not_grow_with_the_rows(office, enter, count_queries):
    client = enter(Role.specialist)
    for _ in range(2):
        office.processed()
    client.get("/work/")
    with count_queries() as few:
        client.get("/work/")
    for _ in range(10):
        office.processed()
    office.session.flush()  # what they promised is not the page's
    with count_queries() as many:
        page = client.get("/work/").get_data(as_text=True)
    assert page.count("data-row-href") == 12
    assert len(many) == len(few)


def test_script_in_a_name_is_only_text(office, enter):
    office.processed(account=make_account(name="<script>alert(1)</script>"))
    page = enter(Role.specialist).get("/work/?q=%3Cscript%3E").get_data(as_text=True)
    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;" in page


def test_words_colour_and_icon_tell_that_something_is_late(office, enter):
    with acting_at(MONDAY - timedelta(days=30)):
        office.processed()
    page = enter(Role.specialist).get("/work/?show=overdue").get_data(as_text=True)
    assert "remaining-danger" in page
    assert "quá hạn" in page
    assert "Quá hạn" in page  # the counter, and the sentence of the filter


def test_two_ways_into_the_inbox_do_not_double_a_row(session):
    office = Office(session)
    office.staff()
    both = office[Role.desk_officer]
    from app.models import OfficerPosition
    session.add(OfficerPosition(user_id=both.user_id, agency_id=office.tree.desk.id, role="cashier"))
    session.flush()
    from app.models import User

    actor = build_actor(session, session.get(User, both.user_id))
    dossier = office.received()
    assert codes(office, actor) == [dossier.code]


def asked_from(office, dossier):
    """Ask the province's department from the open step; returns the question."""
    from app.services import consulting

    outsider = office.officer(Role.specialist, office.tree.department)
    (question,) = consulting.ask(
        office.session, task_of(dossier), office[Role.specialist], question="Có tranh chấp không?", hours=8,
        agency_ids=[outsider.positions[0].agency_id],
    )  # fmt: skip
    return question, outsider


def test_a_step_that_waits_for_opinions_counts_as_waiting(office, enter):
    dossier = office.processed()
    office.processed()
    asked_from(office, dossier)
    specialist = office[Role.specialist]
    found = find_inbox(office.session, specialist, Wanted())
    assert found.counts["waiting"] == 1
    assert codes(office, specialist, show=Show.waiting) == [dossier.code]
    assert codes(office, office[Role.auditor], tab=Tab.team, show=Show.waiting) == [dossier.code]
    assert [row.facts.asked for row in found.rows if row.code == dossier.code] == [1]
    assert "Đang chờ 1 ý kiến" in enter(Role.specialist).get("/work/").get_data(as_text=True)


def test_a_question_is_answered_not_finished(office):
    from app.services.inbox_bulk import acts_of

    _question, outsider = asked_from(office, office.processed())
    (row,) = find_inbox(office.session, outsider, Wanted()).rows
    assert acts_of(row, outsider, {}) == ["claim", "hand_to"]


def test_a_waiting_extension_is_named_in_the_line(office, enter):
    from app.services import extensions

    dossier = office.processed()
    asked = extensions.ask(office.session, dossier, office[Role.specialist], minutes=60, reason="Chờ trích lục")
    assert asked.waits_for == Role.agency_head
    text = enter(Role.agency_head).get("/work/").get_data(as_text=True)
    assert "Quyết định đề nghị gia hạn" in text
    watching = enter(Role.auditor).get("/work/").get_data(as_text=True)
    assert "Gia hạn: chờ lãnh đạo cơ quan xác nhận" in watching
    (mine,) = find_inbox(office.session, office[Role.specialist], Wanted()).rows
    assert mine.facts.extension_waits is None, "who works at the step reads the step"


def test_every_tab_is_counted(office, enter):
    for _number in range(2):
        office.processed()
    office.submitted()
    client = enter(Role.desk_officer)
    assert client.get("/work/counts?tab=mine").get_json()["tabs"] == {"team": "3", "reception": "1"}
    assert enter(Role.specialist).get("/work/counts?tab=team").get_json()["tabs"] == {"mine": "2"}
    assert enter(Role.auditor).get("/work/counts?tab=team").get_json()["tabs"] == {}


def test_a_tab_is_not_counted_to_its_end(office, enter, monkeypatch):
    for _number in range(3):
        office.processed()
    monkeypatch.setattr("app.services.inbox_lines.MOST_COUNTED", 2)
    monkeypatch.setattr("app.views.officers.inbox_words.MOST_COUNTED", 2)
    assert enter(Role.specialist).get("/work/counts?tab=team").get_json()["tabs"] == {"mine": "1+"}


def test_what_waits_for_my_decision_does_not_wait_for_others(office):
    from app.services import extensions

    dossier = office.processed()
    asked_from(office, dossier)
    extensions.ask(office.session, dossier, office[Role.specialist], minutes=60, reason="Chờ trích lục")
    found = find_inbox(office.session, office[Role.agency_head], Wanted())
    assert ([row.code for row in found.rows], found.counts["waiting"]) == ([dossier.code], 0)


@pytest.mark.parametrize("moment", ["reception", "return"])
def test_what_is_owed_since_reception_waits_for_the_cashier_while_the_agency_works(office, enter, session, moment):
    office.version.fee_due = moment
    dossier, _citizen = office.submitted()
    desk, cashier = office[Role.desk_officer], office[Role.cashier]
    reception.accept(session, dossier, desk)
    reception.pass_on(session, dossier, desk)
    session.commit()
    is_now = moment == "reception"
    assert codes(office, cashier) == ([dossier.code] if is_now else []), "an online dossier is passed on unpaid"
    assert bool(owed_now(dossier)) is is_now
    assert (vi("Fee to be collected") in enter(Role.specialist).get(f"/dossier/{dossier.code}").text) is is_now
    if is_now:
        assert vi("Fee to be collected") in enter(Role.cashier).get("/work/").text
        charges.record_payment(session, dossier, cashier, "cash")
        assert codes(office, cashier) == []
        assert owed_now(dossier) == []
