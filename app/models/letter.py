"""Letters and slips: what was printed, with the data it was printed from."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.permissions import DOSSIER_READERS, Actor
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from app.models.attachment import StoredFile
    from app.models.dossier import Dossier

LETTER_KINDS = {
    "acknowledgement": N_("Automatic acknowledgement"),
    "receipt_slip": N_("Receipt and appointment slip"),
    "supplement": N_("Request to supplement"),
    "refusal": N_("Refusal of reception"),
    "apology": N_("Apology and new appointment"),
    "stop": N_("Notice of stopping"),
    "control_slip": N_("Process control slip"),
    "charge_receipt": N_("Payment receipt"),
    "refund_slip": N_("Refund slip"),
    "return_receipt": N_("Receipt of the result"),
    "guidance": N_("Guidance slip"),
}  # fmt: skip


class Letter(Entity):
    """Phiếu, văn bản issued for a dossier. ``data`` is all the PDF is made from."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    kind: Mapped[str] = mapped_column(
        sa.String(30), info={"label": _l("Kind"), "choices": LETTER_KINDS}
    )
    number: Mapped[str | None] = mapped_column(sa.String(60), info={"label": _l("Number")})
    data: Mapped[dict[str, Any]] = mapped_column(JSON)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("Issued")})
    # What caused it ("accept:1", …): the same cause never issues a second letter.
    cause: Mapped[str] = mapped_column(sa.String(60))
    # Of the office's own texts (LetterTemplate); empty: the built-in ones. The texts stand in ``data``.
    edition: Mapped[int | None] = mapped_column(info={"label": _l("Edition of the texts")})
    # Kept under its number, no longer in force: what it was issued for was taken back.
    cancelled_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Cancelled")})
    file_id: Mapped[int | None] = mapped_column(sa.ForeignKey("stored_file.id"), index=True)
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="letters")
    file: Mapped[StoredFile | None] = relationship("StoredFile")
    __table_args__ = (sa.UniqueConstraint("dossier_id", "kind", "cause"),)

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Letter.dossier_id, actor)

    screen = Screen(
        icon="file-text", title=_l("Letters and slips"), singular=_l("Letter"),
        columns=["dossier", "kind", "number", "created_at", "cancelled_at"], filters=["kind"],
        form=[], can_add=False, can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return _(LETTER_KINDS.get(self.kind, self.kind))
