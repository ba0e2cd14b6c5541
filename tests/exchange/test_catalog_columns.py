"""Items of a shared catalog to and from Excel with a column for each of its own fields."""

import sqlalchemy as sa

from app.models import SharedCatalogItem
from app.permissions import Role
from tests.api.test_catalogs import HOSPITAL, make_catalog, make_item
from tests.exchange.books import apply, book, download, rows_in, run, send
from tests.factories import make_tree
from tests.wording import vi

HEAD = ["Mã", "Tên", "Số giường", "Mã số", "Tuyến", "Ngày thành lập", "Có cấp cứu", "Cơ quan quản lý"]


def _items(session):
    session.expire_all()
    return {row.code: row.data for row in session.scalars(sa.select(SharedCatalogItem))}


def _sent(client, catalog, rows, head=HEAD):
    slug = f"catalogs/{catalog.code}"
    status, number, page = send(client, slug, book({"Bệnh viện": [head, *rows]}))
    assert status == 200, page
    return slug, number, page


def test_the_template_has_a_column_and_a_list_for_each_field(session, login):
    catalog = make_catalog(session)
    sheets = rows_in(download(login(Role.catalog_admin), f"/catalogs/{catalog.code}/import/template.xlsx"))
    heads = [head.rstrip(" *") for head in sheets[catalog.name][0]]
    assert heads[:8] == HEAD
    assert vi("Instructions") in sheets


def test_cells_become_typed_values_and_come_out_again(session, login):
    tree, catalog = make_tree(), make_catalog(session)
    client = login(Role.catalog_admin)
    row = ["TW", "Bệnh viện Trung ương Huế", 2500, "BV001", "Trung ương", "01/05/1994", "Có", tree.root.code]
    slug, number, _page = _sent(client, catalog, [row])
    assert [(one["add"], one["fault"]) for one in run(number).counts] == [(1, 0)]
    apply(client, slug, number)
    assert _items(session) == {"TW": {
        "so_giuong": 2500, "ma_so": "BV001", "tuyen": "tw", "thanh_lap": "1994-05-01", "co_cap_cuu": True,
        "co_quan": tree.root.id,
    }}  # fmt: skip
    content = download(client, f"/{slug}/export.xlsx")
    out = rows_in(content)[catalog.name]
    assert out[1][2:5] == [2500, "BV001", "Trung ương"]
    assert out[1][7].startswith(tree.root.code)
    _status, number, page = send(client, slug, content)
    assert [(one["add"], one["change"], one["same"]) for one in run(number).counts] == [(0, 0, 1)], page


def test_each_fault_is_told_by_its_row_and_column_and_nothing_is_written(session, login):
    catalog = make_catalog(session)
    client = login(Role.catalog_admin)
    rows = [["A", "A", "nhiều", "BV001"], ["B", "B", 10, "X", "xa"], ["C", "C", 10, "BV001", "", "", "", "KHONG.CO"]]
    slug, number, page = _sent(client, catalog, rows)
    assert run(number).faults == 4, page
    for name in ("Số giường", "Mã số", "Tuyến", "Cơ quan quản lý"):
        assert name in page
    assert vi("Column %(letter)s – %(label)s") % {"letter": "H", "label": "Cơ quan quản lý"} in page
    assert "cell-4-7-" in page
    apply(client, slug, number)
    assert _items(session) == {}
    client.post(f"/{slug}/import/{number}/correct", data={f"cell-2-2-{'Bệnh viện'}": "12", "skip-3-Bệnh viện": "1",
                                                          "skip-4-Bệnh viện": "1"})  # fmt: skip
    assert (run(number).faults, run(number).counts[0]["skip"]) == (0, 2)
    apply(client, slug, number)
    assert _items(session) == {"A": {"so_giuong": 12, "ma_so": "BV001"}}


def test_a_column_left_out_keeps_what_is_there_and_changes_are_told_by_field(session, login):
    catalog = make_catalog(session)
    make_item(session, catalog, code="A", name="A", data={"so_giuong": 5, "ma_so": "BV001"})
    client = login(Role.catalog_admin)
    slug, number, page = _sent(client, catalog, [["A", 7]], ["Mã", "Số giường"])
    assert "Số giường" in page
    assert "so_giuong" not in page
    apply(client, slug, number)
    assert _items(session) == {"A": {"so_giuong": 7, "ma_so": "BV001"}}


def test_a_unique_value_given_twice_in_one_file_is_a_fault(session, login):
    catalog = make_catalog(session)
    _slug, number, _page = _sent(login(Role.catalog_admin), catalog, [["A", "A", 1, "BV001"], ["B", "B", 1, "BV001"]])
    assert run(number).faults == 1


def test_items_stand_below_others_of_the_same_file(session, login):
    catalog = make_catalog(session, [HOSPITAL[0]], is_tree=True)
    client = login(Role.catalog_admin)
    slug, number, _page = _sent(client, catalog, [["A", "A", "", 1], ["B", "B", "A – A", 2]],
                                ["Mã", "Tên", vi("Stands below"), "Số giường"])  # fmt: skip
    apply(client, slug, number)
    found = {row.code: row for row in session.scalars(sa.select(SharedCatalogItem))}
    assert found["B"].parent is found["A"]


def test_only_who_may_write_a_catalog_may_import_and_who_reads_may_export(session, login):
    catalog = make_catalog(session, rights=[(Role.specialist, False), (Role.desk_officer, True)])
    reader, writer, stranger = login(Role.specialist), login(Role.desk_officer), login(Role.clerk)
    assert catalog.name in rows_in(download(reader, f"/catalogs/{catalog.code}/export.xlsx"))
    assert reader.get(f"/catalogs/{catalog.code}/import/").status_code == 403
    assert reader.get(f"/catalogs/{catalog.code}/import/template.xlsx").status_code == 403
    assert writer.get(f"/catalogs/{catalog.code}/import/").status_code == 200
    assert f"/catalogs/{catalog.code}/import/" not in reader.get(f"/catalogs/{catalog.code}/").text
    assert stranger.get(f"/catalogs/{catalog.code}/export.xlsx").status_code == 404
    slug, number, _page = _sent(writer, catalog, [["A", "A", 3]])
    apply(writer, slug, number)
    assert _items(session) == {"A": {"so_giuong": 3}}
    assert reader.get(f"/{slug}/import/{number}").status_code == 403
