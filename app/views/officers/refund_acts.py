"""What the buttons of a refund do."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.lowcode.values import as_id
from app.models import Dossier, Refund
from app.permissions import Actor
from app.services import refunds
from app.views.officers.base import whole_number


def _refund(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    given = refunds.Payout(
        charge_id=as_id(form.get("charge", "")) or 0, amount=_amount(form.get("amount", "")),
        receiver=form.get("receiver", ""), method=form.get("method", ""), decision=form.get("decision", ""),
        reason=form.get("reason", ""), serial=whole_number(form.get("serial")),
    )  # fmt: skip
    made = refunds.enter(session, dossier, actor, given)
    if made.number is None:
        return _("The refund is entered; it waits to be approved.")
    return _("The refund is recorded, number %(number)s.", number=made.number)


def _waiting(session: Session, dossier: Dossier, form: Any) -> Refund:
    """Return the refund the form was about; Conflict if it was decided meanwhile."""
    wanted = as_id(form.get("refund", ""))
    found = refunds.waiting(refunds.refunds_of(session, dossier))
    if found is None or found.id != wanted:
        raise Conflict(_("This refund was decided meanwhile."))
    return found


def _approve(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    made = refunds.approve(session, _waiting(session, dossier, form), actor)
    return _("The refund is approved, number %(number)s.", number=made.number or "")


def _refuse(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    refunds.refuse(session, _waiting(session, dossier, form), actor, form.get("reason", ""))
    return _("The refund is refused; nothing is paid out.")


def _take_back(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    refunds.take_back(session, _waiting(session, dossier, form), actor)
    return _("The refund is taken back.")


def _amount(text: str) -> int:
    """Return the đồng typed, with or without points between the thousands; 0 for anything else."""
    bare = text.strip().replace(".", "").replace(" ", "")
    return int(bare) if bare.isascii() and bare.isdigit() and len(bare) < 13 else 0


REFUND_ACTS = {
    "refund": _refund, "approve_refund": _approve, "refuse_refund": _refuse, "take_back_refund": _take_back,
}  # fmt: skip
