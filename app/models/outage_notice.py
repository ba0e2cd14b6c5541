"""What applicants were told because of an incident: by whom, in which words, how many."""

from __future__ import annotations

from datetime import datetime

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.models.agency import Agency
from app.models.notice import IncidentNotice
from app.types import UtcDateTime


class OutageNotice(Entity):
    """Thông báo hướng dẫn của cơ quan (HUE25 Đ23.2, TTH17 Đ21.2). ``last_dossier_id``: cursor of the chunks."""

    __history_owner__ = ("incident_notice", "incident_id")
    incident_id: Mapped[int] = mapped_column(
        sa.ForeignKey("incident_notice.id"), index=True, info={"label": _l("Incident notice")}
    )
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Whose dossiers")}
    )
    key: Mapped[str] = mapped_column(sa.String(40), unique=True)
    text: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Guidance")})
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    user_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    actor_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("By")})
    wanted: Mapped[int] = mapped_column(info={"label": _l("Dossiers concerned")})
    told: Mapped[int] = mapped_column(default=0, info={"label": _l("Applicants told")})
    last_dossier_id: Mapped[int] = mapped_column(default=0, info={"label": _l("Last dossier told of")})
    done_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Finished")})
    incident: Mapped[IncidentNotice] = relationship("IncidentNotice")
    agency: Mapped[Agency] = relationship("Agency")

    def __str__(self) -> str:
        return self.text
