"""What an officer may do about originals: ask to see them, record each comparison."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import plain_text
from app.models import Dossier, OriginalCheck
from app.permissions import Actor
from app.services import originals
from app.services.offers import Offer
from app.workflows.originals import ORIGINAL, OriginalState


def original_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return the acts open to ``actor``: one card per comparison that waits, one to ask for more."""
    if not originals.may_ask(dossier, actor):
        return []
    checks = originals.checks_of(session, dossier)
    found = [_record(one) for one in reversed(checks) if one.state == OriginalState.asked]
    papers = originals.askable(dossier, checks)
    if papers:
        row = ORIGINAL.find("ask_originals")
        found.append(Offer(row.name, _(row.label), _(row.consequence), label=_("Ask the applicant"), clause=row.clause,
                           icon="scan", facts={"papers": papers}))  # fmt: skip
    return found


def _record(check: OriginalCheck) -> Offer:
    words = _("%(paper)s; appointment: %(at)s. Your name, the time and your finding are kept with the paper.",
              paper=check.paper_name, at=plain_text(check.appointment_at))  # fmt: skip
    clause = ORIGINAL.find("original_agrees").clause
    return Offer("record_original", _("Record the comparison with the original"), words, label=_("Save the finding"),
                 clause=clause, icon="scan", facts={"check": check}, key=f"record_original-{check.id}")  # fmt: skip
