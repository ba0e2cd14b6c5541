"""What an officer may do about the explanation of a delay, for the page of its dossier."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import Dossier
from app.permissions import Actor
from app.services import explanations
from app.services.offers import Offer
from app.workflows.explanation import EXPLANATION


def explanation_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return the acts open to ``actor``: ask, answer, withdraw the question."""
    asked = explanations.pending(session, dossier)
    found = []
    if explanations.may_ask(session, dossier, actor):
        found.append(_of("ask_explanation", "message", day=explanations.usual_day(session, dossier).isoformat()))
    if explanations.answering_post(session, dossier, actor) is not None:
        found.append(_of("explain", "message", _("Keep the explanation"), asked=asked))
    if asked is not None and explanations.withdrawing_post(asked, actor) is not None:
        found.append(_of("withdraw_explanation", "arrow-back", asked=asked))
    return found


def _of(name: str, icon: str, label: str = "", **facts: object) -> Offer:
    row = EXPLANATION.find(name)
    return Offer(name, _(row.label), _(row.consequence), label=label, clause=row.clause, icon=icon, facts=facts)
