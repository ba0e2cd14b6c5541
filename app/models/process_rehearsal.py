"""Rehearsing a process with any number of finished dossiers: how far the worker is, and its report."""

from __future__ import annotations

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.models.process import Process
from app.types import JSON, UtcDateTime


class ProcessRehearsal(Entity):
    """One rehearsal; it writes nothing but itself, and goes with its process.

    edition: of the process it began with. since: dossiers finished earlier are left out. tally: what was added up
    so far (``rehearsal_report.Tally``). report: what came out, once it is done. fault: why it ended early.
    """

    __history__ = False
    process_id: Mapped[int] = mapped_column(sa.ForeignKey("process.id", ondelete="CASCADE"), index=True)
    edition: Mapped[str] = mapped_column(sa.String(16))
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("By")})
    wanted: Mapped[int] = mapped_column(info={"label": _l("Number of dossiers")})
    played: Mapped[int] = mapped_column(default=0)
    tally: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict, deferred=True)
    report: Mapped[dict[str, Any] | None] = mapped_column(JSON, deferred=True)
    fault: Mapped[str] = mapped_column(sa.Text, default="")
    last_dossier_id: Mapped[int] = mapped_column(default=0)
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Finished")})
    process: Mapped[Process] = relationship("Process")

    def __str__(self) -> str:
        return f"{self.at:%d/%m/%Y}"
