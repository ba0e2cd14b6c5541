"""Scans kept while the counter's form comes back: cleaned up if no dossier ever took them."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.lowcode.entity import Entity
from app.models.attachment import StoredFile
from app.types import UtcDateTime


class KeptScan(Entity):
    """A file chosen at the counter, before anything was received with it."""

    __history__ = False
    file_id: Mapped[int] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, index=True)
    file: Mapped[StoredFile] = relationship("StoredFile")
