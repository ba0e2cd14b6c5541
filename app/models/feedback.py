"""Feedback and petitions about procedures and officers, answered in public (HCM24 Đ14)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import QUALITY
from app.permissions import OVERSEERS, Actor, Role
from app.types import UtcDateTime
from app.workflows.feedback import FEEDBACK
from app.workflows.feedback import LABELS as FEEDBACK_STATES

if TYPE_CHECKING:
    from app.models.account import Account
    from app.models.agency import Agency

CATEGORIES = {
    "delay": N_("Slow handling"),
    "attitude": N_("Conduct of officers"),
    "papers": N_("Papers asked for beyond the rules"),
    "fees": N_("Fees and charges"),
    "regulation": N_("Regulation that is unclear or unsuitable"),
    "system": N_("Fault of the system"),
    "other": N_("Other"),
}  # fmt: skip
FEEDBACK_CHANNELS = {
    "portal": N_("Portal"), "counter": N_("At the counter"), "phone": N_("By telephone"),
    "post": N_("By post"),
}  # fmt: skip
# Whoever may do something with it by the table.
HANDLERS = frozenset(Role(role) for row in FEEDBACK.transitions if None not in row.sources for role in row.roles)


class Feedback(Searchable, Entity):
    """Phản ánh, kiến nghị. Separate from complaints; the answer is published."""

    code: Mapped[str] = mapped_column(sa.String(40), unique=True, info={"label": _l("Code")})
    title: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Title")})
    content: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Content")})
    category: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Category"), "choices": CATEGORIES}
    )
    channel: Mapped[str] = mapped_column(
        sa.String(20), default="portal",
        info={"label": _l("Received through"), "choices": FEEDBACK_CHANNELS},
    )  # fmt: skip
    sender_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Sender")})
    sender_phone: Mapped[str | None] = mapped_column(sa.String(20), info={"label": _l("Phone"), "kind": "phone"})
    sender_email: Mapped[str | None] = mapped_column(
        sa.String(120), info={"label": _l("E-mail"), "kind": "email"}
    )
    account_id: Mapped[int | None] = mapped_column(sa.ForeignKey("account.id"), index=True)
    dossier_code: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Dossier code")}
    )
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), info={"label": _l("Agency concerned")}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("State"), "choices": FEEDBACK_STATES}
    )
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Received")})
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Answer due")})
    answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Answer")})
    answered_by_name: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Answered by")}
    )
    answered_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Answered")}
    )
    published_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Published")}
    )
    # As an officer read and released them; None: published before that was asked for.
    public_title: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Title as published")})
    public_content: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Content as published")})
    public_answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Answer as published")})
    is_public: Mapped[bool] = mapped_column(
        default=True, info={"label": _l("Sender agrees to publication")}
    )
    agency: Mapped[Agency] = relationship("Agency")
    account: Mapped[Account | None] = relationship("Account")
    __table_args__ = (
        sa.Index("ix_feedback_agency_state", "agency_id", "state", "due_at"),
        sa.Index("ix_feedback_published", "published_at"),
    )

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import by_agency

        return by_agency(Feedback.agency_id, actor, HANDLERS | OVERSEERS)

    screen = Screen(
        menu=QUALITY, icon="messages",
        title=_l("Feedback and petitions"), singular=_l("Feedback"),
        columns=["code", "title", "category", "agency", "state", "received_at", "due_at"],
        search=["code", "title", "sender_name"],
        filters=["state", "category", "agency", "received_at"], form=[],
        can_add=False, can_delete=False, is_personal=True, rows=_rows,
        read=HANDLERS | OVERSEERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return f"{self.code} – {self.title}"
