"""The life cycle of a dossier (domain C): one row per way, each with its clause.

Money due when the result is handed over is no detour: the dossier stays in 9, the cashier records
the payment beside it, and the guard of ``return_result`` waits for it. The four regulations do not
speak of withdrawal: its rows follow national state 7 and the notice of stopping of 2025.
Citations: HUE25, QN20, HCM24, TTH17 are the four provincial regulations; laws by number.
"""

from app.i18n import N_
from app.workflows.dossier_applicant import APPLICANT
from app.workflows.dossier_reopening import REOPENING
from app.workflows.guards import GUARDS
from app.workflows.states import FINAL, State
from app.workflows.table import PREVIOUS, Transition, Workflow
from app.workflows.vocabulary import (
    AGENCY_HEAD,
    CASHIER,
    CITIZEN,
    CLERK,
    DESK_OFFICER,
    DIVISION_HEAD,
    SPECIALIST,
)

NEW = frozenset({None})
HANDLERS = frozenset({SPECIALIST, DIVISION_HEAD, AGENCY_HEAD})

RECEPTION: tuple[Transition[State], ...] = (
    Transition(
        name="submit",
        sources=NEW,
        target=State.registered,
        roles=frozenset({CITIZEN}),
        label=N_("Send the dossier"),
        consequence=N_(
            "The dossier goes to the one-stop desk, which answers within the reception limit; "
            "you get an acknowledgement."
        ),
        guard="technical_check",
        clause="QN20 Đ12.1; HCM24 Đ10.1; HUE25 Đ10.1",
        letter="acknowledgement",
        notices=("applicant", "desk"),
    ),
    Transition(
        name="receive_at_counter",
        sources=NEW,
        target=State.accepted,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Receive at the counter"),
        consequence=N_("Code and due date are fixed; the applicant gets the receipt slip."),
        guard="papers_complete",
        clause="NĐ 61/2018 Đ17; HCM24 Đ11.1b",
        letter="receipt_slip",
        notices=("applicant",),
    ),
    Transition(
        name="register",
        sources=NEW,
        target=State.registered,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Register without accepting yet"),
        consequence=N_(
            "The dossier that came by post, by proxy or incomplete is entered; then accept it, "
            "ask for a supplement or refuse it."
        ),
        clause="QN20 Đ25.2; HCM24 Đ11.1c",
        notices=("applicant",),
    ),
    Transition(
        name="open_linked",
        sources=NEW,
        target=State.registered,
        roles=frozenset({DESK_OFFICER, SPECIALIST, DIVISION_HEAD, AGENCY_HEAD}),
        label=N_("Open a linked dossier"),
        consequence=N_(
            "The other agency gets a dossier of its own with the papers it needs; its result comes back."
        ),
        clause="QN20 Đ21.4; NĐ 61/2018 Đ3",
        notices=("desk", "applicant"),
    ),
    Transition(
        name="accept",
        sources=frozenset({State.registered}),
        target=State.accepted,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Accept dossier"),
        consequence=N_("The due date is fixed; the applicant gets the receipt slip."),
        guard="papers_complete",
        clause="QN20 Đ12.3; HCM24 Đ11.1a; NĐ 61/2018 Đ17",
        letter="receipt_slip",
        notices=("applicant",),
    ),
    Transition(
        name="ask_supplement",
        sources=frozenset({State.registered}),
        target=State.supplement_requested,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Ask for a supplement"),
        consequence=N_(
            "The applicant gets the supplement request with exactly what is missing; the clock "
            "stands still until the answer."
        ),
        guard="supplement_once",
        clause="QN20 Đ12.3; TTH17 Đ13.2; NĐ 61/2018 Đ17",
        letter="supplement",
        notices=("applicant",),
        needs_reason=True,
    ),
    Transition(
        name="refuse",
        sources=frozenset({State.registered}),
        target=State.refused,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Refuse dossier"),
        consequence=N_("The dossier is closed for good and the refusal slip is sent."),
        clause="HCM24 Đ11.1a; NĐ 61/2018 Đ17",
        letter="refusal",
        notices=("applicant",),
        needs_reason=True,
    ),
    Transition(
        name="refuse_unanswered",
        sources=frozenset({State.supplement_requested}),
        target=State.refused,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Refuse, the supplement did not come"),
        consequence=N_("The dossier that was never accepted is closed for good and the refusal slip is sent."),
        guard="answer_overdue",
        clause="NĐ 61/2018 Đ17",
        letter="refusal",
        notices=("applicant",),
        needs_reason=True,
    ),
    Transition(
        name="start",
        sources=frozenset({State.accepted}),
        target=State.processing,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Pass on for processing"),
        consequence=N_(
            "The dossier leaves for the agency that handles it, with its control slip; the "
            "first step is opened there."
        ),
        guard="reception_fees_paid",
        clause="NĐ 61/2018 Đ18; HCM24 Đ11.2; TTH17 Đ13.1",
        letter="control_slip",
        notices=("specialist", "division_head"),
    ),
    Transition(
        name="take_back_start",
        sources=frozenset({State.processing}),
        target=State.accepted,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Take back what was passed on"),
        consequence=N_(
            "The dossier is at the desk again and the clock runs on; the steps it opened are cancelled, "
            "the control slip stays in the register as cancelled."
        ),
        guard="not_begun",
        clause="NĐ 61/2018 Đ18; QN20 Đ4.2",
        notices=("specialist", "division_head"),
    ),
)

