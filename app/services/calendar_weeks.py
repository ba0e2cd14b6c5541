"""Weekly hours of a calendar from a day on: read, checked, and cut into what there is."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, time, timedelta

from flask_babel import gettext as _

from app.errors import Invalid
from app.models import CalendarSession, WorkingCalendar
from app.models.calendar import WEEKDAYS
from app.services.timing import SessionRow, rows_of
from app.workflows.weeks import Sessions, read_hours

_ONE = timedelta(days=1)


@dataclass(frozen=True)
class WeekWish:
    """The hours of Monday … Sunday, kept from ``since`` to ``until`` (None: until further notice)."""

    since: date
    until: date | None
    hours: tuple[Sessions, ...]


def read_week(sent: Mapping[str, str]) -> WeekWish:
    """Return what was typed: since, until, hours0 … hours6; raises Invalid naming the field."""
    faults: dict[str, str] = {}
    since, until = (_day(sent.get(name, ""), name, faults) for name in ("since", "until"))
    if since is None and "since" not in faults:
        faults["since"] = _("Give the first day of the new hours.")
    if since and until and until < since:
        faults["until"] = _("The end of validity must not lie before its beginning.")
    hours = tuple(_hours(sent.get(f"hours{weekday}", ""), weekday, faults) for weekday in WEEKDAYS)
    if not faults and not any(hours):
        faults["hours0"] = _("A week needs at least one working session.")
    if faults or since is None:
        raise Invalid(next(iter(faults.values())), faults)
    return WeekWish(since, until, hours)


def _day(text: str, name: str, faults: dict[str, str]) -> date | None:
    if not text.strip():
        return None
    try:
        day = date.fromisoformat(text.strip())
        if not 2000 <= day.year <= 2100:
            raise ValueError
    except ValueError:
        faults[name] = _("This date cannot be read.")
        return None
    return day


def _hours(text: str, weekday: int, faults: dict[str, str]) -> Sessions:
    try:
        return read_hours(text)
    except ValueError:
        faults[f"hours{weekday}"] = _("%(day)s: write its sessions like 07:30-11:30, 13:30-16:00; they must not "
                                      "overlap.", day=_(WEEKDAYS[weekday]))  # fmt: skip
        return ()


def hours_on(calendar: WorkingCalendar, day: date) -> list[str]:
    """Return the hours of Monday … Sunday kept on ``day``, as they are typed."""
    rows = [row for row in calendar.sessions if row.meets(day, day)]
    return [", ".join(f"{row.starts_at:%H:%M}-{row.ends_at:%H:%M}" for row in rows if row.weekday == weekday)
            for weekday in WEEKDAYS]  # fmt: skip


def rows_after(calendar: WorkingCalendar, wish: WeekWish) -> list[SessionRow]:
    """Return the sessions of the calendar once ``wish`` is kept: what lies before and after stays."""
    found: list[SessionRow] = []
    for weekday in WEEKDAYS:
        rows = [row for row in rows_of(calendar) if row[0] == weekday]
        if _is_so(rows, wish, wish.hours[weekday]):
            found += rows
            continue
        found += [piece for row in rows for piece in _outside(row, wish)]
        found += [(weekday, _time(start), _time(end), wish.since, wish.until) for start, end in wish.hours[weekday]]
    return sorted(found, key=lambda row: (row[0], row[3] or date.min, row[1]))


def _time(minute: int) -> time:
    return time(*divmod(minute, 60))


def _is_so(rows: list[SessionRow], wish: WeekWish, hours: Sessions) -> bool:
    """Return whether the wished hours are kept on all those days already."""
    inside = [row for row in rows if _begin(row) <= (wish.until or date.max) and wish.since <= _end(row)]
    is_whole = all(_begin(row) <= wish.since and (wish.until or date.max) <= _end(row) for row in inside)
    return is_whole and sorted((row[1], row[2]) for row in inside) == [(_time(a), _time(b)) for a, b in hours]


def _begin(row: SessionRow) -> date:
    return row[3] or date.min


def _end(row: SessionRow) -> date:
    return row[4] or date.max


def _outside(row: SessionRow, wish: WeekWish) -> list[SessionRow]:
    """Return the parts of a session's validity before and after the wish's days."""
    weekday, starts, ends, since, until = row
    last = wish.until or date.max
    if _end(row) < wish.since or last < _begin(row):
        return [row]
    pieces: list[SessionRow] = []
    if _begin(row) < wish.since:
        pieces.append((weekday, starts, ends, since, wish.since - _ONE))
    if last < _end(row):
        pieces.append((weekday, starts, ends, last + _ONE, until))
    return pieces


def write_sessions(calendar: WorkingCalendar, rows: list[SessionRow]) -> None:
    """Make the stored sessions say ``rows``: a session that only ends keeps its record."""
    wanted = {row[:4]: row for row in rows}
    for session in list(calendar.sessions):
        row = wanted.pop((session.weekday, session.starts_at, session.ends_at, session.valid_from), None)
        if row is None:
            calendar.sessions.remove(session)
        elif session.valid_to != row[4]:
            session.valid_to = row[4]
    for weekday, starts, ends, since, until in wanted.values():
        calendar.sessions.append(
            CalendarSession(weekday=weekday, starts_at=starts, ends_at=ends, valid_from=since, valid_to=until)
        )
