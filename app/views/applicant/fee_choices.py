"""What an applicant says about fees before sending: the case, what is wanted, who is exempt."""

from typing import Any

from flask_babel import gettext as _

from app.errors import Invalid
from app.models import Draft
from app.services import draft_answers, fee_words
from app.services.fee_facts import Choices, choices_of, explain, facts_of, refuse_absurd, rules_of
from app.services.fees import charges_for, fees_for, subjects_of
from app.workflows import fees as engine
from app.workflows.fee_rules import Basis, Count, Facts


def _facts(draft: Draft, choices: Choices) -> Facts:
    return facts_of("online", draft.agency or draft.version.agency, draft_answers.answers_of(draft), choices)


def fee_facts(draft: Draft) -> dict[str, Any]:
    """Return what the page of review shows of fees: the amounts, and what may be chosen."""
    data, chosen = draft_answers.answers_of(draft), choices_of(draft.fee_choices)
    facts, rules = _facts(draft, chosen), rules_of(draft.version)
    fees = {fee.id: fee for fee in fees_for(draft.version, "online", draft.agency, data)}
    charges = charges_for(draft.version, "online", draft.agency, data, draft.fee_choices)
    return {
        "charges": charges, "explain": explain, "fee_words": fee_words, "chosen": chosen,
        "fee_cases": engine.cases(rules, facts),
        "fee_offers": [fees[rule.key] for rule in engine.offered(rules, facts) if not rule.count_field],
        "fee_counts": [fees[c.fee_id] for c in charges if _is_asked(fees[c.fee_id])],
        "fee_subjects": subjects_of(fees.values()),
    }  # fmt: skip


def _is_asked(fee: Any) -> bool:
    """Whether the number must be typed: it is counted, and no answer of the form holds it."""
    return fee.basis != Basis.fixed and not fee.count_field


def read_choices(draft: Draft, form: Any) -> Choices:
    """Return what was chosen on the page of review.

    Raises Invalid (fields "fee_case", "fee_subject", "fees") for what was not offered.
    """
    rules = rules_of(draft.version)
    case, subject = form.get("fee_case", ""), form.get("fee_subject", "")
    facts = _facts(draft, Choices(case=case))
    message = _("Please choose one of the offered answers.")
    if case and case not in engine.cases(rules, facts):
        raise Invalid(message, {"fee_case": message})
    fees = fees_for(draft.version, "online", draft.agency, facts.answers)
    if subject and subject not in {row.code for row in subjects_of(fees)}:
        raise Invalid(message, {"fee_subject": message})
    wanted = frozenset(r.key for r in engine.offered(rules, facts) if form.get(f"fee-want-{r.key}"))
    typed = {fee.id: _count(form, fee.id) for fee in fees if _is_asked(fee)}
    counts = {key: (count,) for key, count in typed.items() if count is not None}
    refuse_absurd(count for some in counts.values() for count in some)
    return Choices(case, wanted, counts, subject)


def _count(form: Any, key: int) -> Count | None:
    units, pieces = (form.get(f"fee-{name}-{key}", "").strip() for name in ("units", "pieces"))
    if not units and not pieces:
        return None
    return Count(_number(units), _number(pieces))


def _number(text: str) -> int:
    """The number typed, 1 for nothing; -1, which is refused, for anything else or none at all."""
    if not text:
        return 1
    number = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else -1
    return number or -1
