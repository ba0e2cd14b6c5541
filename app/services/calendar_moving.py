"""Moving running due dates after a calendar changed: in chunks, change after change.

The original due date never changes; each move is a DueChange with the reason, the decision and
who approved it (NĐ 61/2018 Đ19). The desk's time to answer moves too (HCM24 Đ11.1a), and so do the
limits of open steps and questions at the agencies of the calendar, whoever leads the dossier: they
are counted in working hours even where the published limit is not.
"""

from collections.abc import Iterable, Sequence
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload

from app.clock import to_local
from app.history import because
from app.lowcode.values import plain_text
from app.models import CalendarChange, Dossier, ProcedureVersion, Task, User
from app.models.calendar_use import RUNNING
from app.models.task import TaskState
from app.permissions import Actor
from app.services.actors import build_actor
from app.services.calendar_courses import Pair, pairs_of, pairs_of_turn
from app.services.calendar_days import before_and_after, read_session
from app.services.chunks import go_on
from app.services.lifecycle import change_due
from app.services.notices import tell_applicant
from app.services.profiles import profile_value
from app.services.question_limits import move_limits, tell_desks, tell_of_steps
from app.services.timing import SessionRow, rules_on
from app.transactions import enqueue
from app.workflows.calendar_moves import Clock, moved_answer, moved_due, moved_step
from app.workflows.deadlines import Limit
from app.workflows.wording import VIETNAM

_ONE = timedelta(days=1)


def running(agencies: Sequence[int], since: date) -> sa.Select[Any]:
    """Return a query of the running due dates at ``agencies`` from ``since`` on, by dossier.

    Of a dossier not yet accepted it is the desk's time to answer, at its desk.
    """
    version = ProcedureVersion
    columns: tuple[Any, ...] = (
        Dossier.id, Dossier.code, Dossier.agency_id, Dossier.desk_id, Dossier.submitted_at, Dossier.received_at,
        Dossier.due_at, Dossier.reception_due_at,
        version.time_limit_value, version.time_limit_unit, version.is_same_day,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .join(version, version.id == Dossier.version_id)
        .where(Dossier.state.in_(RUNNING), _due_at(agencies, since))
        .order_by(Dossier.id)
    )


def _due_at(agencies: Sequence[int], since: date) -> ColumnElement[bool]:
    """Return the condition of a dossier whose own due date rests on the calendar of ``agencies``."""
    start = _start(since)
    result = sa.and_(Dossier.received_at.is_not(None), Dossier.agency_id.in_(agencies), Dossier.due_at >= start)
    answer = sa.and_(
        Dossier.received_at.is_(None), Dossier.desk_id.in_(agencies), Dossier.reception_due_at >= start,
        Dossier.submitted_at.is_not(None),
    )  # fmt: skip
    return sa.or_(result, answer)


def steps_at(agencies: Sequence[int], since: date) -> ColumnElement[bool]:
    """Return the condition of an open step or question at ``agencies`` whose limit may move."""
    return sa.and_(Task.agency_id.in_(agencies), Task.state == TaskState.open, Task.due_at >= _start(since))


def _start(day: date) -> datetime:
    return datetime.combine(day, time(), VIETNAM).astimezone(UTC)


def place_of(row: Any) -> int:
    """Return the agency by whose calendar a due date of ``running`` goes."""
    return int(row.agency_id if row.received_at is not None else row.desk_id)


def moved(session: Session, row: Any, cals: Pair, at: datetime) -> tuple[datetime, datetime]:
    """Return a running due date of ``running`` as it is and as it is to be. at: of the change."""
    if row.received_at is not None:
        return row.due_at, moved_due(*cals, _clock(session, row))
    on = row.submitted_at.astimezone(VIETNAM).date()
    hours = profile_value(session, "reception_limit_hours", on=on)
    by_day = profile_value(session, "reception_out_of_hours", on=on) == "next_day"
    due = row.reception_due_at
    return due, moved_answer(*cals, row.submitted_at, due, hours, at, by_day=by_day)


def _clock(session: Session, row: Any) -> Clock:
    on = row.received_at.astimezone(VIETNAM).date()
    cutoff = profile_value(session, "cutoff_time", on=on)
    return Clock(
        row.received_at, row.due_at,
        Limit(row.time_limit_value, row.time_limit_unit), rules_on(session, on), row.is_same_day,
        time.fromisoformat(cutoff) if cutoff else None,
    )  # fmt: skip


def since_of(days: Iterable[date]) -> date:
    """Return the day before the first changed one: due dates before it cannot move."""
    return min(days) - _ONE


def move_waiting(session: Session, change_id: int) -> None:
    """Move the next chunk of dossiers; enqueues itself until this change is done.

    An earlier change of the calendar that is not finished goes first, whatever became of its own
    event: nothing waits for ever.
    """
    asked = session.get(CalendarChange, change_id)
    if asked is None or asked.done_at is not None:
        return
    query = sa.select(CalendarChange).where(
        CalendarChange.calendar_id == asked.calendar_id, CalendarChange.done_at.is_(None)
    )
    change = session.scalar(query.order_by(CalendarChange.id).limit(1).with_for_update())
    if change is None:
        return
    _move_chunk(session, change)
    if asked.done_at is None:
        enqueue("calendars.move", change_id=asked.id)


