"""The list of a catalog made at run time is the common one: columns, one's own views, acts on many."""

import csv
import io

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.lowcode.saved_views import SavedView
from app.models import SharedCatalogItem
from app.permissions import Role
from tests.api.test_catalogs import HOSPITAL, make_catalog, make_item
from tests.exchange.books import download, rows_in
from tests.factories import make_tree, make_user
from tests.lowcode.test_list_tools import heads
from tests.wording import vi

HIDDEN = {"key": "state", "label": "Tình trạng", "kind": "text", "is_listed": False}
ODD = {"key": "so__phong", "label": "Số phòng", "kind": "number"}


@pytest.fixture
def hospitals(session):
    """A catalog with two items that every kind of officer here may read, and desk officers change."""
    rights = [(Role.auditor, False), (Role.desk_officer, True)]
    catalog = make_catalog(session, [*HOSPITAL, HIDDEN, ODD], rights=rights)
    for name, state, rooms in (("An Bình", "Đang xây", 10), ("Bạch Đằng", "Đã xong", 90)):
        make_item(session, catalog, name=name, data={"state": state, "so__phong": rooms, "co_cap_cuu": rooms > 50})
    return catalog


def test_the_reader_chooses_the_columns(hospitals, login):
    client, path = login(Role.auditor), f"/catalogs/{hospitals.code}/"
    plain = client.get(path).text
    assert '<a href="/catalogs/" aria-current="page">' in plain.split('id="sidebar"')[1]
    assert "Tình trạng" not in heads(plain)
    assert 'value="state"' in plain  # offered in the menu
    page = client.get(f"{path}?cols=state,valid_from").text
    assert [words in heads(page) for words in (vi("Name"), "Tình trạng", vi("Valid from"), "Số giường")] == [
        True, True, True, False]  # fmt: skip
    assert '<td class="" data-label="Tình trạng">Đang xây</td>' in page
    ticked = client.get(f"{path}?col=name&col=state&f.so__phong.from=5")
    assert ticked.location.endswith(f"{path}?f.so__phong.from=5&cols=name%2Cstate")
    odd = client.get(f"{path}?cols=state,data,catalog_id,__class__").text
    assert vi("Some parts of the address could not be used and were left out.") in odd
    assert "Tình trạng" in heads(odd)


def test_filters_stand_above_the_list_and_are_taken_off_one_by_one(hospitals, login):
    client, path = login(Role.auditor), f"/catalogs/{hospitals.code}/"
    page = client.get(f"{path}?q=bach&f.so__phong.from=50&f.co_cap_cuu=1&f.valid_on=2026-01-01").text
    assert "Bạch Đằng" in page
    assert "An Bình" not in page
    for rest in ("f.so__phong.from=50&amp;f.co_cap_cuu=1&amp;f.valid_on=2026-01-01",
                 "q=bach&amp;f.co_cap_cuu=1&amp;f.valid_on=2026-01-01",
                 "q=bach&amp;f.so__phong.from=50&amp;f.valid_on=2026-01-01",
                 "q=bach&amp;f.so__phong.from=50&amp;f.co_cap_cuu=1"):  # fmt: skip
        assert f'href="{path}?{rest}"' in page, rest


def test_an_export_holds_what_the_list_is_narrowed_to(hospitals, login):
    client, path = login(Role.catalog_admin), f"/catalogs/{hospitals.code}/"
    page = client.get(f"{path}?q=bach&f.so__phong.from=50&cols=state").text
    link = f"{path}export.xlsx?q=bach&f.so__phong.from=50"
    assert link.replace("&", "&amp;") in page
    found = rows_in(download(client, link))[hospitals.name]
    assert [line[1] for line in found[1:]] == ["Bạch Đằng"]
    link = link.replace(".xlsx", ".csv")
    assert link.replace("&", "&amp;") in page
    lines = list(csv.reader(io.StringIO(download(client, link).decode("utf-8-sig"))))
    assert lines[0] == [head.removesuffix(" *") for head in found[0]]
    assert [line[1] for line in lines[1:]] == ["Bạch Đằng"]
    assert client.get(link.replace(".csv", ".pdf")).status_code == 404


def test_a_csv_says_what_the_workbook_says_and_nothing_in_it_runs(session, login):
    target = make_catalog(session, ())
    catalog = make_catalog(session, [*HOSPITAL, {"key": "kieu", "label": "=Kiểu", "kind": "item", "target": target}])
    agency, kind = make_tree().root, make_item(session, target, code="K", name="Kiểu một")
    make_item(session, catalog, code="A", name="=1+1", data={
        "so_giuong": 2, "tuyen": "tw", "thanh_lap": "1994-05-01", "co_cap_cuu": True, "co_quan": agency.id,
        "kieu": kind.id})  # fmt: skip
    client = login(Role.catalog_admin)
    text = download(client, f"/catalogs/{catalog.code}/export.csv").decode("utf-8-sig")
    head, line = csv.reader(io.StringIO(text))
    told = dict(zip(head, line, strict=True))
    assert told["Tên"] == "'=1+1"
    assert told["'=Kiểu"] == "K – Kiểu một"
    assert told["Cơ quan quản lý"].startswith(agency.code)
    assert (told["Số giường"], told["Tuyến"], told["Ngày thành lập"]) == ("2", "Trung ương", "01/05/1994")


def test_a_csv_is_given_to_those_who_may_export(session, login):
    catalog = make_catalog(session, rights=[(Role.specialist, False)])
    path = f"/catalogs/{catalog.code}/export.csv"
    assert login(Role.specialist).get(path).status_code == 200
    assert login(Role.clerk).get(path).status_code == 404
    assert login(Role.citizen).get(path).status_code in (302, 403)


