"""A reference is written only to what its author may choose; what stood there before may stay."""

import json

import pytest

from app.models import Procedure
from app.permissions import SYSTEM, Role
from app.services import rights_changes as changes
from tests.api.test_catalogs import make_catalog, make_item
from tests.exchange.books import apply, book, download, run, send
from tests.factories import make_form, make_process, make_sector, make_tree, number
from tests.lowcode.sent import as_sent
from tests.wording import vi

OFFERED = "Choose one of the offered records."
ROLES = [(Role.desk_officer, True), (Role.agency_head, True)]


@pytest.fixture
def target(session):
    """A catalog of one item that heads of agencies may read, and desk officers not."""
    found = make_catalog(session, (), rights=[(Role.agency_head, False)])
    make_item(session, found, name="Mục kín đáo", code="KIN")
    return found


@pytest.fixture
def catalog(session, target):
    """A catalog that refers to the other and to agencies; both roles write it."""
    fields = [{"key": "kieu", "label": "Kiểu", "kind": "item", "target": target},
              {"key": "co_quan", "label": "Cơ quan", "kind": "agency"}]  # fmt: skip
    return make_catalog(session, fields, rights=ROLES)


@pytest.fixture
def hidden(session, target):
    """The item that desk officers may not choose."""
    return make_item(session, target, name="Mục thứ hai", code="HAI")


def _take_away(session, role, entity):
    state = changes.decided(session)
    changes.decide(session, {(str(role), entity, "action", "read"): "no"}, changes.mark_of(state), "Theo quyết định")
    session.expire_all()


# Items of catalogs made at run time.


