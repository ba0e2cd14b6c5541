"""The history browser: what is found, who sees what, and how it reads."""

from datetime import timedelta

import pytest
import sqlalchemy as sa

from app import history
from app.clock import acting_at, now
from app.history import HistoryEntry
from app.lowcode import telling
from app.models import Account
from app.permissions import OVERSEERS, Role, acting_as
from app.services import audit, people
from app.services.actors import build_actor
from app.services.audit import AuditWanted
from tests.factories import (
    make_account,
    make_agency,
    make_position,
    make_sector,
    make_tree,
    make_user,
)
from tests.leaders.dossiers import add_dossier
from tests.wording import vi

READERS = OVERSEERS | {Role.system_admin}
PATHS = ("/audit/", "/audit/verify", "/audit/people", "/audit/export.xlsx")


def search(session, who, **wanted):
    rules = audit.conditions(session, AuditWanted(**wanted), who)
    return audit.find_entries(session, rules).rows


def entry_of(session, record, record_id, action="create"):
    query = sa.select(HistoryEntry).where(
        HistoryEntry.record == record, HistoryEntry.record_id == record_id,
        HistoryEntry.action == action,
    )  # fmt: skip
    return session.scalars(query.order_by(HistoryEntry.id.desc())).first()


@pytest.mark.parametrize("role", list(Role))
@pytest.mark.parametrize("path", PATHS)
def test_only_overseers_and_system_administrators_open_it(login, role, path):
    with login(role).get(path) as response:
        assert response.status_code == (200 if role in READERS else 403)


def test_root_overseers_see_everything_and_local_ones_their_part(session, actor):
    tree = make_tree()
    other = make_agency(parent=tree.root)
    here, there = add_dossier("overdue"), add_dossier("overdue", other)
    cases = [
        (Role.auditor, tree.root, {here.id, there.id}),
        (Role.auditor, tree.commune, {here.id}),
        (Role.control_focal_point, other, {there.id}),
        (Role.system_admin, tree.root, set()),
    ]
    for role, place, expected in cases:
        found = search(session, actor(role, place), kind="dossier")
        assert {row.record_id for row in found} == expected, (role, place.name)


def test_parts_of_a_hidden_dossier_and_its_applicant_are_hidden_too(session, actor):
    other = make_agency(parent=make_tree().root)
    hidden = add_dossier("overdue", other)
    stranger = make_account()
    who = actor(Role.auditor, make_tree().commune)
    seen = {(row.aggregate, row.aggregate_id) for row in search(session, who)}
    assert ("dossier", hidden.id) not in seen
    assert ("account", hidden.account_id) not in seen
    assert ("account", stranger.id) not in seen


def test_system_administrators_see_the_configuration_and_no_citizen(session, actor):
    add_dossier("overdue")
    kinds = {row.aggregate for row in search(session, actor(Role.system_admin))}
    assert {"ab_user", "agency", "sector"} <= kinds
    assert kinds.isdisjoint({"dossier", "account", "feedback"})


def test_local_auditors_see_users_posted_in_their_part_only(session, actor):
    tree = make_tree()
    here = make_user(Role.specialist, tree.commune)
    there = make_user(Role.specialist, make_agency(parent=tree.root))
    citizen = make_user(Role.citizen)
    who = actor(Role.auditor, tree.commune)
    seen = {row.aggregate_id for row in search(session, who, kind="ab_user")}
    assert here.id in seen
    assert seen.isdisjoint({there.id, citizen.id})
    found = people.find_people(session, "", 1, who)["results"]
    assert here.id in {person["id"] for person in found}
    assert there.id not in {person["id"] for person in found}


@pytest.mark.parametrize("of", ["entry", "dossier"])
def test_what_one_may_not_see_looks_as_if_it_were_not_there(session, login, of):
    tree = make_tree()
    hidden = add_dossier("overdue", make_agency(parent=tree.root))
    entry = entry_of(session, "dossier", hidden.id)
    path = f"/audit/{entry.id}" if of == "entry" else f"/audit/dossier/{hidden.code}"
    assert login(Role.auditor, tree.commune).get(path).status_code == 404
    assert login(Role.system_admin).get(path).status_code == 404
    assert login(Role.auditor).get(path).status_code == 200
    for absent in ("/audit/999999999999999999999", "/audit/dossier/NONE"):
        assert login(Role.auditor).get(absent).status_code == 404


