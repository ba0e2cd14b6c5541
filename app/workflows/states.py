"""The national states of a dossier and what each means for people and for the clock."""

from enum import IntEnum

from app.i18n import N_


class State(IntEnum):
    """State of a dossier; values are the national codes 1–10 (domain C)."""

    registered = 1
    accepted = 2
    refused = 3
    processing = 4
    supplement_requested = 5
    payment_requested = 6
    withdrawal_requested = 7
    stopped = 8
    finished = 9
    returned = 10

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return LABELS[self]

    @property
    def sentence(self) -> str:
        """The msgid of what the applicant reads."""
        return SENTENCES[self]

    @property
    def holder(self) -> str | None:
        """Who holds the clock: desk, officer, applicant, payment; None once it is over."""
        return HOLDERS.get(self)


LABELS = {
    State.registered: N_("Newly registered"),
    State.accepted: N_("Accepted"),
    State.refused: N_("Not accepted"),
    State.processing: N_("In processing"),
    State.supplement_requested: N_("Supplement requested"),
    State.payment_requested: N_("Payment requested"),
    State.withdrawal_requested: N_("Withdrawal requested"),
    State.stopped: N_("Processing stopped"),
    State.finished: N_("Processing finished"),
    State.returned: N_("Result returned"),
}

SENTENCES = {
    State.registered: N_("Sent, waiting for the agency to accept it"),
    State.accepted: N_("Accepted by the agency"),
    State.refused: N_("Not accepted (with the reason)"),
    State.processing: N_("The agency is working on it"),
    State.supplement_requested: N_("You need to add or correct something"),
    State.payment_requested: N_("You need to pay the fee"),
    State.withdrawal_requested: N_("You have asked to withdraw the dossier"),
    State.stopped: N_("Processing has stopped (with the reason)"),
    State.finished: N_("The result is ready, please receive it"),
    State.returned: N_("The result has been handed over"),
}

# A pending withdrawal waits for an officer's decision, so the officer keeps the clock.
HOLDERS = {
    State.registered: "desk",
    State.accepted: "desk",
    State.processing: "officer",
    State.supplement_requested: "applicant",
    State.payment_requested: "payment",
    State.withdrawal_requested: "officer",
}

FINAL = frozenset({State.refused, State.stopped, State.returned})
OPEN = frozenset(State) - FINAL
# The processing time of a dossier ends at 9: QĐ 766/2022 compares that instant with the due date.
CLOCK_OVER = FINAL | {State.finished}
PAUSING = frozenset({State.supplement_requested, State.payment_requested})


def pauses_clock(state: State, *, payment_pauses: bool) -> bool:
    """Return whether the clock stands still in ``state``.

    payment_pauses: the procedure's or profile's rule. Waiting for a supplement always pauses;
    waiting for payment does so only where sector law says it (domain D).
    """
    if state is State.payment_requested:
        return payment_pauses
    return state in PAUSING
