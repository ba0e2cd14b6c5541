"""Money paid back for a dossier that ended before its result."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import DOSSIERS
from app.models.money import PAYMENT_METHODS
from app.permissions import DOSSIER_READERS, Actor
from app.types import UtcDateTime

if TYPE_CHECKING:
    from app.models.dossier import Dossier
    from app.models.money import Charge


class Refund(Entity):
    """Hoàn trả of a charge: amount in đồng, to whom, why, by which decision, under which number."""

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")})
    charge_id: Mapped[int] = mapped_column(sa.ForeignKey("charge.id"), index=True, info={"label": _l("Charge to pay")})
    amount: Mapped[int] = mapped_column(sa.BigInteger, info={"label": _l("Amount (đồng)"), "kind": "money"})
    receipt_number: Mapped[str | None] = mapped_column(sa.String(60), info={"label": _l("Receipt paid back")})
    number: Mapped[str] = mapped_column(sa.String(60), info={"label": _l("Refund number")})
    decision: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Decision or voucher")})
    receiver: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Who receives it")})
    method: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("Way of payment"), "choices": PAYMENT_METHODS}
    )
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    cashier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    cashier_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Cashier")})
    dossier: Mapped[Dossier] = relationship("Dossier")
    charge: Mapped[Charge] = relationship("Charge")

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Refund.dossier_id, actor)

    screen = Screen(
        menu=DOSSIERS, icon="cash", title=_l("Refunds"), singular=_l("Refund"),
        columns=["number", "dossier", "charge", "amount", "receiver", "decision", "at", "cashier_name"],
        filters=["at", "method"], form=[], can_add=False, can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.number
