"""The generated API: the same rights, checks and history as the screens, answered in JSON."""

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.actions import declared
from app.lowcode.generate import declared_models
from app.models import Fee, ProcedureVersion, Profile, ProfileParameter, Sector
from app.permissions import EVERY_OFFICER, Role
from tests.clients import make_client
from tests.factories import PASSWORD, make_procedure, make_sector, make_tree, make_user
from tests.wording import vi

STALE = (
    "Someone else changed this record while you were editing it. "
    "Your entries are kept below; compare them with the present state and save again."
)
IN_USE = "This cannot be deleted: it is in use by %(users)s."


def _path(model):
    return f"/api/v1/{model.__tablename__.removeprefix('ab_')}/"


def test_a_record_is_made_read_changed_and_deleted(session, login):
    client = login(Role.catalog_admin)
    made = client.post("/api/v1/sector/", json={"code": "ho_tich", "name": "Hộ tịch"})
    assert made.status_code == 201
    pk = made.json["id"]
    assert made.headers["Location"].endswith(f"/api/v1/sector/{pk}")
    assert made.json["result"] == {
        "id": pk,
        "row_version": 1,
        "code": "ho_tich",
        "name": "Hộ tịch",
        "is_active": True,
    }
    changed = client.put(f"/api/v1/sector/{pk}", json={"name": "Hộ tịch mới", "row_version": 1})
    assert changed.json["result"]["name"] == "Hộ tịch mới"
    assert client.get(f"/api/v1/sector/{pk}").json["result"]["row_version"] == 2
    listed = client.get("/api/v1/sector/?q=ho tich").json
    assert (listed["count"], listed["result"][0]["code"]) == (1, "ho_tich")
    assert client.delete(f"/api/v1/sector/{pk}").status_code == 204
    assert client.get(f"/api/v1/sector/{pk}").status_code == 404
    actions = sa.select(HistoryEntry.action).where(HistoryEntry.record == "sector")
    assert list(session.scalars(actions.order_by(HistoryEntry.id))) == ["create", "update", "delete"]


def test_a_change_touches_only_what_it_names(session, login):
    version = make_procedure(state="draft", conditions="Một\nHai\n", time_limit_value=7)
    before = {c.key: getattr(version, c.key) for c in sa.inspect(ProcedureVersion).column_attrs}
    path = f"/api/v1/procedure_version/{version.id}"
    answer = login(Role.catalog_admin).put(path, json={"decision_number": "12/QĐ"})
    assert answer.status_code == 200
    session.refresh(version)
    after = {c.key: getattr(version, c.key) for c in sa.inspect(ProcedureVersion).column_attrs}
    changed = {key for key in after if after[key] != before[key]}
    assert changed == {"decision_number", "row_version", "search_text"}


def test_a_new_record_needs_only_what_has_no_default(session, login):
    version = make_procedure(state="draft", fee=0)
    body = {"version": version.id, "position": 1, "name": "Lệ phí"}
    answer = login(Role.catalog_admin).post("/api/v1/fee/", json=body)
    assert answer.status_code == 201
    fee = session.get(Fee, answer.json["id"])
    assert (fee.kind, fee.channel, fee.amount) == ("le_phi", "any", 0)
    refused = login(Role.catalog_admin).post("/api/v1/fee/", json={"name": "x"})
    assert refused.status_code == 422
    assert set(refused.json["errors"]) == {"version", "position"}


def test_a_relation_is_an_id_or_a_record(session, login):
    tree = make_tree()
    client = login(Role.catalog_admin)
    for value in (tree.root.id, {"id": tree.root.id, "text": "bỏ qua"}, str(tree.root.id)):
        answer = client.put(f"/api/v1/agency/{tree.desk.id}", json={"parent": value})
        assert answer.json["result"]["parent"] == {"id": tree.root.id, "text": str(tree.root)}
    answer = client.put(f"/api/v1/agency/{tree.department.id}", json={"desk": None})
    assert answer.json["result"]["desk"] is None
    for value in (True, "x", 0, -1, 10**30, 999999, [tree.root.id], {"text": "x"}, {"id": {}}):
        answer = client.put(f"/api/v1/agency/{tree.department.id}", json={"desk": value})
        expected = 200 if value == {"text": "x"} else 422  # no id: no desk
        assert answer.status_code == expected, value


