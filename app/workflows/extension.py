"""The life cycle of an extension: asked by who handles, confirmed in turn, granted by the last.

Who confirms, and in which order, is the profile's (``extension_approvers``): TTH17 Đ14.4 wants
the division head and then the Centre. How far and how often is asked of the profile as well.
"""

from collections.abc import Iterator
from enum import StrEnum
from fractions import Fraction

from app.i18n import N_
from app.workflows.table import Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CASHIER,
    CENTRE_DIRECTOR,
    CLERK,
    DESK_OFFICER,
    DIVISION_HEAD,
    SPECIALIST,
)

APPROVERS = (DIVISION_HEAD, AGENCY_HEAD, CENTRE_DIRECTOR)
_CLAUSE = "TTH17 Đ14.4; NĐ 61/2018 Đ19"
_HOUR = 60  # minutes
_MOST_DAYS = 60  # offered one by one; a longer extension is offered as the most allowed


class ExtensionState(StrEnum):
    """Where an extension stands."""

    asked = "asked"
    confirmed = "confirmed"
    granted = "granted"
    refused = "refused"
    taken_back = "taken_back"
    lapsed = "lapsed"

    @property
    def label(self) -> str:
        """The msgid of what people read."""
        return EXTENSION_STATES[self]


EXTENSION_STATES = {
    ExtensionState.asked: N_("Extension asked for"),
    ExtensionState.confirmed: N_("Extension confirmed, one more has to agree"),
    ExtensionState.granted: N_("Extension granted"),
    ExtensionState.refused: N_("Extension refused"),
    ExtensionState.taken_back: N_("Extension taken back"),
    ExtensionState.lapsed: N_("Extension lapsed"),
}
PENDING = frozenset({ExtensionState.asked, ExtensionState.confirmed})
_DECIDERS = frozenset(APPROVERS)
_ASKERS = frozenset({SPECIALIST, DIVISION_HEAD})

GUARDS = {
    "may_be_extended": N_(
        "Only a dossier in processing is extended, before its due date, as often and as far as "
        "the profile allows"
    ),
    "others_confirm": N_("Nobody else has to confirm this extension: it is granted or refused"),
    "nobody_follows": N_("Somebody else has to confirm this extension first"),
}

EXTENSION: Workflow[ExtensionState] = Workflow(
    name="extension",
    states=ExtensionState,
    initial=frozenset({ExtensionState.asked}),
    final=frozenset(ExtensionState) - PENDING,
    guards=GUARDS,
    transitions=(
        Transition(
            name="ask_extension",
            sources=frozenset({None}),
            target=ExtensionState.asked,
            roles=_ASKERS,
            label=N_("Ask for an extension"),
            consequence=N_(
                "The request goes to those who confirm extensions; the due date stays until all "
                "of them have agreed."
            ),
            guard="may_be_extended",
            clause=_CLAUSE,
            notices=("division_head", "agency_head", "centre_director"),
            needs_reason=True,
        ),
        Transition(
            name="confirm_extension",
            sources=PENDING,
            target=ExtensionState.confirmed,
            roles=_DECIDERS,
            label=N_("Confirm the extension"),
            consequence=N_("The request goes on to the next who has to agree."),
            guard="others_confirm",
            clause="TTH17 Đ14.4a",
            notices=("agency_head", "centre_director"),
        ),
        Transition(
            name="grant_extension",
            sources=PENDING,
            target=ExtensionState.granted,
            roles=_DECIDERS,
            label=N_("Grant the extension"),
            consequence=N_(
                "The due date changes, the first one stays on record; the applicant gets the "
                "apology with the new date."
            ),
            guard="nobody_follows",
            clause="TTH17 Đ14.4b; NĐ 61/2018 Đ19",
            letter="apology",
            notices=("applicant", "desk", "specialist"),
        ),
        Transition(
            name="refuse_extension",
            sources=PENDING,
            target=ExtensionState.refused,
            roles=_DECIDERS,
            label=N_("Refuse the extension"),
            consequence=N_("The due date stays; who asked is told the reason."),
            clause=_CLAUSE,
            notices=("specialist",),
            needs_reason=True,
        ),
        Transition(
            name="take_back_extension",
            sources=PENDING,
            target=ExtensionState.taken_back,
            roles=_ASKERS,
            label=N_("Take back the request for an extension"),
            consequence=N_("Nobody has to decide on it any more; the due date stays."),
            clause=_CLAUSE,
        ),
        Transition(
            name="lapse_extension",
            sources=PENDING,
            target=ExtensionState.lapsed,
            # Whoever ends the processing of a dossier ends with it what was still asked for it.
            roles=_DECIDERS | {SPECIALIST, CLERK, DESK_OFFICER, CASHIER},
            label=N_("The extension is no longer needed"),
            consequence=N_("Processing ended before anybody had decided."),
            clause=_CLAUSE,
        ),
    ),
)


def most_minutes(limit: int, ratio: str | float, granted: int = 0) -> int:
    """Return how many working minutes may still be granted: ``ratio`` of ``limit`` in all.

    limit: the whole time limit in working minutes. ratio: "1/3" as profiles write it.
    granted: minutes granted before. Never negative. Source: TTH17 Đ14.4.
    """
    return max(0, int(limit * Fraction(str(ratio))) - granted)


def lengths(most: int, day_minutes: int) -> list[int]:
    """Return the lengths in working minutes to choose from: hours of a day, days, the most."""
    return sorted({*_offered(most, day_minutes), most}) if most > 0 else []


def _offered(most: int, day_minutes: int) -> Iterator[int]:
    yield from range(_HOUR, min(most, day_minutes - 1) + 1, _HOUR)
    yield from range(day_minutes, min(most, _MOST_DAYS * day_minutes) + 1, day_minutes)
