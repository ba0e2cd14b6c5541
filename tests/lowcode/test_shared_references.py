"""What a catalog made at run time refers to: chosen by who may see it, told whatever was kept before."""

import io
import zipfile

import pytest
import sqlalchemy as sa

from app.history import HistoryEntry
from app.models import AdministrativeUnit, SharedCatalogField
from app.permissions import Role
from app.services import rights_changes as changes
from app.services import shared_catalogs as catalogs
from tests.api.test_catalogs import make_catalog, make_item
from tests.exchange.books import download
from tests.factories import make_tree


@pytest.fixture
def target(session):
    """A catalog of one item that leaders of agencies may read."""
    found = make_catalog(session, (), rights=[(Role.agency_head, False)])
    make_item(session, found, name="Mục kín đáo", code="KIN")
    return found


@pytest.fixture
def catalog(session, target):
    """A catalog that refers to the other; desk officers and heads write it."""
    fields = [{"key": "kieu", "label": "Kiểu", "kind": "item", "target": target},
              {"key": "don_vi", "label": "Đơn vị", "kind": "unit"},
              {"key": "co_quan", "label": "Cơ quan", "kind": "agency"}]  # fmt: skip
    return make_catalog(session, fields, rights=[(Role.desk_officer, True), (Role.agency_head, True)])


@pytest.mark.parametrize(("role", "status"), [(Role.agency_head, 200), (Role.catalog_admin, 200),
                                              (Role.desk_officer, 404)])  # fmt: skip
def test_items_are_offered_to_those_who_may_read_their_catalog(login, catalog, role, status):
    answer = login(role).get(f"/catalogs/{catalog.code}/choices/kieu?q=")
    assert answer.status_code == status
    if status == 200:
        assert [row["text"] for row in answer.json["results"]] == ["Mục kín đáo"]


@pytest.mark.parametrize(("key", "entity"), [("co_quan", "Agency"), ("don_vi", "AdministrativeUnit")])
def test_agencies_and_units_are_offered_to_those_who_may_read_them(session, login, catalog, key, entity):
    make_tree()
    client, path = login(Role.desk_officer), f"/catalogs/{catalog.code}/choices/{key}"
    assert client.get(path).status_code == 200
    state = changes.decided(session)
    taken = {(str(Role.desk_officer), entity, "action", "read"): "no"}
    changes.decide(session, taken, changes.mark_of(state), "Theo quyết định")
    session.expire_all()
    assert client.get(path).status_code == 403
    assert login(Role.agency_head).get(path).status_code == 200


@pytest.mark.parametrize(("role", "is_in"), [(Role.agency_head, True), (Role.desk_officer, False)])
def test_the_template_to_fill_in_offers_no_items_of_a_closed_catalog(login, catalog, role, is_in):
    content = download(login(role), f"/catalogs/{catalog.code}/import/template.xlsx")
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        whole = "".join(pack.read(name).decode() for name in pack.namelist() if name.endswith(".xml"))
    assert ("Mục kín đáo" in whole) == is_in


@pytest.mark.parametrize(("kind", "kept", "told"), [
    ("date", "ngày mai", "ngày mai"), ("date", 12, "12"), ("date", "2026-11-05", "05/11/2026"),
    ("number", "năm", "năm"), ("number", 1234.5, "1.234,5"), ("number", True, "Yes"),
    ("item", "chữ", "chữ"), ("agency", True, "Yes"), ("unit", 999, "#999"), ("choice", "lạ", "lạ"),
    ("yes_no", "có", "có"), ("text", 5, "5"),
])  # fmt: skip
def test_a_value_kept_when_the_field_was_of_another_kind_is_told_as_it_was(app, kind, kept, told):
    assert catalogs.value_words(SharedCatalogField(key="k", label="K", kind=kind), kept, {}) == told


def test_the_history_of_an_item_outlives_a_change_of_kind(session, login):
    catalog = make_catalog(session, [{"key": "k", "label": "Khóa", "kind": "text"}])
    item = make_item(session, catalog, data={"k": "hôm nào đó"})
    item.data = {}
    session.flush()
    for kind in ("date", "number", "agency", "choice"):
        catalog.fields[0].kind, catalog.fields[0].options = kind, []
        session.flush()
        page = login(Role.catalog_admin).get(f"/catalogs/{catalog.code}/{item.id}?tab=history")
        assert page.status_code == 200
        assert "hôm nào đó" in page.text
    item.data = {"k": True}
    session.flush()
    item.data = {"k": AdministrativeUnit.__name__}
    catalog.fields[0].kind = "unit"
    session.flush()
    assert login(Role.catalog_admin).get(f"/catalogs/{catalog.code}/{item.id}?tab=history").status_code == 200
    assert session.scalar(sa.select(sa.func.count()).where(HistoryEntry.record_id == item.id)) >= 3
