"""Requests to supplement: exactly which fields and papers, and the answer."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from app.models.dossier import Dossier


class SupplementRequest(Entity):
    """Yêu cầu bổ sung: once, complete and specific (NĐ 61/2018 Đ17, QN20 Đ12.3)."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    number: Mapped[int] = mapped_column()
    reason: Mapped[str] = mapped_column(sa.Text)
    field_keys: Mapped[list[Any]] = mapped_column(JSON, default=list)
    component_ids: Mapped[list[Any]] = mapped_column(JSON, default=list)
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_by_name: Mapped[str] = mapped_column(sa.String(255))
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="supplements")
    __table_args__ = (sa.UniqueConstraint("dossier_id", "number"),)
