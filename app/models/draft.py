"""Drafts: what an applicant is still filling in. They become dossiers when sent."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.lowcode.entity import Entity
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from app.models.account import Account
    from app.models.agency import Agency
    from app.models.attachment import Attachment
    from app.models.dossier import Dossier
    from app.models.procedure import ProcedureVersion


class Draft(Entity):
    """Nháp. ``dossier`` is set by sending, once: sending again finds the same dossier."""

    __history__ = (
        False  # saved every few seconds while typing; the dossier's history begins when sent
    )
    key: Mapped[str] = mapped_column(sa.String(36), unique=True)
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), index=True)
    version_id: Mapped[int] = mapped_column(sa.ForeignKey("procedure_version.id"), index=True)
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    data: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    # What the applicant chose about fees: {"case", "wanted", "counts", "subject"}; see services.fees
    fee_choices: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    result_way: Mapped[str] = mapped_column(sa.String(20), default="online")
    # Where a result by post is to go, as typed; None: not typed yet, the account's address is offered.
    result_address: Mapped[str | None] = mapped_column(sa.String(500))
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, onupdate=now)
    dossier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dossier.id"), unique=True)
    account: Mapped[Account] = relationship("Account")
    version: Mapped[ProcedureVersion] = relationship("ProcedureVersion")
    agency: Mapped[Agency | None] = relationship("Agency")
    dossier: Mapped[Dossier | None] = relationship("Dossier")
    attachments: Mapped[list[Attachment]] = relationship(
        "Attachment", back_populates="draft", order_by="Attachment.id"
    )
