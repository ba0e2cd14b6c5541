"""Reading by which numbers the desk says what is owed, and the words around them."""

from collections.abc import Mapping
from typing import Any

from app.models import ProcedureVersion
from app.models.money import CLAIMS
from app.services import fee_words
from app.services.fee_facts import explain
from app.services.fees import Count
from app.views.officers.base import whole_number

WORDS: dict[str, Any] = {"fee_words": fee_words, "explain": explain, "claims": CLAIMS}


def read_counts(version: ProcedureVersion, form: Mapping[str, Any]) -> dict[int, Count | None] | None:
    """Return {fee id: how many} of the inputs sent, None if none was sent.

    An empty input leaves the number to the form's answers where the rule says so, else it is 0.
    """
    counts: dict[int, Count | None] = {}
    for fee in version.fees:
        text = form.get(f"fee-{fee.id}")
        if text is None:
            continue
        if not text.strip() and fee.count_field:
            counts[fee.id] = None
        else:
            counts[fee.id] = Count(whole_number(text), whole_number(form.get(f"fee-{fee.id}-pieces"), 1))
    return counts or None
