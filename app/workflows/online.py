"""Reports of wrong procedures, and the yearly list of online services (HCM24 Đ9, Đ17.6h; QN20 Đ21–24)."""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CATALOG_ADMIN,
    CENTRE_DIRECTOR,
    CLERK,
    CONTROL_FOCAL_POINT,
    DESK_OFFICER,
    DIVISION_HEAD,
    SPECIALIST,
)

# Every officer of an agency that handles procedures meets what is wrong with them.
REPORTERS = frozenset({DESK_OFFICER, SPECIALIST, DIVISION_HEAD, AGENCY_HEAD, CLERK, CENTRE_DIRECTOR,
                       CONTROL_FOCAL_POINT})  # fmt: skip
_OFFICE = frozenset({CATALOG_ADMIN, CONTROL_FOCAL_POINT})

# HCM24 Đ17.6h says "promptly": working days until the answer, unless the profile says otherwise.
REPORT_DAYS = 5


class ReportState(StrEnum):
    """Where a report of a wrong, missing or expired procedure stands."""

    sent = "sent"
    accepted = "accepted"
    answered = "answered"
    refused = "refused"

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return REPORT_STATES[self]


REPORT_STATES = {
    ReportState.sent: N_("Report sent"),
    ReportState.accepted: N_("Report being dealt with"),
    ReportState.answered: N_("Report answered"),
    ReportState.refused: N_("Report not followed"),
}

REPORT: Workflow[ReportState] = Workflow(
    name="procedure_report",
    states=ReportState,
    initial=frozenset({ReportState.sent}),
    final=frozenset({ReportState.answered, ReportState.refused}),
    transitions=(
        Transition(
            name="send",
            sources=frozenset({None}),
            target=ReportState.sent,
            roles=REPORTERS,
            label=N_("Report a procedure"),
            consequence=N_("The Office of the People's Committee answers in time."),
            clause="HCM24 Đ17.6h",
            notices=("catalog_admin",),
        ),
        Transition(
            name="accept",
            sources=frozenset({ReportState.sent}),
            target=ReportState.accepted,
            roles=_OFFICE,
            label=N_("Take up the report"),
            consequence=N_("The reporter is told that it is being dealt with."),
            clause="HCM24 Đ17.6h, Đ17.1b",
            notices=("sender",),
        ),
        Transition(
            name="answer",
            sources=frozenset({ReportState.sent, ReportState.accepted}),
            target=ReportState.answered,
            roles=_OFFICE,
            label=N_("Answer the report"),
            consequence=N_("The reporter reads what was mended, and when."),
            clause="HCM24 Đ17.6h, Đ17.1b",
            notices=("sender",),
            needs_reason=True,
        ),
        Transition(
            name="refuse",
            sources=frozenset({ReportState.sent, ReportState.accepted}),
            target=ReportState.refused,
            roles=_OFFICE,
            label=N_("Do not follow the report"),
            consequence=N_("The reporter reads why nothing is changed."),
            clause="HCM24 Đ17.6h",
            notices=("sender",),
            needs_reason=True,
        ),
    ),
)

# QN20 Đ23.2c: a trial lasts two months at most.
TRIAL_MONTHS = 2
# QN20 Đ22.1: proposals of a year are due before this day and month.
PROPOSAL_DAY = (15, 2)


class ServiceState(StrEnum):
    """Where a proposed online service stands."""

    proposed = "proposed"
    appraised = "appraised"
    decided = "decided"
    trial = "trial"
    live = "live"
    refused = "refused"
    stopped = "stopped"

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return SERVICE_STATES[self]


SERVICE_STATES = {
    ServiceState.proposed: N_("Proposed"),
    ServiceState.appraised: N_("Appraised"),
    ServiceState.decided: N_("In the decided list"),
    ServiceState.trial: N_("On trial"),
    ServiceState.live: N_("In regular operation"),
    ServiceState.refused: N_("Not in the list"),
    ServiceState.stopped: N_("No longer provided"),
}

ONLINE_SERVICE: Workflow[ServiceState] = Workflow(
    name="online_service",
    states=ServiceState,
    initial=frozenset({ServiceState.proposed}),
    final=frozenset({ServiceState.refused, ServiceState.stopped}),
    guards={
        "criterion": N_("At least one of the six criteria must be met"),
        "decided": N_("The decision on the list must have its number and date first"),
        "trial_dates": N_("The trial needs its first and last day, no longer apart than the profile allows"),
    },
    transitions=(
        Transition(
            name="propose",
            sources=frozenset({None}),
            target=ServiceState.proposed,
            roles=frozenset({DIVISION_HEAD, AGENCY_HEAD, CATALOG_ADMIN}),
            label=N_("Propose an online service"),
            consequence=N_("The Office of the People's Committee appraises it."),
            clause="QN20 Đ22.1; HCM24 Đ9",
        ),
        Transition(
            name="appraise",
            sources=frozenset({ServiceState.proposed}),
            target=ServiceState.appraised,
            roles=_OFFICE,
            label=N_("Confirm the appraisal"),
            consequence=N_("It is laid before the Chairman for the list."),
            clause="QN20 Đ21, Đ22.2; HCM24 Đ9",
            guard="criterion",
            notices=("chairman",),
            needs_reason=True,
        ),
        Transition(
            name="refuse",
            sources=frozenset({ServiceState.proposed, ServiceState.appraised}),
            target=ServiceState.refused,
            roles=_OFFICE | {AGENCY_HEAD},
            label=N_("Leave out of the list"),
            consequence=N_("The agency reads why; it may propose it again next year."),
            clause="QN20 Đ22.2; HCM24 Đ9",
            notices=("division_head", "agency_head"),
            needs_reason=True,
        ),
        Transition(
            name="decide",
            sources=frozenset({ServiceState.appraised}),
            target=ServiceState.decided,
            roles=frozenset({AGENCY_HEAD, CATALOG_ADMIN}),
            label=N_("Enter into the decided list"),
            consequence=N_("The agency prepares the service for its trial."),
            clause="QN20 Đ22.2; HCM24 Đ9",
            guard="decided",
            notices=("division_head", "agency_head"),
        ),
        Transition(
            name="begin_trial",
            sources=frozenset({ServiceState.decided}),
            target=ServiceState.trial,
            roles=_OFFICE,
            label=N_("Begin the trial"),
            consequence=N_("Everybody concerned is reminded before the trial ends."),
            clause="QN20 Đ23.2c",
            guard="trial_dates",
            notices=("division_head", "agency_head"),
        ),
        Transition(
            name="fail_trial",
            sources=frozenset({ServiceState.trial}),
            target=ServiceState.decided,
            roles=_OFFICE,
            label=N_("End the trial without success"),
            consequence=N_("What was found is mended before another trial."),
            clause="QN20 Đ23.2c",
            notices=("division_head", "agency_head"),
            needs_reason=True,
        ),
        Transition(
            name="launch",
            sources=frozenset({ServiceState.trial}),
            target=ServiceState.live,
            roles=_OFFICE,
            label=N_("Put into regular operation"),
            consequence=N_("Regular operation is announced on the portal."),
            clause="QN20 Đ23.2c",
            notices=("division_head", "agency_head"),
        ),
        Transition(
            name="stop",
            sources=frozenset({ServiceState.live}),
            target=ServiceState.stopped,
            roles=_OFFICE,
            label=N_("Stop providing the service"),
            consequence=N_("The review found that it is not to be provided any more."),
            clause="QN20 Đ24; HUE25 Đ27",
            notices=("division_head", "agency_head"),
            needs_reason=True,
        ),
    ),
)
