"""Why a span of working time is as long as it is, in pieces that a caller translates."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from app.i18n import N_
from app.workflows.calendars import Calendar
from app.workflows.wording import VIETNAM, Phrase, day_text, time_text
from app.workflows.working_time import intervals, minutes_between

# Above this many days single pieces no longer help the reader.
DETAILED_DAYS = 5


def explain(cal: Calendar, a: datetime, b: datetime) -> tuple[Phrase, ...]:
    """Return what makes up the working time from ``a`` to ``b``.

    Pieces (short spans) or the number of days (long ones), days off and make-up days met on the
    way, then the total. Raises CalendarExhausted outside the calendar.
    """
    pieces = intervals(cal, a, b)
    worked = list(dict.fromkeys(day_text(start) for start, _ in pieces))
    if len(worked) > DETAILED_DAYS:
        body = [_run(len(worked), worked[0], worked[-1])]
    else:
        body = [_piece(start, end) for start, end in pieces]
    return (*body, *special_days(cal, a, b), _total(minutes_between(cal, a, b)))


def _run(days: int, first: str, last: str) -> Phrase:
    msgid = N_("%(days)d working days from %(first)s to %(last)s")
    return Phrase(msgid, {"days": days, "first": first, "last": last})


def _piece(start: datetime, end: datetime) -> Phrase:
    return Phrase(
        N_("%(date)s: %(start)s–%(end)s"),
        {"date": day_text(start), "start": time_text(start), "end": time_text(end)},
    )


def _total(minutes: int) -> Phrase:
    hours, rest = divmod(abs(minutes), 60)
    msgid = N_("In all %(hours)d h %(minutes)d min of working time")
    return Phrase(msgid, {"hours": hours, "minutes": rest})


def special_days(cal: Calendar, a: datetime, b: datetime) -> tuple[Phrase, ...]:
    """Return the holidays skipped, the make-up days counted and the calendars changed from ``a`` to ``b``.

    Ordinary weekends are not listed; a day's note stands beside its date.
    """
    off: list[date] = []
    made_up: list[date] = []
    for day in _days(a, b):
        if day not in cal.special:
            continue
        usual, actual = cal.usual_on(day), cal.special[day]
        if usual and not actual:
            off.append(day)
        elif actual and not usual:
            made_up.append(day)
    found = (
        (N_("Days off not counted: %(days)s"), off),
        (N_("Make-up working days counted: %(days)s"), made_up),
    )
    told = tuple(Phrase(msgid, {"days": _list(cal, days)}) for msgid, days in found if days)
    return (*_turns(cal, a, b), *told)


def _turns(cal: Calendar, a: datetime, b: datetime) -> Iterable[Phrase]:
    first, last = (at.astimezone(VIETNAM).date() for at in (a, b))
    msgid = N_("From %(day)s the agency goes by the calendar “%(name)s”")
    return (Phrase(msgid, {"day": f"{day:%d/%m/%Y}", "name": name}) for day, name in cal.turns if first < day <= last)


def _days(a: datetime, b: datetime) -> Iterable[date]:
    first, last = a.astimezone(VIETNAM).date(), b.astimezone(VIETNAM).date()
    return (first + timedelta(days=number) for number in range((last - first).days + 1))


def _list(cal: Calendar, days: Iterable[date]) -> str:
    return ", ".join(
        f"{day:%d/%m/%Y} ({cal.notes[day]})" if cal.notes.get(day) else f"{day:%d/%m/%Y}"
        for day in days
    )