def test_columns_of_references_cost_no_statement_per_row(session, login, count_queries):
    target = make_catalog(session, ())
    catalog = make_catalog(session, [*HOSPITAL, {"key": "kieu", "label": "Kiểu", "kind": "item", "target": target}])
    client, agency = login(Role.catalog_admin), make_tree().root
    path, counts = f"/catalogs/{catalog.code}/?cols=kieu,co_quan,parent,valid_to", []
    for number in (2, 15):
        for _number in range(number):
            make_item(session, catalog, data={"co_quan": agency.id, "kieu": make_item(session, target).id})
        session.expire_all()
        client.get(path)  # what is kept between requests is found once
        with count_queries() as asked:
            assert client.get(path).status_code == 200
        counts.append(len(asked))
    assert counts[0] == counts[1]


def test_a_view_belongs_to_one_catalog_and_one_reader(session, hospitals, login):
    other = make_catalog(session, (), rights=[(Role.auditor, False)])
    client, path = login(owner := make_user(Role.auditor)), f"/catalogs/{hospitals.code}/"
    given = {"name": "Lớn", "query": "f.so__phong.from=50&cols=name,state&after=x", "is_default": "y"}
    kept = "cols=name%2Cstate&f.so__phong.from=50"
    assert client.post(f"{path}views", data=given).location.endswith(f"{path}?{kept}")
    view = session.scalars(sa.select(SavedView)).one()
    assert client.get(path).location.endswith(f"{path}?{kept}")
    assert "Lớn" in client.get(f"{path}?cols=").text
    assert client.get(f"/catalogs/{other.code}/").status_code == 200
    assert "Lớn" not in client.get(f"/catalogs/{other.code}/?cols=").text
    assert f'action="/catalogs/{other.code}/views"' in client.get(f"/catalogs/{other.code}/?cols=").text
    assert client.post(f"/catalogs/{other.code}/views/{view.id}/drop").status_code == 404
    stranger = login(make_user(Role.auditor))
    assert stranger.get(path).status_code == 200
    assert stranger.post(f"{path}views/{view.id}/drop").status_code == 404
    assert login(owner).post(f"{path}views/{view.id}/drop").status_code == 302
    assert session.scalars(sa.select(SavedView)).all() == []


def test_nobody_keeps_a_view_of_a_catalog_closed_to_him(session, hospitals, login):
    closed = make_catalog(session, ())
    client = login(Role.auditor)
    for path in ("views", "views/1/drop", "bulk"):
        assert client.post(f"/catalogs/{closed.code}/{path}", data={"name": "A", "query": ""}).status_code == 404
    assert session.scalars(sa.select(SavedView)).all() == []


def test_many_items_are_changed_each_with_its_own_result(session, hospitals, login):
    rows, path = _items(session, hospitals), f"/catalogs/{hospitals.code}/"
    stranger = make_item(session, make_catalog(session, (), rights=[(Role.desk_officer, True)]))
    client = login(Role.desk_officer)
    assert 'value="set:tuyen:tw"' in client.get(path).text
    pks = [*(row.id for row in rows), stranger.id, 999999]
    page = client.post(f"{path}bulk", data={"act": "set:tuyen:tw", "pk": pks}).text
    assert vi("%(done)d done, %(refused)d refused.", done=2, refused=2) in page
    assert f'href="{path}{rows[0].id}"' in page
    client.post(f"{path}bulk", data={"act": "set:is_active:0", "pk": rows[0].id})
    session.expire_all()
    assert [(row.data["tuyen"], row.data["so__phong"], row.is_active) for row in rows] == [
        ("tw", 10, False), ("tw", 90, True)]  # fmt: skip
    assert "tuyen" not in stranger.data
    told = sa.select(HistoryEntry.action).where(HistoryEntry.record == "shared_catalog_item")
    assert session.scalars(told.order_by(HistoryEntry.id)).all().count("update") == 3


def test_a_removal_of_many_keeps_what_is_referred_to(session, login):
    target = make_catalog(session, ())
    catalog = make_catalog(session, [{"key": "kieu", "label": "Kiểu", "kind": "item", "target": target}])
    used, free = make_item(session, target), make_item(session, target)
    make_item(session, catalog, data={"kieu": used.id})
    pks = [used.id, free.id]
    page = login(Role.catalog_admin).post(f"/catalogs/{target.code}/bulk", data={"act": "remove", "pk": pks})
    assert vi("%(done)d done, %(refused)d refused.", done=1, refused=1) in page.text
    session.expire_all()
    assert [row.id for row in _items(session, target)] == [used.id]


@pytest.mark.parametrize("act", ["set:is_active:0", "remove", "set:tuyen:xa", "set:ma_so:BV001", "set:catalog:1", ""])
def test_who_may_only_read_changes_none(session, hospitals, login, act):
    rows, path = _items(session, hospitals), f"/catalogs/{hospitals.code}/"
    reader = login(Role.auditor)
    assert 'id="bulk"' not in reader.get(path).text
    pks = [row.id for row in rows]
    assert reader.post(f"{path}bulk", data={"act": act, "pk": pks}).status_code == 302
    if act not in ("set:is_active:0", "remove"):  # offered to nobody
        assert login(Role.catalog_admin).post(f"{path}bulk", data={"act": act, "pk": pks}).status_code == 302
    session.expire_all()
    assert [(row.is_active, "tuyen" in row.data, "ma_so" in row.data) for row in rows] == [(True, False, False)] * 2


def _items(session, catalog):
    item = SharedCatalogItem
    return list(session.scalars(sa.select(item).where(item.catalog_id == catalog.id).order_by(item.id)))
