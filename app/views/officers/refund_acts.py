"""What the button of a refund does."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import as_id
from app.models import Dossier
from app.permissions import Actor
from app.services import refunds


def _refund(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    given = refunds.Payout(
        charge_id=as_id(form.get("charge", "")) or 0, amount=_amount(form.get("amount", "")),
        receiver=form.get("receiver", ""), method=form.get("method", ""), decision=form.get("decision", ""),
        reason=form.get("reason", ""),
    )  # fmt: skip
    return _("The refund is recorded, number %(number)s.", number=refunds.refund(session, dossier, actor, given).number)


def _amount(text: str) -> int:
    """Return the đồng typed, with or without points between the thousands; 0 for anything else."""
    bare = text.strip().replace(".", "").replace(" ", "")
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 13 else 0


REFUND_ACTS = {"refund": _refund}
