"""Agencies draw their own processes and nobody else's, on every path (HUE25 Đ16.1)."""

import pytest
import sqlalchemy as sa

from app.models import Process, ProcessApproval, ProcessStep
from app.models.drafting import DRAFTERS
from app.permissions import Role
from app.workflows.governance import AGENCYS_TURN, DECIDED
from tests.exchange import books
from tests.factories import make_procedure, make_process, make_tree
from tests.wording import vi

HEADS = sorted(DRAFTERS - {Role.catalog_admin})
HANDED_IN = ["submitted", "examined", "approved", "configured", "tested", "in_use"]


@pytest.fixture
def tree(session):
    return make_tree()


def own(tree, **given):
    return make_process(agency=tree.commune, **given)


def step_data(process):
    return {"process": process.id, "position": 9, "name": "Bước thêm", "kind": "work",
            "role": "specialist", "place": "agency", "working_minutes": 60}  # fmt: skip


def attempts(client, process):
    """Return whether each way of writing is open: {way: bool}. Nothing is left changed by a refusal."""
    step = process.steps[0]
    return {
        "edit page": client.get(f"/process/edit/{process.id}").status_code == 200,
        "step page": client.get(f"/process-step/edit/{step.id}").status_code == 200,
        "api": client.put(f"/api/v1/process/{process.id}", json={"name": "Đổi"},
                          headers={"If-Match": "*"}).status_code == 200,
        "api step": client.put(f"/api/v1/process_step/{step.id}", json={"name": "Đổi"},
                               headers={"If-Match": "*"}).status_code == 200,
        "add step": client.post("/api/v1/process_step/", json=step_data(process)).status_code == 201,
        "remove step": client.delete(f"/api/v1/process_step/{process.steps[1].id}",
                                     headers={"If-Match": "*"}).status_code in {200, 204},
    }  # fmt: skip


@pytest.mark.parametrize("role", HEADS)
def test_an_agency_draws_and_changes_its_own_process(session, login, tree, role):
    client = login(role, tree.commune)
    sent = {"code": "qt_rieng", "name": "Quy trình của phường", "agency": tree.commune.id}
    made = client.post("/api/v1/process/", json=sent)
    assert made.status_code == 201
    process = session.scalars(sa.select(Process).where(Process.code == "qt_rieng")).one()
    for number in (1, 2):
        assert client.post("/api/v1/process_step/", json=step_data(process) | {"position": number}).status_code == 201
    session.expire_all()
    found = attempts(client, process)
    assert all(found.values()), found
    assert client.delete(f"/api/v1/process/{process.id}", headers={"If-Match": "*"}).status_code in {200, 204}


@pytest.mark.parametrize("whose", ["department", "desk", "root", None])
@pytest.mark.parametrize("role", HEADS)
def test_those_of_others_and_of_the_province_are_closed(session, login, tree, role, whose):
    process = make_process(agency=getattr(tree, whose) if whose else None)
    found = attempts(login(role, tree.commune), process)
    assert not any(found.values()), found


@pytest.mark.parametrize("role", sorted(set(Role) - DRAFTERS))
def test_no_other_role_writes_even_at_the_agency(session, login, tree, role):
    found = attempts(login(role, tree.commune), own(tree))
    assert not any(found.values()), found


@pytest.mark.parametrize("state", HANDED_IN)
def test_what_was_handed_in_is_closed_to_the_agency_and_open_to_the_office(session, login, tree, state):
    process = own(tree)
    session.add(ProcessApproval(title="Lần một", process=process, agency=tree.commune, state=state))
    session.flush()
    pages = {"edit page", "step page"}
    found = attempts(login(Role.agency_head, tree.commune), process)
    assert {way for way, was in found.items() if was} == (pages if state in AGENCYS_TURN else set())
    office = attempts(login(Role.catalog_admin), process)  # what the Chairman approved, nobody changes
    assert {way for way, was in office.items() if was} == (pages if state in DECIDED else set(office))


