"""Refunds: entered once, approved by somebody else, never more than was paid; and what is owed again."""

from collections.abc import Iterable
from dataclasses import dataclass

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.errors import Conflict, Invalid, NotAllowed
from app.history import act_by, acting_post
from app.i18n import N_
from app.lowcode.values import money
from app.models import Charge, Dossier, Refund, next_number
from app.models.money import REFUND_METHODS, ChargeState
from app.official import officially
from app.permissions import Actor, Position
from app.services import lifecycle
from app.services.letters import issue_letter
from app.services.notices import notice_users, tell_applicant
from app.services.official import official
from app.services.profiles import profile_value
from app.services.reasons import given_reason
from app.services.refund_rights import ENDED, deciders, deciding_post, entered_by, entering_post, may_enter
from app.workflows.refund import COUNTING, REFUND, RefundState
from app.workflows.states import State


@dataclass(frozen=True)
class Payout:
    """What the cashier entered: how much of which charge, to whom, how, why, by which document.

    serial: which refund of the dossier this is, as the form said when it was opened.
    """

    charge_id: int
    amount: int
    receiver: str
    method: str
    decision: str
    reason: str
    serial: int = 1


def refunds_of(session: Session, dossier: Dossier) -> list[Refund]:
    """Return what was entered to be paid back for a dossier, the first one first."""
    if not dossier.charges:  # nothing was ever asked for
        return []
    return list(session.scalars(sa.select(Refund).where(Refund.dossier_id == dossier.id).order_by(Refund.serial)))


def waiting(known: Iterable[Refund]) -> Refund | None:
    """Return the refund that waits to be approved; there is one at most."""
    return next((one for one in known if one.state == RefundState.asked), None)


def refundable(dossier: Dossier, known: Iterable[Refund]) -> list[tuple[Charge, int]]:
    """Return what may be paid back: (charge, the part of it not paid back nor entered yet)."""
    if State(dossier.state) not in ENDED:
        return []
    back: dict[int, int] = {}
    for one in known:
        if RefundState(one.state) in COUNTING and one.receipt_number == one.charge.receipt_number:
            back[one.charge_id] = back.get(one.charge_id, 0) + one.amount  # else paid anew since: another receipt
    rows = [(charge, charge.amount - back.get(charge.id, 0)) for charge in dossier.charges
            if charge.state == ChargeState.paid]  # fmt: skip
    return [(charge, left) for charge, left in rows if left > 0]


def alone_most(session: Session) -> int:
    """Return how many đồng of one dossier may be paid back without a second person (``refund_alone_most``)."""
    return int(profile_value(session, "refund_alone_most"))


def enter(session: Session, dossier: Dossier, actor: Actor, given: Payout) -> Refund:
    """Enter a refund: it waits to be approved, or is paid out at once where the profile lets one person do it.

    Raises NotAllowed for others, Conflict for a form sent a second time, Invalid (fields "charge", "amount",
    "receiver", "method", "decision", "reason") naming the rule: never more than was paid.
    """
    if not may_enter(dossier, actor):
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only the cashier or a desk officer of this desk records refunds."))
    known = refunds_of(session, dossier)
    _refuse_again(known, given.serial)
    left = next(((c, rest) for c, rest in refundable(dossier, known) if c.id == given.charge_id), None)
    faults = _faults(given, left[1] if left else 0)
    if faults or left is None:
        raise Invalid(_("Please correct the marked fields."), faults)
    before = sum(one.amount for one in known if RefundState(one.state) in COUNTING)
    row = REFUND.find("refund" if before + given.amount <= alone_most(session) else "ask_refund")
    post = entering_post(dossier, actor)
    act_by(session, actor, post)
    made = _new(session, dossier, left[0], actor, given, len(known) + 1)
    if row.name == "refund":
        _pay_out(session, made, actor, row.name, post)
    else:
        _ask(session, made, actor)
    return made