def test_numbers_and_false_are_values(session, login):
    profile = Profile(code="p", name="P")
    session.add(profile)
    session.flush()
    client = login(Role.catalog_admin)
    for number, value in enumerate([0, False, "", [], {}, 8, "x", [1, {"a": None}]]):
        body = {
            "profile": profile.id,
            "key": f"k{number}",
            "value": value,
            "valid_from": "2026-01-01",
        }
        answer = client.post("/api/v1/profile_parameter/", json=body)
        assert answer.status_code == 201, value
        assert session.get(ProfileParameter, answer.json["id"]).value == value
    assert (
        client.post("/api/v1/profile_parameter/", json=body | {"value": None, "key": "n"}).status_code == 422
    )
    calendar = make_tree().root.calendar
    session_body = {"calendar": calendar.id, "weekday": 0, "starts_at": "18:00", "ends_at": "19:00"}
    assert client.post("/api/v1/calendar_session/", json=session_body).status_code == 201
    sector = make_sector()
    assert (
        client.put(f"/api/v1/sector/{sector.id}", json={"is_active": False}).json["result"]["is_active"]
        is False
    )


@pytest.mark.parametrize(
    "body",
    ['{"name": ', "[]", '"x"', "null", "", "[" * 100_000, '{"n": ' * 50_000],
    ids=["cut", "list", "text", "null", "empty", "deep list", "deep object"],
)
def test_a_body_that_is_no_object_is_a_bad_request(session, login, body):
    client = login(Role.catalog_admin)
    for method, path in (
        ("post", "/api/v1/sector/"),
        ("put", f"/api/v1/sector/{make_sector().id}"),
    ):
        answer = getattr(client, method)(path, data=body, content_type="application/json")
        assert answer.status_code == 400
        assert answer.json["detail"]


@pytest.mark.parametrize(
    ("values", "status"),
    [
        ({"state": "published"}, 400),
        ({"search_text": "x"}, 400),
        ({"versions": []}, 400),
        ({"xyz": 1}, 400),
        ({"id": 5}, 200),
        ({"number": "x"}, 422),
        ({"number": 10**30}, 422),
        ({"number": 1.5}, 422),
        ({"name": {"a": 1}}, 422),
        ({"name": ["a"]}, 422),
        ({"name": None}, 422),
        ({"name": "  "}, 422),
        ({"name": "a\x00b\ud800"}, 200),
        ({"name": "x" * 1001}, 422),
        ({"agency_level": "moon"}, 422),
        ({"agency_level": None}, 422),
        ({"valid_from": "0001-01-01"}, 422),
        ({"valid_from": "2026-02-30"}, 422),
        ({"valid_from": 20260101}, 422),
        ({"time_limit_value": 0}, 422),
        ({"authentication_level": 2}, 200),
        ({"authentication_level": "2"}, 200),
        ({"authentication_level": 3}, 422),
        ({"is_same_day": "false"}, 200),
    ],
)
def test_values_are_checked_as_on_the_page(session, login, values, status):
    version = make_procedure(state="draft")
    pk = version.id
    answer = login(Role.catalog_admin).put(f"/api/v1/procedure_version/{pk}", json=values)
    assert answer.status_code == status, answer.json
    session.refresh(version)
    assert (version.id, version.state) == (pk, "draft")
    if status == 422:
        assert set(answer.json["errors"]) == set(values)
        assert version.row_version == 1


def test_a_stale_change_is_a_conflict(session, login):
    sector = make_sector(name="Cũ")
    client = login(Role.catalog_admin)
    assert client.put(f"/api/v1/sector/{sector.id}", json={"name": "A", "row_version": 1}).status_code == 200
    late = client.put(f"/api/v1/sector/{sector.id}", json={"name": "B", "row_version": 1})
    assert late.status_code == 409
    assert late.json["detail"] == vi(STALE)
    session.refresh(sector)
    assert sector.name == "A"


def test_a_record_in_use_stays(session, login):
    version = make_procedure()
    answer = login(Role.catalog_admin).delete(f"/api/v1/sector/{version.procedure.sector_id}")
    assert answer.status_code == 422
    assert answer.json["detail"] == vi(IN_USE, users=f"{vi('Procedures')} (1)")


def test_the_same_key_twice_is_refused(session, login):
    make_sector(code="a")
    answer = login(Role.catalog_admin).post("/api/v1/sector/", json={"code": "a", "name": "x"})
    assert answer.status_code == 422
    assert set(answer.json["errors"]) == {"code"}


