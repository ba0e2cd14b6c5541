"""The life cycle of an explanation of a delay: asked for with a time limit by who oversees, given by who holds it.

QN20 Đ4.4 wants the accountability of agencies and officers managed: who was asked what, by when, what was answered.
Who handles a late dossier may explain it unasked as well.
"""

from enum import StrEnum

from app.i18n import N_
from app.workflows.apology import WRITERS
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import AGENCY_HEAD, CONTROL_FOCAL_POINT

ASKERS = frozenset({CONTROL_FOCAL_POINT, AGENCY_HEAD})
_CLAUSE = "QN20 Đ4.4"


class ExplanationState(StrEnum):
    """Where an explanation stands."""

    asked = "asked"
    given = "given"
    withdrawn = "withdrawn"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return EXPLANATION_STATES[self]


EXPLANATION_STATES = {
    ExplanationState.asked: N_("Explanation asked for"),
    ExplanationState.given: N_("Explanation given"),
    ExplanationState.withdrawn: N_("No explanation is asked for any more"),
}
GUARDS = {
    "late": N_("An explanation is asked for while a dossier is late, one at a time"),
}

EXPLANATION: Workflow[ExplanationState] = Workflow(
    name="explanation",
    states=ExplanationState,
    initial=frozenset({ExplanationState.asked, ExplanationState.given}),
    final=frozenset({ExplanationState.given, ExplanationState.withdrawn}),
    guards=GUARDS,
    transitions=(
        Transition(
            name="ask_explanation",
            sources=frozenset({None}),
            target=ExplanationState.asked,
            roles=ASKERS,
            label=N_("Ask for an explanation of the delay"),
            consequence=N_(
                "Those who hold the dossier are told what to explain and by when, and reminded; the applicant does "
                "not read it."
            ),
            guard="late",
            clause=_CLAUSE,
            notices=("specialist", "division_head", "agency_head"),
            needs_reason=True,
        ),
        Transition(
            name="explain",
            sources=frozenset({None, ExplanationState.asked}),
            target=ExplanationState.given,
            roles=WRITERS,
            label=N_("Explain the delay"),
            consequence=N_(
                "Your explanation is kept in the course of the dossier for the head of the agency "
                "and the inspectors; the applicant does not read it."
            ),
            clause=_CLAUSE,
            notices=("agency_head", "control_focal_point"),
            needs_reason=True,
        ),
        Transition(
            name="withdraw_explanation",
            sources=frozenset({ExplanationState.asked}),
            target=ExplanationState.withdrawn,
            roles=ASKERS,
            label=N_("Withdraw the question about the delay"),
            consequence=N_("Nobody has to answer it any more; your reason is kept."),
            clause=_CLAUSE,
            notices=("specialist", "division_head"),
            needs_reason=True,
        ),
    ),
)
