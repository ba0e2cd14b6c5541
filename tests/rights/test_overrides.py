"""What administrators decide on top of the declaration: at once, within a ceiling, in the history."""

import pytest
import sqlalchemy as sa

from app.errors import Conflict, Invalid
from app.history import HistoryEntry
from app.lowcode.sync import effective_rights, sync_permissions, wanted_rights
from app.lowcode.values import inside_sentence
from app.models import Division, RoleRight
from app.permissions import Role
from app.services import rights_changes as changes
from app.text import phone_text
from tests.factories import make_division, make_procedure, make_sector, make_tree, make_user
from tests.wording import vi


def _decide(session, wanted, reason="Theo quyết định phân công"):
    state = changes.decided(session)
    found = changes.decide(session, wanted, changes.mark_of(state), reason)
    session.expire_all()
    return found


def _key(role, entity, what, name=""):
    return str(role), entity, what, name


def test_a_right_given_and_taken_works_at_once_for_who_is_signed_in(session, login):
    sector = make_sector()
    officer, admin = login(Role.specialist), login(Role.catalog_admin)
    assert officer.get("/sector/add").status_code == 403
    given = {
        _key(Role.specialist, "Sector", "action", "add"): "yes",
        _key(Role.catalog_admin, "Sector", "action", "change"): "no",
    }
    assert _decide(session, given) == 2
    assert officer.get("/sector/add").status_code == 200
    assert officer.get(f"/sector/edit/{sector.id}").status_code == 403
    assert admin.get(f"/sector/edit/{sector.id}").status_code == 403
    assert sync_permissions(session) == 0  # a later sync keeps what was decided
    taken_back = dict.fromkeys(given, "")
    assert _decide(session, taken_back) == 2
    assert officer.get("/sector/add").status_code == 403
    assert admin.get(f"/sector/edit/{sector.id}").status_code == 200
    assert effective_rights(session) == wanted_rights()


def test_who_may_not_read_may_do_nothing_else(session, login):
    _decide(session, {_key(Role.catalog_admin, "Sector", "action", "read"): "no"})
    client = login(Role.catalog_admin)
    assert client.get("/sector/list/").status_code == 403
    assert client.get("/sector/add").status_code == 403
    assert client.post("/api/v1/sector/", json={}).status_code == 403


@pytest.mark.parametrize(
    ("key", "value"),
    [
        (_key(Role.specialist, "Dossier", "action", "change"), "yes"),  # no form
        (_key(Role.specialist, "User", "action", "remove"), "yes"),
        (_key(Role.specialist, "RecordHistory", "action", "read"), "yes"),
        (_key(Role.specialist, "HistorySeal", "action", "change"), "yes"),
        (_key(Role.citizen, "Sector", "action", "read"), "yes"),
        (_key("public", "Sector", "action", "read"), "yes"),
        (_key(Role.specialist, "Sector", "action", "own"), "yes"),
        (_key(Role.specialist, "Sector", "what", "read"), "yes"),
        (_key(Role.specialist, "Sector", "scope"), "agency"),  # says nothing of agencies
        (_key(Role.specialist, "Agency", "field", "name"), "hide"),  # it is called by it
        (_key(Role.specialist, "Sector", "field", "code"), "hide"),  # files name it by its code
        (_key(Role.specialist, "Agency", "field", "path"), "hide"),
        (_key(Role.catalog_admin, "Sector", "field", "code"), "keep"),  # needed to add one
        (_key(Role.system_admin, "User", "action", "read"), "no"),
        (_key(Role.system_admin, "OfficerPosition", "action", "add"), "no"),
        (_key(Role.system_admin, "OfficerPosition", "scope"), "own"),
    ],
)
def test_the_ceiling_holds(session, key, value):
    with pytest.raises(Invalid):
        _decide(session, {key: value})
    assert changes.decided(session) == {}


