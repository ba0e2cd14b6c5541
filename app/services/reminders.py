"""Warnings ahead of a due date, and when it has passed (domain C: overdue timer)."""

from datetime import datetime

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.lowcode.values import plain_text
from app.models import Dossier, Task
from app.models.task import TaskState
from app.permissions import Role
from app.services.notices import holders, notice_users, tell_applicant
from app.services.timing import calendar_of
from app.services.users import root_agency
from app.workflows.states import State
from app.workflows.working_time import add_minutes

_BATCH = 500


def remind_all(session: Session) -> int:
    """Tell who holds each open step that is nearly due or overdue, and each waiting desk.

    Told once per step and kind: the notice's key is its cause. Returns how many were looked at.
    """
    with force_locale("vi"):
        return _remind_tasks(session) + _remind_desks(session)


def _remind_tasks(session: Session) -> int:
    horizon = _horizon(session)
    query = (
        sa.select(Task)
        .join(Dossier, Dossier.id == Task.dossier_id)
        .where(
            Task.state == TaskState.open, Dossier.state == State.processing, Task.due_at <= horizon
        )
        .order_by(Task.due_at)
        .limit(_BATCH)
    )
    tasks = list(session.scalars(query))
    for task in tasks:
        late = task.due_at <= now()
        people = (
            {task.assignee_id}
            if task.assignee_id
            else set(holders(session, task.agency_id, Role(task.role)))
        )
        if late:
            people |= set(holders(session, task.agency_id, Role.agency_head))
        text = _("Overdue: %(step)s (%(code)s)") if late else _("Nearly due: %(step)s (%(code)s)")
        title = text % {"step": task.name, "code": task.dossier.code}
        key = f"{'late' if late else 'soon'}:{task.id}"
        body = _("Due: %(at)s", at=plain_text(task.due_at))
        notice_users(session, {p for p in people if p}, task.dossier, key, title, body)
    return len(tasks)


def _remind_desks(session: Session) -> int:
    query = (
        sa.select(Dossier)
        .where(Dossier.state == State.registered, Dossier.reception_due_at <= _horizon(session))
        .order_by(Dossier.reception_due_at)
        .limit(_BATCH)
    )
    dossiers = list(session.scalars(query))
    for dossier in dossiers:
        title = _("Waiting to be received: %(code)s", code=dossier.code)
        body = _("The answer is due at %(at)s.", at=plain_text(dossier.reception_due_at))
        late = dossier.reception_due_at is not None and dossier.reception_due_at <= now()
        key = f"reception-{'late' if late else 'soon'}:{dossier.id}"
        notice_users(
            session, holders(session, dossier.desk_id, Role.desk_officer), dossier, key, title, body
        )
    return len(dossiers)


def _horizon(session: Session) -> datetime:
    """Return the instant up to which a due date counts as near: two working hours ahead."""
    return add_minutes(calendar_of(session, root_agency(session)), now(), 120)


def invite_rating(session: Session, dossier_id: int) -> None:
    """Ask the applicant to rate a dossier that was returned; asked once (HUE25 Đ26.1g)."""
    dossier = session.get(Dossier, dossier_id)
    if dossier is None or dossier.rating is not None:
        return
    with force_locale("vi"):
        text = _("Please rate how you were served.")
        tell_applicant(session, dossier, f"rate:{dossier.code}", text)
