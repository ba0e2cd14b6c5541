"""Warnings ahead of a due date, and when it has passed (domain C: overdue timer)."""

from collections.abc import Sequence
from datetime import UTC, datetime

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import InstrumentedAttribute, Session

from app.clock import now
from app.lowcode.values import plain_text
from app.models import Dossier, Notice, Task
from app.models.task import TaskState
from app.permissions import Role
from app.services.notices import holders, notice_users, tell_applicant
from app.services.profiles import profile_value
from app.services.timing import calendar_of
from app.services.users import root_agency
from app.workflows.states import State
from app.workflows.working_time import add_minutes

_BATCH = 500
_NEVER = datetime.min.replace(tzinfo=UTC)


def remind_all(session: Session) -> int:
    """Tell who holds each open step that is nearly due or overdue, and each waiting desk.

    How long ahead: the profile's reminder hours, in working hours. Each step and desk is told
    once per warning: the notice's key is its cause. Returns how many were told now.
    """
    with force_locale("vi"):
        count = 0
        for name, since, until in _windows(session, "reminder_hours"):
            count += sum(_remind_task(session, task, name) for task in _tasks(session, name, since, until))
        for name, since, until in _windows(session, "reception_reminder_hours"):
            count += sum(_remind_desk(session, d, name) for d in _waiting(session, name, since, until))
    return count


def _windows(session: Session, key: str) -> list[tuple[str, datetime, datetime]]:
    """Return (warning, after, up to): what is late, then due within each of the hours."""
    given = profile_value(session, key)
    hours = sorted(int(hour) for hour in (given if isinstance(given, list) else [given]))
    calendar, at = calendar_of(session, root_agency(session)), now()
    ends = [add_minutes(calendar, at, 60 * hour) for hour in hours]
    starts = [at, *ends[:-1]]
    near = [(f"soon{hour}", start, end) for hour, start, end in zip(hours, starts, ends, strict=True)]
    return [("late", _NEVER, at), *near]


def _untold(prefix: str, column: InstrumentedAttribute[int]) -> sa.ColumnElement[bool]:
    """Return the condition that no notice with this cause exists yet."""
    key = sa.literal(f"{prefix}:") + sa.cast(column, sa.String)
    return ~sa.exists().where(Notice.key == key)


def _tasks(session: Session, name: str, since: datetime, until: datetime) -> Sequence[Task]:
    query = (
        sa.select(Task)
        .join(Dossier, Dossier.id == Task.dossier_id)
        .where(Task.state == TaskState.open, Dossier.state == State.processing)
        .where(Task.due_at > since, Task.due_at <= until, _untold(name, Task.id))
        .order_by(Task.due_at)
        .limit(_BATCH)
    )
    return session.scalars(query).all()


def _remind_task(session: Session, task: Task, name: str) -> bool:
    late = name == "late"
    people = {task.assignee_id} if task.assignee_id else set(holders(session, task.agency_id, Role(task.role)))
    if late:
        people |= set(holders(session, task.agency_id, Role.agency_head))
    facts = {"step": task.name, "code": task.dossier.code}
    title = _("Overdue: %(step)s (%(code)s)", **facts) if late else _("Nearly due: %(step)s (%(code)s)", **facts)
    body = _("Due: %(at)s", at=plain_text(task.due_at))
    notice_users(session, {p for p in people if p}, task.dossier, f"{name}:{task.id}", title, body)
    return bool(people)


def _waiting(session: Session, name: str, since: datetime, until: datetime) -> Sequence[Dossier]:
    due = Dossier.reception_due_at
    query = (
        sa.select(Dossier)
        .where(Dossier.state == State.registered, due > since, due <= until)
        .where(_untold(f"reception-{name}", Dossier.id))
        .order_by(due)
        .limit(_BATCH)
    )
    return session.scalars(query).all()


def _remind_desk(session: Session, dossier: Dossier, name: str) -> bool:
    people = holders(session, dossier.desk_id, Role.desk_officer)
    title = _("Waiting to be received: %(code)s", code=dossier.code)
    body = _("The answer is due at %(at)s.", at=plain_text(dossier.reception_due_at))
    notice_users(session, people, dossier, f"reception-{name}:{dossier.id}", title, body)
    return bool(people)


def invite_rating(session: Session, dossier_id: int) -> None:
    """Ask the applicant to rate a dossier that was returned; asked once (HUE25 Đ26.1g)."""
    dossier = session.get(Dossier, dossier_id)
    if dossier is None or dossier.rating is not None:
        return
    with force_locale("vi"):
        text = _("Please rate how you were served.")
        tell_applicant(session, dossier, f"rate:{dossier.code}", text)