def test_a_row_that_breaks_the_ceiling_has_no_effect(session):
    """Nobody can write one through the screens; a restored backup or SQL could."""
    role = session.scalar(sa.text("SELECT id FROM ab_role WHERE name = 'system_admin'"))
    session.add(RoleRight(role_id=role, entity="User", action="read", is_allowed=False))
    session.add(RoleRight(role_id=role, entity="Dossier", action="change", is_allowed=True))
    session.flush()
    assert effective_rights(session) == wanted_rights()


def test_a_reason_is_asked_for_and_stands_in_the_history(session, login):
    key = _key(Role.specialist, "Sector", "action", "add")
    with pytest.raises(Invalid):
        _decide(session, {key: "yes"}, reason="  ")
    more = {_key(Role.specialist, "Agency", "action", "export"): "no"}
    more |= {_key(Role.specialist, "Division", "scope"): "agency"}
    _decide(session, {key: "yes"} | more, reason="Quyết định 12/QĐ-UBND")
    entries = session.scalars(sa.select(HistoryEntry).order_by(HistoryEntry.id.desc()).limit(4)).all()
    assert {e.reason for e in entries} == {"Quyết định 12/QĐ-UBND"}
    assert {e.aggregate for e in entries} == {"ab_role"}
    role = session.scalar(sa.text("SELECT id FROM ab_role WHERE name = 'specialist'"))
    text = login(Role.system_admin).get(f"/role/show/{role}?tab=history").text
    assert "Quyết định 12/QĐ-UBND" in text
    assert inside_sentence(vi("Right of a role")) in text
    assert f"<dt>{vi('Kind of record')}</dt><dd>{vi('Sectors')}</dd>" in text
    assert f"<dt>{vi('Action')}</dt><dd>{vi('add')}</dd>" in text


def test_two_administrators_do_not_overwrite_each_other(session):
    mark = changes.mark_of(changes.decided(session))
    key = _key(Role.specialist, "Sector", "action", "add")
    changes.decide(session, {key: "yes"}, mark, "một")
    with pytest.raises(Conflict):
        changes.decide(session, {key: ""}, mark, "hai")
    assert changes.decided(session)[key] == "yes"


def test_effects_name_roles_and_people(session):
    tree = make_tree()
    make_user(Role.specialist, tree.commune, first_name="Lê Thị", last_name="Hoa")
    key = _key(Role.specialist, "Sector", "action", "add")
    state = changes.decided(session)
    (effect,) = changes.effects(session, state, {key: "yes"})
    assert (effect.role, effect.is_gain, effect.words, effect.count) == (
        Role.specialist, True, vi("add"), len(effect.names))  # fmt: skip
    assert "Lê Thị Hoa" in effect.names
    lost = changes.effects(session, state, {_key(Role.specialist, "Sector", "action", "read"): "no"})
    assert {(e.words, e.is_gain) for e in lost} == {(vi("read"), False), (vi("export"), False)}


def test_a_scope_narrows_every_path(session, login):
    tree = make_tree()
    own, below = make_division(tree.commune, name="Phòng Của Mình"), make_division(tree.desk, name="Phòng Dưới")
    other = make_division(tree.department, name="Phòng Khác")
    client = login(Role.specialist, tree.commune)
    for scope, seen in (("agency", {own}), ("subtree", {own, below}), ("", {own, below, other})):
        _decide(session, {_key(Role.specialist, "Division", "scope"): scope})
        ids = {row["id"] for row in client.get("/api/v1/division/?size=100").json["result"]}
        assert ids & {own.id, below.id, other.id} == {row.id for row in seen}, scope
        page = client.get("/division/list/").text
        for row in (own, below, other):
            assert (row.name in page) == (row in seen)
            assert client.get(f"/division/show/{row.id}").status_code == (200 if row in seen else 404)


