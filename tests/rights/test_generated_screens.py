"""Rights of every generated entity on every path: list, address, API, choices, writes.

The declaration is the one truth: who is in ``screen.read`` opens the paths, all others are
refused on each of them. Rows are tested below for those that have a scope.
"""

import pytest

from app.lowcode.actions import declared
from app.lowcode.generate import declared_models
from app.lowcode.registry import view_of
from app.permissions import Role
from tests.factories import make_account, make_agency, make_procedure, make_tree

ROLES = list(Role)
MODELS = [model.__name__ for model in declared_models()]


def _model(name):
    return next(model for model in declared_models() if model.__name__ == name)


def _slug(model):
    return model.__tablename__.removeprefix("ab_")


@pytest.fixture
def person(login, session):
    """``person(role)``: a client of someone holding it; citizens through their account."""
    from tests.factories import make_user

    def make(role):
        tree = make_tree()
        if role is not Role.citizen:
            return login(role, tree.commune)
        user = make_user()
        make_account(user=user)
        return login(user)

    return make


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MODELS)
def test_list_and_api_open_to_readers_only(app, session, person, name, role):
    model, client = _model(name), person(role)
    allowed = role in model.screen.read
    page = client.get(f"{view_of(model).route_base}/list/")
    api = client.get(f"/api/v1/{_slug(model)}/")
    assert (page.status_code, api.status_code) == ((200, 200) if allowed else (403, 403))


@pytest.mark.parametrize("name", MODELS)
def test_a_visitor_is_sent_to_log_in_or_refused(client, name):
    model = _model(name)
    page = client.get(f"{view_of(model).route_base}/list/")
    assert page.status_code == 302
    assert "/login/" in page.headers["Location"]
    assert client.get(f"/api/v1/{_slug(model)}/").status_code == 401


@pytest.mark.parametrize("role", ROLES)
@pytest.mark.parametrize("name", MODELS)
def test_only_writers_reach_a_write(session, person, name, role):
    model, client = _model(name), person(role)
    base, api = view_of(model).route_base, f"/api/v1/{_slug(model)}/"
    asked = {
        "add": [client.get(f"{base}/add"), client.post(api, json={})],
        "change": [client.get(f"{base}/edit/999999"), client.put(f"{api}999999", json={})],
        "remove": [client.post(f"{base}/delete/999999"), client.delete(f"{api}999999")],
    }
    for action, answers in asked.items():
        is_refused = [answer.status_code == 403 for answer in answers]
        assert is_refused == [role not in declared(model, action)] * 2, action


def test_choices_follow_the_rows_an_actor_may_see(session, login):
    """A select offers nothing that a list would not show."""
    tree = make_tree()
    make_procedure(name="Thủ tục để chọn")
    client = login(Role.system_admin, tree.root)
    answer = client.get("/officer-position/choices/agency?q=phu+xuan")
    assert answer.status_code == 200
    assert [item["text"] for item in answer.json["results"]]
    assert login(Role.specialist, tree.commune).get("/officer-position/choices/agency").status_code == 403


@pytest.mark.parametrize("path", ["/dossier/show/{id}", "/api/v1/dossier/{id}"])
@pytest.mark.parametrize(
    ("role", "place", "status"),
    [
        (Role.specialist, "commune", 200), (Role.desk_officer, "desk", 200),
        (Role.agency_head, "commune", 200), (Role.auditor, "root", 200),
        (Role.specialist, "other", 404), (Role.desk_officer, "other", 404),
        (Role.auditor, "other", 404), (Role.agency_head, "department", 404),
        (Role.catalog_admin, "root", 403), (Role.system_admin, "root", 403),
    ],
)  # fmt: skip
def test_a_dossier_is_seen_in_its_part_of_the_tree_only(session, login, path, role, place, status):
    from app.services.codes import give_code
    from app.services.submission import make_dossier

    tree = make_tree()
    other = make_agency(code="H57.99999", name="Ủy ban nhân dân xã Khác", level="commune", parent=tree.root)
    version = make_procedure()
    dossier = make_dossier(session, version, make_account(), tree.commune, channel="counter", data={})
    give_code(session, dossier)
    session.add(dossier)
    session.flush()
    agency = other if place == "other" else getattr(tree, place)
    client = login(role, agency)
    assert client.get(path.format(id=dossier.id)).status_code == status
    listed = client.get("/dossier/list/", follow_redirects=False)
    if status != 403:
        assert (dossier.code in listed.text) == (status == 200)
