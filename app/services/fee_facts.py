"""What the rules of fees are told: the rules of a version, and the facts of a dossier."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from typing import Any

from flask_babel import gettext as _

from app.clock import now, to_local
from app.errors import Invalid
from app.models import Agency, Charge, Fee, ProcedureVersion
from app.models.money import ChargeState
from app.workflows.fee_rules import MAX_COUNT, Count, Facts, FeeRule, Line, Relief


@dataclass(frozen=True)
class Choices:
    """What was chosen about fees: the case, optional fees by id, numbers, the relief claimed."""

    case: str = ""
    wanted: frozenset[int] = frozenset()
    counts: Mapping[int, tuple[Count, ...]] = field(default_factory=dict)
    subject: str = ""

    def stored(self) -> dict[str, Any]:
        """Return it as JSON."""
        counts = {str(key): [[c.units, c.pieces] for c in some] for key, some in self.counts.items()}
        return {"case": self.case, "wanted": sorted(self.wanted), "counts": counts,
                "subject": self.subject}  # fmt: skip


def choices_of(stored: Mapping[str, Any] | None) -> Choices:
    """Return what ``Choices.stored`` made; nothing chosen for None."""
    if not stored:
        return Choices()
    counts = {int(key): tuple(Count(*pair) for pair in some)
              for key, some in stored["counts"].items()}  # fmt: skip
    return Choices(stored["case"], frozenset(stored["wanted"]), counts, stored["subject"])


def refuse_absurd(counts: Iterable[Count]) -> None:
    """Raise Invalid (field "fees") for a number of pages or copies outside 0–MAX_COUNT."""
    if any(not 0 <= number <= MAX_COUNT for c in counts for number in (c.units, c.pieces)):
        message = _("Give a number from 0 to %(most)d for each fee.", most=MAX_COUNT)
        raise Invalid(message, {"fees": message})


def rule_of(fee: Fee) -> FeeRule:
    """Return a stored fee as the engine reads it; its key is the fee's id, or its order."""
    reliefs = tuple(
        Relief(row.subject.code, row.subject.name, row.percent,
               row.legal_basis or row.subject.legal_basis or "")
        for row in fee.exemptions if row.subject.is_active is not False
    )  # fmt: skip
    return FeeRule(
        key=fee.id or -fee.position, name=fee.name, amount=fee.amount, kind=fee.kind or "le_phi",
        channel=fee.channel or "any", basis=fee.basis or "fixed", unit=fee.unit_name or "",
        first_units=fee.first_units or 0, further_amount=fee.further_amount or 0,
        most_amount=fee.most_amount or 0, case=fee.case_label or "", due=fee.due or "",
        case_field=fee.case_field or "", case_value=fee.case_value or "",
        count_field=fee.count_field or "", level=fee.agency_level or "",
        agency=fee.agency_id or 0, online_percent=fee.online_percent or 0,
        online_amount=fee.online_amount or 0, is_optional=bool(fee.is_optional),
        valid_from=fee.valid_from, valid_to=fee.valid_to, legal_basis=fee.legal_basis or "",
        reliefs=reliefs,
    )  # fmt: skip


def rules_of(version: ProcedureVersion) -> list[FeeRule]:
    """Return the rules of a version in their order.

    A rule of an agency that was merged counts at its successor, unless that one has its own.
    """
    own = {(fee.agency_id, *_subject(fee)) for fee in version.fees}
    return [_followed(fee, own) for fee in version.fees]


def _subject(fee: Fee) -> tuple[Any, ...]:
    return fee.kind, fee.name, fee.case_label, fee.case_field, fee.case_value


def _followed(fee: Fee, own: set[tuple[Any, ...]]) -> FeeRule:
    rule = rule_of(fee)
    if fee.agency is None or fee.agency.is_open():
        return rule
    place = fee.agency.standing()
    return rule if (place.id, *_subject(fee)) in own else replace(rule, agency=place.id)


def facts_of(
    channel: str, agency: Agency | None = None, data: Mapping[str, Any] | None = None,
    choices: Choices | None = None, on: date | None = None,
) -> Facts:  # fmt: skip
    """Return what the engine is told; on: the day that decides, today by default."""
    chosen = choices or Choices()
    path = [int(part) for part in agency.path.split("/") if part][::-1] if agency else []
    return Facts(
        channel=channel, on=on or to_local(now()).date(), level=agency.level if agency else "",
        agencies=tuple(path), answers=data or {}, case=chosen.case, counts=chosen.counts,
        wanted=chosen.wanted, subjects=frozenset({chosen.subject} - {""}),
    )  # fmt: skip


def charge_of(line: Line, version: ProcedureVersion, *, is_confirmed: bool = False) -> Charge:
    """Return the charge of one line, with its explanation; a relief is a claim until confirmed."""
    fee = next(row for row in version.fees if rule_of(row).key == line.rule.key)
    charge = Charge(
        name=fee.name, kind=fee.kind, amount=line.amount, full_amount=line.full, fee_id=fee.id,
        counts=[[c.units, c.pieces] for c in line.counts], legal_basis=line.legal_basis or None,
        explanation=[[step.msgid, dict(step.params)] for step in line.steps],
        due=line.rule.due or None,  # none: as the version says
        state=ChargeState.due if line.amount else ChargeState.exempt,
    )  # fmt: skip
    if line.relief is not None:
        row = next(e for e in fee.exemptions if e.subject.code == line.relief.subject)
        charge.subject_id = row.subject_id
        charge.claim = "confirmed" if is_confirmed else "claimed"
    return charge


def explain(explanation: Iterable[Any] | None) -> list[str]:
    """Return the sentences of a stored explanation in the reader's language."""
    return [_(msgid, **params) for msgid, params in explanation or ()]
