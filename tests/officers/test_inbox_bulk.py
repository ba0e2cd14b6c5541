"""Many dossiers at once: only what is common to all, told before, a result for each."""

import pytest

from app.clock import now
from app.errors import NotAllowed
from app.models import LinkedDossier, OfficerPosition, Task, User
from app.permissions import Role
from app.services import handing
from app.services.inbox import Wanted, find_inbox
from app.services.inbox_bulk import acts_of, common_acts, givers_of
from app.services.inbox_lines import Tab
from app.workflows import routing
from tests.factories import make_account, make_agency
from tests.portal.records import make_dossier
from tests.services.steps import task_of, write_draft
from tests.services.test_delegations import again, lend
from tests.wording import vi


def keys(office, role, **wanted) -> list[str]:
    """Return what the lines of a role's inbox send when they are chosen."""
    return [row.key for row in find_inbox(office.session, office[role], Wanted(**wanted)).rows]


def ask(client, rows, act="") -> str:
    """Return the page that asks."""
    response = client.post("/work/bulk/", data={"row": rows, "act": act, "back": "tab=mine"})
    assert response.status_code == 200, response.get_data(as_text=True)[:500]
    return response.get_data(as_text=True)


def run(client, rows, act, **given):
    """Return the answer to the act carried out."""
    return client.post("/work/bulk/run", data={"row": rows, "act": act, "back": "tab=mine", **given})


def drafted(office) -> object:
    """Return a dossier whose step can be finished."""
    dossier = office.processed()
    write_draft(office.session, dossier, office[Role.specialist])
    return dossier


def test_only_acts_open_for_every_line_are_offered(office):
    office.processed()
    specialist = office[Role.specialist]
    rows = find_inbox(office.session, specialist, Wanted()).rows
    assert common_acts(rows, specialist, {}) == ["finish_step", "hand_to"]
    other = office.officer(Role.specialist)
    office.processed()
    rows = find_inbox(office.session, other, Wanted()).rows
    assert common_acts(rows, other, {}) == ["finish_step", "claim", "hand_to"]
    assert common_acts([], other, {}) == []
    assert common_acts(rows, office[Role.auditor], {}) == []


def test_the_page_tells_what_follows_before_anything_happens(office, enter):
    first, second = drafted(office), drafted(office)
    client = enter(Role.specialist)
    text = ask(client, keys(office, Role.specialist), "finish_step")
    assert first.code in text
    assert second.code in text
    assert "Tiếp theo" in text
    assert "(2)" in text
    assert task_of(first).assignee_id == office[Role.specialist].user_id  # nothing moved


def test_each_line_has_a_result_and_a_transaction_of_its_own(office, enter, session):
    good, bad = drafted(office), office.processed()  # the second has no draft yet
    client = enter(Role.specialist)
    response = run(client, keys(office, Role.specialist), "finish_step", remark="Đạt")
    text = response.get_data(as_text=True)
    assert response.status_code == 200
    assert text.count("chip-success") == 1
    assert text.count("chip-danger") == 1
    session.expire_all()
    assert task_of(good).role == "agency_head"
    assert task_of(bad).role == "specialist"
    again = run(client, [f"{good.id}-{good.tasks[-2].id}"], "finish_step")
    assert again.status_code == 302  # finished meanwhile: back to the inbox, which says so


def test_what_is_not_mine_is_refused_line_by_line(office, enter, session):
    dossier = drafted(office)
    key = f"{dossier.id}-{task_of(dossier).id}"
    refused = run(enter(Role.clerk), [key], "finish_step").get_data(as_text=True)
    assert "chip-danger" in refused
    stranger = office.officer(Role.specialist, make_agency(parent=office.tree.root))
    assert run(enter(stranger), [key], "finish_step").status_code == 302
    assert run(enter(Role.auditor), [key], "finish_step").get_data(as_text=True).count("chip-success") == 0
    session.expire_all()
    assert task_of(dossier).role == "specialist"


def test_tasks_are_given_to_a_colleague_who_can_do_them(office, enter, session):
    colleague = office.officer(Role.specialist)
    one, two = office.processed(), office.processed()
    client = enter(Role.agency_head)
    rows = [f"{d.id}-{task_of(d).id}" for d in (one, two)]
    assert f'value="{colleague.user_id}"' in ask(client, rows, "hand_to")
    assert run(client, rows, "hand_to").status_code == 422  # nobody chosen
    wrong = run(client, rows, "hand_to", user=office[Role.clerk].user_id).get_data(as_text=True)
    assert wrong.count("chip-danger") == 2
    assert run(client, rows, "hand_to", user=colleague.user_id).get_data(as_text=True).count("chip-success") == 2
    session.expire_all()
    assert {task_of(d).assignee_id for d in (one, two)} == {colleague.user_id}


