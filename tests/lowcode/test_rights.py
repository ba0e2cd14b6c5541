"""Who opens which screen, sees which rows, and may choose which records."""

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.generate import declared_models
from app.lowcode.registry import view_of
from app.lowcode.screen import writable
from app.models import (
    Agency,
    OfficerPosition,
    ProcedureVersion,
    User,
)
from app.permissions import Role
from tests.factories import (
    make_account,
    make_agency,
    make_division,
    make_position,
    make_procedure,
    make_sector,
    make_tree,
    make_user,
)
from tests.wording import vi

ATTACK = "<script>alert(1)</script>\"'><img src=x onerror=alert(2)>"


def _entries(session, record, action=None):
    query = sa.select(HistoryEntry).where(HistoryEntry.record == record).order_by(HistoryEntry.id)
    return [e for e in session.scalars(query) if action in (None, e.action)]


@pytest.mark.parametrize("role", list(Role))
def test_every_screen_opens_for_its_roles_and_no_other(session, login, role):
    client = login(role)
    for model in declared_models():
        slug = view_of(model).route_base
        expected = 200 if role in model.screen.read else 403
        assert client.get(f"{slug}/list/").status_code == expected, model
        may_add = role in model.screen.write and model.screen.can_add and writable(model)
        status = client.get(f"{slug}/add").status_code
        assert (status == 200) == bool(may_add), (model, status)


def test_a_visitor_is_sent_to_log_in(client):
    for model in declared_models():
        answer = client.get(f"{view_of(model).route_base}/list/")
        assert answer.status_code == 302
        assert answer.location.startswith("/login/")


def test_choices_are_found_without_diacritics_and_in_pages(session, login):
    tree = make_tree()
    for number in range(35):
        make_agency(name=f"Phường Thủy Xuân {number:02}")
    client = login(Role.catalog_admin)
    first = client.get("/agency/choices/parent?q=thuy xuan").json
    assert len(first["results"]) == 30
    assert first["more"] is True
    second = client.get("/agency/choices/parent?q=thuy xuan&page=2").json
    assert len(second["results"]) == 5
    assert second["more"] is False
    found = client.get("/division/choices/agency?q=SO XAY").json["results"]
    assert found == [{"id": tree.department.id, "text": "Sở Xây dựng"}]
    division = make_division(name="Phòng Hộ tịch")
    officers = login(Role.system_admin).get("/officer-position/choices/division?q=ho tich").json
    assert officers["results"] == [{"id": division.id, "text": "Phòng Hộ tịch"}]


def test_choices_respect_rights_and_rows(session, login):
    make_procedure()
    officer = login(Role.desk_officer)
    assert officer.get("/procedure-version/choices/form").status_code == 404  # he writes none
    assert officer.get("/procedure-version/choices/agency").status_code == 200  # a filter
    assert officer.get("/agency/choices/children").status_code == 404
    assert officer.get("/agency/choices/name").status_code == 404
    head = login(Role.agency_head)
    assert head.get("/officer-position/choices/user").status_code == 403  # reads no users
    assert "filter-user" not in head.get("/officer-position/list/").text
    assert login(Role.citizen).get("/agency/choices/parent").status_code == 403
    assert login(Role.auditor).get("/officer-position/choices/user").status_code == 200


@pytest.mark.parametrize(
    "query", ["page=0", "page=-1", "page=x", "page=99999999999", "q=%00", "q=" + "x" * 900]
)
def test_bad_choice_parameters_do_no_harm(session, login, query):
    make_tree()
    assert login(Role.catalog_admin).get(f"/agency/choices/parent?{query}").status_code == 200


def test_a_record_outside_the_actors_rows_cannot_be_chosen_read_or_changed(session, login):
    stranger = make_account()
    client = login(Role.desk_officer)
    assert client.get(f"/account/show/{stranger.id}").status_code == 404
    assert client.get(f"/account/edit/{stranger.id}").status_code == 404
    assert client.post(f"/account/edit/{stranger.id}", data={"name": "x"}).status_code == 404
    assert client.get(f"/api/v1/account/{stranger.id}").status_code == 404


def test_reading_a_citizens_data_is_written_down(session, login):
    account = make_account()
    auditor = make_user(Role.auditor)
    client = login(auditor)
    assert client.get(f"/account/show/{account.id}").status_code == 200
    assert client.get(f"/api/v1/account/{account.id}").status_code == 200
    reads = _entries(session, "account", "read")
    assert [(e.record_id, e.actor_id) for e in reads] == [(account.id, auditor.id)] * 2


def test_nobody_gives_a_role_to_himself(session, login):
    admin = make_user(Role.system_admin)
    data = {
        "user": admin.id,
        "agency": make_tree().root.id,
        "role": "auditor",
        "valid_from": "2026-01-01",
    }
    answer = login(admin).post("/officer-position/add", data=data)
    assert answer.status_code == 422
    assert vi("Nobody may give a role to themselves.") in answer.text


def test_history_is_for_those_who_may(session, login):
    sector = make_sector()
    page = login(Role.specialist).get(f"/sector/show/{sector.id}?tab=history").text
    assert "history-entry" not in page
    assert "history-entry" in login(Role.auditor).get(f"/sector/show/{sector.id}?tab=history").text


def test_a_position_held_is_not_deleted(session, login):
    post = make_position(make_user(), Role.clerk)
    answer = login(Role.system_admin).post(f"/officer-position/delete/{post.id}", follow_redirects=True)
    held = "Set the end of validity instead: who held the post must stay known."
    assert vi(held) in answer.text
    assert session.get(OfficerPosition, post.id) is not None
    assert isinstance(session.get(Agency, post.agency_id), Agency)
    assert session.scalar(sa.select(ProcedureVersion.id)) is None


def test_users_of_the_framework_can_be_chosen_and_edited(session, login):
    tree = make_tree()
    client = login(Role.system_admin)
    answer = client.post(
        "/user/add",
        data={
            "username": "hoa.nguyen",
            "first_name": "Nguyễn Thị",
            "last_name": "Hoa",
            "email": "hoa@hue.gov.vn",
            "active": "y",
        },
    )
    user = session.scalars(sa.select(User).where(User.username == "hoa.nguyen")).one()
    assert answer.location == f"/user/show/{user.id}"
    found = client.get("/officer-position/choices/user?q=hoa nguyen").json["results"]
    assert found == []  # names are stored family name first
    found = client.get("/officer-position/choices/user?q=nguyen thi hoa").json["results"]
    assert found == [{"id": user.id, "text": "Nguyễn Thị Hoa"}]
    data = {
        "user": user.id,
        "agency": tree.desk.id,
        "role": "desk_officer",
        "valid_from": "2026-01-01",
    }
    client.post("/officer-position/add", data=data)
    post = session.scalars(sa.select(OfficerPosition).where(OfficerPosition.user_id == user.id)).one()
    assert (post.role, post.agency_id) == ("desk_officer", tree.desk.id)
    wrong = client.post("/officer-position/add", data=data | {"user": "999999"})
    assert wrong.status_code == 422
