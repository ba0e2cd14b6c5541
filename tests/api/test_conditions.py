"""Tags, preconditions, keys, chosen fields and codes of the generated API."""

import sqlalchemy as sa

from app.models import Agency, Sector
from app.permissions import Role
from tests.factories import make_account, make_procedure, make_sector, make_tree, make_user
from tests.wording import vi

PATH = "/api/v1/sector/"
PROBLEM = "application/problem+json"


def _is_problem(answer, status):
    body = answer.json
    return (
        answer.status_code == status
        and answer.mimetype == PROBLEM
        and set(body) - {"errors"} == {"type", "title", "status", "detail"}
        and body["status"] == status
        and bool(body["detail"])
    )


def test_a_record_that_did_not_change_is_not_sent_again(session, login):
    version = make_procedure()
    path = f"/api/v1/procedure/{version.procedure_id}"
    client = login(Role.catalog_admin)
    first = client.get(path)
    assert first.headers["Cache-Control"] == "private, no-cache"
    again = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    # The name of a related record is part of the answer, its version is not.
    client.put(f"{PATH}{version.procedure.sector_id}", json={"name": "Tên mới"})
    changed = client.get(path, headers={"If-None-Match": first.headers["ETag"]})
    assert changed.json["result"]["sector"]["text"] == "Tên mới"
    assert first.headers["ETag"].partition(".")[0] == changed.headers["ETag"].partition(".")[0]


def test_a_list_that_did_not_change_is_not_sent_again(session, login):
    make_sector()
    client = login(Role.catalog_admin)
    tag = client.get(PATH).headers["ETag"]
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 304
    make_sector()
    assert client.get(PATH, headers={"If-None-Match": tag}).status_code == 200


def test_a_change_names_the_version_it_was_made_from(session, login):
    sector = make_sector(name="Cũ")
    client, path = login(Role.catalog_admin), f"{PATH}{sector.id}"
    sends = (lambda **more: client.put(path, json={"name": "X"}, **more),
             lambda **more: client.delete(path, **more))  # fmt: skip
    for send in sends:
        assert _is_problem(send(match=False), 428)
        for stale in ('"9"', 'W/"1"', "rubbish", '"1x"', '""'):
            assert _is_problem(send(headers={"If-Match": stale}), 412), stale
    tag = client.get(path).headers["ETag"]
    answer = client.put(path, json={"name": "Mới"}, headers={"If-Match": tag})
    assert answer.json["result"]["name"] == "Mới"
    assert _is_problem(client.put(path, json={"name": "Z"}, headers={"If-Match": tag}), 412)
    # Fewer fields, another digest, the same version.
    tag = client.get(path + "?fields=code").headers["ETag"]
    assert client.delete(path, headers={"If-Match": tag}).status_code == 204
    assert client.get(path).status_code == 404


def test_users_have_no_version_and_are_compared_whole(session, login):
    user, client = make_user(Role.clerk), login(Role.system_admin)
    path = f"/api/v1/user/{user.id}"
    tag = client.get(path).headers["ETag"]
    assert client.put(path, json={"last_name": "Bình"}, headers={"If-Match": tag}).status_code == 200
    assert client.put(path, json={"last_name": "Cường"}, headers={"If-Match": tag}).status_code == 412


def test_the_same_key_makes_one_record(session, login):
    client, body = login(Role.catalog_admin), {"code": "khoa", "name": "Khóa"}
    first, second = (client.post(PATH, json=body, headers={"Idempotency-Key": "a-1"}) for _ in "12")
    assert (first.status_code, second.status_code) == (201, 201)
    assert first.json == second.json
    assert first.headers["ETag"] == second.headers["ETag"]
    assert ("Idempotency-Replayed" in first.headers, second.headers["Idempotency-Replayed"]) == (False, "true")
    assert session.scalar(sa.select(sa.func.count()).select_from(Sector).where(Sector.code == "khoa")) == 1
    other = client.post(PATH, json=body | {"name": "Khác"}, headers={"Idempotency-Key": "a-1"})
    assert _is_problem(other, 422)
    # Somebody else's key of the same name is another key.
    theirs = login(Role.catalog_admin).post(PATH, json=body | {"code": "kh2"}, headers={"Idempotency-Key": "a-1"})
    assert theirs.status_code == 201
    for bad in ("", "x" * 256, "kh\u00f3a"):
        headers = {"Idempotency-Key": bad.encode().decode("latin-1")}
        assert _is_problem(client.post(PATH, json=body, headers=headers), 400), bad


def test_a_refused_post_uses_up_no_key(session, login):
    client, headers = login(Role.catalog_admin), {"Idempotency-Key": "k"}
    assert client.post(PATH, json={"code": "x"}, headers=headers).status_code == 422
    assert client.post(PATH, json={"code": "x", "name": "X"}, headers=headers).status_code == 201


def test_fields_are_chosen_through_relations(session, login, count_queries):
    version = make_procedure()
    client = login(Role.catalog_admin)
    path = f"/api/v1/procedure/{version.procedure_id}"
    answer = client.get(path + "?fields=code,sector.name,sector.code").json["result"]
    sector = version.procedure.sector
    assert answer == {
        "id": version.procedure_id, "row_version": 1, "code": version.procedure.code,
        "sector": {"id": sector.id, "name": sector.name, "code": sector.code},
    }  # fmt: skip
    listed = "/api/v1/procedure/?fields=code,sector.name"
    with count_queries() as few:
        client.get(listed)
    for _number in range(5):
        make_procedure()
    with count_queries() as many:
        assert len(client.get(listed).json["result"]) == 6
    assert len(many) == len(few)


