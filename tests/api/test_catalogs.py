"""Shared catalogs defined at run time: definition, items, rights, bad input, two at once."""

import threading
from datetime import date, timedelta

import pytest
import sqlalchemy as sa

from app.clock import today
from app.errors import Invalid
from app.history import HistoryEntry
from app.models import SharedCatalog, SharedCatalogField, SharedCatalogItem, SharedCatalogRight
from app.permissions import EVERY_OFFICER, Role
from tests.clients import make_client
from tests.factories import make_form, make_tree, make_user, number
from tests.wording import vi

HOSPITAL = (
    {"key": "so_giuong", "label": "Số giường", "kind": "number", "min_value": 0, "max_value": 5000},
    {"key": "ma_so", "label": "Mã số", "kind": "text", "pattern": r"^BV\d{3}$", "is_unique": True},
    {"key": "tuyen", "label": "Tuyến", "kind": "choice",
     "options": [{"value": "tw", "label": "Trung ương"}, {"value": "tinh", "label": "Tỉnh"}]},
    {"key": "thanh_lap", "label": "Ngày thành lập", "kind": "date"},
    {"key": "co_cap_cuu", "label": "Có cấp cứu", "kind": "yes_no"},
    {"key": "co_quan", "label": "Cơ quan quản lý", "kind": "agency"},
)  # fmt: skip


def make_catalog(session, fields=HOSPITAL, rights=(), **given):
    """Return a shared catalog; rights: (role, can_write)."""
    n = number()
    catalog = SharedCatalog(**{"code": f"dm_{n}", "name": f"Danh mục {n}", "is_tree": False} | given)
    for position, values in enumerate(fields, 1):
        catalog.fields.append(SharedCatalogField(position=position, **dict(values)))
    for role, can_write in rights:
        catalog.rights.append(SharedCatalogRight(role=role, can_write=can_write))
    session.add(catalog)
    session.flush()
    return catalog


def make_item(session, catalog, **given):
    """Return an item, unchecked."""
    n = number()
    row = SharedCatalogItem(**{"catalog": catalog, "code": f"M{n}", "name": f"Mục {n}", "data": {}} | given)
    session.add(row)
    session.flush()
    return row


def _path(catalog):
    return f"/api/v1/catalogs/{catalog.code}/"


def test_an_item_is_added_read_changed_and_removed(session, login):
    catalog, tree, client = make_catalog(session), make_tree(), login(Role.catalog_admin)
    body = {
        "code": "TW", "name": "Bệnh viện Trung ương Huế", "so_giuong": 2500, "ma_so": "BV001", "tuyen": "tw",
        "thanh_lap": "1894-05-01", "co_cap_cuu": True, "co_quan": {"code": tree.root.code},
    }  # fmt: skip
    wrong = client.post(_path(catalog), json=body)
    assert set(wrong.json["errors"]) == {"thanh_lap", "data"}  # no year before 1900
    made = client.post(_path(catalog), json=body | {"thanh_lap": "1994-05-01"})
    assert made.status_code == 201, made.json
    result = made.json["result"]
    assert (result["so_giuong"], result["co_cap_cuu"], result["tuyen"]) == (2500, True, "tw")
    assert result["co_quan"] == {"id": tree.root.id, "code": tree.root.code, "text": str(tree.root)}
    path = made.headers["Location"]
    assert client.put(path, json={"so_giuong": 2600}, match=False).status_code == 428
    changed = client.put(path, json={"so_giuong": 2600}, headers={"If-Match": made.headers["ETag"]})
    assert (changed.json["result"]["so_giuong"], changed.json["result"]["ma_so"]) == (2600, "BV001")
    assert client.put(path, json={}, headers={"If-Match": made.headers["ETag"]}).status_code == 412
    chosen = client.get(path + "?fields=code,tuyen").json["result"]
    assert set(chosen) == {"id", "row_version", "code", "tuyen"}
    tag = client.get(path).headers["ETag"]
    assert client.get(path, headers={"If-None-Match": tag}).status_code == 304
    assert client.delete(path).status_code == 204
    actions = sa.select(HistoryEntry.action).where(HistoryEntry.record == "shared_catalog_item")
    assert list(session.scalars(actions.order_by(HistoryEntry.id))) == ["create", "update", "delete"]


