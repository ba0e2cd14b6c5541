"""Whose due dates rest on a calendar: those are moved with its days, never left behind.

Days and weekly hours that running dossiers were counted with change in one place alone: on the
page of the calendar, which shows what moves and moves it. A calendar nobody waits by is free.
"""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import Invalid
from app.extensions import db
from app.models.agency import Agency
from app.workflows.calendar_terms import Course, course, rest_of, still_to_come
from app.workflows.states import CLOCK_OVER, State

RUNNING = tuple(int(state) for state in frozenset(State) - CLOCK_OVER)
MOVING = "calendar_is_moved"  # session.info: set while the one service that moves due dates writes
_KNOWN = "calendar_is_running"
_PLACE = ("calendar", "calendar_id", "parent", "parent_id")


@contextmanager
def unrefused(session: Session) -> Iterator[None]:
    """Let calendars and their agencies be written: here the due dates follow, or stay as promised."""
    session.info[MOVING] = True
    try:
        yield
    finally:
        session.info.pop(MOVING, None)


def places_of(session: Session, calendar_id: int, *, ever: bool = False) -> list[Agency]:
    """Return the agencies that go by a calendar, today or on a coming day: by their own, or by that of one above.

    ever: or went by it once. Statements: three.
    """
    from app.models.agency_calendar import own_calendars

    own, day = own_calendars(session), today()
    rows = session.scalars(sa.select(Agency).order_by(Agency.path))
    courses = ((row, course(ids_of(row.path), own)) for row in rows)
    return [row for row, one in courses
            if calendar_id in ({number for _day, number in one} if ever else still_to_come(one, day))]  # fmt: skip


def ids_of(path: str) -> list[int]:
    """Return the agencies of a path, from the top down."""
    return [int(part) for part in path.split("/") if part]


def resting_on(agencies: Iterable[int]) -> sa.Select[Any]:
    """Return a query of the running dossiers with a due date at ``agencies``, or a step or question open there."""
    from app.models.dossier import Dossier
    from app.models.task import Task, TaskState

    ids = list(agencies)
    step = sa.exists().where(Task.dossier_id == Dossier.id, Task.agency_id.in_(ids), Task.state == TaskState.open)
    there = sa.or_(Dossier.agency_id.in_(ids), Dossier.desk_id.in_(ids), step)
    return sa.select(Dossier.id).where(there, Dossier.state.in_(RUNNING))


def is_running(session: Session, calendar_id: int) -> bool:
    """Return whether a dossier runs whose due dates were counted with the calendar.

    Asked once in a unit of work for each calendar: a file may hold many of its days.
    """
    known: dict[int, bool] = session.info.setdefault(_KNOWN, {})
    if calendar_id not in known:
        with session.no_autoflush:
            query = resting_on(agency.id for agency in places_of(session, calendar_id))
            known[calendar_id] = session.scalar(query.limit(1)) is not None
    return known[calendar_id]


def refuse_while_running(row: Any) -> None:
    """Raise Invalid if ``row``, a day or session of a calendar, is one that due dates rest on."""
    session = db.session()
    if session.info.get(MOVING):
        return
    for calendar_id in _calendars(row):
        if is_running(session, calendar_id):
            raise Invalid(
                _("Due dates of running dossiers rest on this calendar. Change its days and hours under "
                  "“Calendar of the year”: there you see whose due dates move before you confirm.")
            )  # fmt: skip


def refuse_not_begun(calendar: Any, day: date) -> None:
    """Raise Invalid (field "calendar") if an agency would come under a calendar before that begins."""
    if calendar.valid_from is not None and calendar.valid_from > day:
        message = _("The calendar “%(name)s” begins on %(day)s: it can be given to an agency from that day on. Open "
                    "the agency under “Place and calendar” and give that day as the first one.",
                    name=calendar.name, day=f"{calendar.valid_from:%d/%m/%Y}")  # fmt: skip
        raise Invalid(message, {"calendar": message})


