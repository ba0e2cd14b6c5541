"""Acts beside the states of a dossier: money paid back by two people, delays explained; see ``acts``."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

from sqlalchemy.orm import Session

from app.clock import today
from app.models import Dossier
from app.permissions import Actor, Role
from app.services import explanations, lifecycle, refund_rights, refunds
from app.workflows.refund import COUNTING, RefundState
from tests.machine.world import World

WHY = "Lý do ghi trong biên bản."


def give_back(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    """Enter a refund, whole or in part or too much or a second time; or decide on the one that waits."""
    known = refunds.refunds_of(session, dossier)
    waiting = refunds.waiting(known)
    if waiting is not None and dice % 4:
        if dice % 4 == 1:
            return refunds.refuse(session, waiting, actor, WHY)
        return refunds.approve(session, waiting, actor) if dice % 4 == 2 else refunds.take_back(session, waiting, actor)
    left = refunds.refundable(dossier, known)
    charge_id, rest = (left[0][0].id, left[0][1]) if left else (0, 0)
    amount = (rest, max(1, rest // 2), rest + 1)[dice % 3]
    return refunds.enter(session, dossier, actor, refunds.Payout(
        charge_id, amount, "Trần Thị Bình", "cash", "12/QĐ", WHY, len(known) + dice % 2))  # fmt: skip


def account_for(_world: World, session: Session, dossier: Dossier, actor: Actor, dice: int) -> Any:
    """Ask for an explanation of a delay, give one, or withdraw the question."""
    if dice % 3 == 0:
        return explanations.ask(session, dossier, actor, question=WHY, due_on=today() + timedelta(days=dice % 5))
    if dice % 3 == 1:
        return explanations.explain(session, dossier, actor, f"{WHY} {dice}")
    return explanations.withdraw(session, dossier, actor, WHY)


def may_give_back(dossier: Dossier, actor: Actor) -> bool:
    """Return whether somebody is worth trying: who enters refunds, and who decides on them."""
    return refund_rights.may_enter(dossier, actor) or lifecycle.stands_at(dossier, actor, Role.agency_head)


def paid_back(session: Session, dossier: Dossier) -> Iterator[str]:
    """No more went back than was paid on a receipt, each refund by two people, under one number of its own."""
    known = refunds.refunds_of(session, dossier)
    if [one.serial for one in known] != list(range(1, len(known) + 1)):
        yield f"refunds are counted {[one.serial for one in known]}"
    back: dict[tuple[int, str | None], int] = {}
    for one in known:
        if one.state in COUNTING:
            key = one.charge_id, one.receipt_number
            back[key] = back.get(key, 0) + one.amount
            if back[key] > one.charge.amount:
                yield f"{back[key]} went back of {one.charge.amount}"
        if (one.number is not None) != (one.state == RefundState.paid_back):
            yield f"a refund is {one.state} with the number {one.number}"
        if one.state == RefundState.paid_back and one.decided_by_id in refund_rights.entered_by(one):
            yield "somebody approved a refund he entered himself"
