"""What an officer may do about a delay: write, sign, send back or waive the apology."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import inside_sentence, plain_text
from app.models import Apology, Dossier
from app.models.apology import APOLOGY_KINDS
from app.permissions import ROLE_LABELS, Actor, Role
from app.services import apologies
from app.services.offers import Offer
from app.workflows.apology import APOLOGY, OPEN_APOLOGY, ApologyState


def apology_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return the acts open to ``actor``, one card per apology; never the main act of who hands over."""
    found: list[Offer] = []
    for one in dossier.apologies:
        if apologies.may_sign(one, actor):
            found += _decide(one)
    if apologies.may_write(dossier, actor):
        found += [_write(session, dossier, cause, known) for cause, known in apologies.to_write(dossier)]
        found += [_take_back(one) for one in dossier.apologies if one.request and one.state in OPEN_APOLOGY]
    return found


def _write(session: Session, dossier: Dossier, cause: str, known: Apology | None) -> Offer:
    row = APOLOGY.find("write_apology")
    kind = known.kind if known else apologies.OVERDUE
    role = Role(known.signer_role if known else apologies.signer_role(session, dossier, kind))
    words = _("%(what)s. It goes to be signed by: %(role)s; then it is sent to the applicant.",
              what=_(APOLOGY_KINDS[kind]), role=inside_sentence(_(ROLE_LABELS[role])))  # fmt: skip
    asks_day = cause == apologies.OVERDUE and dossier.finished_at is None
    facts = {"cause": cause, "asks_day": asks_day, "returned": known.answer if known else None,
             "reason": known.reason if known else ""}  # fmt: skip
    return Offer(row.name, _(row.label), words, clause=row.clause, icon="mail", facts=facts,
                 label=_("Hand over for signing"), key=f"{row.name}-{cause.replace(':', '-')}")  # fmt: skip


def _take_back(apology: Apology) -> Offer:
    row = APOLOGY.find("take_back_request")
    return Offer(row.name, _(row.label), _(row.consequence), label=_("Take back"), clause=row.clause, icon="arrow-back",
                 facts={"apology": apology}, key=f"{row.name}-{apology.id}")  # fmt: skip


def _decide(apology: Apology) -> list[Offer]:
    facts = {"apology": apology, "promised": plain_text(apology.new_due_at) if apology.new_due_at else ""}
    names = ["waive_apology"]
    if apology.state == ApologyState.submitted:
        names = ["sign_apology", "send_back_apology", *names]
    icons = {"sign_apology": "signature", "send_back_apology": "arrow-back", "waive_apology": "x"}
    return [
        Offer(row.name, _(row.label), _(row.consequence), clause=row.clause, icon=icons[row.name],
              facts=facts, key=f"{row.name}-{apology.id}", is_main=row.name == "sign_apology")
        for row in map(APOLOGY.find, names)
    ]  # fmt: skip


def hint(dossier: Dossier) -> str:
    """Return what who hands over a late result should know; it never blocks the handing over."""
    if any(one.kind == apologies.OVERDUE and ApologyState(one.state) in OPEN_APOLOGY for one in dossier.apologies):
        return _("The apology for the delay is not signed yet; the result is handed over all the same.")
    return ""
