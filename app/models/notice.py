"""Notices to users, the mail that carries them, and notices of incidents (HUE25 Đ23)."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, object_session, relationship

from app.clock import now
from app.errors import Invalid
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import SYSTEM
from app.permissions import EVERY_OFFICER, Actor, Role
from app.types import UtcDateTime

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.dossier import Dossier


class Notice(Entity):
    """Thông báo shown to one user. ``key`` names its cause: the same cause notifies once."""

    __history__ = False
    user_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"))
    dossier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dossier.id"), index=True)
    key: Mapped[str] = mapped_column(sa.String(120), index=True)
    title: Mapped[str] = mapped_column(sa.String(255))
    body: Mapped[str] = mapped_column(sa.Text)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dossier: Mapped[Dossier | None] = relationship("Dossier")
    __table_args__ = (
        sa.UniqueConstraint("user_id", "key"),
        sa.Index("ix_notice_unread", "user_id", "read_at", "id"),
    )


class MailMessage(Entity):
    """One e-mail; sent through SMTP when configured, shown in the mailbox of the demo."""

    __history__ = False
    key: Mapped[str] = mapped_column(sa.String(120), unique=True)
    recipient: Mapped[str] = mapped_column(sa.String(320), info={"label": _l("To")})
    subject: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Subject")})
    body: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Content")})
    created_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=now, info={"label": _l("Created")}
    )
    sent_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Sent")})

    screen = Screen(
        menu=SYSTEM, icon="mail", title=_l("Mailbox"), singular=_l("Message"),
        columns=["created_at", "recipient", "subject", "sent_at"], filters=["created_at"],
        sections=[(_l("Message"), ["recipient", "subject", "body", "created_at", "sent_at"])],
        form=[], can_add=False, can_delete=False, is_personal=True,
        read=frozenset({Role.system_admin}),
        help=_l("Every e-mail the system sends. Without an SMTP server they are only kept here. "
                "Sent ones are removed after 180 days."),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.subject


class IncidentNotice(Entity):
    """Thông báo sự cố: what fails, until when, and what to do meanwhile (HUE25 Đ23, TTH17 Đ21)."""

    title: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Title")})
    body: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Content")})
    starts_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=now, info={"label": _l("From")}
    )
    expected_end_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime,
        info={"label": _l("Expected end"), "help": _l("Shown in the band on top of every page")},
    )
    ended_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Ended"), "help": _l("Fill it in when it is over: the band disappears")}
    )
    agency_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("agency.id"), index=True,
        info={"label": _l("Agency affected"), "help": _l("With all below it; empty: the whole system")},
    )  # fmt: skip
    clause: Mapped[str] = mapped_column(
        sa.String(120), default="HUE25 Đ23.1", server_default="HUE25 Đ23.1", info={"label": _l("Clause")}
    )
    agency: Mapped[Agency | None] = relationship("Agency")

    screen = Screen(
        menu=SYSTEM, icon="alert-triangle",
        title=_l("Incident notices"), singular=_l("Incident notice"),
        columns=["title", "agency", "starts_at", "expected_end_at", "ended_at"], can_delete=False,
        key=["title", "starts_at"],
        read=EVERY_OFFICER, write=frozenset({Role.system_admin}),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.title

    def check(self, actor: Actor) -> None:
        """Refuse an end before the start, and other times once the incident's time is decided upon."""
        self._refuse_decided()
        for name in ("expected_end_at", "ended_at"):
            value = getattr(self, name)
            if value is not None and value < self.starts_at:
                message = _("The end must not lie before the start.")
                raise Invalid(message, {name: message})

    def _refuse_decided(self) -> None:
        from app.models.incident import OutageDecision  # it needs this model first

        state = sa.inspect(self)
        touched = any(state.attrs[name].history.has_changes() for name in ("starts_at", "ended_at", "agency_id"))
        session = object_session(self)
        if not touched or not state.persistent or session is None:
            return
        with session.no_autoflush:
            query = sa.select(OutageDecision.id).where(OutageDecision.incident_id == self.id)
            if session.scalar(query) is not None:
                message = _("The time of this incident has been decided upon: its times no longer change.")
                raise Invalid(message, {"ended_at": message})