def _refuse_again(known: list[Refund], serial: int) -> None:
    if serial <= len(known) and serial >= 1:
        done = known[serial - 1]
        raise Conflict(_("This was recorded already: %(what)s, %(amount)s. Nothing was recorded a second time.",
                         what=str(done), amount=money(done.amount)))  # fmt: skip
    if serial != len(known) + 1:
        raise Conflict(_("The refunds of this dossier changed meanwhile. Open the page again."))
    if waiting(known) is not None:
        raise Conflict(_("A refund of this dossier waits to be approved: it is decided before the next is entered."))


def _new(session: Session, dossier: Dossier, charge: Charge, actor: Actor, given: Payout, serial: int) -> Refund:
    lent = acting_post(session, actor)
    made = Refund(
        dossier=dossier, charge=charge, amount=given.amount, receipt_number=charge.receipt_number, serial=serial,
        state=RefundState.asked, decision=given.decision.strip()[:120], receiver=given.receiver.strip()[:255],
        method=given.method, reason=given_reason(given.reason), at=now(), cashier_id=actor.user_id,
        cashier_name=actor.name, entered_for_id=lent.delegator_id if lent else None,
    )  # fmt: skip
    session.add(made)
    return made


def _ask(session: Session, made: Refund, actor: Actor) -> None:
    people = deciders(session, made.dossier, entered_by(made))
    if not people:
        raise Invalid(_("Nobody can approve this refund: no Centre director or head of the agency is posted."))
    words = official(N_("%(amount)s to %(name)s. %(reason)s"), amount=money(made.amount),
                     name=made.receiver, reason=made.reason)  # fmt: skip
    _note(session, made, "ask_refund", actor, words)
    session.flush()
    title = official(N_("Refund to approve: %(code)s"), code=made.dossier.code)
    body = official(N_("%(officer)s enters %(amount)s for %(name)s. Reason: %(reason)s"), officer=made.cashier_name,
                    amount=money(made.amount), name=made.receiver, reason=made.reason)  # fmt: skip
    notice_users(session, people, made.dossier, f"refund:{made.id}:ask", title, body)


def approve(session: Session, refund: Refund, actor: Actor) -> Refund:
    """Approve a refund that waits: it gets its number and its slip, the applicant is told.

    Raises NotAllowed for whom it does not wait for (who entered it, also through a delegate), Invalid once
    nothing is to be paid back any more.
    """
    post = _take_decision(session, refund, actor)
    others = [one for one in refunds_of(session, refund.dossier) if one is not refund]
    rest = dict(refundable(refund.dossier, others)).get(refund.charge, 0)
    if refund.amount > rest:
        raise Invalid(_("At most %(amount)s can be paid back.", amount=money(rest)))
    _pay_out(session, refund, actor, "approve_refund", post)
    return refund


def refuse(session: Session, refund: Refund, actor: Actor, reason: str) -> None:
    """Refuse a refund that waits, with the reason; nothing is paid out."""
    _take_decision(session, refund, actor)
    reason = given_reason(reason)
    _end(session, refund, "refuse_refund", actor, reason)
    title = official(N_("Refund refused: %(code)s"), code=refund.dossier.code)
    notice_users(session, entered_by(refund), refund.dossier, f"refund:{refund.id}:refused", title, reason)


def may_take_back(refund: Refund, actor: Actor) -> bool:
    """Return whether the actor entered it himself and nobody has decided yet."""
    is_mine = actor.user_id is not None and refund.cashier_id == actor.user_id
    return is_mine and refund.state == RefundState.asked


def take_back(session: Session, refund: Refund, actor: Actor) -> None:
    """Take a refund back before it is decided; only who entered it."""
    if not may_take_back(refund, actor):
        raise NotAllowed(_("Only who entered the refund takes it back, before it is decided."))
    _end(session, refund, "take_back_refund", actor, "")


def _take_decision(session: Session, refund: Refund, actor: Actor) -> Position:
    post = deciding_post(refund, actor)
    if post is not None:
        act_by(session, actor, post)
        return post
    lifecycle.refuse_own(refund.dossier, actor)
    if actor.user_id in entered_by(refund):
        raise NotAllowed(_("Nobody approves a refund he entered himself."))
    raise NotAllowed(_("This refund does not wait for you."))


