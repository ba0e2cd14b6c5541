"""Results: drafted, approved, numbered and issued into the applicant's account."""

from __future__ import annotations

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.permissions import DOSSIER_READERS, Actor
from app.types import JSON, UtcDateTime
from app.workflows.result import LABELS as RESULT_STATE_LABELS

if TYPE_CHECKING:
    from app.models.attachment import StoredFile
    from app.models.dossier import Dossier
    from app.models.sector import DocumentType


class Result(Entity):
    """Kết quả of a dossier. The issued PDF and its hash are what the applicant receives."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    document_type_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("document_type.id"), index=True, info={"label": _l("Document type")}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("State"), "choices": RESULT_STATE_LABELS}
    )
    is_favourable: Mapped[bool] = mapped_column(default=True, info={"label": _l("Granted")})
    number: Mapped[str | None] = mapped_column(sa.String(60), info={"label": _l("Number")})
    title: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Title")})
    content: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Content")})
    issued_on: Mapped[date | None] = mapped_column(info={"label": _l("Date of issue")})
    drafted_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    approved_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    approved_by_name: Mapped[str | None] = mapped_column(
        sa.String(255), info={"label": _l("Approved by")}
    )
    approved_by_title: Mapped[str | None] = mapped_column(sa.String(120))
    approved_at: Mapped[datetime | None] = mapped_column(
        UtcDateTime, info={"label": _l("Approved at")}
    )
    data: Mapped[dict[str, Any] | None] = mapped_column(JSON)
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="results")
    document_type: Mapped[DocumentType | None] = relationship("DocumentType")
    file: Mapped[StoredFile | None] = relationship("StoredFile")

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Result.dossier_id, actor)

    screen = Screen(
        icon="certificate", title=_l("Results"), singular=_l("Result"),
        columns=["dossier", "title", "state", "number", "issued_on", "approved_by_name"],
        filters=["state", "document_type"], form=[], can_add=False, can_delete=False,
        is_personal=True, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.title
