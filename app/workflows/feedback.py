"""The life cycle of a feedback item (phản ánh, kiến nghị), HCM24 Đ14."""

from enum import StrEnum

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CENTRE_DIRECTOR,
    CITIZEN,
    CONTROL_FOCAL_POINT,
    DESK_OFFICER,
    DIVISION_HEAD,
)


class FeedbackState(StrEnum):
    """Where a feedback item stands."""

    received = "received"
    accepted = "accepted"
    answered = "answered"
    published = "published"
    refused = "refused"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return LABELS[self]


LABELS = {
    FeedbackState.received: N_("Feedback received"),
    FeedbackState.accepted: N_("Feedback being handled"),
    FeedbackState.answered: N_("Feedback answered"),
    FeedbackState.published: N_("Answer published"),
    FeedbackState.refused: N_("Feedback not accepted"),
}

GUARDS = {
    "answer_written": N_("The answer must be written first"),
    "answer_public": N_("The sender or the agency wants this answer kept private"),
}

FEEDBACK: Workflow[FeedbackState] = Workflow(
    name="feedback",
    states=FeedbackState,
    initial=frozenset({FeedbackState.received}),
    # A private answer goes to its sender only, so "answered" is an end as well.
    final=frozenset({FeedbackState.answered, FeedbackState.published, FeedbackState.refused}),
    guards=GUARDS,
    transitions=(
        Transition(
            name="send",
            sources=frozenset({None}),
            target=FeedbackState.received,
            roles=frozenset({CITIZEN}),
            label=N_("Send feedback"),
            consequence=N_("You get a code with which to follow the answer."),
            clause="HCM24 Đ14.2b; HUE25 Đ6.5",
            notices=("sender", "control_focal_point"),
        ),
        Transition(
            name="record",
            sources=frozenset({None}),
            target=FeedbackState.received,
            roles=frozenset({DESK_OFFICER, CONTROL_FOCAL_POINT}),
            label=N_("Enter feedback received elsewhere"),
            consequence=N_("It is handled like feedback sent through the portal."),
            clause="HCM24 Đ14.3",
            notices=("control_focal_point",),
        ),
        Transition(
            name="accept",
            sources=frozenset({FeedbackState.received}),
            target=FeedbackState.accepted,
            roles=frozenset({CONTROL_FOCAL_POINT}),
            label=N_("Accept and assign feedback"),
            consequence=N_("The responsible agency is asked to answer."),
            clause="HCM24 Đ14.4; HUE25 Đ25.1i",
            notices=("sender", "agency_head", "centre_director"),
        ),
        Transition(
            name="refuse",
            sources=frozenset({FeedbackState.received}),
            target=FeedbackState.refused,
            roles=frozenset({CONTROL_FOCAL_POINT}),
            label=N_("Refuse feedback"),
            consequence=N_("The sender is told why it is not handled here."),
            clause="HCM24 Đ14.4; QĐ 766/QĐ-TTg 2022",
            notices=("sender",),
            needs_reason=True,
        ),
        Transition(
            name="answer",
            sources=frozenset({FeedbackState.accepted}),
            target=FeedbackState.answered,
            roles=frozenset({DIVISION_HEAD, AGENCY_HEAD, CENTRE_DIRECTOR, CONTROL_FOCAL_POINT}),
            label=N_("Answer feedback"),
            consequence=N_("The answer is sent to the sender."),
            guard="answer_written",
            clause="HCM24 Đ14.4; HUE25 Đ25.1i",
            notices=("sender", "control_focal_point"),
        ),
        Transition(
            name="publish",
            sources=frozenset({FeedbackState.answered}),
            target=FeedbackState.published,
            roles=frozenset({CONTROL_FOCAL_POINT}),
            label=N_("Publish the answer"),
            consequence=N_("Question and answer appear on the portal without personal data."),
            guard="answer_public",
            clause="HUE25 Đ6.5, Đ25.1i; QĐ 766/QĐ-TTg 2022",
            notices=("sender",),
        ),
    ),
)
