"""Which fees and charges a dossier owes: by the rules of its version, corrected by the desk."""

from collections.abc import Iterable, Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowed
from app.history import because
from app.models import Agency, Charge, Dossier, Fee, ProcedureVersion
from app.models.money import ChargeState
from app.permissions import Actor, Role
from app.services import lifecycle
from app.services.charges import settle
from app.services.fee_facts import (
    Choices,
    charge_of,
    choices_of,
    facts_of,
    refuse_absurd,
    rule_of,
    rules_of,
)
from app.services.guards import open_charges
from app.workflows import fees as engine
from app.workflows.fee_rules import MAX_COUNT, Count
from app.workflows.states import State

__all__ = ["MAX_COUNT", "Choices", "Count", "charges_for", "chosen_charges", "fees_for",
           "may_be_fixed", "set_charges", "subjects_of", "uncounted"]  # fmt: skip
_BEFORE_THE_END = frozenset({State.registered, State.accepted, State.processing, State.supplement_requested,
                             State.payment_requested})
_DESK = (Role.desk_officer, Role.cashier)
# Fee id → how many; None: as many as the form says, once if it says nothing.
Counts = Mapping[int, Count | int | None]


def fees_for(
    version: ProcedureVersion, channel: str, agency: Agency | None = None,
    data: Mapping[str, Any] | None = None,
) -> list[Fee]:  # fmt: skip
    """Return the fees that may be charged: of those for the same thing the closest (QN20 Đ14.2)."""
    facts = facts_of(channel, agency or version.agency, data)
    rules = engine.open_rules(rules_of(version), facts)
    keys = {rule.key for rule in rules}
    return [fee for fee in version.fees if rule_of(fee).key in keys]


def charges_for(
    version: ProcedureVersion, channel: str, agency: Agency | None = None,
    data: Mapping[str, Any] | None = None, choices: Mapping[str, Any] | None = None,
) -> list[Charge]:  # fmt: skip
    """Return what is owed: of the chosen case, without what was not asked for.

    Where the decision names several cases and none is chosen, nothing is guessed for them: the
    desk says which applies (``set_charges``). choices: ``Choices.stored``.
    """
    facts = facts_of(channel, agency or version.agency, data, choices_of(choices))
    return [charge_of(line, version) for line in engine.owed(rules_of(version), facts)]


def subjects_of(fees: Iterable[Fee]) -> list[Any]:
    """Return the subjects who pay less of any of ``fees``, by name, each once."""
    found = {row.subject.code: row.subject for fee in fees for row in fee.exemptions
             if row.subject.is_active is not False}  # fmt: skip
    return sorted(found.values(), key=lambda subject: subject.name)


def set_charges(
    session: Session, dossier: Dossier, actor: Actor, counts: Counts, *, subject: str = "",
    reason: str = "",
) -> list[Charge]:  # fmt: skip
    """Fix what is owed within the rules: {fee id: how many}; 0 = does not apply.

    subject: the relief whose paper the desk has seen. What was to be paid before is cancelled
    and kept. Raises NotAllowed for anyone but the desk and once something is paid or the
    processing over; Invalid for a fee of another version, an absurd number, an amount changed
    without a reason.
    """
    if not any(lifecycle.stands_at(dossier, actor, role) for role in _DESK if actor.has(role)):
        raise NotAllowed(_("Only the desk of this dossier fixes what is to be paid."))
    if not may_be_fixed(dossier):
        raise NotAllowed(_("What is to be paid can no longer be changed for this dossier."))
    data = dossier.revisions[-1].data if dossier.revisions else {}
    made = chosen_charges(dossier.version, dossier.channel, counts, subject, dossier.agency, data)
    open_before = open_charges(dossier)
    if _amounts(open_before) != _amounts(made) and open_before and not reason.strip():
        message = _("Say why the amounts are changed.")
        raise Invalid(message, {"fee_reason": message})
    because(session, action="set_charges", reason=reason.strip() or None)
    for charge in open_before:
        charge.state = ChargeState.cancelled
    dossier.charges.extend(made)
    session.flush()
    settle(session, dossier, actor)
    return made


def _amounts(charges: Iterable[Charge]) -> list[tuple[str, int]]:
    return sorted((charge.name, charge.amount) for charge in charges)


def chosen_charges(
    version: ProcedureVersion, channel: str, counts: Counts, subject: str = "",
    agency: Agency | None = None, data: Mapping[str, Any] | None = None,
) -> list[Charge]:  # fmt: skip
    """Return the charges of what the desk chose; its relief counts as checked.

    Raises Invalid (field "fees") for a fee that is not of ``version`` or an absurd number, (field "fee-<id>") for one
    whose number was left to answers that do not hold it, (field "fee_subject") for a subject none of the fees knows.
    """
    given = {key: Count(count) if isinstance(count, int) else count
             for key, count in counts.items() if count is not None}  # fmt: skip
    refuse_absurd(given.values())
    fees = {fee.id: fee for fee in version.fees}
    if set(counts) - set(fees):
        message = _("One of the fees does not belong to this procedure.")
        raise Invalid(message, {"fees": message})
    none = {key for key, count in given.items() if not (count.units and count.pieces)}
    chosen = [fees[key] for key in counts if key not in none]
    if subject and subject not in {row.code for row in subjects_of(version.fees)}:
        message = _("Please choose one of the offered answers.")
        raise Invalid(message, {"fee_subject": message})
    if faults := uncounted(version, counts, data):
        raise Invalid(next(iter(faults.values())), faults)
    choices = Choices(counts={key: (count,) for key, count in given.items()}, subject=subject)
    facts = facts_of(channel, agency, data, choices)
    lines = [engine.charge(rule_of(fee), facts) for fee in chosen if fee.amount]
    return [charge_of(line, version, is_confirmed=True) for line in lines]


def uncounted(version: ProcedureVersion, counts: Counts, data: Mapping[str, Any] | None) -> dict[str, str]:
    """Return {"fee-<id>": message} of fees whose number is left to the form while the form does not say it."""
    facts = facts_of("counter", data=data)
    left = [fee for fee in version.fees if counts.get(fee.id, 0) is None and fee.amount and fee.count_field]
    return {
        f"fee-{fee.id}": _("How many of “%(name)s”? The form does not say. Enter the number, 0 if it does not apply.",
                           name=fee.name)
        for fee in left if not engine.counted(rule_of(fee), facts)
    }  # fmt: skip


def may_be_fixed(dossier: Dossier) -> bool:
    """Return whether the amounts may still be chosen: nothing paid, and the work not done."""
    is_paid = any(charge.state == ChargeState.paid for charge in dossier.charges)
    return not is_paid and State(dossier.state) in _BEFORE_THE_END