@pytest.mark.parametrize(
    ("values", "field"),
    [
        ({"so_giuong": "nhiều"}, "so_giuong"),
        ({"so_giuong": 5001}, "so_giuong"),
        ({"so_giuong": True}, "so_giuong"),
        ({"so_giuong": 1e300}, "so_giuong"),
        ({"so_giuong": 10**400}, "so_giuong"),
        ({"ma_so": "BV1"}, "ma_so"),
        ({"ma_so": 5}, "ma_so"),
        ({"ma_so": "BV001x"}, "ma_so"),
        ({"ma_so": "x" * 3000}, "ma_so"),
        ({"tuyen": "xa"}, "tuyen"),
        ({"tuyen": ["tw"]}, "tuyen"),
        ({"tuyen": {"a": 1}}, "tuyen"),
        ({"thanh_lap": "25/03/2026"}, "thanh_lap"),
        ({"thanh_lap": 20260325}, "thanh_lap"),
        ({"co_cap_cuu": "có lẽ"}, "co_cap_cuu"),
        ({"co_quan": 999999}, "co_quan"),
        ({"co_quan": {"code": "không có"}}, "co_quan"),
        ({"co_quan": True}, "co_quan"),
        ({"code": "a b"}, "code"),
        ({"code": "\ud800"}, "code"),
        ({"name": ""}, "name"),
        ({"parent": 1}, "parent"),
        ({"valid_from": "2026-02-01", "valid_to": "2026-01-01"}, "valid_to"),
    ],
)
def test_values_are_checked_by_the_definition(session, login, values, field):
    catalog = make_catalog(session)
    client = login(Role.catalog_admin)
    answer = client.post(_path(catalog), json={"code": "A", "name": "A"} | values)
    assert answer.status_code == 422, answer.json
    assert field in answer.json["errors"]
    assert session.scalar(sa.select(sa.func.count()).select_from(SharedCatalogItem)) == 0


def test_unknown_attributes_and_bodies_are_refused(session, login):
    catalog, client = make_catalog(session), login(Role.catalog_admin)
    assert client.post(_path(catalog), json={"code": "A", "name": "A", "x": 1}).status_code == 400
    assert client.post(_path(catalog), json=[1]).status_code == 400
    assert client.post(_path(catalog), data="{", content_type="application/json").status_code == 400
    assert client.get("/api/v1/catalogs/khong_co/").status_code == 404
    assert client.get(_path(catalog) + "?f.xyz=1").status_code == 400
    assert client.get(_path(catalog) + "?sort=co_quan").status_code == 400
    assert client.get(_path(catalog) + "?fields=xyz").status_code == 400
    item = make_item(session, make_catalog(session))
    assert client.get(f"{_path(catalog)}{item.id}").status_code == 404


def test_required_unique_and_codes(session, login):
    fields = [{"key": "so", "label": "Số", "kind": "number", "is_required": True, "is_unique": True}]
    catalog, client = make_catalog(session, fields), login(Role.catalog_admin)
    assert set(client.post(_path(catalog), json={"code": "A", "name": "A"}).json["errors"]) == {"so", "data"}
    assert client.post(_path(catalog), json={"code": "A", "name": "A", "so": 1}).status_code == 201
    assert set(client.post(_path(catalog), json={"code": "A", "name": "A", "so": 2}).json["errors"]) == {"code"}
    assert set(client.post(_path(catalog), json={"code": "B", "name": "B", "so": 1}).json["errors"]) == {"so", "data"}
    other = make_catalog(session, fields)
    assert client.post(_path(other), json={"code": "A", "name": "A", "so": 1}).status_code == 201