def _move_chunk(session: Session, change: CalendarChange) -> None:
    query = sa.select(CalendarChange).where(
        CalendarChange.calendar_id == change.calendar_id, CalendarChange.id > change.id
    )
    later = session.scalars(query.order_by(CalendarChange.id.desc())).all()
    pairs = _concerned(session, change, later)
    agencies, since = list(pairs), _since(change)
    is_due = sa.and_(
        _due_at(agencies, since), sa.func.coalesce(Dossier.received_at, Dossier.submitted_at) < change.at
    )
    steps = sa.and_(steps_at(agencies, since), Task.opened_at < change.at)
    has_step = sa.exists().where(Task.dossier_id == Dossier.id, steps)
    waiting = sa.select(Dossier.id).where(Dossier.state.in_(RUNNING), sa.or_(is_due, has_step))
    actor = build_actor(session, session.get(User, change.user_id) if change.user_id else None)
    because(session, reason=change.reason)

    def move_all(ids: list[int]) -> None:
        rows = session.execute(running(agencies, since).where(Dossier.id.in_(ids), is_due)).all()
        loads = joinedload(Dossier.account), joinedload(Dossier.version)
        chosen = sa.select(Dossier).where(Dossier.id.in_(ids)).options(*loads)
        found, answers = {one.id: one for one in session.scalars(chosen)}, list[Dossier]()
        for row in rows:
            old, due = moved(session, row, pairs[place_of(row)], change.at)
            if due != old:
                _move(session, found[row.id], due, change, actor)
                change.moved += 1
                answers += [] if row.received_at else [found[row.id]]
        tasks = session.scalars(sa.select(Task).where(Task.dossier_id.in_(ids), steps).order_by(Task.id))
        limits = [(task, moved_step(*pairs[task.agency_id], task.opened_at, task.due_at)) for task in tasks]
        own = [task for task, due in limits if due != task.due_at and task.asked_by_id is None]
        move_limits(session, limits, _why(change), change.decision or "")
        _tell_officers(session, change, own, answers)

    go_on(session, change, waiting, move_all)


def _tell_officers(
    session: Session, change: CalendarChange, steps: Iterable[Task], answers: Iterable[Dossier]
) -> None:
    """Tell who holds steps, and the desks, that limits before them moved: once for the change, whatever the chunks."""
    why = f"{_why(change)} ({change.decision})" if change.decision else _why(change)
    body = f"{why}\n" + _("The steps before you have other limits now; your inbox shows them.")
    tell_of_steps(session, steps, f"calendar-steps:{change.id}", _("Limits of your work have moved"), body)
    body = f"{why}\n" + _("Your inbox shows the new limits of the dossiers that wait for reception.")
    title = _("Limits to answer online dossiers have moved")
    tell_desks(session, answers, f"calendar-desk:{change.id}", title, body)


def _concerned(session: Session, change: CalendarChange, later: Sequence[CalendarChange]) -> dict[int, Pair]:
    """Return the agencies whose dossiers a change moves, with what they go by before and after it."""
    if change.former is None:
        pairs = pairs_of(session, change.calendar_id, before_and_after(change.calendar, change, later))
        return {agency.id: pair for agency, pair in pairs.items()}
    given = before_and_after(change.calendar, change, later)[1] if later else None
    return pairs_of_turn(session, change.agencies or [], _turn_of(change), change.former.id, change.calendar_id, given)


def _turn_of(change: CalendarChange) -> date:
    return change.since or to_local(change.at).date()


def _since(change: CalendarChange) -> date:
    if change.former_id is not None:
        return since_of([_turn_of(change)])
    days = [date.fromisoformat(day) for day, _before, _after in change.days]
    if not change.weeks:
        return since_of(days)
    before, after = ({read_session(row) for row in rows} for rows in change.weeks)
    return since_of([*days, *(_first_day(row, change) for row in before ^ after)])


def _first_day(row: SessionRow, change: CalendarChange) -> date:
    """Return the first day on which a session of one side may differ from the other side."""
    if row[3] is not None:
        return row[3]
    twins = [read_session(one) for rows in (change.weeks or []) for one in rows]
    ends = [one[4] for one in twins if one[:4] == row[:4] and one[4] is not None]
    return min(ends, default=date(2000, 1, 2))


def _move(
    session: Session, dossier: Dossier, due: datetime, change: CalendarChange, actor: Actor
) -> None:
    reason = _why(change)
    if dossier.received_at is None:
        dossier.reception_due_at = due
        text = _("You will have an answer by %(at)s.", at=plain_text(due))
        tell_applicant(session, dossier, f"calendar:{change.id}:{dossier.id}", f"{text} {reason}")
        return
    change_due(session, dossier, due, reason, change.decision or "", actor)
    text = _("The result is now due at %(at)s. %(reason)s", at=plain_text(due), reason=reason)
    tell_applicant(session, dossier, f"calendar:{change.id}:{dossier.id}", text)


def _why(change: CalendarChange) -> str:
    return _("The working calendar changed: %(reason)s", reason=change.reason)
