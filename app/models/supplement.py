"""Requests to supplement: exactly which fields and papers, and the answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.types import JSON, UtcDateTime

FAULTS = {
    "agency": N_("Our first request was unclear or incomplete"),
    "applicant": N_("The answer still lacks what had been asked for"),
}

if TYPE_CHECKING:
    from app.models.dossier import Dossier


class SupplementRequest(Entity):
    """Yêu cầu bổ sung: once, complete and specific (NĐ 61/2018 Đ17, QN20 Đ12.3)."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    number: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(sa.Text)
    # Asked again: whose fault it is ("agency", "applicant") and why; empty for the first.
    fault: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Why asked again"), "choices": FAULTS}
    )
    fault_reason: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Explanation")})
    field_keys: Mapped[list[Any]] = mapped_column(JSON, default=list)
    component_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by_name: Mapped[str] = mapped_column(sa.String(255))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="supplements")
    __table_args__ = (sa.UniqueConstraint("dossier_id", "number"),)
