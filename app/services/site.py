"""What the frame of every page shows: facts of the province's system, incidents, unread notices."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Agency, IncidentNotice, Notice
from app.services.actors import MOST_UNREAD
from app.services.kept import kept


def site_of(session: Session, stamps: dict[str, str]) -> dict[str, str]:
    """Return ``site_facts``, kept as long as no agency changes; to be read only."""
    return kept(stamps.get("site"), ("site",), lambda: site_facts(session))


def announced_incidents(session: Session) -> list[Any]:
    """Return the incidents that have not ended, in order: title, body, starts_at, expected_end_at."""
    row = IncidentNotice
    query = sa.select(row.title, row.body, row.starts_at, row.expected_end_at).where(row.ended_at.is_(None))
    return list(session.execute(query.order_by(row.starts_at)))


def unread_count(session: Session, user_id: int | None) -> int:
    """Return how many notices a user has not read, at most MOST_UNREAD."""
    if user_id is None:
        return 0
    unread = sa.select(Notice.id).where(Notice.user_id == user_id, Notice.read_at.is_(None))
    query = sa.select(sa.func.count()).select_from(unread.limit(MOST_UNREAD).subquery())
    return session.scalar(query) or 0


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
