"""How internal processes are approved and put to work, step by step (HUE25 Đ16)."""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CATALOG_ADMIN,
    CONTROL_FOCAL_POINT,
    DIVISION_HEAD,
    SYSTEM_ADMIN,
)


class ApprovalState(StrEnum):
    """Where an internal process stands on its way into use. HUE25 Đ16 sets no time limits."""

    drafting = "drafting"
    submitted = "submitted"
    examined = "examined"
    approved = "approved"
    configured = "configured"
    tested = "tested"
    in_use = "in_use"

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return APPROVAL_STATES[self]


APPROVAL_STATES = {
    ApprovalState.drafting: N_("Agency drafts the internal process"),
    ApprovalState.submitted: N_("Office examines form and content"),
    ApprovalState.examined: N_("Chairman decides"),
    ApprovalState.approved: N_("Agency configures the electronic process"),
    ApprovalState.configured: N_("Joint test"),
    ApprovalState.tested: N_("Officers are assigned to the steps"),
    ApprovalState.in_use: N_("Process in use"),
}
# The agency that drafts, and those above it.
_AGENCY = frozenset({DIVISION_HEAD, AGENCY_HEAD})
# The Office of the People's Committee.
_OFFICE = frozenset({CATALOG_ADMIN, CONTROL_FOCAL_POINT})

# From here on the Chairman's decision stands: what it approved changes by another one only.
DECIDED = frozenset(
    {ApprovalState.approved, ApprovalState.configured, ApprovalState.tested, ApprovalState.in_use}
)
# When the agency works on the electronic process: drawing it, configuring it, naming officers.
AGENCYS_TURN = frozenset({ApprovalState.drafting, ApprovalState.approved, ApprovalState.tested})

APPROVAL: Workflow[ApprovalState] = Workflow(
    name="process_approval",
    states=ApprovalState,
    initial=frozenset({ApprovalState.drafting}),
    final=frozenset({ApprovalState.in_use}),
    guards={
        "steps_sound": N_("The process still has faults: see its checklist"),
        "decision_named": N_("The decision of approval must have its number and date first"),
        "in_a_version": N_("The process must stand in a procedure version first"),
        "officers_posted": N_("Some steps have no officer who may do them yet"),
    },
    transitions=(
        Transition(
            name="draft",
            sources=frozenset({None}),
            target=ApprovalState.drafting,
            roles=_AGENCY | {CATALOG_ADMIN},
            label=N_("Begin the approval"),
            consequence=N_("The agency draws the process and hands it in."),
            clause="HUE25 Đ16.1",
        ),
        Transition(
            name="submit",
            sources=frozenset({ApprovalState.drafting}),
            target=ApprovalState.submitted,
            roles=_AGENCY,
            label=N_("Hand the process in to the Office"),
            consequence=N_("The Office of the People's Committee examines it."),
            clause="HUE25 Đ16.1; TT 01/2018/TT-VPCP Đ8",
            guard="steps_sound",
            notices=("catalog_admin", "control_focal_point"),
        ),
        Transition(
            name="examine",
            sources=frozenset({ApprovalState.submitted}),
            target=ApprovalState.examined,
            roles=_OFFICE,
            label=N_("Confirm form and content, lay before the Chairman"),
            consequence=N_("The Chairman of the People's Committee decides."),
            clause="HUE25 Đ16.2",
            notices=("chairman",),
        ),
        Transition(
            name="send_back",
            sources=frozenset({ApprovalState.submitted}),
            target=ApprovalState.drafting,
            roles=_OFFICE,
            label=N_("Send back to the agency"),
            consequence=N_("The agency corrects the process and hands it in again."),
            clause="HUE25 Đ16.2",
            notices=("division_head", "agency_head"),
            needs_reason=True,
        ),
        Transition(
            name="approve",
            sources=frozenset({ApprovalState.examined}),
            target=ApprovalState.approved,
            # The Chairman himself, or the Office that enters the decision he signed.
            roles=frozenset({AGENCY_HEAD, CATALOG_ADMIN}),
            label=N_("Approve the internal process"),
            consequence=N_("The agency configures the electronic process by it."),
            clause="HUE25 Đ16.2",
            guard="decision_named",
            notices=("division_head", "agency_head", "control_focal_point"),
        ),
        Transition(
            name="refuse",
            sources=frozenset({ApprovalState.examined}),
            target=ApprovalState.submitted,
            roles=frozenset({AGENCY_HEAD}),
            label=N_("Return to the Office"),
            consequence=N_("The Office examines it again."),
            clause="HUE25 Đ16.2",
            notices=("control_focal_point",),
            needs_reason=True,
        ),
        Transition(
            name="configure",
            sources=frozenset({ApprovalState.approved}),
            target=ApprovalState.configured,
            roles=_AGENCY | {CATALOG_ADMIN},
            label=N_("Electronic process configured"),
            consequence=N_("It is tested jointly on this system and on the national portal."),
            clause="HUE25 Đ16.3",
            guard="in_a_version",
            notices=("control_focal_point",),
        ),
        Transition(
            name="pass_test",
            sources=frozenset({ApprovalState.configured}),
            target=ApprovalState.tested,
            # The agency tests together with the Office and those who run the system.
            roles=_OFFICE | {SYSTEM_ADMIN},
            label=N_("Joint test passed"),
            consequence=N_("The agency assigns officers to the steps."),
            clause="HUE25 Đ16.3, Đ28.3",
            notices=("division_head", "agency_head"),
            needs_reason=True,
            reason_label=N_("Result of the joint test"),
            reason_help=N_("What was tested, on which systems, with whom, and the outcome. It stays on record."),
        ),
        Transition(
            name="fail_test",
            sources=frozenset({ApprovalState.configured}),
            target=ApprovalState.approved,
            roles=_OFFICE | {SYSTEM_ADMIN},
            label=N_("Joint test failed"),
            consequence=N_("The agency corrects the configuration."),
            clause="HUE25 Đ16.3",
            notices=("division_head", "agency_head"),
            needs_reason=True,
        ),
        Transition(
            name="assign",
            sources=frozenset({ApprovalState.tested}),
            target=ApprovalState.in_use,
            roles=_AGENCY,
            label=N_("Officers assigned, put into use"),
            consequence=N_("The procedures with this process can be received."),
            clause="HUE25 Đ16.4",
            guard="officers_posted",
            notices=("control_focal_point",),
        ),
    ),
)
