"""One import: the file, who sent it and when, how far it is, what it would do and did."""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from sqlalchemy.orm import Mapped, deferred, mapped_column

from app.i18n import N_
from app.types import JSON, UtcDateTime

STATES = {
    "waiting": N_("Waiting to be checked"), "checking": N_("Being checked"),
    "checked": N_("Checked"), "applying": N_("Being written"), "applied": N_("Applied"),
    "dropped": N_("Dropped"),
}  # fmt: skip
BUSY = frozenset({"waiting", "checking", "applying"})


class ImportRun(Model):
    """A file on its way in. Kept for some weeks; what it wrote is in the history for good."""

    __tablename__ = "import_run"
    __history__ = False
    id: Mapped[int] = mapped_column(primary_key=True)
    target: Mapped[str] = mapped_column(sa.String(60))
    file_name: Mapped[str] = mapped_column(sa.String(200))
    user_id: Mapped[int] = mapped_column(sa.Integer, index=True)
    user_name: Mapped[str] = mapped_column(sa.String(255))
    locale: Mapped[str] = mapped_column(sa.String(5))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)
    touched_at: Mapped[datetime] = mapped_column(UtcDateTime)
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    state: Mapped[str] = mapped_column(sa.String(10))
    done: Mapped[int] = mapped_column(default=0)
    total: Mapped[int] = mapped_column(default=0)
    is_long: Mapped[bool] = mapped_column(default=False)
    corrections: Mapped[list[Any]] = mapped_column(JSON)  # [[sheet, row, column, text], …]
    skipped: Mapped[list[Any]] = mapped_column(JSON)  # [[sheet, row], …]
    counts: Mapped[list[Any]] = mapped_column(JSON)
    faults: Mapped[int] = mapped_column(default=0)
    fingerprint: Mapped[str] = mapped_column(sa.String(64), default="")
    message: Mapped[str | None] = mapped_column(sa.Text)
    content: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))
    plan: Mapped[bytes | None] = deferred(mapped_column(sa.LargeBinary))