def refuse_moved(agencies: Iterable[Agency]) -> None:
    """Raise Invalid (field "calendar") if running due dates would come under another calendar, today or on a coming
    day.

    agencies: with another calendar of their own or another parent, not yet flushed.
    """
    session = db.session()
    pending = {one.id: one for one in agencies
               if any(inspect(one).attrs[name].history.has_changes() for name in _PLACE)}  # fmt: skip
    if not pending or session.info.get(MOVING):
        return
    with session.no_autoflush:
        ids = _turning(session, pending)
        if not ids or session.scalar(resting_on(ids).limit(1)) is None:
            return
    raise _moved()


def _moved() -> Invalid:
    message = _("Due dates of running dossiers rest on the calendar that this agency goes by. Open the agency under "
                "“Calendar of the year” to change its calendar or parent: there you see whose due dates move "
                "before you confirm.")  # fmt: skip
    return Invalid(message, {"calendar": message})


def refuse_turned(agencies: Iterable[Agency]) -> None:
    """Raise Invalid if a turn comes, changes or goes at an agency where dossiers run, or below it."""
    session = db.session()
    with session.no_autoflush:
        for agency in agencies:
            below = session.scalars(sa.select(Agency.id).where(Agency.path.startswith(agency.path or "?")))
            if session.scalar(resting_on(below).limit(1)) is not None:
                raise _moved()


def _turning(session: Session, pending: dict[int, Agency]) -> list[int]:
    """Return the agencies that go by a calendar and, from today on, would go by another than is foreseen."""
    from app.models.agency_calendar import own_calendars

    own, day = own_calendars(session), today()
    then = own_calendars(session, {number: _own_calendar(one) for number, one in pending.items()})
    paths = {row.id: ids_of(row.path) for row in session.execute(sa.select(Agency.id, Agency.path))}
    above = {number: path[-2] if len(path) > 1 else None for number, path in paths.items()}
    above |= {number: one.parent.id if one.parent is not None else None for number, one in pending.items()}

    def is_other(before: Course, after: Course) -> bool:
        return bool(before) and rest_of(before, day) != rest_of(after, day)

    return [number for number, path in paths.items()
            if not pending.keys().isdisjoint(path)
            and is_other(course(path, own), course(_way_to(number, above), then))]  # fmt: skip


def _way_to(number: int | None, above: dict[int, int | None]) -> list[int]:
    """Return the agencies from the top down to this one; a new one above it is not known yet."""
    found: list[int] = []
    while number is not None and number not in found:
        found.append(number)
        number = above.get(number)
    return found[::-1]


def _own_calendar(agency: Agency) -> int | None:
    """Return the calendar an agency names; -1 for one that is new."""
    if inspect(agency).attrs.calendar_id.history.has_changes():
        return agency.calendar_id
    return (agency.calendar.id or -1) if agency.calendar is not None else None


def _calendars(row: Any) -> set[int]:
    """Return the calendar the row belongs to, and the one it belonged to."""
    history = inspect(row).attrs.calendar_id.history
    found = {*history.added, *history.unchanged, *history.deleted}
    found.add(row.calendar.id if row.calendar is not None else None)
    return {number for number in found if number is not None}


@event.listens_for(Session, "before_flush")
def _refuse_every_way(session: Session, _context: object, _instances: object) -> None:
    """No path writes past the page of the calendar: not an import, a pack, its undoing, a script."""
    from app.models.agency_calendar import AgencyCalendar
    from app.models.calendar import CalendarDay, CalendarSession

    if session.info.get(MOVING):
        return
    refuse_moved([row for row in session.dirty if isinstance(row, Agency)])
    refuse_turned({row.agency for row in [*session.new, *session.dirty, *session.deleted]
                   if isinstance(row, AgencyCalendar)})  # fmt: skip
    for row in [*session.new, *session.dirty, *session.deleted]:
        if isinstance(row, CalendarDay | CalendarSession) and (row not in session.dirty or session.is_modified(row)):
            refuse_while_running(row)
