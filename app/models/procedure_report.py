"""Reports that a procedure is wrong, missing or expired (HCM24 Đ17.6h)."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.clock import now
from app.i18n import N_
from app.lowcode.entity import Entity, Searchable
from app.lowcode.screen import Screen
from app.models.menus import PROCEDURES
from app.permissions import Actor, Role
from app.types import UtcDateTime
from app.workflows.online import REPORT_STATES, REPORTERS, ReportState

if TYPE_CHECKING:
    from app.models.agency import Agency
    from app.models.procedure import Procedure

_READ = frozenset(Role(role) for role in REPORTERS) | {Role.catalog_admin, Role.auditor}


class ReportKind(StrEnum):
    """What is the matter with the procedure."""

    wrong = "wrong"
    missing = "missing"
    expired = "expired"


REPORT_KINDS = {
    ReportKind.wrong: N_("Published, but wrong or incomplete"),
    ReportKind.missing: N_("In force, but not published"),
    ReportKind.expired: N_("Expired or repealed, but still published"),
}


class ProcedureReport(Searchable, Entity):
    """Phản hồi về thủ tục: what an agency found, tracked to the Office's answer."""

    kind: Mapped[str] = mapped_column(
        sa.String(10), info={"label": _l("What is the matter"), "choices": REPORT_KINDS}
    )
    # Empty for a procedure that is not published: the subject names it.
    procedure_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("procedure.id"), index=True, info={"label": _l("Procedure")}
    )
    title: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Subject")})
    content: Mapped[str] = mapped_column(sa.Text, info={"label": _l("What was found")})
    agency_id: Mapped[int] = mapped_column(
        sa.ForeignKey("agency.id"), index=True, info={"label": _l("Reporting agency")}
    )
    author_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("ab_user.id"), index=True, info={"label": _l("Reported by")}
    )
    author_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Reported by")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ReportState.sent, index=True,
        info={"label": _l("State"), "choices": REPORT_STATES},
    )  # fmt: skip
    sent_at: Mapped[datetime] = mapped_column(
        UtcDateTime, default=now, info={"label": _l("Sent at")}
    )
    due_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Answer due")})
    answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Answer")})
    answered_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Answered at")}
    )
    answered_by: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Answered by")}
    )
    procedure: Mapped[Procedure | None] = relationship("Procedure")
    agency: Mapped[Agency] = relationship("Agency")

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import by_agency

        return by_agency(ProcedureReport.agency_id, actor, _READ)

    screen = Screen(
        menu=PROCEDURES, icon="alert-triangle", title=_l("Reports on procedures"),
        singular=_l("Report on a procedure"),
        columns=["title", "kind", "procedure", "agency", "state", "due_at"],
        search=["title"], filters=["state", "kind", "agency", "due_at"],
        sections=[
            (_l("Report on a procedure"), ["title", "kind", "procedure", "content", "agency",
                                           "author_name", "sent_at"]),
            (_l("Answer"), ["state", "due_at", "answer", "answered_by", "answered_at"]),
        ],
        form=[], can_add=False, can_delete=False, rows=_rows, read=_READ,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.title
