"""Taking back what the desk has just passed on: the dossier is there again as if it had not left (NĐ 61/2018 Đ18)."""

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.history import act_by
from app.i18n import N_
from app.models import Dossier, Movement, Notice, Task
from app.permissions import Actor
from app.services import lifecycle, processing
from app.services.guards import GUARDS
from app.services.letters import cancel_letters
from app.services.notices import notice_users
from app.services.official import official
from app.services.standing import acts
from app.workflows.process import StepKind

_ROW = "take_back_start"
_SLIP, _CAUSE = "control_slip", "start"


def may_take_back(dossier: Dossier, actor: Actor, passed_on: Movement) -> bool:
    """Return whether what was passed on with this movement may be taken back: at this desk, nothing begun or sent."""
    row = lifecycle.find_transition(_ROW)
    others = [one for one in dossier.letters if one.created_at >= passed_on.at and one.kind != _SLIP]
    return acts(dossier, row, actor) and GUARDS["not_begun"](dossier) and not others


def take_back_start(session: Session, dossier: Dossier, actor: Actor) -> Dossier:
    """Put a dossier just passed on back to the desk: its steps cancelled, its slip kept as cancelled.

    The clock has no gap and the due date stays. Raises NotAllowed for others than its desk, Invalid once
    somebody has begun with it.
    """
    row = lifecycle.find_transition(_ROW)
    lifecycle.refuse_unless_open(dossier, row, actor)
    lifecycle.refuse_unless(row, dossier, None)
    act_by(session, actor, lifecycle.post_for(dossier, row, actor))
    opened = lifecycle.open_tasks(dossier)
    _tell(session, dossier, opened, actor)
    received = next((t for t in reversed(dossier.tasks) if t.kind == StepKind.receive and t.is_current), None)
    if received is None:
        processing.cancel_tasks(session, dossier)
    else:
        processing.go_back(session, dossier, received.key, actor, user_id=received.assignee_id)
    lifecycle.move(session, dossier, _ROW, actor)
    cancel_letters(dossier, {(_SLIP, _CAUSE)})
    session.flush()
    return dossier


def _tell(session: Session, dossier: Dossier, opened: list[Task], actor: Actor) -> None:
    """Tell everybody who had been told of the steps that they are gone."""
    keys = [f"task:{task.id}" for task in opened]
    told = set(session.scalars(sa.select(Notice.user_id).where(Notice.dossier_id == dossier.id, Notice.key.in_(keys))))
    people = told | {task.assignee_id for task in opened if task.assignee_id}
    title = official(N_("Taken back by the desk: %(code)s"), code=dossier.code)
    key = f"start-back:{dossier.id}:{len(dossier.movements)}"
    notice_users(session, people - {actor.user_id}, dossier, key, title, "")
