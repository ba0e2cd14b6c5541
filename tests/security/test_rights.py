"""Ways around the rights that were tried and are closed."""

import pytest
import sqlalchemy as sa

from app.errors import NotAllowed
from app.history import HistoryEntry
from app.models import Agency, Charge, OfficerIdentity, OfficerPosition
from app.models.account import IDENTITY
from app.permissions import Role
from app.services.fees import set_charges
from tests.factories import (
    make_account,
    make_position,
    make_procedure,
    make_sector,
    make_tree,
    make_user,
)
from tests.leaders.dossiers import add_dossier


def test_no_second_agency_is_put_at_the_top_of_the_tree(session, login):
    tree = make_tree()
    admin = login(Role.catalog_admin)
    answer = admin.put(f"/api/v1/agency/{tree.commune.id}", json={"parent": None})
    assert answer.status_code == 422
    assert "parent" in answer.json["errors"]
    fresh = {"code": "H57.99", "name": "Cơ quan khác", "level": "commune"}
    assert admin.post("/api/v1/agency/", json=fresh).status_code == 422
    assert session.get(Agency, tree.commune.id).parent_id == tree.root.id
    assert admin.put(f"/api/v1/agency/{tree.root.id}", json={"phone": "0234 3822 322"}).status_code == 200


@pytest.mark.parametrize("change", ["user", "agency", "role"])
def test_who_held_which_post_is_not_rewritten(session, login, change):
    tree, admin = make_tree(), login(Role.system_admin)
    post = make_position(make_user(), Role.specialist)
    other = {"user": make_user().id, "agency": tree.root.id, "role": "auditor"}[change]
    assert admin.put(f"/api/v1/officer_position/{post.id}", json={change: other}).status_code == 422
    kept = session.get(OfficerPosition, post.id)
    assert (kept.user_id, kept.agency_id, kept.role) == (post.user_id, tree.commune.id, "specialist")
    ended = admin.put(f"/api/v1/officer_position/{post.id}", json={"valid_to": "2026-01-31"})
    assert ended.status_code == 200


def test_a_system_administrator_does_not_pass_his_own_post_on(session, login):
    me = make_user(Role.system_admin)
    post = session.scalar(sa.select(OfficerPosition).where(OfficerPosition.user_id == me.id))
    answer = login(me).put(f"/api/v1/officer_position/{post.id}", json={"user": make_user().id})
    assert answer.status_code == 422


@pytest.mark.parametrize("name", IDENTITY)
def test_a_verified_identity_is_not_rewritten_at_the_desk(session, login, name):
    tree = make_tree()
    account = make_account(verified_level=1)
    add_dossier("in time", account=account, agency=tree.commune, desk=tree.desk)
    desk = login(Role.desk_officer, tree.desk)
    other = {"kind": "organisation", "name": "Người Khác", "id_kind": "passport",
             "id_number": "046190999999", "born_on": "1990-06-18"}[name]  # fmt: skip
    path = f"/api/v1/account/{account.id}"
    before = desk.get(path).json["result"]
    assert desk.put(path, json={name: other}).status_code == 422
    assert desk.get(path).json["result"] == before
    assert desk.put(path, json={"phone": "0905123456"}).status_code == 200
    account.verified_level = 0
    assert desk.put(path, json={"name": "Trần Thị Bình An"}).status_code == 200


