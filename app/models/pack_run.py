"""Packs that were uploaded: what each would change, what it changed, and what was there before."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from app.clock import now
from app.i18n import N_
from app.lowcode.entity import Entity
from app.types import JSON, UtcDateTime


class RunState(StrEnum):
    """Life of a run; what is refused or undone is not taken up again."""

    waiting = "waiting"
    planned = "planned"
    refused = "refused"
    applying = "applying"
    applied = "applied"
    undoing = "undoing"
    undone = "undone"


RUN_STATES = {
    RunState.waiting: N_("Being checked"), RunState.planned: N_("Ready to apply"),
    RunState.refused: N_("Refused"), RunState.applying: N_("Being applied"),
    RunState.applied: N_("Applied"), RunState.undoing: N_("Being undone"), RunState.undone: N_("Undone"),
}  # fmt: skip


class PackRun(Entity):
    """Một lần nhập gói cấu hình. Its acts are in the history; its content would only fill that.

    content: {file: document}. upload: the zip that the worker has yet to read. without: kinds that a pack of
    everything leaves out. lines: the plan in words. faults: why it was refused, or could not be undone. target: digest
    of what the plan was made against.
    before: [{kind, key, document, after}] of what was touched.
    """

    __history__ = False
    name: Mapped[str] = mapped_column(sa.String(200))
    scope: Mapped[str] = mapped_column(sa.String(20), default="")
    without: Mapped[list[Any]] = mapped_column(JSON, default=list)
    is_replacing: Mapped[bool] = mapped_column(default=False)
    state: Mapped[str] = mapped_column(sa.String(20), default=RunState.waiting, index=True)
    content: Mapped[dict[str, Any]] = mapped_column(JSON, deferred=True)
    upload: Mapped[bytes | None] = mapped_column(sa.LargeBinary, deferred=True)
    lines: Mapped[list[Any]] = mapped_column(JSON, default=list, deferred=True)
    counts: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    remarks: Mapped[list[Any]] = mapped_column(JSON, default=list)
    faults: Mapped[list[Any]] = mapped_column(JSON, default=list)
    target: Mapped[str] = mapped_column(sa.String(64), default="")
    before: Mapped[list[Any] | None] = mapped_column(JSON, deferred=True)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    author_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    author_name: Mapped[str] = mapped_column(sa.String(255), default="")
    applied_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    applied_by: Mapped[str | None] = mapped_column(sa.String(255))
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    undone_by: Mapped[str | None] = mapped_column(sa.String(255))

    def __str__(self) -> str:
        return self.name


class PackProgress(Entity):
    """How far the worker is with a large pack; a row of its own, as the run itself is locked."""

    __history__ = False
    run_id: Mapped[int] = mapped_column(sa.ForeignKey("pack_run.id"), unique=True)
    percent: Mapped[int] = mapped_column(default=0)
