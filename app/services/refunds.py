"""Refunds: recorded once, never more than was paid; and what is owed again after reopening."""

from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.errors import Invalid, NotAllowed
from app.history import act_by
from app.lowcode.values import money
from app.models import Charge, Dossier, Refund, next_number
from app.models.money import PAYMENT_METHODS, ChargeState
from app.permissions import Actor, Role
from app.services import lifecycle
from app.services.notices import tell_applicant
from app.services.offers import Offer
from app.services.reasons import given_reason
from app.workflows.refund import REFUND
from app.workflows.states import State

_ROLES = (Role.cashier, Role.desk_officer)
_ENDED = frozenset({State.refused, State.stopped})


@dataclass(frozen=True)
class Payout:
    """What the cashier entered: how much of which charge, to whom, how, why, by which document."""

    charge_id: int
    amount: int
    receiver: str
    method: str
    decision: str
    reason: str


def refunds_of(session: Session, dossier: Dossier) -> list[Refund]:
    """Return what was paid back for a dossier, the first one first."""
    return list(session.scalars(sa.select(Refund).where(Refund.dossier_id == dossier.id).order_by(Refund.id)))


def refundable(session: Session, dossier: Dossier) -> list[tuple[Charge, int]]:
    """Return what may be paid back: (charge, the part of it not paid back yet)."""
    if State(dossier.state) not in _ENDED:
        return []
    back: dict[int, int] = {}
    for one in refunds_of(session, dossier):
        if one.receipt_number == one.charge.receipt_number:  # paid anew since: another receipt
            back[one.charge_id] = back.get(one.charge_id, 0) + one.amount
    rows = [(charge, charge.amount - back.get(charge.id, 0)) for charge in dossier.charges
            if charge.state == ChargeState.paid]  # fmt: skip
    return [(charge, left) for charge, left in rows if left > 0]


def may_refund(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor keeps the money of this dossier's desk and it ended without a result."""
    return State(dossier.state) in _ENDED and any(lifecycle.stands_at(dossier, actor, role) for role in _ROLES)


def refund(session: Session, dossier: Dossier, actor: Actor, given: Payout) -> Refund:
    """Record that ``given`` was paid back; a charge paid back whole is "refunded".

    Raises NotAllowed for others, Invalid (fields "charge", "amount", "receiver", "method", "decision",
    "reason") naming the rule: never more than was paid.
    """
    row = REFUND.find("refund")
    if not may_refund(dossier, actor):
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only the cashier or a desk officer of this desk records refunds."))
    left = next(((c, rest) for c, rest in refundable(session, dossier) if c.id == given.charge_id), None)
    faults = _faults(given, left[1] if left else 0)
    if faults or left is None:
        raise Invalid(_("Please correct the marked fields."), faults)
    charge, rest = left
    reason = given_reason(given.reason)
    act_by(session, actor, next(p for p in (lifecycle.post_over(dossier, actor, role) for role in _ROLES) if p))
    made = Refund(
        dossier=dossier, charge=charge, amount=given.amount, receipt_number=charge.receipt_number,
        number=_number(session, dossier), decision=given.decision.strip()[:120],
        receiver=given.receiver.strip()[:255], method=given.method, reason=reason, at=now(),
        cashier_id=actor.user_id, cashier_name=actor.name,
    )  # fmt: skip
    session.add(made)
    if given.amount == rest:
        charge.state = ChargeState.refunded
    words = _("%(amount)s to %(name)s, number %(number)s. %(reason)s", amount=money(given.amount),
              name=made.receiver, number=made.number, reason=reason)  # fmt: skip
    lifecycle.note_step(session, dossier, row.name, actor, words, row.clause)
    session.flush()  # the notice is named by its number
    with force_locale("vi"):
        text = _("Paid back: %(amount)s (%(charge)s). Number: %(number)s.", amount=money(given.amount),
                 charge=charge.name, number=made.number)  # fmt: skip
        tell_applicant(session, dossier, f"refund:{made.id}", text)
    return made


def _number(session: Session, dossier: Dossier) -> str:
    year = to_local(now()).year
    return f"HT{next_number(session, f'refund:{dossier.desk_id}:{year}'):06d}/{year}"


def _faults(given: Payout, rest: int) -> dict[str, str]:
    faults = {}
    if rest <= 0:
        faults["charge"] = _("Nothing of this charge can be paid back any more.")
    elif not 0 < given.amount <= rest:
        faults["amount"] = _("At most %(amount)s can be paid back.", amount=money(rest))
    if not given.receiver.strip():
        faults["receiver"] = _("Say who receives the money.")
    if given.method not in PAYMENT_METHODS:
        faults["method"] = _("Choose how it was paid.")
    if not given.decision.strip():
        faults["decision"] = _("Name the decision or voucher it rests on.")
    if not given.reason.strip():
        faults["reason"] = _("Please give the reason.")
    return faults


def owe_again(session: Session, dossier: Dossier) -> list[Charge]:
    """Let a reopened dossier owe again what its end had cancelled and what was paid back whole.

    The receipt of a refunded payment stays with its refund. Returns those charges.
    """
    found = [c for c in dossier.charges if c.state == ChargeState.refunded or c.is_ended]
    for charge in found:
        charge.state, charge.is_ended = ChargeState.due, False
        charge.paid_at = charge.method = charge.receipt_number = charge.cashier_id = None
    session.flush()
    return found


def refund_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return the act of paying back, where something was paid and may be."""
    if not may_refund(dossier, actor):
        return []
    rows = refundable(session, dossier)
    row = REFUND.find("refund")
    return [Offer(row.name, _(row.label), _(row.consequence), label=_("Record the refund"), clause=row.clause,
                  icon="cash", facts={"refundable": rows})] if rows else []  # fmt: skip