def test_lists_are_searched_filtered_sorted_and_paged(session, login, count_queries):
    catalog, client = make_catalog(session), login(Role.catalog_admin)
    names = ["Ân", "An", "Bình", "Ấn", "Đức", "Dũng", "Ăn"]
    for n, name in enumerate(names):
        data = {"so_giuong": n, "tuyen": "tw" if n % 2 else "tinh", "thanh_lap": f"2020-01-0{n + 1}",
                "co_cap_cuu": n > 3}  # fmt: skip
        make_item(session, catalog, name=name, data=data if n else {}, is_active=n != 2)
    make_item(session, make_catalog(session), name="Khác")

    def listed(query):
        found = client.get(_path(catalog) + query)
        assert found.status_code == 200, found.json
        return [row["name"] for row in found.json["result"]]

    assert listed("?sort=name") == ["An", "Ăn", "Ân", "Ấn", "Bình", "Dũng", "Đức"]
    assert listed("?q=duc") == ["Đức"]
    assert listed("?f.tuyen=tw&sort=so_giuong") == ["An", "Ấn", "Dũng"]
    assert listed("?f.so_giuong.from=2&f.so_giuong.to=4&sort=-so_giuong") == ["Đức", "Ấn", "Bình"]
    assert listed("?f.thanh_lap.from=2020-01-06&sort=thanh_lap") == ["Dũng", "Ăn"]
    assert listed("?f.is_active=0") == ["Bình"]
    assert listed("?f.co_cap_cuu=1&sort=code") == ["Đức", "Dũng", "Ăn"]
    for sort in ("name", "-name", "code", "so_giuong", "-so_giuong", "thanh_lap", "-ma_so"):
        whole, pages, after = listed(f"?sort={sort}"), [], ""
        while True:
            page = client.get(_path(catalog) + f"?sort={sort}&size=2&after={after}").json
            pages.append([row["name"] for row in page["result"]])
            after = page["next"]
            if not after:
                break
        assert sum(pages, []) == whole, sort
        back = client.get(_path(catalog) + f"?sort={sort}&size=2&before={page['previous']}").json
        assert [row["name"] for row in back["result"]] == pages[-2], sort
    for token in ("x", "WzFd", "W251bGwsIDFd", "WyJcdWQ4MDAiLCAxXQ"):
        assert client.get(_path(catalog) + f"?after={token}").status_code == 400, token


def test_statements_of_a_list_do_not_grow(session, login, count_queries):
    target = make_catalog(session, ())
    fields = [*HOSPITAL, {"key": "kieu", "label": "Kiểu", "kind": "item", "target": target}]
    catalog, client = make_catalog(session, fields), login(Role.catalog_admin)
    agency = make_tree().root

    def fill(count):
        for _number in range(count):
            kind = make_item(session, target)
            make_item(session, catalog, data={"co_quan": agency.id, "kieu": kind.id})

    fill(2)
    counts = {}
    for path in (_path(catalog), f"/catalogs/{catalog.code}/"):
        client.get(path)  # what is kept between requests is found once
        with count_queries() as few:
            client.get(path)
        counts[path] = len(few)
    fill(15)
    for path, few in counts.items():
        with count_queries() as many:
            assert client.get(path).status_code == 200
        assert len(many) == few, path


def test_references_stay_within_their_catalog_and_their_time(session, login):
    streets = make_catalog(session, ())
    client = login(Role.catalog_admin)
    field = {"key": "duong", "label": "Đường", "kind": "item", "target": streets}
    catalog = make_catalog(session, [field])
    good, stranger = make_item(session, streets), make_item(session, make_catalog(session, ()))
    ended = make_item(session, streets, valid_to=today() - timedelta(days=1))
    future = make_item(session, streets, valid_from=today() + timedelta(days=1))
    off = make_item(session, streets, is_active=False)
    body = {"code": "A", "name": "A"}
    for wrong in (stranger, ended, future, off):
        assert client.post(_path(catalog), json=body | {"duong": wrong.id}).status_code == 422
    made = client.post(_path(catalog), json=body | {"duong": {"code": good.code}})
    assert made.json["result"]["duong"]["id"] == good.id
    # What was chosen stays when it ends; it cannot be deleted while it is referred to.
    good.is_active = False
    path = made.headers["Location"]
    assert client.put(path, json={"name": "B"}).status_code == 200
    refused = client.delete(f"{_path(streets)}{good.id}")
    assert refused.status_code == 422
    assert "A" in refused.json["detail"]


def test_a_tree_has_no_circles_and_stays_in_one_catalog(session, login):
    catalog, client = make_catalog(session, (), is_tree=True), login(Role.catalog_admin)
    top = make_item(session, catalog)
    below = make_item(session, catalog, parent=top)
    stranger = make_item(session, make_catalog(session, (), is_tree=True))
    for wrong in (below.id, top.id, stranger.id):
        assert client.put(f"{_path(catalog)}{top.id}", json={"parent": wrong}).status_code == 422
    answer = client.post(_path(catalog), json={"code": "C", "name": "C", "parent": {"code": below.code}})
    assert answer.json["result"]["parent"]["id"] == below.id
    assert client.delete(f"{_path(catalog)}{top.id}").status_code == 422