def test_filters_narrow_by_person_kind_code_act_and_dates(session, actor):
    auditor = actor(Role.auditor)
    officer = build_actor(session, make_user(Role.specialist))
    with acting_as(officer), acting_at(now() - timedelta(days=40)):
        old = make_sector()
    with acting_as(officer):
        fresh = make_sector()
        fresh.name = "Đất đai"
        session.flush()
    dossier = add_dossier("overdue")
    day = (now() - timedelta(days=40)).date()

    def ids(**wanted):
        found = search(session, auditor, **wanted)
        return {(row.record, row.record_id, row.action) for row in found}

    then = {("sector", old.id, "create")}
    changed = {("sector", fresh.id, "update")}
    lately = {("sector", fresh.id, "create")} | changed
    assert ids(user_id=officer.user_id) == then | lately
    assert ids(user_id=officer.user_id, action="update") == changed
    assert ids(user_id=officer.user_id, last=day + timedelta(days=1)) == then
    assert ids(user_id=officer.user_id, first=day + timedelta(days=2), kind="sector") == lately
    assert ids(code=dossier.code.lower()) == {("dossier", dossier.id, "create")}
    assert ids(code="no such code") == set()


def test_who_read_a_persons_data_is_found_by_his_number_or_user_name(session, actor):
    tree = make_tree()
    user = make_user(Role.citizen, username="046099000777")
    account = session.scalars(sa.select(Account).where(Account.user_id == user.id)).one()
    account.id_number = "046099000777"
    other = add_dossier("overdue", tree.commune)
    dossier = add_dossier("overdue", tree.commune)
    dossier.account = account
    session.flush()
    with acting_as(build_actor(session, make_user(Role.specialist, tree.commune))):
        for aggregate, number in (("account", account.id), ("dossier", dossier.id), ("dossier", other.id)):
            history.record(session, (aggregate, number), "read")
        session.flush()

    def read(place=None, **wanted):
        found = search(session, actor(Role.auditor, place), action="read", **wanted)
        return {(row.aggregate, row.aggregate_id) for row in found}

    his = {("account", account.id), ("dossier", dossier.id)}
    assert read(code="046099000777") == his
    user.username = "Nguoi.Dan"
    session.flush()
    assert read(code="nguoi.dan") == his
    assert read(code="046099000777", kind="dossier") == {("dossier", dossier.id)}
    assert read(code="046099000777", kind="account") == {("account", account.id)}
    assert read(make_agency(parent=tree.root), code="046099000777") == set()
    assert read(code="04609900077") == set()


def test_an_entry_reads_as_a_sentence(session, login):
    tree = make_tree()
    officer = make_user(Role.specialist, first_name="Lê Văn", last_name="Bình")
    actor = build_actor(session, officer, ip="192.0.2.9")
    row = add_dossier("overdue")
    with acting_as(actor):
        history.because(session, action="stop", reason="Người nộp đề nghị")
        row.state, row.agency = 8, tree.department
        session.flush()
    entry = entry_of(session, "dossier", row.id, "stop")
    (line,) = telling.tell(session, [entry])
    assert (line.who, line.title, line.entry.ip) == ("Lê Văn Bình", row.code, "192.0.2.9")
    assert line.role == "chuyên viên thụ lý"
    told = {change.label: (change.old, change.new) for change in line.shown}
    assert told["Trạng thái"] == ("Đang xử lý", "Dừng xử lý")
    assert told["Cơ quan giải quyết"] == (tree.commune.name, tree.department.name)
    text = login(Role.auditor).get(f"/audit/{entry.id}").text
    assert "Người nộp đề nghị" in text
    assert entry.hash in text
    assert f"<code>{tree.department.id}</code>" in text  # the raw value is there as well


def test_the_role_is_the_one_held_on_that_day(session):
    user = make_user()
    today = now().date()
    make_position(user, Role.clerk, valid_to=today - timedelta(days=10))
    make_position(user, Role.agency_head, valid_from=today - timedelta(days=9))
    entry = HistoryEntry(actor_id=user.id, actor_name="X", aggregate="sector", aggregate_id=1,
                         record="sector", record_id=1, action="read", changes={}, id=1)  # fmt: skip
    roles = []
    for days in (20, 0):
        entry.at = now() - timedelta(days=days)
        roles.append(telling.tell(session, [entry])[0].role)
    assert roles == ["văn thư", "lãnh đạo cơ quan"]


def test_statements_do_not_grow_with_the_rows(session, login, count_queries):
    reader, costs = login(Role.auditor, make_tree().commune), []
    for rows in (2, 15):
        for _i in range(rows):
            add_dossier("overdue").step_name = "Thẩm định"
            session.flush()
        reader.get("/audit/")
        with count_queries() as seen:
            assert reader.get("/audit/").status_code == 200
        costs.append(len(seen))
    assert costs[0] == costs[1] <= 20


