"""Moving every running dossier from one process to a newer one: what was decided, and what became of each."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.models.dossier import Dossier
from app.models.process import Process
from app.types import JSON, UtcDateTime


class ProcessMove(Entity):
    """An act over all dossiers of a process. mapping: old key → new key; ``last_dossier_id``: cursor of the worker.

    The decision stands in the history of the process, each move in that of its dossier.
    """

    __history__ = False
    source_id: Mapped[int] = mapped_column(sa.ForeignKey("process.id"), index=True)
    target_id: Mapped[int] = mapped_column(sa.ForeignKey("process.id"), index=True)
    mapping: Mapped[dict[str, str]] = mapped_column(JSON)
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("By")})
    wanted: Mapped[int] = mapped_column(info={"label": _l("Dossiers concerned")})
    moved: Mapped[int] = mapped_column(default=0, info={"label": _l("Dossiers moved")})
    stayed: Mapped[int] = mapped_column(default=0)
    last_dossier_id: Mapped[int] = mapped_column(default=0, info={"label": _l("Last dossier moved")})
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Finished")})
    source: Mapped[Process] = relationship("Process", foreign_keys=[source_id])
    target: Mapped[Process] = relationship("Process", foreign_keys=[target_id])

    def __str__(self) -> str:
        return self.reason


class ProcessMoveLine(Entity):
    """What became of one dossier. hindrance: why it stays, empty for one that was moved."""

    __history__ = False
    move_id: Mapped[int] = mapped_column(sa.ForeignKey("process_move.id"))
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    hindrance: Mapped[str] = mapped_column(sa.Text, default="")
    dossier: Mapped[Dossier] = relationship("Dossier")
    __table_args__ = (sa.UniqueConstraint("move_id", "dossier_id"),)

    def __str__(self) -> str:
        return self.hindrance
