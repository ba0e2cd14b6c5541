"""What other systems are told or asked about a dossier, and whether it arrived."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import SYSTEM
from app.permissions import Actor, Role
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from app.models.dossier import Dossier

OUTSIDE_SYSTEMS = {
    "national_portal": N_("National Public Service Portal"), "vnpost": N_("VNPost, public post"),
    "data_sources": N_("National and specialised databases"),
}  # fmt: skip


class MessageState(StrEnum):
    """Whether a message arrived."""

    waiting = "waiting"
    failing = "failing"
    delivered = "delivered"


MESSAGE_STATES = {
    MessageState.waiting: N_("Waiting to be sent"), MessageState.failing: N_("Not arrived yet, tried again"),
    MessageState.delivered: N_("Delivered"),
}  # fmt: skip
MESSAGE_KINDS = {
    "state": N_("State of the dossier"), "received": N_("Dossier received by post"),
    "deliver_result": N_("Result to be delivered"), "lookup": N_("Data asked for"),
}  # fmt: skip


class OutsideMessage(Entity):
    """Một bản tin to a connected system (HUE25 Đ28.2, Đ28.4; QN20 Đ12.2a). ``key`` makes it one."""

    __history__ = False
    system: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("System"), "choices": OUTSIDE_SYSTEMS}
    )
    kind: Mapped[str] = mapped_column(sa.String(20), info={"label": _l("Kind"), "choices": MESSAGE_KINDS})
    key: Mapped[str] = mapped_column(sa.String(80), unique=True)
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), info={"label": _l("Dossier")})
    movement_id: Mapped[int | None] = mapped_column(sa.ForeignKey("movement.id"), index=True)
    state: Mapped[str] = mapped_column(
        sa.String(20), default=MessageState.waiting, info={"label": _l("State"), "choices": MESSAGE_STATES}
    )
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, default=now, info={"label": _l("Promised")})
    attempts: Mapped[int] = mapped_column(default=0, info={"label": _l("Attempts")})
    error: Mapped[str | None] = mapped_column(sa.String(500), info={"label": _l("What went wrong")})
    delivered_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Delivered at")})
    answer: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    dossier: Mapped[Dossier] = relationship("Dossier")
    __table_args__ = (
        sa.Index("ix_outside_message_dossier", "dossier_id", "system", "id"),
        sa.Index("ix_outside_message_state", "state", "created_at"),
    )

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return None if Role.system_admin in actor.roles else through_dossier(OutsideMessage.dossier_id, actor)

    screen = Screen(
        menu=SYSTEM, icon="send", title=_l("Messages to other systems"), singular=_l("Message to another system"),
        columns=["created_at", "system", "kind", "dossier", "state", "attempts", "error", "delivered_at"],
        filters=["system", "state", "kind", "created_at"], form=[], can_add=False, can_delete=False, rows=_rows,
        read=frozenset({Role.system_admin, Role.control_focal_point}),
        help=_l("Each message is sent once and tried again until it arrives. Systems are connected in the "
                "configuration of the server; without that nothing is promised."),
    )  # fmt: skip

    def __str__(self) -> str:
        return self.key
