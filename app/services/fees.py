"""Which fees and charges a dossier owes: fixed by its version, chosen by the desk in doubt."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowed
from app.models import Charge, Dossier, Fee, ProcedureVersion
from app.models.money import ChargeState
from app.permissions import Actor, Role
from app.services import lifecycle
from app.workflows.states import State

MAX_QUANTITY = 1000
_BEFORE_THE_END = frozenset({State.registered, State.accepted, State.processing})
_DESK = (Role.desk_officer, Role.cashier)


def fees_for(version: ProcedureVersion, channel: str) -> list[Fee]:
    """Return the fees that may fall due through ``channel``; a fee named for the channel
    stands in for the same fee of any channel (QN20 Đ14.2)."""
    open_fees = [fee for fee in version.fees if fee.amount and fee.channel in {channel, "any"}]
    special = {fee.name for fee in open_fees if fee.channel != "any"}
    return [fee for fee in open_fees if fee.channel != "any" or fee.name not in special]


def charges_for(version: ProcedureVersion, channel: str) -> list[Charge]:
    """Return what is owed without asking anybody: each kind of fee that has one amount.

    Where the decision names several amounts of one kind (by case, by page), nothing is
    guessed: the desk says which apply, and how many (``set_charges``).
    """
    fees = fees_for(version, channel)
    kinds = [fee.kind for fee in fees]
    sure = [fee for fee in fees if kinds.count(fee.kind) == 1]
    return [Charge(name=fee.name, kind=fee.kind, amount=fee.amount) for fee in sure]


def set_charges(
    session: Session, dossier: Dossier, actor: Actor, quantities: dict[int, int]
) -> list[Charge]:
    """Fix what is owed: {fee id: how many pieces, pages or copies}; 0 = does not apply.

    What was to be paid before is cancelled and kept. Raises NotAllowed for anyone but the
    desk and once something is paid or the processing over, Invalid for a fee of another version or an absurd number.
    """
    if not any(lifecycle.stands_at(dossier, actor, role) for role in _DESK if actor.has(role)):
        raise NotAllowed(_("Only the desk of this dossier fixes what is to be paid."))
    if not may_be_fixed(dossier):
        raise NotAllowed(_("What is to be paid can no longer be changed for this dossier."))
    known = {fee.id: fee for fee in dossier.version.fees}
    if set(quantities) - set(known) or any(not 0 <= n <= MAX_QUANTITY for n in quantities.values()):
        message = _("Give a number from 0 to %(most)d for each fee.", most=MAX_QUANTITY)
        raise Invalid(message, {"fees": message})
    for charge in dossier.charges:
        if charge.state == ChargeState.due:
            charge.state = ChargeState.cancelled
    made = [charge_of(known[fee_id], count) for fee_id, count in quantities.items() if count]
    dossier.charges.extend(made)
    session.flush()
    return made


def may_be_fixed(dossier: Dossier) -> bool:
    """Return whether the amounts may still be chosen: nothing paid, and the work not done."""
    is_paid = any(charge.state == ChargeState.paid for charge in dossier.charges)
    return not is_paid and State(dossier.state) in _BEFORE_THE_END


def charge_of(fee: Fee, count: int) -> Charge:
    """Return what ``count`` times a fee costs; its name tells the number."""
    name = fee.name if count == 1 else _("%(name)s (%(count)d pieces)", name=fee.name, count=count)
    return Charge(name=name[:500], kind=fee.kind, amount=fee.amount * count)
