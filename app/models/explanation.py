"""Explanations of delays: asked by whom, by when, answered by whom."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import DOSSIERS
from app.permissions import DOSSIER_READERS, Actor
from app.types import UtcDateTime
from app.workflows.explanation import EXPLANATION_STATES, ExplanationState

if TYPE_CHECKING:
    from app.models.dossier import Dossier

_WAITING = sa.text("state = 'asked'")


class Explanation(Entity):
    """Giải trình việc chậm (QN20 Đ4.4). What nobody asked for has neither question nor time limit."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ExplanationState.asked, info={"label": _l("State"), "choices": EXPLANATION_STATES}
    )
    question: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("What is to be explained")})
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Asked")})
    asked_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    # In whose place it was asked: he answers it no more than who asked.
    asked_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    asked_by_name: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Asked by")})
    due_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("To be answered by")})
    answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Explanation of the delay")})
    answered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Answered")})
    answered_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    answered_by_name: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Answered by")})
    dossier: Mapped[Dossier] = relationship("Dossier")
    __table_args__ = (
        sa.Index("ix_explanation_state", "state", "due_at"),
        # One question at a time: the next is asked when this one is answered.
        sa.Index("uq_explanation_waiting", "dossier_id", unique=True,
                 postgresql_where=_WAITING, sqlite_where=_WAITING),
    )  # fmt: skip

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Explanation.dossier_id, actor)

    screen = Screen(
        menu=DOSSIERS, icon="message", title=_l("Explanations of delays"), singular=_l("Explanation of a delay"),
        columns=["dossier", "state", "due_at", "question", "asked_by_name", "answer", "answered_by_name"],
        filters=["state", "due_at", "asked_at"], form=[], can_add=False, can_delete=False,
        rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return _("Explanation of the delay of %(code)s", code=self.dossier.code)
