"""What the inputs stand at by which the desk says what is owed."""

from collections.abc import Iterable
from typing import Any

from app.models import Charge, Dossier, Fee, ProcedureVersion
from app.services.fees import fees_for, subjects_of
from app.services.guards import open_charges


def counter_inputs(version: ProcedureVersion) -> dict[str, Any]:
    """Return what the counter's form shows: each fee once, but cases and optional ones 0."""
    fees = fees_for(version, "counter")
    defaults: dict[Any, Any] = {fee.id: _alone(fee) for fee in fees}
    return {"fees": fees, "fee_subjects": subjects_of(fees), "fee_defaults": defaults}


def _alone(fee: Fee) -> tuple[str, str]:
    if fee.count_field:
        return "", "1"
    is_sure = not fee.is_optional and (not fee.case_label or bool(fee.case_field))
    return ("1" if is_sure else "0"), "1"


def dossier_inputs(dossier: Dossier) -> dict[str, Any]:
    """Return what the desk's card shows: the fees as they are charged now, 0 for the others."""
    data = dossier.revisions[-1].data if dossier.revisions else {}
    fees = fees_for(dossier.version, dossier.channel, dossier.agency, data)
    charges = open_charges(dossier)
    defaults: dict[Any, Any] = {fee.id: _charged(fee, charges) for fee in fees}
    subjects = subjects_of(fees)
    claimed = {charge.subject_id for charge in charges}
    defaults["subject"] = next((s.code for s in subjects if s.id in claimed), "")
    is_claimed = any(charge.claim == "claimed" for charge in charges)
    return {"fees": fees, "fee_subjects": subjects, "fee_defaults": defaults,
            "is_claimed": is_claimed, "is_charged": bool(charges)}  # fmt: skip


def _charged(fee: Fee, charges: Iterable[Charge]) -> tuple[str, str]:
    counts = next((c.counts for c in charges if c.fee_id == fee.id), None)
    if not counts:
        return "0", "1"
    if len(counts) > 1:  # several papers, as declared in the form
        return "", "1"
    return str(counts[0][0]), str(counts[0][1])
