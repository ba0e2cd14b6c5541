"""What agencies go by where one calendar follows another: each with its own course, put together once for all alike."""

from collections.abc import Iterable
from datetime import date

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Agency
from app.models.agency_calendar import own_calendars
from app.models.calendar_use import ids_of, places_of
from app.services.timing import calendar_now
from app.workflows.calendar_terms import BEGINNING, Course, course, turning, whole
from app.workflows.calendars import Calendar

Pair = tuple[Calendar, Calendar]  # before and after a change


def pairs_of(session: Session, calendar_id: int, cals: Pair) -> dict[Agency, Pair]:
    """Return for each agency that ever goes by a calendar what it goes by before and after that is changed.

    cals: the calendar itself before and after. Statements: a fixed number, and those of each other calendar
    that comes before or after it somewhere.
    """
    own = own_calendars(session)
    known: dict[Course, Pair] = {((BEGINNING, calendar_id),): cals}
    found: dict[Agency, Pair] = {}
    for agency in places_of(session, calendar_id, ever=True):
        one = course(ids_of(agency.path), own)
        if one not in known:
            known[one] = (_whole(session, one, calendar_id, cals[0]), _whole(session, one, calendar_id, cals[1]))
        found[agency] = known[one]
    return found


def pairs_of_turn(
    session: Session, agencies: Iterable[int], since: date, former: int, calendar: int, given: Calendar | None = None
) -> dict[int, Pair]:
    """Return for each agency, by id, what it goes by without and with its turn: what was before it is its own.

    former, calendar: by which they go from ``since`` on without and with it. given: ``calendar`` as it was, if it
    has changed since. Statements: a fixed number, and those of each calendar.
    """
    own, known = own_calendars(session), dict[Course, Calendar]()
    given = given or calendar_now(session, calendar)

    def counted(one: Course) -> Calendar:
        if one not in known:
            known[one] = _whole(session, one, calendar, given)
        return known[one]

    rows = session.execute(sa.select(Agency.id, Agency.path).where(Agency.id.in_(agencies))).all()
    courses = {row.id: course(ids_of(row.path), own) for row in rows}
    return {number: (counted(turning(one, since, former)), counted(turning(one, since, calendar)))
            for number, one in courses.items()}  # fmt: skip


def _whole(session: Session, one: Course, calendar_id: int, given: Calendar) -> Calendar:
    return whole(one, lambda number: given if number == calendar_id else calendar_now(session, number))
