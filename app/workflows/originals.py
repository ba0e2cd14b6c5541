"""Showing originals when asked: asked with a reason and an appointment, then compared, once per paper.

HUE25 Đ10.4 and TTH17 Đ11.3: who filed online shows the original, or a certified copy, when the check
or the comparison is asked for. It never stops the clock of the dossier.
"""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import AGENCY_HEAD, DESK_OFFICER, DIVISION_HEAD, SPECIALIST

ASKERS = frozenset({SPECIALIST, DIVISION_HEAD, AGENCY_HEAD, DESK_OFFICER})
_CLAUSE = "HUE25 Đ10.4; TTH17 Đ11.3"


class OriginalState(StrEnum):
    """Where the comparison of one paper stands."""

    asked = "asked"
    agrees = "agrees"
    differs = "differs"
    dropped = "dropped"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return ORIGINAL_STATES[self]


ORIGINAL_STATES = {
    OriginalState.asked: N_("Original to be shown"),
    OriginalState.agrees: N_("Agrees with the original"),
    OriginalState.differs: N_("Differs from the original"),
    OriginalState.dropped: N_("No longer asked for"),
}

ORIGINAL: Workflow[OriginalState] = Workflow(
    name="original",
    states=OriginalState,
    initial=frozenset({OriginalState.asked}),
    final=frozenset({OriginalState.agrees, OriginalState.differs, OriginalState.dropped}),
    transitions=(
        Transition(
            name="ask_originals",
            sources=frozenset({None}),
            target=OriginalState.asked,
            roles=ASKERS,
            label=N_("Ask to see originals"),
            consequence=N_(
                "The applicant is told which originals to bring, when and where; the clock of the dossier runs on."
            ),
            clause=_CLAUSE,
            notices=("applicant",),
            needs_reason=True,
        ),
        Transition(
            name="original_agrees",
            sources=frozenset({OriginalState.asked}),
            target=OriginalState.agrees,
            roles=ASKERS,
            label=N_("The copy agrees with the original"),
            consequence=N_("Your name, the time and your finding are kept with the paper."),
            clause=_CLAUSE,
        ),
        Transition(
            name="original_differs",
            sources=frozenset({OriginalState.asked}),
            target=OriginalState.differs,
            roles=ASKERS,
            label=N_("The copy differs from the original"),
            consequence=N_("Your name, the time and the difference are kept with the paper; decide then what follows."),
            clause=_CLAUSE,
            notices=("specialist",),
            needs_reason=True,
        ),
        Transition(
            name="drop_originals",
            sources=frozenset({OriginalState.asked}),
            target=OriginalState.dropped,
            roles=ASKERS,
            label=N_("The original is no longer needed"),
            consequence=N_("The applicant is told that nothing has to be brought."),
            clause=_CLAUSE,
            notices=("applicant",),
            needs_reason=True,
        ),
    ),
)
