"""What an applicant owes for a dossier, and its payment at the counter."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.i18n import N_
from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.procedure_words import FEE_KINDS, FEE_MOMENTS
from app.permissions import DOSSIER_READERS, Actor
from app.types import JSON, UtcDateTime

if TYPE_CHECKING:
    from flask_appbuilder.security.sqla.models import User

    from app.models.dossier import Dossier
    from app.models.fee import Fee, FeeSubject


class ChargeState(StrEnum):
    """Whether a charge is paid."""

    due = "due"
    paid = "paid"
    exempt = "exempt"  # nothing is owed: a relief takes all of it
    cancelled = "cancelled"
    refunded = "refunded"  # paid, then paid back whole


CHARGE_STATES = {
    ChargeState.due: N_("To be paid"), ChargeState.paid: N_("Paid"),
    ChargeState.exempt: N_("Exempt"), ChargeState.cancelled: N_("Cancelled"),
    ChargeState.refunded: N_("Paid back"),
}  # fmt: skip
_DUE = sa.text("state = 'due'")
# A relief is claimed by the applicant and confirmed by the desk, which has seen the paper.
CLAIMS = {"claimed": N_("Claimed, not checked yet"), "confirmed": N_("Checked by the desk")}
PAYMENT_METHODS = {"cash": N_("Cash"), "transfer": N_("Bank transfer"), "card": N_("Card")}
# What is paid back is handed over or transferred; a card only pays in.
REFUND_METHODS = ("cash", "transfer")


class Charge(Entity):
    """Khoản phải nộp: an amount in đồng, fixed when the dossier was received (QN20 Đ14.2).

    explanation: [[msgid, params], …]; full_amount: before reductions; units × pieces: its count.
    """

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(
        sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")}
    )
    name: Mapped[str] = mapped_column(sa.String(500), info={"label": _l("Name")})
    kind: Mapped[str] = mapped_column(
        sa.String(10), info={"label": _l("Kind"), "choices": FEE_KINDS}
    )
    amount: Mapped[int] = mapped_column(
        sa.BigInteger, info={"label": _l("Amount (đồng)"), "kind": "money"}
    )
    full_amount: Mapped[int | None] = mapped_column(
        sa.BigInteger, info={"label": _l("Before reductions (đồng)"), "kind": "money"}
    )
    fee_id: Mapped[int | None] = mapped_column(sa.ForeignKey("fee.id"), index=True)
    counts: Mapped[list[Any] | None] = mapped_column(JSON)  # [[units, pieces], …]
    explanation: Mapped[list[Any] | None] = mapped_column(JSON)
    legal_basis: Mapped[str | None] = mapped_column(
        sa.String(520), info={"label": _l("Legal basis")}
    )
    due: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("When it is paid"), "choices": FEE_MOMENTS}
    )
    subject_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("fee_subject.id"), index=True,
        info={"label": _l("Subject exempt from fees")},
    )  # fmt: skip
    claim: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Exemption"), "choices": CLAIMS}
    )
    state: Mapped[str] = mapped_column(
        sa.String(20), default=ChargeState.due,
        info={"label": _l("State"), "choices": CHARGE_STATES},
    )  # fmt: skip
    paid_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Paid at")})
    method: Mapped[str | None] = mapped_column(
        sa.String(20), info={"label": _l("Way of payment"), "choices": PAYMENT_METHODS}
    )
    receipt_number: Mapped[str | None] = mapped_column(
        sa.String(60), info={"label": _l("Receipt number")}
    )
    cashier_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("ab_user.id"), index=True, info={"label": _l("Cashier")}
    )
    # Cancelled because the dossier ended: owed again if it is opened again.
    is_ended: Mapped[bool] = mapped_column(default=False, server_default=sa.false())
    dossier: Mapped[Dossier] = relationship("Dossier", back_populates="charges")
    cashier: Mapped[User | None] = relationship("User")
    fee: Mapped[Fee | None] = relationship("Fee")
    subject: Mapped[FeeSubject | None] = relationship("FeeSubject")
    # What is owed, few of all charges ever: the cashier's inbox asks it of each open dossier of the desk.
    __table_args__ = (sa.Index("ix_charge_due", "dossier_id", postgresql_where=_DUE, sqlite_where=_DUE),)

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Charge.dossier_id, actor)

    screen = Screen(
        icon="cash", title=_l("Charges"), singular=_l("Charge to pay"),
        columns=["dossier", "name", "amount", "state", "paid_at", "receipt_number", "cashier"],
        filters=["state", "kind", "method", "paid_at"], form=[], can_add=False,
        can_delete=False, rows=_rows, read=DOSSIER_READERS,
        scope={"agency": ["dossier.agency_id", "dossier.desk_id"], "owner": ["cashier_id"]},
    )  # fmt: skip

    def __str__(self) -> str:
        return self.name
