"""The public directory of agencies: contacts, opening hours, what each handles (HCM24 Đ7.1a)."""

from dataclasses import dataclass
from datetime import date, time, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import today
from app.errors import NotFound
from app.models import Agency, CalendarDay, Reorganisation, WorkingCalendar
from app.models.agency import AGENCY_LEVELS
from app.models.calendar import DAY_KINDS, WEEKDAYS
from app.models.reorganisation import ReorganisationState
from app.services.paging import plain_code
from app.text import fold, like_pattern

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
    return sorted(rows, key=lambda row: (LEVEL_ORDER.index(row.level), fold(row.name)))


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
    rows = sorted(session.scalars(query.limit(MAX_ROWS)), key=lambda row: fold(row.name))
    return (
        [row for row in rows if row.parent_id == agency.id],
        [row for row in rows if row.desk_id == agency.id],
    )


@dataclass(frozen=True)
class Hours:
    """Opening hours: [(days, hours)] of the week, and the special days to come."""

    week: list[tuple[str, str]]
    special: list[CalendarDay]


def hours_of(session: Session, agency: Agency) -> Hours | None:
    """Return when ``agency`` is open: its own calendar or the nearest above it; None without."""
    ids = [int(part) for part in agency.path.split("/") if part]
    query = sa.select(Agency.id, Agency.calendar_id).where(Agency.id.in_(ids))
    known = dict(session.execute(query).all())
    calendar_id = next((known[i] for i in reversed(ids) if known.get(i)), None)
    if calendar_id is None:
        return None
    loads = [selectinload(WorkingCalendar.sessions)]
    calendar = session.get_one(WorkingCalendar, calendar_id, options=loads)
    return Hours(_week(calendar), _special_days(session, calendar_id))


def _special_days(session: Session, calendar_id: int) -> list[CalendarDay]:
    soon = CalendarDay.day.between(today(), today() + AHEAD)
    query = sa.select(CalendarDay).where(CalendarDay.calendar_id == calendar_id, soon)
    return list(session.scalars(query.order_by(CalendarDay.day)))


def _week(calendar: WorkingCalendar) -> list[tuple[str, str]]:
    """Join neighbouring days with the same hours: Monday – Friday is one line."""
    days: list[tuple[list[int], list[tuple[time, time]]]] = []
    for weekday in range(7):
        hours = [(s.starts_at, s.ends_at) for s in calendar.sessions
                 if s.weekday == weekday and s.meets(today(), today())]  # fmt: skip
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
