"""What differs in the rules of fees and forms: who pays less, what must agree, when a field is shown."""

from collections.abc import Iterator, Sequence
from typing import Any

from flask_babel import gettext as _

from app.models import Fee, FeeExemption
from app.services.form_diff import condition_words, rule_sentences

CONDITIONS = frozenset({"show_when", "required_when"})


def exemption_sentences(pairs: Sequence[tuple[Fee, Fee]]) -> list[str]:
    """Return what became of the exemptions of fees that both versions have."""
    return [text for old, new in pairs for text in _exemptions(old, new)]


def _exemptions(old: Fee, new: Fee) -> Iterator[str]:
    before, after = ({row.subject_id: row for row in fee.exemptions} for fee in (old, new))
    for subject_id, row in before.items():
        fresh, names = after.get(subject_id), {"fee": new.name, "subject": row.subject.name}
        if fresh is None:
            yield _("Fee or charge “%(fee)s”: “%(subject)s” no longer pay less.", **names)
        elif _facts(row) != _facts(fresh):
            yield _("Fee or charge “%(fee)s”: “%(subject)s” from %(old)s to %(new)s.", **names,
                    old=_words(row), new=_words(fresh))  # fmt: skip
    for subject_id, row in after.items():
        if subject_id not in before:
            yield _("Fee or charge “%(fee)s”: “%(subject)s” now pay less: %(new)s.", fee=new.name,
                    subject=row.subject.name, new=_words(row))  # fmt: skip


def _facts(row: FeeExemption) -> tuple[int, str]:
    return row.percent, row.legal_basis or ""


def _words(row: FeeExemption) -> str:
    words = _("exempt") if row.percent >= 100 else _("%(percent)d%% less", percent=row.percent)
    return f"{words} ({row.legal_basis})" if row.legal_basis else words


def form_rule_sentences(old: list[Any] | None, new: list[Any] | None) -> list[str]:
    """Return which rules between the answers of a form came and went."""
    return [f"{text}." for text in rule_sentences(old or [], new or [])]


def condition_of(field: Any, name: str) -> str:
    """Return when a field is shown or required, with the labels of its form; "" for always."""
    form = field.section.form
    labels = {row.key: row.label for section in form.sections for row in section.fields}
    return condition_words(getattr(field, name), labels)
