"""What the applicant does with a dossier of his: answer a supplement request, take it back."""

from app.i18n import N_
from app.workflows.states import State
from app.workflows.table import PREVIOUS, Transition
from app.workflows.vocabulary import AGENCY_HEAD, CITIZEN, DESK_OFFICER

APPLICANT: tuple[Transition[State], ...] = (
    Transition(
        name="answer_supplement",
        sources=frozenset({State.supplement_requested}),
        target=PREVIOUS,
        roles=frozenset({CITIZEN, DESK_OFFICER}),
        label=N_("Send the supplement"),
        consequence=N_(
            "The dossier goes back to the officer who asked; its code stays the same and the "
            "clock runs again."
        ),
        guard="supplement_answered",
        clause="QN20 Đ13; HUE25 Đ11.2; TTH17 Đ12",
        notices=("desk", "specialist"),
    ),
    Transition(
        name="request_withdrawal",
        sources=frozenset(
            {
                State.registered,
                State.accepted,
                State.processing,
                State.supplement_requested,
                State.payment_requested,
            }
        ),
        target=State.withdrawal_requested,
        roles=frozenset({CITIZEN, DESK_OFFICER}),
        label=N_("Ask to withdraw the dossier"),
        consequence=N_("Nothing else happens to the dossier until an officer has decided."),
        clause="TT 03/2025/TT-VPCP, Mẫu 05",
        notices=("desk", "specialist"),
        needs_reason=True,
    ),
    Transition(
        name="approve_withdrawal",
        sources=frozenset({State.withdrawal_requested}),
        target=State.stopped,
        roles=frozenset({DESK_OFFICER, AGENCY_HEAD}),
        label=N_("Agree to the withdrawal"),
        consequence=N_("The dossier is closed for good and its papers are given back; a result sealed already is "
                       "revoked."),
        guard="money_settled",
        clause="NĐ 118/2025/NĐ-CP; TT 03/2025/TT-VPCP, Mẫu 05",
        letter="stop",
        notices=("applicant", "desk", "specialist"),
    ),
    Transition(
        name="reject_withdrawal",
        sources=frozenset({State.withdrawal_requested}),
        target=PREVIOUS,
        roles=frozenset({DESK_OFFICER, AGENCY_HEAD}),
        label=N_("Decline the withdrawal"),
        consequence=N_("The dossier goes on from where it was; the applicant is told the reason."),
        clause="HCM24 Đ11.3",
        notices=("applicant", "desk", "specialist"),
        needs_reason=True,
    ),
)
