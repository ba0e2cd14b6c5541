"""Turns of an agency to another calendar: kept for the past, known for a coming day, begun on it.

The counting of time knows a turn as soon as it is kept (``models/agency_calendar.own_calendars``). What begins on
the day is what the agency itself names, for those who look at it.
"""

from datetime import date

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload
from sqlalchemy.orm.attributes import flag_modified

from app.clock import now, today
from app.errors import Conflict
from app.history import because
from app.models import Agency, AgencyCalendar, WorkingCalendar
from app.models.calendar_use import ids_of, unrefused
from app.transactions import locked


def turns_of(session: Session, agency: Agency) -> list[AgencyCalendar]:
    """Return the turns of an agency itself, the last one first."""
    loads = [joinedload(AgencyCalendar.calendar), joinedload(AgencyCalendar.former)]
    query = sa.select(AgencyCalendar).where(AgencyCalendar.agency_id == agency.id).options(*loads)
    return list(session.scalars(query.order_by(AgencyCalendar.since.desc())))


def waiting_at(session: Session, agency: Agency) -> AgencyCalendar | None:
    """Return the turn of an agency that waits for its day, None if there is none."""
    return next((turn for turn in turns_of(session, agency) if turn.begun_at is None), None)


def refuse_waiting(session: Session, agency: Agency, parent: Agency | None) -> None:
    """Raise Conflict while a turn waits at the agency, above or below it: of two, one could not be foreseen.

    parent: under which it is to stand; what waits there or above would come to it unforeseen.
    """
    above = [*ids_of(agency.path), *ids_of(parent.path if parent is not None else "")]
    words = waiting_words(session, sa.or_(Agency.id.in_(above), Agency.path.startswith(agency.path)))
    if words is not None:
        raise Conflict(words)


def waiting_from(session: Session, day: date, *near: sa.ColumnElement[bool]) -> list[AgencyCalendar]:
    """Return the turns at the agencies ``near`` that will still wait on ``day``, with what they name."""
    turn = AgencyCalendar
    query = sa.select(turn).join(turn.agency).where(*near, turn.begun_at.is_(None), turn.since >= day)
    loads = [joinedload(turn.agency), joinedload(turn.calendar)]
    return list(session.scalars(query.options(*loads).order_by(turn.since, turn.id)))


def waiting_words(session: Session, *near: sa.ColumnElement[bool]) -> str | None:
    """Return what stands in the way of an act while a turn waits at one of the agencies ``near``; None if none does."""
    turn = AgencyCalendar
    query = sa.select(turn).join(turn.agency).where(*near, turn.begun_at.is_(None)).options(joinedload(turn.agency))
    found = session.scalar(query.order_by(turn.since, turn.id).limit(1))
    if found is None:
        return None
    return _("%(agency)s goes by another calendar from %(day)s on. Take that back first, or wait for the day.",
             agency=found.agency.name, day=f"{found.since:%d/%m/%Y}")  # fmt: skip


def keep(
    session: Session, agency: Agency, since: date, calendar: WorkingCalendar | None, former: WorkingCalendar | None,
    *, reason: str, decision: str,
) -> None:  # fmt: skip
    """Keep a turn from today or a coming day; call it before the agency itself is changed.

    former: what counted until then, where the agency also gets another place; None for what it names itself.
    """
    query = sa.select(AgencyCalendar).where(AgencyCalendar.agency_id == agency.id, AgencyCalendar.since == since)
    turn = session.scalar(query)
    if turn is None:
        turn = AgencyCalendar(agency=agency, since=since, former=None, begun_at=None)
        session.add(turn)
    turn.calendar, turn.reason, turn.decision = calendar, reason, decision.strip()[:120] or None
    if since == today() and turn.begun_at is None:
        turn.former, turn.begun_at = former or agency.calendar, now()
    flag_modified(agency, "name")  # its version counts every turn


def drop(session: Session, turn: AgencyCalendar) -> None:
    """Remove a turn that waits; what it was stays in the history of the agency."""
    flag_modified(turn.agency, "name")
    session.delete(turn)
    session.flush()
    session.info.pop("calendars", None)


def begin_due(session: Session) -> int:
    """Let agencies name the calendar whose day has come; returns how many. No due date moves: that is done."""
    query = sa.select(AgencyCalendar).where(AgencyCalendar.begun_at.is_(None), AgencyCalendar.since <= today())
    due = list(session.scalars(locked(query.order_by(AgencyCalendar.since, AgencyCalendar.id))))
    with unrefused(session):
        for turn in due:
            agency, former, calendar = turn.agency, turn.agency.calendar, turn.calendar  # read before: one flush
            because(session, reason=turn.reason)
            turn.former, turn.begun_at, agency.calendar = former, now(), calendar
            session.flush()
    return len(due)
