"""What must hold before a dossier may move: name → message when it does not.

The tables name a guard; the service that knows the dossier answers it.
"""

from app.i18n import N_

GUARDS = {
    "technical_check": N_("Required fields or papers are missing, or a file cannot be read"),
    "papers_complete": N_("Every required paper must be marked as received first"),
    "supplement_once": N_("A supplement has already been asked for once; say why it is asked for again"),
    "answer_overdue": N_("The time to answer the supplement request is not over yet"),
    "supplement_answered": N_("Everything that was asked for must be supplied first"),
    "reception_fees_paid": N_("The fees due on reception must be paid, and a claimed exemption checked, first"),
    "not_begun": N_("Somebody has begun with it: the agency sends it back instead"),
    "charge_due": N_("There is nothing to pay"),
    "charges_paid": N_("The amount due has not been paid in full"),
    "money_settled": N_("Payments already made or still due must be settled first"),
    "result_issued": N_("The result must be signed, numbered and issued first"),
    "online_delivery": N_("This result is not handed over online or something is still unpaid"),
}
