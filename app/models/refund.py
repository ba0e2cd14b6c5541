"""Money paid back for a dossier that ended before its result: entered by one, approved by another."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Mapped, mapped_column, relationship

from app.lowcode.entity import Entity
from app.lowcode.screen import Screen
from app.models.menus import DOSSIERS
from app.models.money import PAYMENT_METHODS
from app.permissions import DOSSIER_READERS, Actor
from app.types import UtcDateTime
from app.workflows.refund import REFUND_STATES, RefundState

if TYPE_CHECKING:
    from app.models.dossier import Dossier
    from app.models.money import Charge


_WAITING = sa.text("state = 'asked'")


class Refund(Entity):
    """Hoàn trả of a charge: amount in đồng, to whom, why, by which decision, under which number.

    serial: the first, second … of its dossier; who enters one says which it is, so that the same form sent
    twice is one refund. number: given when it is paid out.
    """

    __history_owner__ = ("dossier", "dossier_id")
    dossier_id: Mapped[int] = mapped_column(sa.ForeignKey("dossier.id"), index=True, info={"label": _l("Dossier")})
    charge_id: Mapped[int] = mapped_column(
        sa.ForeignKey("charge.id"), index=True, info={"label": _l("What is paid back")}
    )
    amount: Mapped[int] = mapped_column(sa.BigInteger, info={"label": _l("Amount (đồng)"), "kind": "money"})
    receipt_number: Mapped[str | None] = mapped_column(sa.String(60), info={"label": _l("Receipt paid back")})
    serial: Mapped[int] = mapped_column(info={"label": _l("Order")})
    state: Mapped[str] = mapped_column(
        sa.String(20), default=RefundState.asked, info={"label": _l("State"), "choices": REFUND_STATES}
    )
    number: Mapped[str | None] = mapped_column(sa.String(60), info={"label": _l("Refund number")})
    decision: Mapped[str] = mapped_column(sa.String(120), info={"label": _l("Decision or voucher")})
    receiver: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Who receives the money")})
    method: Mapped[str] = mapped_column(
        sa.String(20), info={"label": _l("How it is paid back"), "choices": PAYMENT_METHODS}
    )
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    at: Mapped[datetime] = mapped_column(UtcDateTime, info={"label": _l("At")})
    cashier_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"), index=True)
    cashier_name: Mapped[str] = mapped_column(sa.String(255), info={"label": _l("Cashier")})
    # In whose place it was entered: he approves it no more than who entered it.
    entered_for_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    decided_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Decided")})
    decided_by_id: Mapped[int | None] = mapped_column(sa.ForeignKey("ab_user.id"))
    decided_by_name: Mapped[str | None] = mapped_column(sa.String(255), info={"label": _l("Decided by")})
    answer: Mapped[str | None] = mapped_column(sa.Text, info={"label": _l("Remark")})
    dossier: Mapped[Dossier] = relationship("Dossier")
    charge: Mapped[Charge] = relationship("Charge")
    __table_args__ = (
        sa.UniqueConstraint("dossier_id", "serial"),
        sa.Index("uq_refund_waiting", "dossier_id", unique=True, postgresql_where=_WAITING, sqlite_where=_WAITING),
    )

    @staticmethod
    def _rows(actor: Actor) -> ColumnElement[bool] | None:
        from app.models.scope import through_dossier

        return through_dossier(Refund.dossier_id, actor)

    screen = Screen(
        menu=DOSSIERS, icon="cash", title=_l("Refunds"), singular=_l("Refund"),
        columns=["dossier", "number", "state", "charge", "amount", "receiver", "decision", "at", "cashier_name",
                 "decided_by_name"],
        filters=["state", "at", "method"], form=[], can_add=False, can_delete=False, rows=_rows, read=DOSSIER_READERS,
    )  # fmt: skip

    def __str__(self) -> str:
        return self.number or _("Refund %(number)d of %(code)s", number=self.serial, code=self.dossier.code)