@pytest.mark.parametrize("role", sorted(EVERY_OFFICER - {Role.catalog_admin}))
def test_each_catalog_says_who_may_use_it(session, login, role):
    closed, read = make_catalog(session, ()), make_catalog(session, (), rights=[(role, False)])
    write = make_catalog(session, (), rights=[(role, True)])
    items = {one.id: make_item(session, one) for one in (closed, read, write)}
    client = login(role)
    listed = {one["code"] for one in client.get("/api/v1/catalogs/").json["result"]}
    assert listed == {read.code, write.code}
    page = client.get("/catalogs/").text
    assert (closed.name in page, read.name in page) == (False, True)
    for catalog, may_read, may_write in ((closed, False, False), (read, True, False), (write, True, True)):
        item = items[catalog.id]
        web = f"/catalogs/{catalog.code}/"
        for path in (_path(catalog), f"{_path(catalog)}{item.id}", web, f"{web}{item.id}"):
            assert client.get(path).status_code == (200 if may_read else 404), path
        refused = 403 if may_read else 404
        body = {"code": "N", "name": "N"}
        assert client.post(_path(catalog), json=body).status_code == (201 if may_write else refused)
        changed = client.put(f"{_path(catalog)}{item.id}", json={"name": "X"})
        assert changed.status_code == (200 if may_write else refused)
        assert client.get(f"{web}add").status_code == (200 if may_write else refused)
        posted = client.post(f"{web}{item.id}/edit", data={"code": item.code, "name": "Y", "is_active": "y"})
        assert posted.status_code in ((302,) if may_write else (302, refused))
        client.post(f"{web}{item.id}/use", data={"is_active": "0"})
        session.refresh(item)
        assert (item.name, item.is_active) == (("Y", False) if may_write else (item.name, True))
        generic = f"/api/v1/shared_catalog_item/{item.id}"
        assert client.get(generic).status_code == (200 if may_read else 404)
        assert client.put(generic, json={"name": "Z"}).status_code == (200 if may_write else 404)


def test_citizens_and_visitors_reach_no_catalog(session, client, login):
    catalog = make_catalog(session, ())
    assert client.get(_path(catalog)).status_code == 401
    assert login(Role.citizen).get(_path(catalog)).status_code == 403
    assert login(Role.citizen).get(f"/catalogs/{catalog.code}/").status_code in (302, 403)


def test_only_catalog_administrators_define(session, login):
    body = {"code": "duong_pho", "name": "Đường phố"}
    assert login(Role.clerk).post("/api/v1/shared_catalog/", json=body).status_code == 403
    client = login(Role.catalog_admin)
    made = client.post("/api/v1/shared_catalog/", json=body)
    assert made.status_code == 201
    pk = made.json["id"]
    for code in ("Đường", "1a", "a", "a b"):
        assert client.post("/api/v1/shared_catalog/", json=body | {"code": code}).status_code == 422
    assert client.put(f"/api/v1/shared_catalog/{pk}", json={"code": "khac"}).status_code == 422
    field = {"catalog": pk, "position": 1, "key": "dai", "label": "Chiều dài", "kind": "number"}
    assert client.post("/api/v1/shared_catalog_field/", json=field).status_code == 201
    for wrong in ({"key": "code"}, {"key": "Dài"}, {"kind": "choice"}, {"kind": "item"}, {"kind": "moon"},
                  {"kind": "text", "pattern": "(a+)+"}, {"min_value": 5, "max_value": 1},
                  {"max_length": 0}):  # fmt: skip
        answer = client.post("/api/v1/shared_catalog_field/", json=field | {"key": "k2"} | wrong)
        assert answer.status_code == 422, wrong
    assert client.get("/catalogs/duong_pho/").status_code == 200


@pytest.mark.parametrize(
    "change",
    [{"kind": "text"}, {"key": "khac"}, {"max_value": 5}, {"is_required": True}, {"is_unique": True},
     {"kind": "choice", "options": [{"value": "1", "label": "Một"}]}],
    ids=str,
)  # fmt: skip
def test_a_definition_that_items_would_break_is_refused_with_the_list(session, login, change):
    catalog = make_catalog(session, [{"key": "so", "label": "Số", "kind": "number"}])
    first, second = (make_item(session, catalog, data={"so": 9}) for _ in "12")
    make_item(session, catalog)
    client, field = login(Role.catalog_admin), catalog.fields[0]
    answer = client.put(f"/api/v1/shared_catalog_field/{field.id}", json=change)
    assert answer.status_code == 422
    assert any(one.code in answer.json["detail"] for one in (first, second)) or "is_required" in change
    assert client.delete(f"/api/v1/shared_catalog_field/{field.id}").status_code == 422
    assert client.put(f"/api/v1/shared_catalog_field/{field.id}", json={"label": "Con số"}).status_code == 200


