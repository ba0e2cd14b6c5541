"""The life cycle of an apology: due, written by who handles, signed by who answers for it.

Two things ask for one: a result that is late (TTH17 Đ22.7, signed by the head of the agency) and
a supplement asked again because the first request was unclear (TTH17 Đ13.2, Đ14.1, signed by the
Centre's director). Who signs is the profile's. Nothing waits for it: a result is handed over anyway.
"""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CENTRE_DIRECTOR,
    CONTROL_FOCAL_POINT,
    DESK_OFFICER,
    DIVISION_HEAD,
    SPECIALIST,
)

SIGNERS = (AGENCY_HEAD, CENTRE_DIRECTOR)
WRITERS = frozenset({SPECIALIST, DIVISION_HEAD, AGENCY_HEAD, DESK_OFFICER})
_LATE = "NĐ 61/2018 Đ19; TTH17 Đ22.7"
_BOTH = "NĐ 61/2018 Đ19; TTH17 Đ13.2, Đ14.1, Đ22.7"


class ApologyState(StrEnum):
    """Where an apology stands."""

    owed = "owed"
    submitted = "submitted"
    signed = "signed"
    waived = "waived"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return APOLOGY_STATES[self]


APOLOGY_STATES = {
    ApologyState.owed: N_("Apology to be written"),
    ApologyState.submitted: N_("Apology to be signed"),
    ApologyState.signed: N_("Apology signed and sent"),
    ApologyState.waived: N_("No apology is due"),
}
OPEN_APOLOGY = frozenset({ApologyState.owed, ApologyState.submitted})

GUARDS = {
    "request_waits": N_("Only a request that waits for its apology is taken back"),
    "something_to_apologise": N_(
        "An apology is written when the due date has passed or a supplement is asked for again"
    ),
}

APOLOGY: Workflow[ApologyState] = Workflow(
    name="apology",
    states=ApologyState,
    initial=frozenset({ApologyState.owed, ApologyState.submitted}),
    final=frozenset({ApologyState.signed, ApologyState.waived}),
    guards=GUARDS,
    transitions=(
        Transition(
            name="require_apology",
            sources=frozenset({None}),
            target=ApologyState.owed,
            # The clock does it in their name when a due date passes.
            roles=frozenset({AGENCY_HEAD, CONTROL_FOCAL_POINT}),
            label=N_("The due date has passed"),
            consequence=N_("The head of the agency and the focal point are told; an apology is to be written."),
            clause=_LATE,
            notices=("agency_head", "control_focal_point", "specialist"),
        ),
        Transition(
            name="write_apology",
            sources=frozenset({None, ApologyState.owed}),
            target=ApologyState.submitted,
            roles=WRITERS,
            label=N_("Write the apology"),
            consequence=N_("It goes to be signed; then it is sent to the applicant."),
            guard="something_to_apologise",
            clause=_BOTH,
            notices=("agency_head", "centre_director"),
            needs_reason=True,
        ),
        Transition(
            name="sign_apology",
            sources=frozenset({ApologyState.submitted}),
            target=ApologyState.signed,
            roles=frozenset(SIGNERS),
            label=N_("Sign the apology"),
            consequence=N_("The letter is made under your name and sent to the applicant."),
            clause=_BOTH,
            letter="apology",
            notices=("applicant",),
        ),
        Transition(
            name="send_back_apology",
            sources=frozenset({ApologyState.submitted}),
            target=ApologyState.owed,
            roles=frozenset(SIGNERS),
            label=N_("Send the apology back"),
            consequence=N_("Who wrote it is told why and writes it again."),
            clause=_BOTH,
            notices=("specialist", "desk"),
            needs_reason=True,
        ),
        Transition(
            name="take_back_request",
            sources=OPEN_APOLOGY,
            target=ApologyState.waived,
            roles=WRITERS,
            label=N_("Take back the request that waits for its apology"),
            consequence=N_("Neither request nor apology is sent; the dossier goes on where it stands."),
            guard="request_waits",
            clause="TTH17 Đ13.2",
            needs_reason=True,
        ),
        Transition(
            name="waive_apology",
            sources=OPEN_APOLOGY,
            target=ApologyState.waived,
            roles=frozenset(SIGNERS),
            label=N_("No apology is due"),
            consequence=N_("It was no fault of an officer; your reason is kept with the dossier."),
            clause="TTH17 Đ22.7",
            needs_reason=True,
        ),
    ),
)
