"""The course of a dossier: movements, who held the clock, and each change of the due date."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.dossier import DOSSIER_STATES
from app.permissions import DOSSIER_READERS, Actor
from app.types import UtcDateTime
from app.workflows.apology import APOLOGY
from app.workflows.dossier import DOSSIER
from app.workflows.explanation import EXPLANATION
from app.workflows.extension import EXTENSION
from app.workflows.originals import ORIGINAL
from app.workflows.refund import REFUND

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.dossier import Dossier

HOLDERS = {
    "desk": N_("One-stop desk"), "officer": N_("Officer"), "applicant": N_("Applicant"),
    "payment": N_("Payment"), "other_agency": N_("Other agency"), "outage": N_("Outage"),
}  # fmt: skip


# Handovers between steps of the process stand beside the transitions of the state table.
_TABLES = (DOSSIER, EXTENSION, APOLOGY, EXPLANATION, ORIGINAL, REFUND)
ACTS = {row.name: row.label for table in _TABLES for row in table.transitions} | {
    "finish_step": N_("Finish the step"), "send_back_step": N_("Send back to an earlier step"),
    "recall_step": N_("Take back a finished step"),
    "ask_opinion": N_("Ask for an opinion"), "give_opinion": N_("Give an opinion"),
    "rehome": N_("Handed over by a reorganisation of agencies"),
    "catch_up": N_("Entered later from paper"), "move_process": N_("Move to another process"),
    "check_data": N_("Ask connected databases"),
    "hand_over_absence": N_("Handed over: the officer is away"),
    "hand_over_stranded": N_("Handed over: its officer may not do it any more"),
    "take_back_question": N_("Take back a question"),
    "undo_claim": N_("Undo taking a task"), "undo_hand_over": N_("Undo handing a task over"),
}  # fmt: skip


class Movement(Entity):
    """One transition of a dossier, or one handover inside the process, with its clause."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    transition: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Act"), "choices": ACTS})
    source: Mapped[int | None] = mapped_column(
        sa.SmallInteger, info={"label": _l("From state"), "choices": DOSSIER_STATES}
    )
    target: Mapped[int] = mapped_column(
        sa.SmallInteger, info={"label": _l("To state"), "choices": DOSSIER_STATES}
    )
    actor_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("By")})
    agency_name: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Agency")})
    on_behalf_of: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("In place of")})
    delegation_id: Mapped[int | None] = mapped_column(sa.ForeignKey("delegation.id"), index=True)
    remark: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Remark")})
    clause: Mapped[str | None] = mapped_column(sa.String(120), info={"label": _l("Clause")})
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="movements")

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Movement.dossier_id, actor)

    screen = Screen(
        icon="route", title=_l("Course of dossiers"), singular=_l("Movement"),
        columns=["dossier", "at", "transition", "target", "actor_name", "on_behalf_of", "remark"],
        form=[], can_add=False, can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return _(ACTS.get(self.transition, self.transition))


class ClockSegment(Entity):
    """Who held the dossier from when to when; the open one has no end."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    holder: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Held by"), "choices": HOLDERS}
    )
    agency_id: Mapped[int | None] = mapped_column(sa.ForeignKey("agency.id"), index=True)
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    started_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("From")})
    ended_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Until")})
    ground: Mapped[str | None] = mapped_column(sa.String(120), info={"label": _l("Clause")})
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="segments")
    agency: Mapped[Agency | None] = relationship("Agency")
    __table_args__ = (
        sa.Index("uq_clock_segment_open", "dossier_id", unique=True,
                 postgresql_where=sa.text("ended_at IS NULL"),
                 sqlite_where=sa.text("ended_at IS NULL")),
    )  # fmt: skip


class DueChange(Entity):
    """Why and by whom the due date moved; the original one stays on the dossier."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    old_due_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    new_due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    reason: Mapped[str] = mapped_column(sa.Text)
    clause: Mapped[str | None] = mapped_column(sa.String(120))
    actor_name: Mapped[str] = mapped_column(sa.String(255))
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="due_changes")