def test_pages_add_copy_refuse_and_tell(session, login):
    catalog, client = make_catalog(session, is_tree=True), login(Role.catalog_admin)
    web = f"/catalogs/{catalog.code}/"
    form = {"code": "A", "name": "Bệnh viện A", "so_giuong": "12,5", "co_cap_cuu": "1", "is_active": "y",
            "tuyen": "tinh", "ma_so": "BV9"}  # fmt: skip
    refused = client.post(f"{web}add", data=form)
    assert refused.status_code == 422
    assert vi("This does not have the required form.") in refused.text
    assert 'value="Bệnh viện A"' in refused.text
    assert client.post(f"{web}add", data=form | {"ma_so": "BV009"}).status_code == 302
    row = session.scalars(sa.select(SharedCatalogItem)).one()
    assert row.data == {"so_giuong": 12.5, "co_cap_cuu": True, "tuyen": "tinh", "ma_so": "BV009"}
    page = client.get(f"{web}{row.id}").text
    for words in ("12,5", vi("Yes"), "Tỉnh"):
        assert words in page
    copy = client.get(f"{web}add?like={row.id}").text
    assert 'value="BV009"' in copy
    stale = {**form, "ma_so": "BV009", "name": "B", "row_version": "0"}
    answer = client.post(f"{web}{row.id}/edit", data=stale)
    assert answer.status_code == 409
    assert f'name="row_version" value="{row.row_version}"' in answer.text
    assert client.post(f"{web}{row.id}/use", data={"is_active": "0"}).status_code == 302
    told = client.get(f"{web}{row.id}?tab=history").text
    assert vi("In use") in told
    for words in ("Số giường", "Tỉnh", "12,5"):
        assert words in told
    assert "so_giuong" not in told
    assert client.get(f"{web}choices/co_quan?q=").status_code == 200
    assert client.get(f"{web}choices/parent").status_code == 200
    assert client.get(f"{web}choices/so_giuong").status_code == 404
    for bad in ("?after=x", "?f.so_giuong.from=x", "?sort=zzz", "?q=%00", "?size=0", "?f.co_quan=1"):
        assert client.get(web + bad).status_code == 200, bad
    assert client.post(f"{web}{row.id}/delete").status_code == 302
    assert session.scalar(sa.select(sa.func.count()).select_from(SharedCatalogItem)) == 0


def test_two_at_once_with_the_same_unique_value(own_database):
    from app.extensions import db

    with own_database.app_context():
        session = db.session()
        fields = [{"key": "so", "label": "Số", "kind": "number", "is_unique": True}]
        path = _path(make_catalog(session, fields))
        user = make_user(Role.catalog_admin)
        session.commit()
        clients = [make_client(own_database, user) for _ in range(4)]
    answers, barrier = [], threading.Barrier(4)

    def add(n):
        barrier.wait()
        answers.append(clients[n].post(path, json={"code": f"A{n}", "name": "A", "so": 7}).status_code)

    threads = [threading.Thread(target=add, args=(n,)) for n in range(4)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert sorted(answers) == [201, 422, 422, 422]


def test_a_form_that_offers_a_catalog_keeps_its_items(session, login):
    catalog = make_catalog(session, ())
    item, client = make_item(session, catalog), login(Role.catalog_admin)
    make_form([{"key": "bv", "label": "Bệnh viện", "kind": "catalog", "catalog_code": catalog.code}])
    assert client.delete(f"{_path(catalog)}{item.id}").status_code == 422
    assert client.delete(f"/api/v1/shared_catalog/{catalog.id}").status_code == 422


def test_check_refuses_what_is_no_object(session):
    catalog = make_catalog(session, ())
    row = SharedCatalogItem(catalog=catalog, code="A", name="A", data=[1], is_active=True)
    with pytest.raises(Invalid):
        row.check(None)
    assert not make_item(session, catalog, valid_from=date(2999, 1, 1)).is_valid_on(today())


def test_the_definition_leads_to_the_items(session, login):
    catalog = make_catalog(session)
    page = login(Role.catalog_admin).get(f"/shared-catalog/show/{catalog.id}").text
    assert f'href="/catalogs/{catalog.code}/"' in page
