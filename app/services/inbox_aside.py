"""What stands beside the inbox: colleagues with what they have to do, and why time is as it is."""

from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, today
from app.lowcode.values import plain_text
from app.models import Agency, Dossier, OfficerPosition, Task, User
from app.models.task import TaskState
from app.permissions import Actor, Role
from app.services.inbox_scope import TASK_ROLES
from app.services.pauses import stands_still
from app.services.task_rights import HEADS
from app.services.timing import calendar_of
from app.workflows.explaining import explain
from app.workflows.states import State
from app.workflows.working_time import CalendarExhausted

_MOST = 60


@dataclass(frozen=True)
class Colleague:
    """Somebody at my agencies: his post there and how many open tasks he has."""

    user_id: int
    name: str
    role: Role
    open_tasks: int


def colleagues_of(session: Session, actor: Actor) -> list[Colleague]:
    """Return those to whom the actor may give tasks where he works, the least loaded first, himself included.

    A head gives anybody's task to whoever does such tasks; others give theirs to their equals.
    """
    roles = TASK_ROLES if actor.has(*HEADS) else actor.roles & TASK_ROLES
    places = sorted({post.agency_id for post in actor.positions_as(TASK_ROLES)})
    if not places:
        return []
    has = sa.func.count(Task.id.distinct()).label("has")
    post, day = OfficerPosition, today()
    opened = sa.and_(Task.assignee_id == User.id, Task.state == TaskState.open)
    query = (
        sa.select(User.id, User.first_name, User.last_name, sa.func.min(post.role).label("role"), has)
        .select_from(post)
        .join(User, User.id == post.user_id)
        .outerjoin(Task, sa.and_(opened, Task.agency_id == post.agency_id))
        .where(post.agency_id.in_(places), post.role.in_(sorted(map(str, roles))), User.active.is_(True))
        .where(post.valid_from <= day, sa.or_(post.valid_to.is_(None), post.valid_to >= day))
        .group_by(User.id, User.first_name, User.last_name)
        .order_by(has, User.first_name, User.last_name)
        .limit(_MOST)
    )
    return [Colleague(row.id, f"{row.first_name} {row.last_name}".strip(), Role(row.role), row.has)
            for row in session.execute(query)]  # fmt: skip


def reasons_of(session: Session, dossier: Dossier, task_id: int | None) -> list[str]:
    """Return why the remaining time of a line is what it is: intervals, pauses, clauses."""
    state = State(dossier.state)
    if stands_still(session, dossier):
        return [_("The clock stands still: %(state)s", state=_(state.label)), *_changes(dossier)]
    task = next((t for t in dossier.tasks if t.id == task_id and t.state == TaskState.open), None)
    lines: list[str] = []
    if task is not None and state is State.processing:
        lines.append(_("Limit of the step: %(at)s", at=plain_text(task.due_at)))
        lines += _pieces(session, task.agency, task.due_at)
    if dossier.received_at is None:
        if dossier.reception_due_at is not None:
            lines.append(_("Answer due: %(at)s", at=plain_text(dossier.reception_due_at)))
            lines += _pieces(session, dossier.desk, dossier.reception_due_at)
    elif dossier.due_at is not None:
        lines.append(_("Result due: %(at)s", at=plain_text(dossier.due_at)))
        if task is None:
            lines += _pieces(session, dossier.agency, dossier.due_at)
        lines += [_(msgid, **params) for msgid, params in dossier.due_explanation or ()]
    return lines + _changes(dossier)


def _pieces(session: Session, place: Agency, due_at: datetime) -> list[str]:
    at = now()
    try:
        pieces = explain(calendar_of(session, place), min(at, due_at), max(at, due_at))
    except CalendarExhausted:
        return []
    return [f"– {_(piece.msgid, **piece.params)}" for piece in pieces]


def _changes(dossier: Dossier) -> list[str]:
    return [f"{plain_text(change.at)}: {change.reason} ({change.clause})" for change in dossier.due_changes]
