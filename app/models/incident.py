"""After an incident: whether its time is given back, and what was received on paper meanwhile."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.models.account import Account
from app.models.agency import Agency
from app.models.dossier import Dossier
from app.models.notice import IncidentNotice
from app.types import JSON, UtcDateTime


class OutageDecision(Entity):
    """Quyết định about the time of an ended incident: given back to running dossiers, or not.

    ``last_dossier_id`` is the cursor of the chunks, each moved in a transaction of its own.
    """

    __history_owner__ = ("incident_notice", "incident_id")
    incident_id: Mapped[int] = mapped_column(
        sa.ForeignKey("incident_notice.id"), unique=True, info={"label": _l("Incident notice")}
    )
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), info={"label": _l("By")})
    actor_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("By")})
    is_credited: Mapped[bool] = mapped_column(info={"label": _l("Time given back")})
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    clause: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Clause")})
    last_dossier_id: Mapped[int] = mapped_column(default=0, info={"label": _l("Last dossier moved")})
    moved: Mapped[int] = mapped_column(default=0, info={"label": _l("Dossiers moved")})
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Finished")})
    incident: Mapped[IncidentNotice] = relationship("IncidentNotice")

    def __str__(self) -> str:
        return self.reason


class PaperState(StrEnum):
    """What became of a late entry."""

    pending = "pending"
    approved = "approved"
    refused = "refused"


PAPER_STATES = {
    PaperState.pending: N_("Waiting for approval"),
    PaperState.approved: N_("Approved"),
    PaperState.refused: N_("Not approved"),
}


class PaperReception(Entity):
    """Nhập bù: a dossier received on paper during an incident; it counts once a second person agrees.

    given: what the counter entered (services/catch_up.py). received_at: the true time on paper.
    """

    __history_owner__ = ("incident_notice", "incident_id")
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    incident_id: Mapped[int] = mapped_column(
        sa.ForeignKey("incident_notice.id"), index=True, info={"label": _l("Incident notice")}
    )
    desk_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("One-stop desk")}
    )
    account_id: Mapped[int] = mapped_column(sa.ForeignKey("account.id"), info={"label": _l("Applicant")})
    procedure_name: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Procedure")})
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Received on paper at")})
    paper_number: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Number in the paper book")})
    given: Mapped[dict[str, Any]] = mapped_column(JSON, info={"label": _l("Content")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=PaperState.pending, index=True,
        info={"label": _l("State"), "choices": PAPER_STATES},
    )  # fmt: skip
    entered_by_id: Mapped[int] = mapped_column(sa.ForeignKey("ab_user.id"), info={"label": _l("By")})
    entered_by_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Entered by")})
    # In whose place it was entered: he approves it no more than who entered it.
    entered_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    entered_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Entered at")})
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), info={"label": _l("Decided by")})
    decided_by_name: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Decided by")})
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Decided at")})
    reason: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Reason")})
    dossier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("dossier.id"), info={"label": _l("Dossier")})
    # Scans of the papers, attached to the dossier once it is approved: [[file id, name, component id], …].
    scans: Mapped[list[Any]] = mapped_column(JSON, default=list, server_default="[]")
    incident: Mapped[IncidentNotice] = relationship("IncidentNotice")
    desk: Mapped[Agency] = relationship("Agency")
    account: Mapped[Account] = relationship("Account")
    dossier: Mapped[Dossier | None] = relationship("Dossier")

    def __str__(self) -> str:
        return f"{self.paper_number}: {self.procedure_name}"