def test_pages_hold_every_entry_once_in_both_directions(session, actor):
    at = now()
    with acting_at(at):  # all at one instant: the id decides
        sectors = [make_sector().id for _i in range(11)]
    rules = audit.conditions(session, AuditWanted(kind="sector"), actor(Role.auditor))
    page, pages = audit.find_entries(session, rules, size=4), []
    while True:
        pages.append([row.record_id for row in page.rows])
        if page.next is None:
            break
        page = audit.find_entries(session, rules, after=page.next, size=4)
    assert [number for part in pages for number in part] == sorted(sectors, reverse=True)
    back = audit.find_entries(session, rules, before=page.previous or "", size=4)
    assert [row.record_id for row in back.rows] == pages[-2]


def test_reading_a_history_is_itself_recorded_and_shown(session, login):
    row = add_dossier("overdue")
    auditor = make_user(Role.auditor, first_name="Phan Thị", last_name="Thu")
    reader = login(auditor)
    for _i in range(2):
        text = reader.get(f"/audit/dossier/{row.code}").text
    readers = audit.readers_of(session, ("dossier", row.id))
    assert [(r.actor_id, r.times) for r in readers] == [(auditor.id, 2)]
    assert "Phan Thị Thu" in text
    assert reader.get(f"/audit/dossier/{row.code}?show=changes").text.count("data-row-href") == 1


def _readings(session):
    return session.scalars(sa.select(HistoryEntry).where(HistoryEntry.action == "read_history")).all()


def test_reading_the_list_is_recorded_once_a_page_with_what_was_seen(session, login):
    row, auditor = add_dossier("overdue"), make_user(Role.auditor)
    reader = login(auditor)
    assert row.code in reader.get("/audit/?kind=dossier").text
    (first,) = _readings(session)
    made = entry_of(session, "dossier", row.id)
    assert (first.aggregate, first.aggregate_id, first.actor_id) == ("ab_user", auditor.id, auditor.id)
    assert first.changes["filter"] == [None, {"kind": "dossier"}]
    low, high = map(int, first.changes["entries"][1].split("–"))
    assert low <= made.id <= high
    # The reading stands in the list that is read next, as one line.
    assert vi("read the history") in reader.get("/audit/").text
    assert len(_readings(session)) == 2


def test_reading_the_history_of_the_configuration_is_not_recorded(session, login):
    add_dossier("overdue")
    make_sector()
    admin = login(Role.system_admin)
    assert admin.get("/audit/").status_code == 200
    assert login(Role.auditor).get("/audit/?kind=sector").status_code == 200
    assert _readings(session) == []


@pytest.mark.parametrize("is_personal", [True, False])
def test_opening_one_entry_is_a_reading_of_its_record_if_that_is_personal(session, login, is_personal):
    row = add_dossier("overdue") if is_personal else make_sector()
    key = (row.__tablename__, row.id)
    entry, auditor = entry_of(session, *key), make_user(Role.auditor)
    assert login(auditor).get(f"/audit/{entry.id}").status_code == 200
    assert [r.actor_id for r in audit.readers_of(session, key)] == ([auditor.id] if is_personal else [])


def test_reading_the_history_of_an_applicants_login_is_recorded(session, login):
    applicant, auditor = make_user(username="046190990077"), make_user(Role.auditor)
    reader, key = login(auditor), ("ab_user", applicant.id)
    officer = make_user(Role.clerk)
    reader.get(f"/audit/?kind=ab_user&code={officer.username}")
    assert _readings(session) == []
    assert applicant.username in reader.get(f"/audit/?kind=ab_user&code={applicant.username}").text
    assert [row.aggregate_id for row in _readings(session)] == [auditor.id]
    for user in (applicant, officer):
        assert reader.get(f"/audit/{entry_of(session, 'ab_user', user.id).id}").status_code == 200
    assert [r.actor_id for r in audit.readers_of(session, key)] == [auditor.id]
    assert audit.readers_of(session, ("ab_user", officer.id)) == []


@pytest.mark.parametrize("query", [
    "user=abc&kind=nothing&action=%00&from=x&to=2026-02-30", "user=99999999999999999",
    "code=%25%27--", "after=garbage", "after=2026-01-01T00:00:00%2B00:00~9", "before=~",
    "from=0001-01-01&to=9999-12-31", "kind=dossier&code=H57", "page=-1",
])  # fmt: skip
def test_absurd_addresses_are_answered(login, query):
    reader = login(Role.auditor)
    for path in ("/audit/", "/audit/people", "/audit/verify"):
        assert reader.get(f"{path}?{query}").status_code == 200


def test_script_in_a_record_stays_text(session, login):
    make_sector(name="<script>alert(1)</script>")
    text = login(Role.auditor).get("/audit/?kind=sector").text
    assert "<script>alert" not in text
    assert "&lt;script&gt;alert" in text
