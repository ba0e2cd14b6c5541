"""What an officer may do with the refunds of a dossier, for its page."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import money
from app.models import Dossier, Refund
from app.permissions import Actor
from app.services import refunds
from app.services.offers import Offer
from app.services.refund_rights import deciding_post, may_enter
from app.workflows.refund import REFUND


def refund_offers(session: Session, dossier: Dossier, actor: Actor) -> list[Offer]:
    """Return the acts open to ``actor``: decide on the refund that waits, take it back, enter one."""
    known = refunds.refunds_of(session, dossier)
    waiting = refunds.waiting(known)
    if waiting is None:
        return _enter(session, dossier, actor, known)
    found = []
    if deciding_post(waiting, actor) is not None:
        found += [_decide(waiting, "approve_refund", "check"), _decide(waiting, "refuse_refund", "x")]
    if refunds.may_take_back(waiting, actor):
        found.append(_decide(waiting, "take_back_refund", "arrow-back"))
    return found


def _enter(session: Session, dossier: Dossier, actor: Actor, known: list[Refund]) -> list[Offer]:
    rows = refunds.refundable(dossier, known) if may_enter(dossier, actor) else []
    if not rows:
        return []
    alone = refunds.alone_most(session)
    row = REFUND.find("ask_refund")
    words = _(row.consequence)
    if alone:
        words = _("Up to %(amount)s for a dossier it is paid out at once; above, the Centre director or the head of "
                  "the agency approves it first.", amount=money(alone))  # fmt: skip
    return [Offer("refund", _(row.label), words, label=_("Enter the refund"), clause=row.clause, icon="cash",
                  facts={"refundable": rows, "serial": len(known) + 1})]  # fmt: skip


def _decide(refund: Refund, name: str, icon: str) -> Offer:
    row = REFUND.find(name)
    return Offer(name, _(row.label), _(row.consequence), clause=row.clause, icon=icon,
                 is_main=name == "approve_refund", facts={"refund": refund})  # fmt: skip