def test_free_tasks_are_claimed_and_accepted_dossiers_passed_on(office, enter, session):
    colleague = office.officer(Role.specialist)
    office.processed()
    rows = keys(office, Role.specialist)
    assert "chip-success" in run(enter(colleague), rows, "claim").get_data(as_text=True)
    session.expire_all()
    assert session.query(Task).filter_by(state="open").one().assignee_id == colleague.user_id
    received = office.received()
    office.pay(received)
    desk = enter(Role.desk_officer)
    row = next(key for key in keys(office, Role.desk_officer) if key.startswith(f"{received.id}-"))
    assert "chip-success" in run(desk, [row], "start").get_data(as_text=True)
    session.expire_all()
    assert received.state == 4


@pytest.mark.parametrize(
    "rows", [[], ["x"], ["1-1' or 1=1"], ["9999999-0"], ["1-2-3"], [f"{n}-0" for n in range(1, 80)]]
)
def test_absurd_choices_lead_back_to_the_inbox(office, enter, rows):
    client = enter(Role.specialist)
    for act in ("finish_step", "", "drop table"):
        assert client.post("/work/bulk/", data={"row": rows, "act": act}).status_code == 302
        assert run(client, rows, act or "x").status_code == 302


def test_the_way_back_stays_in_the_inbox(office, enter):
    office.processed()
    assert "/work/?tab=mine" in ask(enter(Role.specialist), keys(office, Role.specialist), "finish_step")
    response = enter(Role.specialist).post("/work/bulk/", data={"row": [], "back": "//evil.example/?q=1"})
    assert response.location.startswith("/work/?")
    assert "//evil.example/" not in response.location


def test_statements_of_the_asking_page_do_not_grow(office, enter, count_queries):
    client = enter(Role.specialist)
    drafted(office), drafted(office)
    ask(client, keys(office, Role.specialist), "finish_step")
    rows = keys(office, Role.specialist)
    with count_queries() as few:
        ask(client, rows, "finish_step")
    for _ in range(6):
        drafted(office)
    rows = keys(office, Role.specialist)
    assert len(rows) == 8
    with count_queries() as many:
        ask(client, rows, "finish_step")
    assert len(many) == len(few)


def test_the_asking_page_works_the_way_of_each_dossier_out_once(office, enter, monkeypatch):
    routed = []
    real = routing.advance
    monkeypatch.setattr(routing, "advance", lambda *given: routed.append(given[2]) or real(*given))
    drafted(office), office.processed()
    client = enter(Role.specialist)
    ask(client, keys(office, Role.specialist), "finish_step")
    routed.clear()
    ask(client, keys(office, Role.specialist), "finish_step")
    assert len(routed) == 2


def test_counters_are_told_to_an_open_page(office, enter):
    office.processed()
    client = enter(Role.specialist)
    told = client.get("/work/counts").get_json()
    assert told["total"] == 1
    assert len(told["counts"]) == 5
    assert client.get("/work/counts?show=overdue").get_json()["total"] == told["counts"][2]["value"]


def test_the_reason_of_the_time_left_is_told(office, enter):
    dossier = office.processed()
    client = enter(Role.specialist)
    lines = client.get(f"/work/why/{dossier.code}?task={task_of(dossier).id}").get_json()["lines"]
    assert lines[0].startswith("Hạn của bước")
    assert any("Tổng cộng" in line or "giờ" in line for line in lines[1:])
    elsewhere = office.officer(Role.specialist, make_agency(parent=office.tree.root))
    assert enter(elsewhere).get(f"/work/why/{dossier.code}").status_code == 404


def test_colleagues_are_listed_with_their_open_tasks(office, enter, session):
    office.processed()
    office.officer(Role.specialist)
    equals = enter(Role.specialist).get("/work/colleagues").get_data(as_text=True)
    assert equals.count("data-user=") == 2
    session.add(OfficerPosition(user_id=office[Role.specialist].user_id, agency_id=office.tree.commune.id,
                                role="division_head"))  # fmt: skip
    session.flush()
    text = enter(Role.specialist).get("/work/colleagues").get_data(as_text=True)
    assert text.count("data-user=") >= 3
    assert "1 việc đang mở" in text
    assert "2 việc đang mở" not in text
    assert "data-user" not in enter(Role.auditor).get("/work/colleagues").get_data(as_text=True)


