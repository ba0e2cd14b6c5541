"""The lives of a procedure version and of the decision that publishes it (HUE25 Đ16, HCM24 Đ8.1)."""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import AGENCY_HEAD, CATALOG_ADMIN, CONTROL_FOCAL_POINT


class VersionState(StrEnum):
    """Life of a procedure version; only a draft can be changed."""

    draft = "draft"
    checked = "checked"
    approved = "approved"
    published = "published"
    retired = "retired"

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return VERSION_STATES[self]


VERSION_STATES = {
    VersionState.draft: N_("Draft"),
    VersionState.checked: N_("Checked"),
    VersionState.approved: N_("Approved"),
    VersionState.published: N_("Published"),
    VersionState.retired: N_("No longer in force"),
}

VERSION: Workflow[VersionState] = Workflow(
    name="procedure_version",
    states=VersionState,
    initial=frozenset({VersionState.draft}),
    final=frozenset({VersionState.retired}),
    guards={
        "complete": N_("Points of the checklist are still missing"),
        "decided": N_("The publication decision must have its number first"),
        "begun": N_("The first day of validity has not come yet"),
    },
    transitions=(
        Transition(
            name="draft",
            sources=frozenset({None}),
            target=VersionState.draft,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("Draft the next version"),
            consequence=N_("The version in force stays as it is until the draft is published."),
            clause="HCM24 Đ8.1",
        ),
        Transition(
            name="check",
            sources=frozenset({VersionState.draft}),
            target=VersionState.checked,
            # The Office of the People's Committee examines form and content.
            roles=frozenset({CATALOG_ADMIN, CONTROL_FOCAL_POINT}),
            label=N_("Confirm the check"),
            consequence=N_("The content can no longer be changed unless it is sent back."),
            clause="HUE25 Đ16.2; HCM24 Đ17.1b",
            guard="complete",
        ),
        Transition(
            name="approve",
            sources=frozenset({VersionState.checked}),
            target=VersionState.approved,
            # The Chairman himself, or the Office that enters the decision he signed.
            roles=frozenset({AGENCY_HEAD, CATALOG_ADMIN}),
            label=N_("Approve the version"),
            consequence=N_("It may be published from its first day of validity."),
            clause="HUE25 Đ16.2; HCM24 Đ8.1",
            guard="decided",
        ),
        Transition(
            name="return",
            sources=frozenset({VersionState.checked, VersionState.approved}),
            target=VersionState.draft,
            roles=frozenset({CATALOG_ADMIN, CONTROL_FOCAL_POINT, AGENCY_HEAD}),
            label=N_("Send back to draft"),
            consequence=N_("The draft can be changed again and must be checked anew."),
            clause="HUE25 Đ16.2",
            needs_reason=True,
        ),
        Transition(
            name="publish",
            sources=frozenset({VersionState.approved}),
            target=VersionState.published,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("Publish the version"),
            consequence=N_("It is in force and never changes again; the version before it ends."),
            clause="HCM24 Đ8.1; HUE25 Đ6.1b",
            guard="begun",
        ),
        Transition(
            name="retire",
            sources=frozenset({VersionState.published}),
            target=VersionState.retired,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("End the version"),
            consequence=N_("No new dossier can be made with it; running dossiers go on under it."),
            clause="HCM24 Đ8.1",
            needs_reason=True,
        ),
    ),
)


class DecisionState(StrEnum):
    """Where a publication decision stands."""

    draft = "draft"
    scheduled = "scheduled"
    published = "published"

    @property
    def label(self) -> str:
        """The msgid of what officers read."""
        return DECISION_STATES[self]


DECISION_STATES = {
    DecisionState.draft: N_("Being prepared"),
    DecisionState.scheduled: N_("Waiting for its day"),
    DecisionState.published: N_("Decision published"),
}

DECISION: Workflow[DecisionState] = Workflow(
    name="publication_decision",
    states=DecisionState,
    initial=frozenset({DecisionState.draft}),
    final=frozenset({DecisionState.published}),
    guards={
        "without_faults": N_("The decision or one of its procedures still has faults"),
    },
    transitions=(
        Transition(
            name="draft",
            sources=frozenset({None}),
            target=DecisionState.draft,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("Enter a decision"),
            consequence=N_("Procedures can be added to it."),
            clause="HCM24 Đ8.1",
        ),
        Transition(
            name="schedule",
            sources=frozenset({DecisionState.draft}),
            target=DecisionState.scheduled,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("Schedule the publication"),
            consequence=N_("Everything in it is published by itself on the day of effect."),
            clause="HCM24 Đ8.1",
            guard="without_faults",
        ),
        Transition(
            name="unschedule",
            sources=frozenset({DecisionState.scheduled}),
            target=DecisionState.draft,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("Take back to preparation"),
            consequence=N_("Nothing is published on the day; the decision can be changed again."),
            clause="HCM24 Đ8.1",
            needs_reason=True,
        ),
        Transition(
            name="publish",
            sources=frozenset({DecisionState.draft, DecisionState.scheduled}),
            target=DecisionState.published,
            roles=frozenset({CATALOG_ADMIN}),
            label=N_("Publish the whole decision"),
            consequence=N_("All its procedures change at once: all of them, or none."),
            clause="HCM24 Đ8.1; HUE25 Đ6.1b",
            guard="without_faults",
        ),
    ),
)
