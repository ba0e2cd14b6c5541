"""Paying back what was paid for a dossier that was withdrawn, refused or stopped: entered, approved, paid out once.

Whether it is owed is for the law on fees of each procedure; what is recorded here is who entered it, who
approved it, how much, why, and under which number it was paid out. Who enters a refund never approves it: the
accounting law keeps the cashier apart from who decides on the money (Luật Kế toán 2015 Đ19, Đ52).
"""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import AGENCY_HEAD, CASHIER, CENTRE_DIRECTOR, DESK_OFFICER


class RefundState(StrEnum):
    """Where a refund stands."""

    asked = "asked"
    paid_back = "paid_back"
    refused = "refused"
    taken_back = "taken_back"
    lapsed = "lapsed"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return REFUND_STATES[self]


REFUND_STATES = {
    RefundState.asked: N_("Refund to be approved"),
    RefundState.paid_back: N_("Paid back"),
    RefundState.refused: N_("Refund refused"),
    RefundState.taken_back: N_("Refund taken back"),
    RefundState.lapsed: N_("Refund lapsed"),
}
COUNTING = frozenset({RefundState.asked, RefundState.paid_back})  # of what may not be paid back a second time
APPROVERS = (CENTRE_DIRECTOR, AGENCY_HEAD)
ENTERERS = (CASHIER, DESK_OFFICER)
_CLAUSE = "QN20 Đ14.2; Luật Phí và lệ phí 2015"
_APART = "QN20 Đ14.2; Luật Kế toán 2015 Đ19, Đ52"

GUARDS = {
    "refundable": N_("Only what was paid for a dossier that was withdrawn, refused or stopped is paid back"),
    "small_refund": N_("Above the amount of the profile somebody else has to approve the refund"),
}

REFUND: Workflow[RefundState] = Workflow(
    name="refund",
    states=RefundState,
    initial=frozenset({RefundState.asked, RefundState.paid_back}),
    final=frozenset(RefundState) - {RefundState.asked},
    guards=GUARDS,
    transitions=(
        Transition(
            name="ask_refund",
            sources=frozenset({None}),
            target=RefundState.asked,
            roles=frozenset(ENTERERS),
            label=N_("Enter a refund"),
            consequence=N_("It goes to be approved by the Centre director or the head of the agency; nothing is paid "
                           "out before."),
            guard="refundable",
            clause=_CLAUSE,
            notices=("centre_director", "agency_head"),
            needs_reason=True,
        ),
        Transition(
            name="refund",
            sources=frozenset({None}),
            target=RefundState.paid_back,
            roles=frozenset(ENTERERS),
            label=N_("Record a refund"),
            consequence=N_("Receiver, amount, reason and number are kept; the applicant is told. It is not undone."),
            guard="small_refund",
            clause=_CLAUSE,
            letter="refund_slip",
            notices=("applicant",),
            needs_reason=True,
        ),
        Transition(
            name="approve_refund",
            sources=frozenset({RefundState.asked}),
            target=RefundState.paid_back,
            roles=frozenset(APPROVERS),
            label=N_("Approve the refund"),
            consequence=N_("It gets its number, the refund slip is made, the money is paid out; the applicant is "
                           "told. It is not undone."),
            guard="refundable",
            clause=_APART,
            letter="refund_slip",
            notices=("applicant", "cashier"),
        ),
        Transition(
            name="refuse_refund",
            sources=frozenset({RefundState.asked}),
            target=RefundState.refused,
            roles=frozenset(APPROVERS),
            label=N_("Refuse the refund"),
            consequence=N_("Nothing is paid out; who entered it is told the reason."),
            clause=_APART,
            notices=("cashier",),
            needs_reason=True,
        ),
        Transition(
            name="take_back_refund",
            sources=frozenset({RefundState.asked}),
            target=RefundState.taken_back,
            roles=frozenset(ENTERERS),
            label=N_("Take back the refund entered"),
            consequence=N_("Nobody has to approve it any more; nothing is paid out."),
            clause=_CLAUSE,
        ),
        Transition(
            name="lapse_refund",
            sources=frozenset({RefundState.asked}),
            target=RefundState.lapsed,
            roles=frozenset({AGENCY_HEAD}),
            label=N_("The refund is no longer needed"),
            consequence=N_("The dossier was opened again before anybody had approved."),
            clause=_CLAUSE,
        ),
    ),
)
