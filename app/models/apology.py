"""Apologies: what for, who wrote it, who signed it, what became of it."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import DOSSIERS
from app.permissions import DOSSIER_READERS, ROLE_LABELS, Actor
from app.types import JSON, UtcDateTime
from app.workflows.apology import APOLOGY_STATES, ApologyState

if TYPE_CHECKING:
    from app.models.dossier import Dossier

APOLOGY_KINDS = {
    "overdue": N_("The result is late"),
    "guidance": N_("The first request for a supplement was unclear"),
}


class Apology(Entity):
    """Thư xin lỗi. ``cause`` ("overdue", "supplement:2"): the same thing asks for one letter.

    new_due_at: when a late result is promised now; the due date itself stays, so that late is late.
    """

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    kind: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("What for"), "choices": APOLOGY_KINDS}
    )
    cause: Mapped[str] = mapped_column(sa.String(40))
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ApologyState.owed,
        info={"label": _l("State"), "choices": APOLOGY_STATES},
    )  # fmt: skip
    signer_role: Mapped[str] = mapped_column(
        sa.String(40), info={"label": _l("Signed by (role)"), "choices": dict(ROLE_LABELS)}
    )
    reason: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Reason")})
    # The request for a supplement that is sent together with it, once it is signed (TTH17 Đ13.2).
    request: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    new_due_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Promised now")}
    )
    required_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Due since")})
    written_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    written_by_name: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Written by")}
    )
    written_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Written")})
    decided_by_name: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Decided by")}
    )
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Decided")})
    answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Remark")})
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="apologies")
    __table_args__ = (
        sa.UniqueConstraint("dossier_id", "cause"),
        sa.Index("ix_apology_state", "state", "signer_role"),
    )

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Apology.dossier_id, actor)

    screen = Screen(
        menu=DOSSIERS, icon="mail", title=_l("Apologies"), singular=_l("Apology"),
        columns=["dossier", "kind", "state", "signer_role", "required_at", "written_by_name",
                 "decided_at"],
        filters=["state", "kind", "signer_role", "required_at"], form=[], can_add=False,
        can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.dossier.code} – {_(APOLOGY_KINDS[self.kind])}"
