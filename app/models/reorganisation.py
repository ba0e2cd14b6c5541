"""Merging, splitting, renaming and closing agencies, each act with what it changed."""

from __future__ import annotations

from datetime import date, datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.models.agency import Agency
from app.types import JSON, UtcDateTime


class ReorganisationKind(StrEnum):
    """What may happen to an agency."""

    merge = "merge"
    split = "split"
    rename = "rename"
    close = "close"


class ReorganisationState(StrEnum):
    """How far an act is: large ones are done by the worker, those of a later day on that day."""

    planned = "planned"
    waiting = "waiting"
    applied = "applied"
    refused = "refused"
    undoing = "undoing"
    undone = "undone"
    cancelled = "cancelled"


REORGANISATION_KINDS = {
    ReorganisationKind.merge: N_("Merge into another agency"),
    ReorganisationKind.split: N_("Split off a new agency"),
    ReorganisationKind.rename: N_("Rename"),
    ReorganisationKind.close: N_("Close without a successor"),
}
REORGANISATION_STATES = {
    ReorganisationState.planned: N_("Planned"),
    ReorganisationState.waiting: N_("Being carried out"),
    ReorganisationState.applied: N_("Carried out"),
    ReorganisationState.refused: N_("Not carried out"),
    ReorganisationState.undoing: N_("Being undone"),
    ReorganisationState.undone: N_("Undone"),
    ReorganisationState.cancelled: N_("Cancelled before it took effect"),
}


class Reorganisation(Entity):
    """Sắp xếp cơ quan: one act under one decision. ``images`` say what it changed, for undoing.

    images: [[table, id, column, old, new]], old and new None for a record made by the act; of what
    there may be any number, [table, ids, column, old, new].
    """

    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Kind"), "choices": REORGANISATION_KINDS}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("State"), "choices": REORGANISATION_STATES}
    )
    source_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Agency concerned")}
    )
    target_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id", ondelete="SET NULL"), index=True, info={"label": _l("Agency taking over")}
    )
    decision_number: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Decision number")})
    decision_on: Mapped[date] = mapped_column(info={"label": _l("Date of decision")})
    effective_on: Mapped[date | None] = mapped_column(info={"label": _l("Takes effect on")})
    old_code: Mapped[str | None] = mapped_column(sa.String(35), index=True)
    wish: Mapped[dict[str, Any]] = mapped_column(JSON, default=dict)
    effects: Mapped[list[Any]] = mapped_column(JSON, default=list)
    images: Mapped[list[Any]] = mapped_column(JSON, default=list, deferred=True)
    fault: Mapped[str | None] = mapped_column(sa.Text)
    actor_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Done by")})
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    done_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Carried out at")})
    undone_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Undone at")})
    source: Mapped[Agency] = relationship(foreign_keys=[source_id])
    target: Mapped[Agency | None] = relationship(foreign_keys=[target_id])

    def __str__(self) -> str:
        return f"{_(REORGANISATION_KINDS[ReorganisationKind(self.kind)])}: {self.source}"
