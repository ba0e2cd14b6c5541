"""Facts of the province's system shown on every page."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Agency


def site_facts(session: Session) -> dict[str, str]:
    """Return name, province, operator, hotline, email and address of the system's owner."""
    query = sa.select(
        Agency.name, Agency.short_name, Agency.hotline, Agency.phone, Agency.email, Agency.address
    )
    root = session.execute(
        query.where(Agency.parent_id.is_(None)).order_by(Agency.id).limit(1)
    ).first()
    facts = {
        "name": "Một Cửa",
        "province": "",
        "operator": "",
        "hotline": "",
        "email": "",
        "address": "",
    }
    if root is not None:
        place = root.name.removeprefix("Ủy ban nhân dân ")
        facts |= {"province": place[:1].upper() + place[1:], "operator": root.name,
                  "hotline": root.hotline or root.phone or "", "email": root.email or "",
                  "address": root.address or ""}  # fmt: skip
    return facts
