"""What administrators set up in the small world: a connected system, a shared catalog, reliefs."""

from datetime import timedelta
from typing import Any

from app.clock import today
from app.models import (
    ApiClient,
    ApiToken,
    Fee,
    FeeExemption,
    FeeSubject,
    LetterTemplate,
    SharedCatalog,
    SharedCatalogField,
    SharedCatalogItem,
    SharedCatalogRight,
)
from app.permissions import Role


def make_configuration(world: Any) -> None:
    """One record of each kind that an administrator makes."""
    session, office = world.session, world.office
    client = ApiClient(code="kho_bac", name="Kho bạc Nhà nước", owner=world.people[Role.system_admin],
                       agency=office.tree.root)  # fmt: skip
    client.tokens.append(ApiToken(prefix="mc_abcdefg", key_hash="0" * 64, scopes=["Sector:read"],
                                  expires_on=today() + timedelta(days=90)))  # fmt: skip
    catalog = SharedCatalog(code="benh_vien", name="Bệnh viện", description="Cơ sở khám bệnh, chữa bệnh")
    catalog.fields.append(SharedCatalogField(position=1, key="giuong", label="Số giường", kind="number"))
    catalog.rights += [SharedCatalogRight(role=role, can_write=role == Role.catalog_admin) for role in Role
                       if role is not Role.citizen]  # fmt: skip
    item = SharedCatalogItem(catalog=catalog, code="BV01", name="Bệnh viện Trung ương Huế", data={"giuong": 100})
    subject = FeeSubject(code="ho_ngheo", name="Người thuộc hộ nghèo", proof="Giấy chứng nhận hộ nghèo")
    texts = LetterTemplate(kind="guidance", form_set="tt03_2025", edition=1, texts={"title": "Phiếu hướng dẫn"})
    session.add_all([client, catalog, item, subject, texts])
    session.flush()
    fee = next((fee for fee in office.version.fees), None) or Fee(position=1, name="Lệ phí", version=office.version)
    fee.exemptions.append(FeeExemption(subject=subject, percent=100, legal_basis="Luật Phí và lệ phí"))
    session.add(fee)
    session.flush()
