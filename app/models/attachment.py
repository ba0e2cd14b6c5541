"""Files: content kept once by its hash, and where it is attached (design 3.12)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.lowcode.entity import Entity
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from app.models.dossier import Dossier
    from app.models.draft import Draft
    from app.models.procedure import Component
    from app.models.result import Result


class ScanStatus(StrEnum):
    """Whether the malware scan has passed; nothing else may be opened."""

    pending = "pending"
    clean = "clean"
    infected = "infected"


class StoredFile(Entity):
    """The content, by SHA-256; the same content is kept once."""

    __history__ = False
    sha256: Mapped[str] = mapped_column(sa.String(64), unique=True)
    size: Mapped[int] = mapped_column(sa.BigInteger)
    media_type: Mapped[str] = mapped_column(sa.String(120))
    scan_status: Mapped[str] = mapped_column(sa.String(10), default=ScanStatus.pending)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    # What the signatures in a PDF prove, as last checked (services/signatures.py); None: not looked at.
    signatures: Mapped[list[Any] | None] = mapped_column(JSON)
    signatures_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class Attachment(Entity):
    """Tệp đính kèm of a draft, and of the dossier the draft became.

    ``source_class`` says where it comes from (TTH17 Đ8: 2 = digitised by the applicant,
    3 = digitised at the desk, 8 = digitised result).
    """

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    draft_id: Mapped[int | None] = mapped_column(sa.ForeignKey("draft.id"), index=True)
    component_id: Mapped[int | None] = mapped_column(sa.ForeignKey("component.id"), index=True)
    field_key: Mapped[str | None] = mapped_column(sa.String(60))
    name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("File name")})
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    source_class: Mapped[int] = mapped_column(default=2)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    author_name: Mapped[str] = mapped_column(sa.String(255), default="")
    # The earlier result of this system that it is (QN20 Đ23.1b).
    result_id: Mapped[int | None] = mapped_column(sa.ForeignKey("result.id"), index=True)
    is_replaced: Mapped[bool] = mapped_column(default=False)
    dossier: Mapped[Dossier | None] = relationship("Dossier", back_populates="attachments")
    draft: Mapped[Draft | None] = relationship("Draft", back_populates="attachments")
    component: Mapped[Component | None] = relationship("Component")
    file: Mapped[StoredFile] = relationship(StoredFile)
    result: Mapped[Result | None] = relationship("Result")

    def __str__(self) -> str:
        return self.name
