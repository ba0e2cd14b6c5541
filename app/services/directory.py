"""The public directory of agencies: contacts, opening hours, what each handles (HCM24 Đ7.1a)."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import today
from app.errors import NotFound
from app.lowcode.collation import key_of
from app.models import Agency, CalendarDay, Reorganisation, WorkingCalendar
from app.models.agency import AGENCY_LEVELS
from app.models.agency_calendar import own_calendars
from app.models.calendar import DAY_KINDS, WEEKDAYS
from app.models.calendar_use import ids_of
from app.models.reorganisation import ReorganisationState
from app.services.paging import plain_code
from app.text import fold, like_pattern
from app.workflows.calendar_terms import Course, calendar_on, course

# The order in which people know the levels.
LEVEL_ORDER = ("province", "vertical", "district", "commune", "desk")
AHEAD = timedelta(days=45)
MAX_ROWS = 1000


def current(on: date | None = None) -> list[ColumnElement[bool]]:
    """Return the conditions that an agency exists on a civil date."""
    day = on or today()
    return [
        sa.or_(Agency.valid_from.is_(None), Agency.valid_from <= day),
        sa.or_(Agency.valid_to.is_(None), Agency.valid_to >= day),
    ]


def list_agencies(session: Session, q: str = "", level: str = "") -> list[Agency]:
    """Return today's agencies that hold every word of ``q``, by level and name."""
    query = sa.select(Agency).where(*current()).options(joinedload(Agency.desk))
    for word in fold(q).split()[:8]:
        query = query.where(Agency.search_text.like(like_pattern(word), escape="\\"))
    if level:
        query = query.where(Agency.level == level)
    rows = session.scalars(query.order_by(Agency.id).limit(MAX_ROWS))
    return sorted(rows, key=lambda row: (LEVEL_ORDER.index(row.level), key_of(row.name)))


@dataclass(frozen=True)
class LevelGroup:
    """The agencies of one level, without the desks that receive for them."""

    level: str
    title: str
    agencies: list[Agency]


def by_level(agencies: list[Agency]) -> list[LevelGroup]:
    """Return ``agencies`` in groups of one level, in the order people know them."""
    found = {level: [a for a in agencies if a.level == level] for level in LEVEL_ORDER}
    titles = {str(level): title for level, title in AGENCY_LEVELS.items()}
    return [LevelGroup(level, titles[level], rows) for level, rows in found.items() if rows]


def level_counts(session: Session) -> list[tuple[str, str, int]]:
    """Return (level, msgid of its name, today's agencies) of each level that has any."""
    query = sa.select(Agency.level, sa.func.count()).where(*current()).group_by(Agency.level)
    found = dict(session.execute(query).all())
    titles = {str(level): title for level, title in AGENCY_LEVELS.items()}
    return [(level, titles[level], found[level]) for level in LEVEL_ORDER if level in found]


def agency_choices(session: Session) -> list[tuple[str, str]]:
    """Return (code, name) of today's agencies for a form, the highest level first."""
    return [(row.code, row.name) for row in list_agencies(session)]


_SHOWN = ("parent", "desk", "successor", "unit")


def get_agency(session: Session, code: str) -> Agency:
    """Return agency ``code``, past ones too: their page names the successor. Raises NotFound."""
    query = (
        sa.select(Agency)
        .options(*(joinedload(getattr(Agency, name)) for name in _SHOWN))
    )
    agency = session.scalar(query.where(Agency.code == plain_code(code))) or _renamed(session, query, code)
    if agency is None:
        raise NotFound(_("There is no agency with this code. Please look for it in the directory."))
    return agency


def _renamed(session: Session, query: Any, code: str) -> Agency | None:
    """Return the agency that once had ``code``: old addresses go on working."""
    act = Reorganisation
    once = sa.select(act.source_id).where(act.old_code == plain_code(code), act.state == ReorganisationState.applied)
    return session.scalar(query.where(Agency.id == once.order_by(act.id.desc()).limit(1).scalar_subquery()))


