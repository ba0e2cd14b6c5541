"""PATCH merges a document into a record: rights, checks and If-Match as for the form."""

import pytest
import sqlalchemy as sa

from app.lowcode.merging import MERGE_TYPE, merge
from app.models import SharedCatalogItem
from app.permissions import Role
from app.services import rights_changes as changes
from tests.api.test_catalogs import HOSPITAL, make_catalog, make_item
from tests.factories import make_procedure, make_sector, make_tree


def _patch(client, path, body, **given):
    return client.patch(path, json=body, content_type=MERGE_TYPE, **given)


@pytest.mark.parametrize(("old", "patch", "new"), [
    ({"a": "b"}, {"a": "c"}, {"a": "c"}), ({"a": "b"}, {"b": "c"}, {"a": "b", "b": "c"}),
    ({"a": "b"}, {"a": None}, {}), ({"a": "b", "b": "c"}, {"a": None}, {"b": "c"}),
    ({"a": ["b"]}, {"a": "c"}, {"a": "c"}), ({"a": "c"}, {"a": ["b"]}, {"a": ["b"]}),
    ({"a": {"b": "c"}}, {"a": {"b": "d", "c": None}}, {"a": {"b": "d"}}),
    ({"a": [{"b": "c"}]}, {"a": [1]}, {"a": [1]}), (["a", "b"], ["c", "d"], ["c", "d"]),
    ({"a": "b"}, ["c"], ["c"]), ({"a": "foo"}, None, None), ({"e": None}, {"a": 1}, {"e": None, "a": 1}),
    ([1, 2], {"a": "b", "c": None}, {"a": "b"}), ({}, {"a": {"bb": {"ccc": None}}}, {"a": {"bb": {}}}),
])  # fmt: skip
def test_the_examples_of_the_standard(old, patch, new):
    assert merge(old, patch) == new


def test_only_what_is_named_changes_and_null_empties(session, login):
    version = make_procedure(state="draft", conditions="Một", decision_number="1/QĐ")
    path = f"/api/v1/procedure_version/{version.id}"
    answer = _patch(login(Role.catalog_admin), path, {"decision_number": "12/QĐ", "conditions": None})
    assert answer.status_code == 200, answer.json
    session.refresh(version)
    assert (version.decision_number, version.conditions, version.time_limit_value) == ("12/QĐ", None, 3)


def test_the_values_of_an_item_are_merged(session, login):
    catalog = make_catalog(session, HOSPITAL)
    item = make_item(session, catalog, data={"so_giuong": 5, "ma_so": "BV001"})
    client = login(Role.catalog_admin)
    answer = _patch(client, f"/api/v1/shared_catalog_item/{item.id}", {"data": {"so_giuong": 6, "tuyen": "tw"}})
    assert answer.status_code == 200, answer.json
    answer = _patch(client, f"/api/v1/catalogs/{catalog.code}/{item.id}", {"ma_so": None})
    assert answer.status_code == 200, answer.json
    assert session.scalar(sa.select(SharedCatalogItem.data)) == {"so_giuong": 6, "tuyen": "tw"}
    wrong = _patch(client, f"/api/v1/shared_catalog_item/{item.id}", {"data": {"so_giuong": 6000}})
    assert wrong.status_code == 422


def test_a_version_must_be_named_and_be_the_present_one(session, login):
    sector, client = make_sector(name="Cũ"), login(Role.catalog_admin)
    path = f"/api/v1/sector/{sector.id}"
    tag = client.get(path).headers["ETag"]
    assert _patch(client, path, {"name": "A"}, match=False).status_code == 428
    assert _patch(client, path, {"name": "A"}, headers={"If-Match": tag}).status_code == 200
    assert _patch(client, path, {"name": "B"}, headers={"If-Match": tag}).status_code == 412
    assert client.get(path).json["result"]["name"] == "A"


def test_bad_bodies_are_refused(session, login):
    sector, client = make_sector(), login(Role.catalog_admin)
    path = f"/api/v1/sector/{sector.id}"
    assert client.patch(path, json={"name": "A"}).status_code == 415
    assert _patch(client, path, ["A"]).status_code == 400
    assert _patch(client, path, {"khong_co": 1}).status_code == 400
    assert _patch(client, path, {"name": None}).status_code == 422
    assert _patch(client, path, {"name": {"a": 1}}).status_code == 422
    assert _patch(client, path, {"name": "A"}, csrf=False).status_code == 400
    session.refresh(sector)
    assert sector.row_version == 1


def test_rights_and_closed_attributes_hold(session, login):
    sector, agency = make_sector(name="Cũ"), make_tree().department
    assert _patch(login(Role.desk_officer), f"/api/v1/sector/{sector.id}", {"name": "A"}).status_code == 403
    key = (str(Role.catalog_admin), "Agency", "field", "phone")
    changes.decide(session, {key: "keep"}, changes.mark_of(changes.decided(session)), "Theo phân công")
    session.commit()
    client = login(Role.catalog_admin)
    assert _patch(client, f"/api/v1/agency/{agency.id}", {"phone": "0234"}).status_code == 400
    assert _patch(client, f"/api/v1/agency/{agency.id}", {"address": "1 Lê Lợi"}).status_code == 200
    session.refresh(sector)
    assert sector.name == "Cũ"
