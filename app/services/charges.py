"""Money at the counter: recorded once, with a receipt (QN20 Đ14, HUE25 Đ12)."""

from collections.abc import Collection

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.errors import Conflict, Invalid, NotAllowed
from app.i18n import N_
from app.models import Charge, Dossier, Letter, next_number
from app.models.money import PAYMENT_METHODS, ChargeState
from app.permissions import Actor, Role
from app.services import lifecycle, processing
from app.services.guards import GUARDS, open_charges, payable, supplement_charges
from app.services.letters import issue_letter
from app.services.notices import notify_transition
from app.services.official import official
from app.workflows.process import StepKind
from app.workflows.states import OPEN, State

_CASH_ROLES = (Role.cashier, Role.desk_officer)


def record_payment(
    session: Session, dossier: Dossier, actor: Actor, method: str, *, shown: Collection[int] = ()
) -> Letter:
    """Record that what is to be paid next was paid (``guards.payable``), and issue the receipt.

    A dossier waiting for money goes on from where it was. Recorded twice, it is paid once: the second call raises
    Invalid, or Conflict where something else is to be paid by then. method: a key of PAYMENT_METHODS; shown: the
    charges that the cashier saw, by id; without them nothing is compared.
    """
    if method not in PAYMENT_METHODS:
        message = _("Choose how it was paid.")
        raise Invalid(message, {"method": message})
    _refuse_unless_cashier(dossier, actor)
    if any(charge.claim == "claimed" for charge in open_charges(dossier)):
        message = _("Check the claimed exemption first: look at the paper, then save the amounts.")
        raise Invalid(message)
    due = payable(dossier)
    if not due:
        raise Invalid(_("There is nothing to pay, or it is already paid."))
    if shown and {charge.id for charge in due} != set(shown):
        raise Conflict(_("What is to be paid has changed meanwhile. Please look at the amounts again."))
    number = _receipt_number(session, dossier)
    for charge in due:
        _pay(charge, actor, method, number)
    session.flush()
    row = None
    if State(dossier.state) is State.payment_requested:
        row = lifecycle.move(session, dossier, "record_payment", actor)
    told = official(N_("Paid, receipt %(number)s"), number=number)
    if GUARDS["charges_paid"](dossier):
        processing.pass_waiting(session, dossier, StepKind.payment, actor, told)
    _pass_answered(session, dossier, actor)
    letter = issue_letter(
        session, dossier, "charge_receipt", actor, cause=f"receipt:{number}"[:60], charges=due
    )
    if row is not None:
        notify_transition(session, dossier, row)
    return letter


def hold_for_supplement(session: Session, dossier: Dossier, actor: Actor) -> bool:
    """Let an answered dossier in processing wait for the money that falls due with its supplement (QN20 Đ14.2).

    It waits as after every request for payment: by the same clause, its clock as the profile says. Returns
    whether it waits; before acceptance the desk holds it itself (guard "reception_fees_paid").
    """
    if State(dossier.state) is not State.processing or not supplement_charges(dossier):
        return False
    row = lifecycle.move(session, dossier, "request_payment_in_process", actor, of_itself=True)
    notify_transition(session, dossier, row)
    return True


def _pass_answered(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Leave the step that waited for the applicant, where his answer had come before the money."""
    asked = dossier.supplements[-1] if dossier.supplements else None
    if asked is not None and asked.answered_at is not None:
        told = official(N_("Supplement %(number)d"), number=asked.number)
        processing.pass_waiting(session, dossier, StepKind.applicant, actor, told, opened_by=asked.answered_at)


def settle(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Let a dossier that waited for money go on where nothing is to be paid now: exempt, or due with the result."""
    if State(dossier.state) is not State.payment_requested or not GUARDS["charges_paid"](dossier):
        return
    row = lifecycle.move(session, dossier, "record_payment", actor, of_itself=True)
    processing.pass_waiting(session, dossier, StepKind.payment, actor, official(N_("Nothing is left to pay")))
    _pass_answered(session, dossier, actor)
    notify_transition(session, dossier, row)


def _receipt_number(session: Session, dossier: Dossier) -> str:
    year = to_local(now()).year
    return f"{next_number(session, f'receipt:{dossier.desk_id}:{year}'):07d}/{year}"


def _pay(charge: Charge, actor: Actor, method: str, number: str) -> None:
    charge.state, charge.paid_at, charge.method = ChargeState.paid, now(), method
    charge.receipt_number, charge.cashier_id = number, actor.user_id


def may_collect(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor takes money for this dossier, and it may still be paid."""
    is_open = State(dossier.state) in OPEN
    return is_open and any(lifecycle.stands_at(dossier, actor, role) for role in _CASH_ROLES)


def _refuse_unless_cashier(dossier: Dossier, actor: Actor) -> None:
    if not may_collect(dossier, actor):
        raise NotAllowed(_("Only the cashier or a desk officer of this desk records payments."))


def cancel_due(session: Session, dossier: Dossier) -> None:
    """Cancel what is not paid because the dossier ends; opened again, it stands as before, a claimed exemption too."""
    for charge in open_charges(dossier):
        charge.is_ended, charge.state = True, ChargeState.cancelled
    session.flush()


def request_payment(session: Session, dossier: Dossier, actor: Actor) -> Dossier:
    """Ask the applicant to pay what is due; the dossier waits for it (state 6)."""
    in_process = State(dossier.state) is State.processing
    name = "request_payment_in_process" if in_process else "request_payment"
    row = lifecycle.move(session, dossier, name, actor)
    notify_transition(session, dossier, row)
    return dossier
