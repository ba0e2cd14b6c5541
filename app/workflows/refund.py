"""Paying back what was paid for a dossier that was withdrawn, refused or stopped: recorded once, with its receipt.

Whether it is owed is for the law on fees of each procedure; what is recorded here is who decided, how
much, why, and under which number it was paid out.
"""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import CASHIER, DESK_OFFICER


class RefundState(StrEnum):
    """Where a refund stands: paid out is all there is."""

    paid_back = "paid_back"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return N_("Paid back")


GUARDS = {
    "refundable": N_("Only what was paid for a dossier that was withdrawn, refused or stopped is paid back"),
}

REFUND: Workflow[RefundState] = Workflow(
    name="refund",
    states=RefundState,
    initial=frozenset({RefundState.paid_back}),
    final=frozenset({RefundState.paid_back}),
    guards=GUARDS,
    transitions=(
        Transition(
            name="refund",
            sources=frozenset({None}),
            target=RefundState.paid_back,
            roles=frozenset({CASHIER, DESK_OFFICER}),
            label=N_("Record a refund"),
            consequence=N_("Receiver, amount, reason and number are kept; the applicant is told. It is not undone."),
            guard="refundable",
            clause="QN20 Đ14.2; Luật Phí và lệ phí 2015",
            notices=("applicant",),
            needs_reason=True,
        ),
    ),
)
