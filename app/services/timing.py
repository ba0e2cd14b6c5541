"""Due dates of real records: the calendar of an agency, the rules of the profile."""

from collections.abc import Callable, Iterable
from datetime import date, datetime, time
from typing import Any, TypeVar

from flask_babel import gettext as _
from sqlalchemy.orm import Session, selectinload

from app.clock import now, to_local
from app.errors import DomainError
from app.lowcode.values import plain_text
from app.models import (
    Agency,
    Dossier,
    ProcedureVersion,
    WorkingCalendar,
)
from app.models.agency_calendar import own_calendars
from app.services.kept import kept, mark
from app.services.profiles import profile_value
from app.workflows import deadlines
from app.workflows.calendar_terms import Course, course, whole
from app.workflows.deadlines import Due, Limit
from app.workflows.wording import Phrase
from app.workflows.working_time import Calendar, CalendarExhausted, Rules, add_minutes, closing

Found = TypeVar("Found")
SessionRow = tuple[int, time, time, date | None, date | None]
SpecialDay = tuple[date, str, str, str]  # day, kind, note, hours


def calendar_of(session: Session, agency: Agency) -> Calendar:
    """Return the working calendar of ``agency``: its own, or the nearest one above it.

    Raises DomainError if the tree has none.
    """
    cache = prepare_calendars(session, [agency])
    if agency.id not in cache:
        raise DomainError(_("%(agency)s has no working calendar.", agency=agency.name))
    return cache[agency.id]


def prepare_calendars(session: Session, agencies: Iterable[Agency]) -> dict[int, Calendar]:
    """Find the calendars of many agencies at once; returns those known, by agency id.

    Statements: none while no calendar changes, but for the marks, which are read once a transaction.
    """
    cache: dict[int, Calendar] = session.info.setdefault("calendars", {})
    paths = {a.id: [int(part) for part in a.path.split("/") if part]
             for a in agencies if a.id not in cache}  # fmt: skip
    if not paths:
        return cache
    stamp = mark(session, "calendars")
    own = kept(mark(session, "site"), ("calendars", stamp), lambda: own_calendars(session))
    for agency_id, path in paths.items():
        one = course(path, own)
        if one:
            cache[agency_id] = _built(session, stamp, one)
    return cache


def _built(session: Session, stamp: str | None, one: Course) -> Calendar:
    """Return a course as one calendar, worked out once per state of its rows: an index over some thousand days
    is not free."""
    if len(one) == 1:
        return calendar_now(session, one[0][1])
    key = ("course", one, to_local(now()).year)
    return kept(stamp, key, lambda: whole(one, lambda number: calendar_now(session, number)))


def calendar_now(session: Session, calendar_id: int) -> Calendar:
    """Return a calendar as it is stored, for pure computation."""
    key = ("calendar", calendar_id, to_local(now()).year)
    return kept(mark(session, "calendars"), key, lambda: _build(session, calendar_id))


def _build(session: Session, calendar_id: int) -> Calendar:
    loads = [selectinload(WorkingCalendar.sessions), selectinload(WorkingCalendar.days)]
    row = session.get_one(WorkingCalendar, calendar_id, options=loads)
    # Years without decided days count as plain weeks: better a date to correct than none.
    last_year = max([to_local(now()).year, *(day.day.year for day in row.days)]) + 2
    days = [(d.day, d.kind, d.note or "", d.hours or "") for d in row.days]
    return calendar_from(row, days, last_year)


def rows_of(row: WorkingCalendar) -> list[SessionRow]:
    """Return the weekly sessions of ``row`` with their validity."""
    return [(s.weekday, s.starts_at, s.ends_at, s.valid_from, s.valid_to) for s in row.sessions]


def calendar_from(
    row: WorkingCalendar, days: Iterable[SpecialDay], last_year: int,
    sessions: Iterable[SessionRow] | None = None,
) -> Calendar:  # fmt: skip
    """Return the weeks of ``row`` with ``days``, reaching to the end of ``last_year``.

    sessions: other weekly sessions than its own.
    """
    return Calendar.from_rows(
        sessions if sessions is not None else rows_of(row), days,
        min(row.valid_from, date(last_year - 4, 1, 1)), date(last_year, 12, 31), row.name,
    )  # fmt: skip


def rules_on(session: Session, on: date) -> Rules:
    """Return how days are counted on a civil date, as the profile says."""
    return Rules(
        count_from=profile_value(session, "count_from", on=on),
        cutoff_hour=_cutoff(session, on),
        due_time_of_day=profile_value(session, "due_time_of_day", on=on),
        rounding=profile_value(session, "rounding", on=on),
    )


def _cutoff(session: Session, on: date) -> time | None:
    text = profile_value(session, "cutoff_time", on=on)
    return time.fromisoformat(text) if text else None