def test_a_scope_narrows_what_one_may_change_not_what_another_role_sees(session, login):
    tree = make_tree()
    own, other = make_division(tree.commune), make_division(tree.department)
    _decide(session, {
        _key(Role.specialist, "Division", "action", "change"): "yes",
        _key(Role.specialist, "Division", "scope"): "agency",
    })  # fmt: skip
    client = login(Role.specialist, tree.commune)
    assert client.get(f"/division/edit/{own.id}").status_code == 200
    assert client.put(f"/api/v1/division/{other.id}", json={"name": "x"}).status_code == 404
    moved = client.put(f"/api/v1/division/{own.id}", json={"agency": tree.department.id})
    assert moved.status_code == 403  # not out of one's own agency either
    session.refresh(own)
    assert own.agency_id == tree.commune.id


def test_roles_taken_together_reach_the_wider_scope(session, login):
    from tests.factories import make_position

    tree = make_tree()
    other = make_division(tree.department)
    user = make_user(Role.specialist, tree.commune)
    make_position(user, Role.clerk, tree.commune)
    _decide(session, {_key(Role.specialist, "Division", "scope"): "agency"})
    assert login(user).get(f"/division/show/{other.id}").status_code == 200
    _decide(session, {_key(Role.clerk, "Division", "scope"): "agency"})
    assert login(user).get(f"/division/show/{other.id}").status_code == 404


def test_a_hidden_attribute_is_nowhere(session, login):
    tree = make_tree()
    tree.commune.phone, tree.commune.hotline = "0234111222", "0234999888"
    session.flush()
    _decide(session, {
        _key(Role.catalog_admin, "Agency", "field", "phone"): "hide",
        _key(Role.catalog_admin, "Agency", "field", "hotline"): "keep",
    })  # fmt: skip
    client, number = login(Role.catalog_admin), tree.commune.id
    for path in ("/agency/list/", f"/agency/show/{number}", f"/agency/edit/{number}",
                 f"/agency/show/{number}?tab=history", f"/api/v1/agency/{number}"):  # fmt: skip
        assert "0234111222" not in client.get(path).text, path
    assert phone_text("0234999888") in client.get(f"/agency/edit/{number}").text  # shown, not to write
    assert 'name="hotline"' not in client.get(f"/agency/edit/{number}").text
    for field in ("phone", "hotline"):
        answer = client.put(f"/api/v1/agency/{number}", json={field: "1"})
        assert answer.status_code in (400, 403)
        client.post(f"/agency/edit/{number}", data={"name": tree.commune.name, "code": tree.commune.code,
                    "level": "commune", "parent": tree.root.id, field: "1"})  # fmt: skip
    session.refresh(tree.commune)
    assert (tree.commune.phone, tree.commune.hotline) == ("0234111222", "0234999888")
    faults = client.get("/api/v1/agency/?sort=phone")
    assert faults.status_code == 400
    assert "phone" not in client.get("/api/v1/agency/").json["result"][0]


def test_a_hidden_search_column_is_not_searched(session, login):
    version = make_procedure(name="Thủ tục thử", decision_number="Bí-mật-77")
    client, path = login(Role.specialist), "/api/v1/procedure_version/"
    assert client.get(f"{path}?q=bi-mat-77").json["count"] == 1
    _decide(session, {_key(Role.specialist, "ProcedureVersion", "field", "decision_number"): "hide"})
    assert client.get(f"{path}?q=bi-mat-77").json["count"] == 0
    assert client.get(f"{path}?q=Bí-mật-77").json["count"] == 0
    assert client.get(f"{path}?q=Thủ tục thử").json["count"] == 1
    assert "Bí-mật-77" not in client.get(f"/procedure-version/show/{version.id}").text


def test_the_rights_of_a_request_stay_one_statement(session, count_queries):
    from app.services.role_rights import rights_of

    _decide(session, {_key(Role.specialist, "Division", "scope"): "agency"})
    with count_queries() as seen:
        found = rights_of(session, {Role.specialist, Role.clerk})
    assert len(seen) == 1
    assert ("can_read", Division.__name__) in found["grants"]
