"""Why the limit of a question to another agency was moved: what the page of the dossier explains."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column

from app.lowcode.entity import Entity
from app.types import UtcDateTime


class QuestionDelay(Entity):
    """One move; the history of the dossier tells it with the act that it belongs to."""

    __history__ = False
    task_id: Mapped[int] = mapped_column(sa.ForeignKey("task.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    old_due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Due before")})
    new_due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Due then")})
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    clause: Mapped[str] = mapped_column(sa.String(120), default="")

    def __str__(self) -> str:
        return self.reason
