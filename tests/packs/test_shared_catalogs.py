"""Catalogs made at run time travel with their items, whose values name records by key, not by id."""

from datetime import date

import pytest
import sqlalchemy as sa

from app.models import (
    AdministrativeUnit,
    FormField,
    SharedCatalog,
    SharedCatalogField,
    SharedCatalogItem,
)
from app.packs import yamls
from app.packs.exporting import Chosen
from app.packs.undoing import undo
from tests.factories import make_form, make_procedure, make_tree
from tests.packs.carrying import files_of, forget_configuration, put, take

PATH = "shared_catalog/benh_vien.yaml"


@pytest.fixture
def hospital(session):
    """A hospital of a kind, in a ward, under an agency; its branch stands below it."""
    tree = make_tree()
    ward = AdministrativeUnit(code="19753", name="Phú Xuân", full_name="Phường Phú Xuân", kind="ward",
                              valid_from=date(2025, 7, 1))  # fmt: skip
    kinds = SharedCatalog(code="loai_vien", name="Loại bệnh viện")
    catalog = SharedCatalog(code="benh_vien", name="Bệnh viện", is_tree=True, fields=[
        SharedCatalogField(position=1, key="loai", label="Loại", kind="item", target=kinds),
        SharedCatalogField(position=2, key="phuong", label="Phường", kind="unit"),
        SharedCatalogField(position=3, key="co_quan", label="Cơ quan", kind="agency", is_required=True),
        SharedCatalogField(position=4, key="giuong", label="Số giường", kind="number"),
    ])  # fmt: skip
    general = SharedCatalogItem(catalog=kinds, code="da_khoa", name="Đa khoa", data={})
    session.add_all([ward, kinds, catalog, general])
    session.flush()
    data = {"loai": general.id, "phuong": ward.id, "co_quan": tree.department.id, "giuong": 120}
    item = SharedCatalogItem(catalog=catalog, code="BV01", name="Bệnh viện 1", data=data)
    branch = SharedCatalogItem(catalog=catalog, code="BV01.1", name="Cơ sở 2", parent=item,
                               data={"co_quan": tree.department.id})  # fmt: skip
    session.add_all([item, branch])
    session.flush()
    return item


def test_items_name_records_by_key(session, hospital):
    document = yamls.load(files_of(session)[PATH], PATH)
    item = next(one for one in document["shared_catalog_item"] if one["code"] == "BV01")
    assert item["data"] == {"loai": ["loai_vien", "da_khoa"], "phuong": ["19753", "2025-07-01"],
                            "co_quan": "H57.SXD", "giuong": 120}  # fmt: skip


def test_a_catalog_comes_back_with_its_items(session, hospital):
    files = files_of(session)
    forget_configuration(session)
    put(session, files)
    assert files_of(session) == files
    found = session.scalar(sa.select(SharedCatalogItem).where(SharedCatalogItem.code == "BV01"))
    assert isinstance(found.data["co_quan"], int)


def test_a_changed_value_is_written_as_an_id_and_undone(session, hospital):
    files = files_of(session)
    document = yamls.load(files[PATH], PATH)
    item = next(one for one in document["shared_catalog_item"] if one["code"] == "BV01")
    item["data"] |= {"co_quan": "H57", "giuong": 80}
    run = put(session, files | {PATH: yamls.dump(document)})
    assert hospital.data["co_quan"] == make_tree().root.id
    assert hospital.data["giuong"] == 80
    undo(session, run, None)
    assert files_of(session) == files


@pytest.mark.parametrize("data", [
    {"co_quan": "K99"}, {"co_quan": ["H57", 1]}, {"phuong": ["19753", "x"], "co_quan": "H57"}, {},
    {"co_quan": "H57", "giuong": "nhiều"}, {"co_quan": "H57", "la": 1},
], ids=str)  # fmt: skip
def test_values_that_do_not_fit_are_refused(session, hospital, data):
    files = files_of(session)
    document = yamls.load(files[PATH], PATH)
    document["shared_catalog_item"][0]["data"] = data
    assert take(session, files | {PATH: yamls.dump(document)}).state == "refused"
    assert files_of(session) == files


def test_a_procedure_brings_the_catalogs_its_form_offers(session, hospital):
    version = make_procedure(state="draft", form=make_form())
    field = session.scalars(sa.select(FormField)).first()
    field.kind, field.catalog_code = "catalog", "benh_vien"
    session.flush()
    files = files_of(session, Chosen("procedure", version.procedure.code))
    assert PATH in files
    assert "shared_catalog/loai_vien.yaml" in files
