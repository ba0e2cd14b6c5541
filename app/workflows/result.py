"""The life cycle of a result: drafted, approved, numbered, issued (domain C, row 9)."""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CENTRE_DIRECTOR,
    CLERK,
    DIVISION_HEAD,
    SPECIALIST,
)


class ResultState(StrEnum):
    """Where a result stands."""

    draft = "draft"
    approved = "approved"
    numbered = "numbered"
    issued = "issued"
    revoked = "revoked"

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return LABELS[self]


LABELS = {
    ResultState.draft: N_("Draft result"),
    ResultState.approved: N_("Result signed"),
    ResultState.numbered: N_("Result numbered"),
    ResultState.issued: N_("Result issued"),
    ResultState.revoked: N_("Result revoked"),
}

# Who may sign for the agency. A process whose sign step names anyone else is refused.
SIGNERS = frozenset({AGENCY_HEAD, CENTRE_DIRECTOR})

GUARDS = {
    "content_complete": N_("The result needs its title and content first"),
    "number_free": N_("This number is already used this year by this agency"),
}

RESULT: Workflow[ResultState] = Workflow(
    name="result",
    states=ResultState,
    initial=frozenset({ResultState.draft}),
    final=frozenset({ResultState.issued, ResultState.revoked}),
    guards=GUARDS,
    transitions=(
        Transition(
            name="draft",
            sources=frozenset({None}),
            target=ResultState.draft,
            roles=frozenset({SPECIALIST, DIVISION_HEAD}),
            label=N_("Draft the result"),
            consequence=N_("The draft can be changed until it is signed."),
            clause="TTH17 Đ14.2; HCM24 Đ11.3",
        ),
        Transition(
            name="approve",
            sources=frozenset({ResultState.draft}),
            target=ResultState.approved,
            roles=SIGNERS,
            label=N_("Sign the result"),
            consequence=N_("The content is fixed under your name and goes to the clerk."),
            guard="content_complete",
            clause="QN20 Đ16.3; TTH17 Đ22.1",
            notices=("clerk", "specialist"),
        ),
        Transition(
            name="send_back",
            sources=frozenset({ResultState.approved}),
            target=ResultState.draft,
            roles=SIGNERS | {CLERK},
            label=N_("Send the result back for correction"),
            consequence=N_("The signature is withdrawn and the specialist corrects the draft."),
            clause="NĐ 30/2020/NĐ-CP",
            notices=("specialist",),
            needs_reason=True,
        ),
        Transition(
            name="number",
            sources=frozenset({ResultState.approved}),
            target=ResultState.numbered,
            roles=frozenset({CLERK}),
            label=N_("Number the result"),
            consequence=N_("Number and date are fixed and entered in the register."),
            guard="number_free",
            clause="NĐ 30/2020/NĐ-CP",
        ),
        Transition(
            name="issue",
            sources=frozenset({ResultState.numbered}),
            target=ResultState.issued,
            roles=frozenset({CLERK}),
            label=N_("Seal and issue the result"),
            consequence=N_("The sealed document goes into the applicant's account."),
            clause="QN20 Đ16.1; NĐ 30/2020/NĐ-CP",
            notices=("applicant", "desk"),
        ),
        Transition(
            name="revoke",
            sources=frozenset({ResultState.issued}),
            target=ResultState.revoked,
            roles=frozenset({AGENCY_HEAD}),
            label=N_("Revoke the result"),
            consequence=N_("The applicant no longer finds it in the account; its number is not used again."),
            clause="QN20 Đ4.2",
            notices=("applicant",),
            needs_reason=True,
        ),
    ),
)
