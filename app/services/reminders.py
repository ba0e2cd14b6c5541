"""Warnings ahead of a due date, and when it has passed (domain C: overdue timer)."""

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TypeVar

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.sql.base import ExecutableOption

from app.clock import now
from app.errors import DomainError
from app.lowcode.values import plain_text
from app.models import Dossier, Notice, Task
from app.models.task import TaskState
from app.official import officially
from app.permissions import Role
from app.services.notices import holders, notice_users, tell_applicant
from app.services.post_holders import holders_of
from app.services.profiles import profile_value
from app.services.task_rights import roles_for
from app.services.timing import calendar_of
from app.services.users import root_agency
from app.workflows.states import State
from app.workflows.working_time import add_minutes

_BATCH = 500
_MOST = 5000
M = TypeVar("M", Task, Dossier)
_LOADED: dict[type[Any], tuple[ExecutableOption, ...]] = {
    Task: (joinedload(Task.dossier).joinedload(Dossier.account),), Dossier: (),
}
_NEVER = datetime.min.replace(tzinfo=UTC)


def remind_all(session: Session, most: int = _MOST) -> int:
    """Tell who holds each open step that is nearly due or overdue, and each waiting desk.

    How long ahead: the profile's reminder hours, in working hours. Each step and desk is told once
    per warning and due date: a date that moved is warned of anew. After a standstill what passed
    meanwhile is told once, as it is now, the longest overdue first; ``most`` now and the rest next
    time. Returns how many were told.
    """
    count = 0
    with officially():
        for name, since, until in _windows(session, "reminder_hours"):
            for task in _untold(session, _tasks(), Task, name, since, until):
                count += count < most and _remind_task(session, task, name)
        for name, since, until in _windows(session, "reception_reminder_hours"):
            for dossier in _untold(session, _waiting(), Dossier, f"reception-{name}", since, until):
                count += count < most and _remind_desk(session, dossier, f"reception-{name}")
    return count


def _windows(session: Session, key: str) -> list[tuple[str, datetime, datetime]]:
    """Return (warning, after, up to): what is late, then due within each of the hours."""
    given = profile_value(session, key)
    hours = sorted(int(hour) for hour in (given if isinstance(given, list) else [given]))
    at = now()
    try:
        calendar = calendar_of(session, root_agency(session))
    except DomainError:  # the province has no calendar: what is late is told all the same
        return [("late", _NEVER, at)]
    ends = [add_minutes(calendar, at, 60 * hour) for hour in hours]
    starts = [at, *ends[:-1]]
    near = [(f"soon{hour}", start, end) for hour, start, end in zip(hours, starts, ends, strict=True)]
    return [("late", _NEVER, at), *near]


def _tasks() -> sa.Select[*tuple[Any, ...]]:
    # What was accepted is passed on the same day: the desk's step is due as well (NĐ 61/2018 Đ18).
    of_running = sa.and_(Dossier.id == Task.dossier_id, Dossier.state.in_([State.accepted, State.processing]))
    return sa.select(Task.id, Task.due_at).join(Dossier, of_running).where(Task.state == TaskState.open)


def _waiting() -> sa.Select[*tuple[Any, ...]]:
    return sa.select(Dossier.id, Dossier.reception_due_at).where(Dossier.state == State.registered)


def _untold(
    session: Session, query: sa.Select[*tuple[Any, ...]], model: type[M], name: str, since: datetime, until: datetime
) -> Iterator[M]:
    """Yield in order of their due dates the records in the window of which nobody was told yet.

    query: of (id, due date). Whom nobody holds is passed by, not waited for: by a cursor.
    """
    pk, due = query.selected_columns
    query, cursor = query.where(due > since, due <= until).order_by(due, pk).limit(_BATCH), (since, 0)
    while True:
        last_due, last_id = cursor
        rows = session.execute(query.where(sa.or_(due > last_due, sa.and_(due == last_due, pk > last_id)))).all()
        if not rows:
            return
        keys = {_key(name, *row): row[0] for row in rows}
        told = set(session.scalars(sa.select(Notice.key).where(Notice.key.in_(keys))))
        wanted = [number for key, number in keys.items() if key not in told]
        loaded = sa.select(model).where(model.id.in_(wanted)).options(*_LOADED[model])
        found = {row.id: row for row in session.scalars(loaded).unique()}
        yield from (found[number] for number in wanted if number in found)
        if len(rows) < _BATCH:
            return
        cursor = (rows[-1][1], rows[-1][0])


def _key(name: str, number: int, due: datetime | None) -> str:
    return f"{name}:{number}:{due:%y%m%d%H%M}"


def _remind_task(session: Session, task: Task, name: str) -> bool:
    late, people = name == "late", _who_may(session, task)
    if late or not people:  # by nobody who still may: a head gives it on
        heads = holders(session, task.agency_id, Role.agency_head, with_delegates=True)
        people |= set(heads) - task.dossier.account.people
    facts = {"step": task.name, "code": task.dossier.code}
    title = _("Overdue: %(step)s (%(code)s)", **facts) if late else _("Nearly due: %(step)s (%(code)s)", **facts)
    body = _("Due: %(at)s", at=plain_text(task.due_at))
    notice_users(session, people, task.dossier, _key(name, task.id, task.due_at), title, body)
    return bool(people)


def _who_may(session: Session, task: Task) -> set[int]:
    """Return who may do a task now: its officer, else all who may take it, and who stands in for them.

    Nobody of his own dossier, nor by a post lent by its applicant: as ``task_rights.post_where`` has it.
    """
    officer, role, applicant = task.assignee_id, Role(task.role), task.dossier.account.people
    posts = frozenset((task.agency_id, str(one)) for one in ({role} if officer is None else roles_for(role)))
    able = [one for some in holders_of(session, posts).values() for one in some
            if officer in {None, one.user_id} and one.user_id not in applicant]  # fmt: skip
    return {one.user_id for one in able}.union(*(one.delegate_ids for one in able)) - applicant


def _remind_desk(session: Session, dossier: Dossier, name: str) -> bool:
    people = holders(session, dossier.desk_id, Role.desk_officer, with_delegates=True)
    title = _("Waiting to be received: %(code)s", code=dossier.code)
    body = _("The answer is due at %(at)s.", at=plain_text(dossier.reception_due_at))
    notice_users(session, people, dossier, _key(name, dossier.id, dossier.reception_due_at), title, body)
    return bool(people)


def invite_rating(session: Session, dossier_id: int) -> None:
    """Ask the applicant to rate a dossier that was returned; asked once (HUE25 Đ26.1g)."""
    dossier = session.get(Dossier, dossier_id)
    if dossier is None or dossier.rating is not None:
        return
    with officially():
        text = _("Please rate how you were served.")
        tell_applicant(session, dossier, f"rate:{dossier.code}", text)