@pytest.mark.parametrize("by", ["id", "code", "number"])
def test_the_api_takes_an_item_only_from_who_may_read_its_catalog(login, catalog, hidden, by):
    given = {"id": {"id": hidden.id}, "code": {"code": "HAI"}, "number": hidden.id}[by]
    unknown = {"id": {"id": 999_999}, "code": {"code": "KHONG"}, "number": 999_999}[by]
    path, desk = f"/api/v1/catalogs/{catalog.code}/", login(Role.desk_officer)
    answers = [desk.post(path, json={"code": "A", "name": "A", "kieu": one}) for one in (given, unknown)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json["errors"] == answers[1].json["errors"]
    assert answers[0].json["errors"]["kieu"] == vi(OFFERED)
    taken = login(Role.agency_head).post(path, json={"code": "A", "name": "A", "kieu": given})
    assert taken.status_code == 201, taken.json


def test_the_api_takes_an_agency_only_from_who_may_read_agencies(session, login, catalog):
    tree, path, desk = make_tree(), f"/api/v1/catalogs/{catalog.code}/", login(Role.desk_officer)
    body = {"code": "A", "name": "A", "co_quan": {"code": tree.root.code}}
    assert desk.post(path, json=body).status_code == 201
    _take_away(session, Role.desk_officer, "Agency")
    refused = desk.post(path, json=body | {"code": "B"})
    assert (refused.status_code, refused.json["errors"]["co_quan"]) == (422, vi(OFFERED))


@pytest.mark.parametrize("how", ["id", "code"])
def test_what_an_item_refers_to_already_may_be_said_again(session, login, catalog, hidden, target, how):
    row = make_item(session, catalog, data={"kieu": hidden.id})
    path, desk = f"/api/v1/catalogs/{catalog.code}/{row.id}", login(Role.desk_officer)
    same = hidden.id if how == "id" else {"code": "HAI"}
    kept = desk.put(path, json={"name": "Tên mới", "kieu": same})
    assert kept.status_code == 200, kept.json
    other = target.id if how == "id" else {"code": "KIN"}
    assert desk.put(path, json={"kieu": other}).status_code == 422
    session.expire_all()
    assert (row.name, row.data) == ("Tên mới", {"kieu": hidden.id})


def test_a_page_takes_no_item_of_a_closed_catalog_and_keeps_the_one_there(session, login, catalog, hidden):
    row, desk = make_item(session, catalog, data={"kieu": hidden.id}), login(Role.desk_officer)
    sent = {"code": "A", "name": "A", "kieu": str(hidden.id), "is_active": "1"}
    answer = desk.post(f"/catalogs/{catalog.code}/add", data=sent)
    assert answer.status_code == 422
    assert vi(OFFERED) in answer.text
    page = desk.get(f"/catalogs/{catalog.code}/{row.id}/edit").text
    changed = as_sent(page) | {"name": "Đổi tên"}
    assert desk.post(f"/catalogs/{catalog.code}/{row.id}/edit", data=changed).status_code == 302
    session.expire_all()
    assert (row.name, row.data) == ("Đổi tên", {"kieu": hidden.id})


def test_the_common_list_of_items_takes_none_either(login, catalog, hidden):
    body = {"catalog": catalog.id, "code": "A", "name": "A", "data": {"kieu": hidden.id}}
    answers = [login(role).post("/api/v1/shared_catalog_item/", json=body).status_code
               for role in (Role.desk_officer, Role.agency_head)]  # fmt: skip
    assert answers == [422, 201]


@pytest.mark.parametrize(("role", "faults"), [(Role.desk_officer, 1), (Role.agency_head, 0)])
@pytest.mark.parametrize("text", ["HAI", "Mục thứ hai", "HAI – Mục thứ hai"])
def test_a_workbook_of_items_takes_none_of_a_closed_catalog(login, catalog, hidden, role, faults, text):
    rows = [["Mã", "Tên", "Kiểu"], ["A", "A", text]]
    _status, number, page = send(login(role), f"catalogs/{catalog.code}", book({"Sheet1": rows}))
    assert run(number).faults == faults, page
    assert (vi(OFFERED) in page) == bool(faults)


def test_an_export_of_items_comes_in_again_though_a_catalog_is_closed(session, login, catalog, hidden):
    make_item(session, catalog, code="A", data={"kieu": hidden.id})
    desk, slug = login(Role.desk_officer), f"catalogs/{catalog.code}"
    _status, number, page = send(desk, slug, download(desk, f"/{slug}/export.xlsx"))
    assert [(one["same"], one["fault"]) for one in run(number).counts] == [(1, 0)], page


def test_a_sheet_of_items_asks_once_for_all_that_they_refer_to(session, login, catalog, hidden, count_queries):
    desk, counts = login(Role.agency_head), []
    head = ["Mã", "Tên", "Kiểu"]
    for most in (3, 30):
        with count_queries() as seen:
            send(desk, f"catalogs/{catalog.code}", book({"S": [head, *([f"M{n}", "A", "HAI"] for n in range(most))]}))
        reads = [one for one in seen if "shared_catalog_item.name" in one.lower() and " in (" in one.lower()]
        counts.append(len(reads))
    assert counts[0] == counts[1] > 0


def test_the_system_brings_its_own_references(session, catalog, hidden):
    row = make_item(session, catalog, data={"kieu": hidden.id})
    row.check(SYSTEM)
    assert row.data == {"kieu": hidden.id}


# Records of declared models.


@pytest.fixture
def procedure(session):
    """A procedure of a sector that the catalog administrators may not read."""
    row = Procedure(code=f"9.{number():06d}", name="Thủ tục", sector=make_sector())
    session.add(row)
    session.flush()
    _take_away(session, Role.catalog_admin, "Sector")
    return row


@pytest.mark.parametrize("how", ["id", "code"])
def test_a_record_keeps_its_relation_and_takes_no_other(session, login, procedure, how):
    other, path = make_sector(), f"/api/v1/procedure/{procedure.id}"
    same, strange, unknown = procedure.sector_id, other.id, 999_999
    if how == "code":
        same, strange, unknown = ({"code": one} for one in (procedure.sector.code, other.code, "khong_co"))
    client = login(Role.catalog_admin)
    kept = client.put(path, json={"name": "Đổi", "sector": same})
    assert kept.status_code == 200, kept.json
    answers = [client.put(path, json={"sector": one}) for one in (strange, unknown)]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert answers[0].json["errors"] == answers[1].json["errors"]
    assert client.put(path, json={"sector": None}).status_code == 422  # it is needed: nothing is kept silently
    added = client.post("/api/v1/procedure/", json={"code": "9.100000", "name": "Mới", "sector": other.id})
    assert (added.status_code, added.json["errors"]["sector"]) == (422, vi(OFFERED))


def test_a_page_keeps_the_relation_and_takes_no_other(session, login, procedure):
    other, client = make_sector(), login(Role.catalog_admin)
    path = f"/procedure/edit/{procedure.id}"
    sent = as_sent(client.get(path).text)
    assert client.post(path, data=sent | {"name": "Đổi tên"}).status_code == 302
    sent = as_sent(client.get(path).text)
    refused = client.post(path, data=sent | {"sector": str(other.id)})
    assert refused.status_code == 422
    assert vi(OFFERED) in refused.text


def test_rows_of_a_form_keep_their_relation_and_take_no_other(session, login):
    tree, process = make_tree(), make_process()
    step, client = process.steps[1], login(Role.catalog_admin)
    step.place, step.agency = "named", tree.commune
    session.flush()
    _take_away(session, Role.catalog_admin, "Agency")
    url = f"/process/edit/{process.id}"
    sent = as_sent(client.get(url).text)
    assert client.post(url, data=sent | {"steps-1-name": "Thẩm định kỹ"}).status_code == 302
    session.expire_all()
    assert (step.name, step.agency_id) == ("Thẩm định kỹ", tree.commune.id)
    sent = as_sent(client.get(url).text)
    answers = [client.post(url, data=sent | {"steps-1-agency": number}) for number in (str(tree.root.id), "999999")]
    assert [answer.status_code for answer in answers] == [422, 422]
    assert all(vi(OFFERED) in answer.text for answer in answers)


def test_a_workbook_keeps_the_relation_and_takes_no_other(session, login, procedure):
    other, client = make_sector(), login(Role.catalog_admin)
    text = f"{procedure.sector.code} – {procedure.sector.name}"
    head = [vi(one) for one in ("Procedure code", "Name", "Sector")]
    sheets = {vi("Procedures"): [head, [procedure.code, "Tên từ bảng", text]]}
    _status, kept, page = send(client, "procedure", book(sheets))
    assert run(kept).faults == 0, page
    apply(client, "procedure", kept)
    session.expire_all()
    assert procedure.name == "Tên từ bảng"
    pages = []
    for code in (other.code, "khong_co"):
        sheets = {vi("Procedures"): [head, [procedure.code, "Khác", code]]}
        _status, refused, page = send(client, "procedure", book(sheets))
        assert run(refused).faults == 1, page
        pages.append(vi("There is no such record in: %(what)s.") % {"what": vi("Sectors")} in page)
    assert pages == [True, True]


# Catalogs that forms offer.


@pytest.mark.parametrize("where", ["catalog_code", "columns"])
def test_a_form_offers_no_catalog_that_its_author_may_not_read(session, login, target, where):
    form = make_form([{"key": "a", "label": "A", "kind": "text"}])
    field, client = form.sections[0].fields[0], login(Role.catalog_admin)
    _take_away(session, Role.catalog_admin, "SharedCatalog")
    cell = {"key": "m", "label": "Mục", "kind": "catalog", "catalog_code": target.code, "required": False}
    body = {"kind": "catalog", "catalog_code": target.code} if where == "catalog_code" else {
        "kind": "table", "columns": [cell]}  # fmt: skip
    missing = json.loads(json.dumps(body).replace(target.code, "khong_co"))
    path = f"/api/v1/form_field/{field.id}"
    answers = [client.put(path, json=one) for one in (body, missing)]
    assert [answer.status_code for answer in answers] == [422, 422]
    message = vi("There is no shared catalog with this code.")
    assert answers[0].json["errors"] == answers[1].json["errors"] == {where: message}
    field.kind, field.catalog_code = "catalog", target.code
    session.flush()
    assert client.put(path, json={"label": "Nhãn mới"}).status_code == 200
    page = client.get(f"/form-designer/{form.id}").text
    assert f'"{target.name}"' not in page