@pytest.mark.parametrize(("change", "field"), [
    ({"id_number": "046190999999"}, "id_number"), ({"id_kind": "passport", "id_number": "B1234567"}, "id_number"),
    ({"id_kind": "passport"}, "id_kind"),
])  # fmt: skip
@pytest.mark.parametrize("how", ["his number", "his login"])
def test_an_officer_does_not_change_the_number_by_which_he_is_known(session, login, how, change, field):
    """Else he would be nobody's applicant any more, and take the steps of his own dossier."""
    tree = make_tree()
    me = make_user(Role.desk_officer, tree.desk)
    account = make_account(verified_level=0, id_number="046190999998", user=me if how == "his login" else None)
    if how == "his number":
        session.add(OfficerIdentity(user_id=me.id, id_number=account.id_number))
    add_dossier("in time", account=account, agency=tree.commune, desk=tree.desk)
    session.commit()
    path = f"/api/v1/account/{account.id}"
    answer = login(me).put(path, json=change)
    assert (answer.status_code, list(answer.json["errors"])) == (422, [field])
    assert "do cán bộ khác" in answer.json["errors"][field]
    session.expire_all()
    assert me.id in account.people
    assert account.id_number == "046190999998"
    assert login(me).put(path, json={"phone": "0905123456"}).status_code == 200
    assert login(Role.desk_officer, tree.desk).put(path, json={"id_number": "046190999999"}).status_code == 200


def test_an_auditor_of_one_commune_reads_no_list_of_all_users(session, login):
    tree = make_tree()
    citizen, elsewhere = make_user(Role.citizen), make_user(Role.specialist, tree.department)
    colleague = make_user(Role.specialist, tree.commune)
    local = login(Role.auditor, tree.commune)
    seen = {row["username"] for row in local.get("/api/v1/user/?size=100").json["result"]}
    assert colleague.username in seen
    assert not seen & {citizen.username, elsewhere.username}
    assert local.get(f"/user/show/{citizen.id}").status_code == 404
    above = login(Role.auditor)
    assert above.get(f"/user/show/{citizen.id}").status_code == 200


@pytest.mark.parametrize("header", ["junk", "Basic eDp5", "Bearer x.y.z"])
def test_a_header_does_not_spare_a_cookie_the_csrf_token(session, login, header):
    sector, admin = make_sector(name="Hộ tịch"), login(Role.catalog_admin)
    answer = admin.put(f"/api/v1/sector/{sector.id}", json={"name": "Khác"},
                       headers={"Authorization": header}, csrf=False)  # fmt: skip
    assert answer.status_code == 400
    assert admin.get(f"/api/v1/sector/{sector.id}").json["result"]["name"] == "Hộ tịch"


@pytest.mark.parametrize("kind", ["finished", "returned", "paid"])
def test_amounts_are_not_changed_after_the_work_is_done_or_paid(session, actor, kind):
    tree = make_tree()
    dossier = add_dossier("in time", version=make_procedure(), agency=tree.commune, desk=tree.desk)
    charge = Charge(name="Lệ phí", kind="le_phi", amount=50_000)
    charge.state = "paid" if kind == "paid" else "due"
    dossier.charges.append(charge)
    dossier.state = {"finished": 9, "returned": 10}.get(kind, dossier.state)
    session.flush()
    for role in (Role.cashier, Role.desk_officer):
        with pytest.raises(NotAllowed):
            set_charges(session, dossier, actor(role, tree.desk), {dossier.version.fees[0].id: 0})
    assert [row.state for row in dossier.charges] == [charge.state]


def test_opening_the_result_is_kept_in_the_history(session, login):
    from app.models import Result

    tree = make_tree()
    dossier = add_dossier("in time", agency=tree.commune, desk=tree.desk)
    result = Result(dossier=dossier, state="draft", title="Giấy xác nhận", content="Xác nhận.")
    session.add(result)
    session.flush()
    reader = login(Role.agency_head, tree.commune)
    assert reader.get(f"/dossier/{dossier.code}/result.pdf").status_code == 200
    read = sa.select(HistoryEntry.changes).where(HistoryEntry.action == "read_file",
                                                 HistoryEntry.aggregate_id == dossier.id)  # fmt: skip
    assert session.scalar(read) == {"attachment": [None, "Giấy xác nhận"]}
    acts = sa.select(HistoryEntry.action).where(HistoryEntry.aggregate_id == dossier.id,
                                                HistoryEntry.aggregate == "dossier")  # fmt: skip
    for path in (f"/result/show/{result.id}", f"/api/v1/result/{result.id}"):
        before = list(session.scalars(acts)).count("read")
        assert reader.get(path).status_code == 200
        assert list(session.scalars(acts)).count("read") == before + 1