def test_a_version_that_was_checked_closes_its_process(session, login, tree):
    version = make_procedure(process=own(tree), state="checked")
    found = attempts(login(Role.division_head, tree.commune), version.process)
    assert not any(found.values()), found


def test_no_process_changes_hands(session, login, tree):
    client, process = login(Role.agency_head, tree.commune), own(tree)
    other = make_process(agency=tree.department)
    for row in other.steps:
        row.key = f"khac{row.position}"  # so that nothing but the right stands in the way
    session.flush()
    path, any_version = f"/api/v1/process/{process.id}", {"If-Match": "*"}
    assert client.put(path, json={"agency": tree.department.id}, headers=any_version).status_code == 403
    assert client.put(path, json={"agency": None}, headers=any_version).status_code == 422
    step = f"/api/v1/process_step/{process.steps[0].id}"
    moved = client.put(step, json={"process": other.id, "position": 99}, headers=any_version)
    assert moved.status_code == 403
    session.expire_all()
    assert (process.agency, len(other.steps)) == (tree.commune, 5)


@pytest.mark.parametrize("agency", ["department", None])
def test_none_is_made_for_others(session, login, tree, agency):
    client = login(Role.agency_head, tree.commune)
    place = getattr(tree, agency).id if agency else None
    sent = {"code": "qt_la", "name": "Quy trình lạ", "agency": place}
    assert client.post("/api/v1/process/", json=sent).status_code in {403, 422}
    answer = client.post("/process/add", data=sent | {"agency": place or ""})
    assert answer.status_code in {403, 422}
    if agency is None:
        assert vi("Choose your agency: only the catalog administrator draws for the whole province.") in answer.text
    assert session.scalar(sa.select(sa.func.count()).where(Process.code == "qt_la")) == 0


def test_lists_show_all_and_bulk_acts_and_forms_only_touch_ones_own(session, login, tree):
    client, process, other = login(Role.division_head, tree.commune), own(tree), make_process()
    assert {process.code, other.code} <= {
        row["code"] for row in client.get("/api/v1/process/?size=100").json["result"]
    }
    assert client.get(f"/process/show/{other.id}").status_code == 200
    assert f"/process/edit/{other.id}" not in client.get(f"/process/show/{other.id}").text
    assert client.post(f"/process/delete/{other.id}").status_code == 404
    client.post("/process/bulk", data={"act": "remove", "ids": [process.id, other.id]})
    assert session.scalar(sa.select(sa.func.count()).where(Process.id == other.id)) == 1


def test_a_workbook_writes_only_ones_own(session, login, tree):
    client, process, other = login(Role.agency_head, tree.commune), own(tree), make_process(agency=tree.department)
    content = books.download(client, "/process/export.xlsx")
    sheets = books.rows_in(content)
    name = next(iter(sheets))
    for code, is_mine in ((process.code, True), (other.code, False)):
        rows = [row for row in sheets[name][1:] if code in row]
        assert rows, (code, sheets[name][:3])
        # The place is written over too: nobody takes a process by naming himself its owner.
        rows[0] = [tree.commune.code if value == tree.department.code else value for value in rows[0]]
        changed = [["Tên mới" if value in {process.name, other.name} else value for value in rows[0]]]
        status, number, page = books.send(client, "process", books.book({name: [sheets[name][0], *changed]}))
        assert status == 200
        assert (vi("This record belongs to others; you may not change it.") not in page) == is_mine
        books.apply(client, "process", number)
    session.expire_all()
    assert process.name == "Tên mới"
    assert other.name != "Tên mới"


def test_an_approval_names_the_agency_whose_process_it_is(session, login, tree):
    other = make_process(agency=tree.department)
    sent = {"title": "Mượn quy trình", "process": other.id, "agency": tree.commune.id}
    answer = login(Role.agency_head, tree.commune).post("/api/v1/process_approval/", json=sent)
    assert answer.status_code == 422
    sent["process"] = own(tree).id
    assert login(Role.agency_head, tree.commune).post("/api/v1/process_approval/", json=sent).status_code == 201
    assert session.scalars(sa.select(ProcessStep)).first() is not None