MONEY: tuple[Transition[State], ...] = (
    Transition(
        name="request_payment",
        sources=frozenset({State.registered, State.accepted}),
        target=State.payment_requested,
        roles=frozenset({DESK_OFFICER, CASHIER}),
        label=N_("Ask for payment on reception"),
        consequence=N_("The applicant is asked to pay; then the dossier goes on."),
        guard="charge_due",
        clause="QN20 Đ14.1–14.2; HUE25 Đ10.2–10.3; TTH17 Đ15",
        notices=("applicant", "cashier"),
    ),
    Transition(
        name="record_payment",
        sources=frozenset({State.payment_requested}),
        target=PREVIOUS,
        roles=frozenset({CASHIER, DESK_OFFICER}),
        label=N_("Record the payment"),
        consequence=N_("The receipt is printed and the dossier goes on from where it was."),
        guard="charges_paid",
        clause="QN20 Đ14.3; HUE25 Đ12.1",
        letter="charge_receipt",
        notices=("applicant", "desk", "specialist"),
    ),
)

PROCESSING: tuple[Transition[State], ...] = (
    Transition(
        name="finish",
        sources=frozenset({State.processing}),
        target=State.finished,
        # The process says which of them seals; the guard makes sure that the result exists.
        roles=HANDLERS | {CLERK},
        label=N_("Finish processing"),
        consequence=N_("The clock ends and the applicant is invited to receive the result."),
        guard="result_issued",
        clause="HCM24 Đ11.4; QN20 Đ16.1; NĐ 61/2018 Đ20",
        notices=("applicant", "desk"),
    ),
    Transition(
        name="ask_supplement_in_process",
        sources=frozenset({State.processing}),
        target=State.supplement_requested,
        roles=HANDLERS,
        label=N_("Ask for a supplement during processing"),
        consequence=N_(
            "The applicant gets the supplement request with exactly what is missing; the clock "
            "stands still, the time already used still counts."
        ),
        guard="supplement_once",
        clause="NĐ 61/2018 Đ19; TTH17 Đ14.1; HUE25 Đ11.1",
        letter="supplement",
        notices=("applicant", "desk"),
        needs_reason=True,
    ),
    Transition(
        name="request_payment_in_process",
        sources=frozenset({State.processing}),
        target=State.payment_requested,
        roles=frozenset({SPECIALIST, DIVISION_HEAD}),
        label=N_("Ask for payment during processing"),
        consequence=N_("The applicant is asked to pay; then the dossier goes on."),
        guard="charge_due",
        clause="QN20 Đ14.2; HCM24 Đ11.5",
        notices=("applicant", "desk", "cashier"),
    ),
    Transition(
        name="stop",
        sources=frozenset({State.processing, State.supplement_requested, State.payment_requested}),
        target=State.stopped,
        roles=frozenset({AGENCY_HEAD}),
        label=N_("Stop processing"),
        consequence=N_("The dossier is closed for good and the notice of stopping is sent; a result sealed already is "
                       "revoked."),
        guard="money_settled",
        clause="NĐ 118/2025/NĐ-CP; TT 03/2025/TT-VPCP, Mẫu 05",
        letter="stop",
        notices=("applicant", "desk", "specialist"),
        needs_reason=True,
    ),
)

RETURN: tuple[Transition[State], ...] = (
    Transition(
        name="return_result",
        sources=frozenset({State.finished}),
        target=State.returned,
        roles=frozenset({DESK_OFFICER}),
        label=N_("Hand over the result"),
        consequence=N_("The receiver signs; the applicant is asked to rate the service."),
        guard="money_settled",
        clause="NĐ 61/2018 Đ20; HCM24 Đ11.4; HUE25 Đ19; TTH17 Đ16",
        letter="return_receipt",
        notices=("applicant",),
    ),
    Transition(
        name="collect_online",
        sources=frozenset({State.finished}),
        target=State.returned,
        roles=frozenset({CITIZEN}),
        label=N_("Receive the result online"),
        consequence=N_("The result stays in your account; the dossier is recorded as handed over."),
        guard="online_delivery",
        clause="QN20 Đ16.1; TTH17 Đ16.1; HUE25 Đ20.1a",
        notices=("desk",),
    ),
)

DOSSIER: Workflow[State] = Workflow(
    name="dossier",
    states=State,
    initial=frozenset({State.registered, State.accepted}),
    final=FINAL,
    transitions=RECEPTION + PROCESSING + MONEY + APPLICANT + RETURN + REOPENING,
    guards=GUARDS,
)