def test_a_filtered_inbox_is_kept_under_a_name(office, enter):
    office.processed()
    client = enter(Role.specialist)
    response = client.post("/work/views", data={"name": "Quá hạn của tôi", "query": "show=overdue&tab=mine"})
    assert response.location.endswith("/work/?show=overdue&tab=mine")
    assert "Quá hạn của tôi" in client.get("/work/").get_data(as_text=True)
    client.post("/work/views", data={"name": "Mở trước", "query": "channel=online&tab=team", "is_default": "y"})
    assert client.get("/work/").location.endswith("/work/?channel=online&tab=team")
    assert "Mở trước" not in enter(Role.clerk).get("/work/?tab=").get_data(as_text=True)
    from app.lowcode.saved_views import SavedView

    first = office.session.query(SavedView).order_by(SavedView.id).first()
    assert enter(Role.clerk).post(f"/work/views/{first.id}/drop").status_code == 404
    assert client.post(f"/work/views/{first.id}/drop").status_code == 302
    assert "Quá hạn của tôi" not in client.get("/work/?tab=").get_data(as_text=True)


def test_the_holder_is_a_filter_and_a_chip(office, enter):
    colleague = office.officer(Role.specialist)
    office.processed()
    client = enter(Role.specialist)
    page = client.get(f"/work/?tab=team&holder={colleague.user_id}").get_data(as_text=True)
    assert page.count("data-row-href") == 0
    assert "filter-chip" in page
    assert find_inbox(office.session, colleague, Wanted(holder=colleague.user_id)).total == 0


def test_what_was_done_with_many_is_undone_line_by_line(office, enter):
    other = office.officer(Role.specialist)
    first, second = office.processed(), office.processed()
    me, client = office[Role.specialist].user_id, enter(Role.specialist)
    rows = keys(office, Role.specialist)
    text = run(client, rows, "claim").get_data(as_text=True)
    assert "Hoàn tác" in text
    enter(other).get(f"/dossier/{second.code}")  # somebody has seen it: too late
    client.post("/work/bulk/undo", data={"row": rows, "act": "claim", "back": "tab=mine"})
    office.session.expire_all()
    assert (task_of(first).assignee_id, task_of(second).assignee_id) == (None, me)


@pytest.mark.parametrize(("data", "status"), [({"act": "x"}, 302), ({"act": "claim", "row": ["x"]}, 302),
                                              ({"act": "claim", "row": ["1-999999"]}, 200)])  # fmt: skip
def test_forged_undoing_of_many_changes_nothing(office, enter, data, status):
    office.officer(Role.specialist)
    dossier = office.processed()
    given = {"row": [f"{dossier.id}-{task_of(dossier).id}"], "back": "tab=mine"} | data
    assert enter(Role.clerk).post("/work/bulk/undo", data=given).status_code == status
    office.session.expire_all()
    assert task_of(dossier).assignee_id is None


@pytest.mark.parametrize("role", [Role.specialist, Role.agency_head])
def test_who_stands_for_the_applicant_is_offered_nothing_on_his_dossier(session, office, enter, role):
    giver, delegate = office.officer(role), office.officer(Role.clerk)
    account = make_account(user=session.get(User, giver.user_id))
    dossier, other = office.processed(account=account), office.processed()
    for one in (dossier, other):
        task_of(one).assignee_id = None
    lend(session, giver, delegate)
    session.flush()
    stands = again(session, delegate)
    rows = find_inbox(session, stands, Wanted(tab=Tab.team)).rows
    assert {row.code for row in rows} >= {dossier.code, other.code}
    givers = givers_of(session, stands)
    acts = {row.code: acts_of(row, stands, givers) for row in rows}
    assert acts[dossier.code] == []
    assert "hand_to" in acts[other.code]
    with pytest.raises(NotAllowed):
        handing.hand_to(session, task_of(dossier), office[Role.specialist].user_id, stands)
    listed = enter(stands).get("/work/?tab=team")
    assert listed.status_code == 200


def test_what_cannot_be_finished_is_told_before_anything_happens(office, enter):
    good, bad = drafted(office), office.processed()  # the second has no draft yet
    text = ask(enter(Role.specialist), keys(office, Role.specialist), "finish_step")
    chosen, left_out = text.split(vi("Left out: not possible for these now"), 1)
    assert good.code in chosen
    assert bad.code not in chosen
    assert bad.code in left_out
    assert vi("Draft the result before the dossier goes to be signed.") in left_out


def test_a_step_that_waits_for_a_linked_dossier_is_not_finished_with_many(office, enter, session):
    first, second = drafted(office), drafted(office)
    child = make_dossier(version=first.version, channel="linked")
    step = task_of(first)
    session.add(LinkedDossier(parent=first, child=child, task=step, opened_at=now()))
    session.commit()
    client = enter(Role.specialist)
    rows = keys(office, Role.specialist)
    text = ask(client, rows, "finish_step")
    assert child.code in text.split(vi("Left out: not possible for these now"), 1)[1]
    answer = run(client, rows, "finish_step", remark="Đạt").text
    assert (answer.count("chip-success"), answer.count("chip-danger")) == (1, 1)
    session.expire_all()
    assert step.state == "open", "one remark for many is no reason of its own"
    assert task_of(second).role == "agency_head"