def test_fields_that_are_not_offered_are_refused(session, login):
    make_procedure()
    client = login(Role.catalog_admin)
    for wrong in ("xyz", "search_text", "sector.xyz", "code.name", "sector.name.x", "versions", "a\x00", "."):
        answer = client.get("/api/v1/procedure/", query_string={"fields": wrong})
        assert _is_problem(answer, 400), wrong
    clerk = login(Role.clerk)
    # A dossier's applicant is shown by name; his other data are read where reading is recorded.
    assert _is_problem(clerk.get("/api/v1/dossier/?fields=account.phone"), 400)
    make_account()
    desk = login(Role.desk_officer)
    assert _is_problem(desk.get("/api/v1/account/?fields=address"), 400)


def test_a_relation_is_named_by_its_code(session, login):
    tree = make_tree()
    client = login(Role.catalog_admin)
    path = f"/api/v1/agency/{tree.department.id}"
    answer = client.put(path, json={"desk": {"code": tree.desk.code}})
    assert answer.json["result"]["desk"]["id"] == tree.desk.id
    for wrong in ("H57.none", "\ud800", "", 5, {"a": 1}, None):
        status = 200 if wrong is None else 422
        assert client.put(path, json={"desk": {"code": wrong}}).status_code == status, wrong
    named = client.get("/api/v1/agency/", query_string={"f.parent.code": tree.commune.code}).json
    assert [row["code"] for row in named["result"]] == [tree.desk.code]
    assert client.get("/api/v1/agency/?f.parent.code=none").json["count"] == 0
    assert session.get(Agency, tree.department.id).desk_id is None


def test_days_and_instants_are_written_as_programs_write_them(session, login):
    version = make_procedure(state="draft")
    client, path = login(Role.catalog_admin), f"/api/v1/procedure_version/{version.id}"
    answer = client.put(path, json={"valid_from": "25/03/2026"})
    assert answer.json["errors"]["valid_from"] == vi("This is not a day. Write it as 2026-11-30.")
    notice = {"title": "Bảo trì", "body": "Tạm ngừng", "starts_at": "2026-11-30T08:00:00+00:00"}
    admin = login(Role.system_admin)
    made = admin.post("/api/v1/incident_notice/", json=notice)
    assert made.json["result"]["starts_at"] == "2026-11-30T08:00:00+00:00", made.json
    wrong = admin.post("/api/v1/incident_notice/", json=notice | {"starts_at": "8 giờ"})
    assert set(wrong.json["errors"]) == {"starts_at"}


def test_every_refusal_is_a_problem(session, app, client, login):
    admin = login(Role.catalog_admin)
    sector = make_sector()
    cases = [
        (client.get(PATH), 401),
        (client.get(PATH, headers={"Authorization": "Bearer x.y.z"}), 401),
        (client.get(PATH, headers={"Authorization": "Bearer mc_nothing"}), 401),
        (client.post("/api/v1/security/refresh"), 401),
        (login(Role.clerk).post(PATH, json={"code": "a", "name": "b"}), 403),
        (admin.get("/api/v1/none/"), 404),
        (admin.get(f"{PATH}999999"), 404),
        (admin.get(f"{PATH}{'9' * 40}"), 404),
        (admin.post(f"{PATH}{sector.id}", json={}), 405),
        (admin.post(PATH, data=b"x" * (1024 * 1024 + 1), content_type="application/json"), 413),
        (admin.post(PATH, data="code=a", content_type="application/x-www-form-urlencoded"), 415),
        (admin.post(PATH, data="{", content_type="application/json"), 400),
        (admin.post(PATH, json={"code": "a" * 41, "name": ""}), 422),
        (admin.get("/api/v1/_openapi/x"), 404),
        (admin.get("/api/v9/_openapi"), 404),
    ]
    for answer, status in cases:
        assert _is_problem(answer, status), (status, answer.status_code, answer.data[:200])
    assert "PUT" in cases[8][0].headers["Allow"]
    assert cases[0][0].headers["WWW-Authenticate"] == "Bearer"


def test_a_fault_of_ours_is_a_problem_too(session, app, login, monkeypatch):
    client = login(Role.catalog_admin)
    monkeypatch.setattr("app.lowcode.api.find_page", lambda *_args: 1 / 0)
    monkeypatch.setitem(app.config, "PROPAGATE_EXCEPTIONS", False)
    assert _is_problem(client.get(PATH), 500)


def test_a_login_of_any_shape_is_answered(session, client):
    path = "/api/v1/security/login"
    shapes = [
        ({"username": "a", "password": "\ud800", "provider": "db"}, 401),
        ({"username": "\udfff", "password": "b", "provider": "db"}, 401),
        ({"username": "a\x00", "password": "b\x00"}, 401),
        ({"username": "a"}, 422),
        ({"username": ["a"], "password": {}}, 422),
        ({"username": "a", "password": "b", "provider": "ldap"}, 422),
        ({"username": "a", "password": "b", "refresh": "x"}, 422),
    ]
    for body, status in shapes:
        assert _is_problem(client.post(path, json=body, csrf=False), status), body
    for data in ("[]", "{", '"x"', "[" * 100_000):
        assert _is_problem(client.post(path, data=data, content_type="application/json"), 400)
    assert _is_problem(client.post(path, data="x"), 415)


def test_a_reading_ignores_the_condition_of_a_writing(session, login):
    sector = make_sector()
    client = login(Role.catalog_admin)
    for path in (f"{PATH}", f"/api/v1/sector/{sector.id}"):
        for given in ("*", '"none"'):
            assert client.get(path, headers={"If-Match": given}).status_code == 200
