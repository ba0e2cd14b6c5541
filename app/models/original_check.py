"""Originals asked for and what the comparison found: which paper, who, when, agrees or not."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.dossier import PAPER_KINDS
from app.models.menus import DOSSIERS
from app.permissions import DOSSIER_READERS, Actor
from app.types import UtcDateTime
from app.workflows.originals import ORIGINAL_STATES, OriginalState

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.dossier import Dossier


class OriginalCheck(Entity):
    """Đối chiếu bản chính of one paper (HUE25 Đ10.4, TTH17 Đ11.3). ``shown``: what was brought."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    component_id: Mapped[int | None] = mapped_column(sa.ForeignKey("component.id"), index=True)
    paper_name: Mapped[str] = mapped_column(sa.String(1000), info={"label": _l("Paper")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=OriginalState.asked, info={"label": _l("State"), "choices": ORIGINAL_STATES}
    )
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    place_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Where it is shown")}
    )
    appointment_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Appointment")})
    asked_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Asked")})
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    asked_by_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Asked by")})
    shown: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("What was shown"), "choices": PAPER_KINDS}
    )
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Compared")})
    done_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    done_by_name: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Compared by")})
    finding: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Finding")})
    dossier: Mapped[Dossier] = relationship("Dossier")
    place: Mapped[Agency] = relationship("Agency")
    __table_args__ = (
        sa.Index(
            "uq_original_check_open", "dossier_id", "component_id", unique=True,
            sqlite_where=sa.text("state = 'asked'"), postgresql_where=sa.text("state = 'asked'"),
        ),
    )  # fmt: skip

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(OriginalCheck.dossier_id, actor)

    screen = Screen(
        menu=DOSSIERS, icon="scan", title=_l("Comparisons with originals"), singular=_l("Comparison with the original"),
        columns=["dossier", "paper_name", "state", "appointment_at", "place", "asked_by_name", "done_by_name",
                 "done_at"],
        filters=["state", "appointment_at", "place"], form=[], can_add=False, can_delete=False, rows=_rows,
        read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.dossier.code} – {self.paper_name}"
