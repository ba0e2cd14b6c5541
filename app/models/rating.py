"""Applicants' ratings: one per dossier, bound to it (NĐ 61/2018 Đ29–31, HUE25 Đ26.1g)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import QUALITY
from app.permissions import DOSSIER_READERS, Actor
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from app.models.dossier import Dossier

SCORES = {
    5: N_("Very satisfied"), 4: N_("Satisfied"), 3: N_("Neither"), 2: N_("Dissatisfied"),
    1: N_("Very dissatisfied"),
}  # fmt: skip
CRITERIA = {
    "time": N_("Time of handling"),
    "attitude": N_("Attitude of the officers"),
    "guidance": N_("Clarity of the guidance"),
    "papers": N_("Papers asked for as published"),
    "ease": N_("Ease of use of the system"),
}  # fmt: skip


class Rating(Entity):
    """Đánh giá of one dossier by its applicant; five criteria from 1 to 5."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), unique=True, info={"label": _l("Dossier")}
    )
    score: Mapped[int] = mapped_column(info={"label": _l("Overall"), "choices": SCORES})
    answers: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    comment: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Comment")})
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="rating")

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Rating.dossier_id, actor)

    screen = Screen(
        menu=QUALITY, icon="star", title=_l("Ratings"), singular=_l("Rating"),
        columns=["dossier", "score", "comment", "at"], filters=["score", "at"], form=[],
        can_add=False, can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip
