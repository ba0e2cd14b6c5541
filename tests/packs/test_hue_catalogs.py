"""The example catalogs of the Huế pack: loaded as an administrator would make them."""

import sqlalchemy as sa

from app.models import AdministrativeUnit, SharedCatalog, SharedCatalogItem
from app.packs.loader import PackLoader
from app.permissions import Role, acting_as
from app.services.actors import build_actor
from app.services.shared_listing import find_choices
from tests.factories import make_user


def test_items_pass_the_checks_of_every_way_in(session):
    pack = PackLoader(session, "hue")
    for part in (pack.load_units, pack.load_shared_catalogs):
        part()
    catalogs = {row.code: row for row in session.scalars(sa.select(SharedCatalog))}
    assert set(catalogs) == {"benh_vien", "duong_pho", "loai_xe"}
    actor = build_actor(session, make_user(Role.catalog_admin))
    items = list(session.scalars(sa.select(SharedCatalogItem)))
    with acting_as(actor):
        for item in items:
            item.check(actor)
        for catalog in catalogs.values():
            for field in catalog.fields:
                field.check(actor)
    unit = AdministrativeUnit
    ward = session.scalar(sa.select(unit.id).where(unit.code == "19789", unit.valid_to.is_(None)))
    street = next(item for item in items if item.name == "Đường Lê Lợi")
    assert street.data == {"phuong": ward}
    found = find_choices(session, catalogs["benh_vien"], "trung uong hue", by_code=True)["results"]
    assert [one["id"] for one in found] == ["BVTWH", "BVTWH2"]
    truck = next(item for item in items if item.code == "oto_hang")
    assert truck.parent.name == "Xe ô tô"