def _pay_out(session: Session, refund: Refund, actor: Actor, name: str, post: Position | None) -> None:
    dossier, charge = refund.dossier, refund.charge
    refund.number, refund.state = _number(session, dossier), str(REFUND.find(name).target)
    refund.decided_at, refund.decided_by_id, refund.decided_by_name = now(), actor.user_id, actor.name
    known = refunds_of(session, dossier)
    if charge.id not in {one.id for one, _left in refundable(dossier, known)}:
        charge.state = ChargeState.refunded
    words = official(N_("%(amount)s to %(name)s, number %(number)s. %(reason)s"), amount=money(refund.amount),
                     name=refund.receiver, number=refund.number, reason=refund.reason)  # fmt: skip
    _note(session, refund, name, actor, words)
    session.flush()  # the notice is named by its number
    issue_letter(session, dossier, "refund_slip", actor, cause=f"refund:{refund.serial}", number=refund.number,
                 refund=refund, signer_role=post.role if post else None)  # fmt: skip
    with officially():
        text = _("Paid back: %(amount)s (%(charge)s). Number: %(number)s.", amount=money(refund.amount),
                 charge=charge.name, number=refund.number)  # fmt: skip
        tell_applicant(session, dossier, f"refund:{refund.id}", text)
        title = _("Refund approved: %(code)s", code=dossier.code)
        notice_users(session, entered_by(refund) - {actor.user_id}, dossier, f"refund:{refund.id}:paid", title, text)


def _end(session: Session, refund: Refund, name: str, actor: Actor, answer: str) -> None:
    refund.state, refund.answer = str(REFUND.find(name).target), answer or None
    refund.decided_at, refund.decided_by_id, refund.decided_by_name = now(), actor.user_id, actor.name
    _note(session, refund, name, actor, answer or money(refund.amount))


def _note(session: Session, refund: Refund, name: str, actor: Actor, words: str) -> None:
    lifecycle.note_step(session, refund.dossier, name, actor, words, REFUND.find(name).clause)


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
    if given.method not in REFUND_METHODS:
        faults["method"] = _("Choose how it is paid back.")
    if not given.decision.strip():
        faults["decision"] = _("Name the decision or voucher it rests on.")
    if not given.reason.strip():
        faults["reason"] = _("Please give the reason.")
    return faults


def owe_again(session: Session, dossier: Dossier, actor: Actor) -> list[Charge]:
    """Let a reopened dossier owe again what its end had cancelled and what was paid back since it was closed.

    Paid back whole, a charge is due again; of one paid back in part that part is a charge of its own. The receipt of
    a refunded payment stays with its refund; a refund that waited to be approved lapses. Returns those charges.
    """
    known = refunds_of(session, dossier)
    pending = waiting(known)
    if pending is not None:
        _end(session, pending, "lapse_refund", actor, "")
    back = _paid_back(dossier, known)
    whole = [c for c in dossier.charges
             if c.is_ended or (c.state == ChargeState.refunded and back.get(c.id) == c.amount)]  # fmt: skip
    parts = [_part(c, back[c.id]) for c in dossier.charges if c.id in back and c not in whole]
    for charge in whole:
        charge.state, charge.is_ended = ChargeState.due if charge.amount else ChargeState.exempt, False
        charge.paid_at = charge.method = charge.receipt_number = charge.cashier_id = None
    dossier.charges.extend(parts)
    session.flush()
    return whole + parts


def _paid_back(dossier: Dossier, known: Iterable[Refund]) -> dict[int, int]:
    """Return {charge id: what was paid back of it} since the dossier was closed: before, it was owed again."""
    reopened = [movement.at for movement in dossier.movements if movement.transition == "reopen"][:-1]
    found: dict[int, int] = {}
    for one in known:
        at = one.decided_at if one.state == RefundState.paid_back else None
        if at is not None and (not reopened or at > reopened[-1]):
            found[one.charge_id] = found.get(one.charge_id, 0) + one.amount
    return found


def _part(charge: Charge, amount: int) -> Charge:
    return Charge(
        name=charge.name, kind=charge.kind, amount=amount, fee_id=charge.fee_id, legal_basis=charge.legal_basis,
        due=charge.due, subject_id=charge.subject_id, claim=charge.claim, state=ChargeState.due,
    )  # fmt: skip
