"""Opening again what was closed by mistake: back to where it was, and the clock never stopped.

No regulation gives a form for it; the record of who did it and why is what QN20 Đ4.2 wants.
"""

from app.i18n import N_
from app.workflows.states import State
from app.workflows.table import PREVIOUS, Transition
from app.workflows.vocabulary import AGENCY_HEAD

REOPENING: tuple[Transition[State], ...] = (
    Transition(
        name="reopen",
        sources=frozenset({State.refused, State.stopped, State.finished}),
        target=PREVIOUS,
        roles=frozenset({AGENCY_HEAD}),
        label=N_("Open the dossier again"),
        consequence=N_(
            "The dossier goes back to where it was, with its code and its due date: the time it was "
            "closed counts. A result already issued is revoked. The applicant is told."
        ),
        clause="QN20 Đ4.2; HUE25 Đ18",
        notices=("applicant", "desk", "specialist"),
        needs_reason=True,
    ),
)
