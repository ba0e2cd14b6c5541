"""Hostile input that once led to a fault, or out of the site."""

import pytest

from app.clock import now
from app.errors import Invalid
from app.models import FormRevision, Profile, SupplementRequest
from app.permissions import Role
from app.services.counter import refuse_unfit
from app.services.submission import answer_supplement
from tests.factories import PASSWORD, make_tree, make_user
from tests.leaders.dossiers import add_dossier

DEEP = "[" * 100_000


@pytest.mark.parametrize(
    "target",
    ["http://localhost//evil.vn", "http://localhost///evil.vn", "//evil.vn", "http://evil.vn/",
     "/\\evil.vn", "javascript:alert(1)"],
)  # fmt: skip
def test_logging_in_and_preferences_never_lead_out_of_the_site(session, client, target):
    user = make_user(Role.catalog_admin)
    kept = client.post("/preferences", data={"locale": "vi", "next": target})
    answer = client.post("/login/", query_string={"next": target},
                         data={"username": user.username, "password": PASSWORD})  # fmt: skip
    assert (kept.location, answer.location) == ("/", "/admin/")


@pytest.mark.parametrize("path", ["/thu-tuc", "/phan-anh"])
@pytest.mark.parametrize("name", ["endpoint", "_external", "_scheme", "_anchor", "values", "self"])
def test_no_parameter_of_an_address_becomes_an_argument_of_ours(session, client, path, name):
    answer = client.get(path, query_string={name: "https", "linh_vuc": "x", "q": "a"})
    assert answer.status_code == 200


@pytest.mark.parametrize("number", ["2147483648", "9223372036854775808", "9" * 30])
@pytest.mark.parametrize("path", ["/letters/%s.pdf", "/results/%s.pdf", "/files/%s", "/files/1/preview/%s.png"])
def test_a_number_larger_than_any_record_is_not_found(session, login, path, number):
    assert login(Role.auditor).get(path % number).status_code == 404


@pytest.mark.parametrize("path", ["/notices/%s/open", "/files/%s/remove", "/admin/users/%s/unlock"])
def test_such_a_number_is_not_found_by_a_write_either(session, login, path):
    assert login(Role.system_admin).post(path % ("9" * 30)).status_code == 404


@pytest.mark.parametrize("way", ["after", "before"])
@pytest.mark.parametrize("instant", ["0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00"])
@pytest.mark.parametrize("path", ["/audit/", "/dashboard/dossiers"])
def test_a_cursor_at_the_edge_of_the_calendar_is_no_fault(session, login, path, instant, way):
    answer = login(Role.auditor).get(path, query_string={way: f"{instant}~1", "group": "received"})
    assert answer.status_code == 200


def test_json_nested_without_end_is_malformed(session, client, login):
    sent = {"data": DEEP, "content_type": "application/json"}
    assert client.post("/api/v1/security/login", **sent).status_code == 400
    assert login(Role.catalog_admin).post("/api/v1/sector/", **sent).status_code == 400


@pytest.mark.parametrize("text", ["a\x00", "\x00"])
def test_a_zero_byte_is_no_user_name_and_no_password(session, client, text):
    user = make_user(Role.catalog_admin)
    for username, password in ((text, PASSWORD), (user.username, text)):
        form = client.post("/login/", data={"username": username, "password": password})
        assert form.status_code in (200, 401)
        body = {"username": username, "password": password, "provider": "db"}
        assert client.post("/api/v1/security/login", json=body).status_code in (400, 401)


def test_a_profile_cannot_rest_on_itself(session, login):
    first, second = Profile(code="a", name="A"), Profile(code="b", name="B")
    session.add_all([first, second])
    session.flush()
    second.base = first
    session.flush()
    admin = login(Role.catalog_admin)
    for base in (first, second):
        answer = admin.put(f"/api/v1/profile/{first.id}", json={"base": base.id})
        assert (answer.status_code, list(answer.json["errors"])) == (422, ["base"])
    assert session.get(Profile, first.id).base_id is None


@pytest.mark.parametrize("email", ["a@b.vn\r\nBcc: kẻ@khác.vn", "không phải thư", "a@b", "<script>@x.vn"])
def test_no_address_that_cannot_be_written_to_is_kept(session, email):
    with pytest.raises(Invalid) as refused:
        refuse_unfit({"name": "Trần Thị Bình", "email": email})
    assert list(refused.value.fields) == ["email"]
    refuse_unfit({"name": "Trần Thị Bình", "email": None, "phone": None})


@pytest.mark.parametrize(("kind", "quantity"), [("khác", 1), ("original", 0), ("original", -7), ("", 1000)])
def test_papers_brought_as_a_supplement_are_checked_like_any_other(session, actor, kind, quantity):
    tree = make_tree()
    dossier = add_dossier("supplement asked, past due", agency=tree.commune, desk=tree.desk)
    component, at = dossier.version.components[0], now()
    dossier.supplements.append(SupplementRequest(
        number=1, reason="Thiếu", field_keys=[], component_ids=[component.id], asked_at=at,
        asked_by_name="Cán bộ", due_at=at))  # fmt: skip
    dossier.revisions.append(FormRevision(number=1, data={}, at=at, author_name="Người dân"))
    session.flush()
    desk = actor(Role.desk_officer, tree.desk)
    with pytest.raises(Invalid) as refused:
        answer_supplement(session, dossier, {}, desk, {component.id: (kind, quantity)})
    assert list(refused.value.fields) == [f"component-{component.id}"]
    assert dossier.supplements[0].answered_at is None