def related(session: Session, agency: Agency) -> tuple[list[Agency], list[Agency]]:
    """Return (agencies directly below, agencies that this desk receives for), today's only."""
    below = Agency.parent_id == agency.id
    query = sa.select(Agency).where(sa.or_(below, Agency.desk_id == agency.id), *current())
    rows = sorted(session.scalars(query.limit(MAX_ROWS)), key=lambda row: key_of(row.name))
    return (
        [row for row in rows if row.parent_id == agency.id],
        [row for row in rows if row.desk_id == agency.id],
    )


Week = list[tuple[str, str]]


@dataclass(frozen=True)
class Hours:
    """Opening hours: [(days, hours)] of the week, from which days other hours hold, the special days to come."""

    week: Week
    later: list[tuple[date, Week]]
    special: list[CalendarDay]


def hours_of(session: Session, agency: Agency) -> Hours | None:
    """Return when ``agency`` is open, by its own calendar or the nearest above it; None without one today.

    Another calendar, or other sessions of the same, that begin within AHEAD are told with their day. The special
    days are those of the calendar that counts on each. Statements: five, however many calendars.
    """
    way = course(ids_of(agency.path), own_calendars(session))
    ends = [since for since, _number in way if today() < since <= today() + AHEAD]
    if calendar_on(way, today()) is None:
        return None
    numbers = {calendar_on(way, day) for day in (today(), *ends)}
    query = sa.select(WorkingCalendar).where(WorkingCalendar.id.in_(numbers))
    known = {one.id: one for one in session.scalars(query.options(selectinload(WorkingCalendar.sessions)))}
    now, *later = _weeks(way, known, ends)
    return Hours(now[1], later, _special_days(session, way, known))


def _weeks(way: Course, known: dict[int, WorkingCalendar], turns: list[date]) -> list[tuple[date, Week]]:
    """Return the week of today, then each that differs from the one before, with its first day."""
    sessions = [one for calendar in known.values() for one in calendar.sessions]
    edges = {one.valid_from for one in sessions} | {one.valid_to + timedelta(1) for one in sessions if one.valid_to}
    found: list[tuple[date, Week]] = []
    for day in sorted({today(), *turns, *(edge for edge in edges if edge and today() < edge <= today() + AHEAD)}):
        week = _week(known[calendar_on(way, day) or 0], day)
        if not found or found[-1][1] != week:
            found.append((day, week))
    return found


def _special_days(session: Session, way: Course, known: Iterable[int]) -> list[CalendarDay]:
    soon = CalendarDay.day.between(today(), today() + AHEAD)
    query = sa.select(CalendarDay).where(CalendarDay.calendar_id.in_(list(known)), soon).order_by(CalendarDay.day)
    return [day for day in session.scalars(query) if day.calendar_id == calendar_on(way, day.day)]


def _week(calendar: WorkingCalendar, day: date) -> Week:
    """Join neighbouring days with the same hours: Monday – Friday is one line."""
    days: list[tuple[list[int], list[tuple[time, time]]]] = []
    for weekday in range(7):
        hours = [(s.starts_at, s.ends_at) for s in calendar.sessions
                 if s.weekday == weekday and s.meets(day, day)]  # fmt: skip
        if days and days[-1][1] == hours:
            days[-1][0].append(weekday)
        else:
            days.append(([weekday], hours))
    return [(_days(run), _times(hours)) for run, hours in days]


def _days(run: list[int]) -> str:
    first, last = _(WEEKDAYS[run[0]]), _(WEEKDAYS[run[-1]])
    return first if len(run) == 1 else f"{first} – {last}"


def _times(hours: list[tuple[time, time]]) -> str:
    return ", ".join(f"{start:%H:%M}–{end:%H:%M}" for start, end in hours) or _("Closed")


def special_day(day: CalendarDay) -> str:
    """Return why a day differs, in the reader's language."""
    words = day.note or _(DAY_KINDS[day.kind])  # type: ignore[index]
    if day.is_expected:
        words = _("%(day)s (expected)", day=words)
    return f"{words} ({day.hours})" if day.hours else words