def reception_due(session: Session, desk: Agency, at: datetime) -> Due:
    """Return by when the desk must answer what arrived at ``at`` (HCM24 Đ11.1a)."""
    on, calendar = to_local(at).date(), calendar_of(session, desk)
    hours = profile_value(session, "reception_limit_hours", on=on)
    by_day = profile_value(session, "reception_out_of_hours", on=on) == "next_day"
    return explained_due(deadlines.reception_due, at, calendar, hours, by_day=by_day)


def transfer_due(session: Session, dossier: Dossier) -> Due:
    """Return by when an accepted dossier must have left the desk.

    Within the profile's hours from its sending or supplement (TTH17 Đ13.1), else the same day or, received
    after the cut-off, first thing on the next working day (NĐ 61/2018 Đ18).
    """
    at = dossier.received_at or now()
    on, calendar = to_local(at).date(), calendar_of(session, dossier.desk)
    hours = profile_value(session, "transfer_limit_hours", on=on)
    if hours is None:
        return explained_due(deadlines.transfer_due, at, calendar, _cutoff(session, on))
    answers = [one.answered_at for one in dossier.supplements if one.answered_at]
    return explained_due(deadlines.reception_due, max([dossier.submitted_at, *answers]), calendar, hours)


def near_due_minutes(session: Session) -> int:
    """Return from how many working minutes on a dossier counts as nearly due."""
    return 60 * int(profile_value(session, "near_due_hours"))


def result_due(session: Session, version: ProcedureVersion, agency: Agency, at: datetime) -> Due:
    """Return when the result of a dossier received at ``at`` is due, with the reasons."""
    calendar, on = calendar_of(session, agency), to_local(at).date()
    if version.is_same_day:
        return explained_due(deadlines.same_day_due, at, calendar, _cutoff(session, on))
    limit = Limit(version.time_limit_value, version.time_limit_unit)
    return explained_due(deadlines.result_due, at, limit, calendar, rules_on(session, on))


class CalendarEnds(DomainError):
    """The working calendar does not know the days that would be counted."""

    status = 422


def calendar_ends() -> CalendarEnds:
    """Return the refusal, in words that say what to do."""
    return CalendarEnds(_("The working calendar does not reach that far. Please extend it."))


def closing_of(session: Session, agency: Agency, day: date) -> datetime:
    """Return the end of work on ``day``, or on the next open day; raises CalendarEnds."""
    return explained_due(closing, calendar_of(session, agency), day)


def add_working(session: Session, agency: Agency, at: datetime, minutes: int) -> datetime:
    """Return when ``minutes`` of working time have passed since ``at``; raises CalendarEnds."""
    return explained_due(add_minutes, calendar_of(session, agency), at, minutes)


def limit_text(session: Session, agency: Agency, minutes: int) -> str:
    """Return in words until when a step begun now would last; "—" where the calendar ends and it cannot begin."""
    try:
        return plain_text(add_working(session, agency, now(), minutes))
    except CalendarEnds:
        return "—"


def beyond_calendar(session: Session, agency: Agency, at: datetime, minutes: int) -> str | None:
    """Return why a due date at ``at`` cannot be moved by so much working time, in words; None if it can."""
    try:
        add_working(session, agency, at, minutes)
    except CalendarEnds:
        return _("The new due date would lie beyond the working calendar of %(agency)s: that is declared first.",
                 agency=agency.name)  # fmt: skip
    return None


def explained_due(rule: Callable[..., Found], *args: Any, **given: Any) -> Found:
    """Return what a rule of working time finds; raises CalendarEnds."""
    try:
        return rule(*args, **given)
    except CalendarExhausted as exc:
        raise calendar_ends() from exc


def clock_due(dossier: Dossier) -> datetime | None:
    """Return what is due next: the desk's answer before acceptance, the result after it."""
    return dossier.due_at if dossier.received_at is not None else dossier.reception_due_at


def remaining_phrase(session: Session, due_at: datetime, agency: Agency) -> tuple[Phrase, str]:
    """Return (words, urgency) of the working time left until ``due_at`` at ``agency``."""
    calendar, at = calendar_of(session, agency), now()
    phrase = deadlines.remaining_phrase(at, due_at, calendar)
    return phrase, str(deadlines.urgency(at, due_at, calendar, near_due_minutes(session)))


def unit_of(left: Phrase | None) -> str:
    """Return what the time left is counted in, to stand behind its words; "" where nothing is counted."""
    return _("(working time)") if left is not None and deadlines.counts_time(left) else ""


def explanation(due: Due) -> list[Any]:
    """Return the reasons of a due date as JSON: [[msgid, params], …]."""
    return [[phrase.msgid, dict(phrase.params)] for phrase in due.steps]


def hours(minutes: int) -> str:
    """Return working time in words: "5 h 20 min"."""
    whole, rest = divmod(max(minutes, 0), 60)
    if whole and rest:
        return _("%(hours)d h %(minutes)d min", hours=whole, minutes=rest)
    return _("%(hours)d h", hours=whole) if whole else _("%(minutes)d min", minutes=rest)