def test_a_write_by_cookie_needs_the_token(session, login):
    sector = make_sector()
    client = login(Role.catalog_admin)
    path = f"/api/v1/sector/{sector.id}"
    answers = [
        client.post("/api/v1/sector/", json={"code": "x", "name": "x"}, csrf=False),
        client.put(path, json={"name": "x"}, csrf=False),
        client.delete(path, csrf=False),
    ]
    assert [a.status_code for a in answers] == [400, 400, 400]
    assert {a.json["detail"] for a in answers} == {vi("The CSRF token is missing or has expired.")}
    session.refresh(sector)
    assert sector.row_version == 1


@pytest.mark.parametrize("role", list(Role))
def test_every_role_has_the_rights_of_the_declaration(session, login, role):
    client = login(role)
    for model in declared_models():
        path, screen = _path(model), model.screen
        assert client.get(path).status_code == (200 if role in screen.read else 403), model
        refused = 404 if role in screen.read else 403
        assert client.get(f"{path}999999").status_code == refused
        for action, answer in (
            ("change", client.put(f"{path}999999", json={})),
            ("remove", client.delete(f"{path}999999")),
        ):
            status = 404 if role in declared(model, action) else 403
            assert answer.status_code == status, (model, answer.json)
            assert answer.json["detail"]


def test_a_visitor_is_refused_in_json(client):
    for model in declared_models():
        for answer in (
            client.get(_path(model)),
            client.post(_path(model), json={}),
            client.delete(f"{_path(model)}1"),
        ):
            assert answer.status_code == 401
            assert answer.is_json


def test_addresses_that_are_none_answer_in_json(login):
    client = login(Role.catalog_admin)
    for answer in (
        client.get("/api/v1/nothing/"),
        client.post("/api/v1/sector/1", json={}),
        client.get("/api/v1/sector/x"),
    ):
        assert answer.status_code in (404, 405)
        assert answer.is_json


def test_a_token_works_without_cookie_and_csrf(app, session):
    user = make_user(Role.catalog_admin)
    client = make_client(app)
    body = {"username": user.username, "password": PASSWORD, "provider": "db"}
    token = client.post("/api/v1/security/login", json=body, csrf=False).json["access_token"]
    bearer = {"Authorization": f"Bearer {token}"}
    made = client.post("/api/v1/sector/", json={"code": "a", "name": "A"}, headers=bearer, csrf=False)
    assert made.status_code == 201
    entry = session.scalars(sa.select(HistoryEntry).where(HistoryEntry.record == "sector")).one()
    assert entry.actor_id == user.id
    forged = client.get("/api/v1/sector/", headers={"Authorization": "Bearer x.y.z"})
    assert forged.status_code in (401, 422)
    assert "Authorization" not in client.get("/api/v1/sector/").headers


def test_the_description_names_every_path_for_every_officer(session, login):
    document = login(Role.clerk).get("/api/v1/_openapi").json
    assert document["openapi"].startswith("3.")
    for model in declared_models():
        assert _path(model) in document["paths"]
    sector = document["paths"]["/api/v1/sector/"]["post"]
    schema = sector["requestBody"]["content"]["application/json"]["schema"]
    assert schema["required"] == ["code", "name"]
    assert set(sector["responses"]) >= {"201", "400", "401", "403", "409", "422"}
    assert "post" not in document["paths"]["/api/v1/dossier/"]
    assert "state" not in str(document["paths"]["/api/v1/procedure_version/{pk}"]["put"]["requestBody"])


@pytest.mark.parametrize("role", list(Role))
def test_the_description_is_for_officers(login, role):
    expected = 200 if role in EVERY_OFFICER else 403
    assert login(role).get("/api/v1/_openapi").status_code == expected


def test_pages_are_walked_by_their_tokens(session, login):
    for _number in range(7):
        make_sector()
    client = login(Role.catalog_admin)
    seen, path = [], "/api/v1/sector/?size=3"
    while path:
        page = client.get(path).json
        seen += [row["id"] for row in page["result"]]
        path = f"/api/v1/sector/?size=3&after={page['next']}" if page["next"] else None
    assert sorted(seen) == sorted(session.scalars(sa.select(Sector.id)))
    assert page["count"] == 7
