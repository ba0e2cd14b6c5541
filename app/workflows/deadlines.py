"""Due dates with their reasons, and how much time is left."""

from dataclasses import dataclass
from datetime import datetime, time
from enum import StrEnum

from app.i18n import N_
from app.workflows.calendars import Calendar
from app.workflows.explaining import special_days
from app.workflows.wording import VIETNAM, Phrase, day_text, time_text
from app.workflows.working_time import (
    DEFAULT_RULES,
    CountFrom,
    DueTime,
    Rules,
    Unit,
    Value,
    add_limit,
    add_minutes,
    closing,
    counting_from,
    minutes_between,
    next_opening,
    within,
)

# NĐ 61/2018 Đ18: what is received after 15:00 is handed on at the start of the next working day.
TRANSFER_CUTOFF = time(15)
RECEPTION_HOURS = 8
NEARLY_DUE_MINUTES = 120


@dataclass(frozen=True)
class Limit:
    """A time limit as published with a procedure."""

    value: Value
    unit: Unit | str


@dataclass(frozen=True)
class Due:
    """A due instant (UTC), the moment it is counted from and the steps that explain it."""

    at: datetime
    counts_from: datetime
    steps: tuple[Phrase, ...]


LIMIT_TEXTS = {
    Unit.working_hour: N_("Time limit (working hours): %(value)s"),
    Unit.hour: N_("Time limit (hours): %(value)s"),
    Unit.working_day: N_("Time limit (working days): %(value)s"),
    Unit.day: N_("Time limit (days): %(value)s"),
    Unit.month: N_("Time limit (months): %(value)s"),
}


def reception_due(
    submitted_at: datetime, cal: Calendar, hours: int = RECEPTION_HOURS, *, by_day: bool = False
) -> Due:  # fmt: skip
    """Return by when the desk must accept, ask for a supplement or refuse.

    hours: working hours from the profile; outside hours they run from the next opening or, with
    ``by_day``, from the opening of the next working day (noon is outside hours, too). After a
    payment or an answered supplement before acceptance, call it again with that instant.
    Source: HCM24 Đ11.1a, QN20 Đ12.4 (8 hours), TTH17 Đ13.1 (1 hour).
    """
    counted = next_opening(cal, submitted_at)
    if by_day and counted > submitted_at and _has_begun(cal, submitted_at):
        counted = next_opening(cal, closing(cal, submitted_at.astimezone(VIETNAM).date()))
    at = add_limit(cal, counted, hours, Unit.working_hour)
    steps = (*_start_steps(submitted_at, counted), _limit_step(Limit(hours, Unit.working_hour)))
    return Due(at, counted, (*steps, *special_days(cal, submitted_at, at), _end_step(at)))


def _has_begun(cal: Calendar, at: datetime) -> bool:
    midnight = at.astimezone(VIETNAM).replace(hour=0, minute=0, second=0, microsecond=0)
    return minutes_between(cal, midnight, at) > 0


def result_due(
    received_at: datetime, limit: Limit, cal: Calendar, rules: Rules = DEFAULT_RULES
) -> Due:
    """Return when the result is due for a dossier accepted at ``received_at``.

    cal: of the agency that handles it. Raises ValueError (see ``add_limit``) for a bad limit.
    Source: the procedure's published limit (TTH17 Đ14.3); rules from the profile.
    """
    at = add_limit(cal, received_at, limit.value, limit.unit, rules)
    by_the_hour = limit.unit in (Unit.working_hour, Unit.hour)
    counted = next_opening(cal, received_at) if by_the_hour else counting_from(cal, received_at, rules)
    steps = [*_start_steps(received_at, counted), _limit_step(limit)]
    if not by_the_hour:
        steps.append(Phrase(_counting_text(rules)))
    return Due(at, counted, (*steps, *special_days(cal, received_at, at), _end_step(at)))


def same_day_due(
    received_at: datetime, cal: Calendar, cutoff: time | None = TRANSFER_CUTOFF
) -> Due:
    """Return the close of the day of receipt, or of the next working day after the cut-off.

    Source: procedures "trong ngày; nhận sau 15 giờ thì ngày làm việc tiếp theo".
    """
    counted = counting_from(cal, received_at, Rules(cutoff_hour=cutoff))
    at = closing(cal, counted.astimezone(VIETNAM).date())
    steps = (
        *_start_steps(received_at, counted),
        Phrase(N_("To be settled on the same working day")),
    )
    return Due(at, counted, (*steps, _end_step(at)))


def transfer_due(
    received_at: datetime, cal: Calendar, cutoff: time | None = TRANSFER_CUTOFF
) -> Due:
    """Return by when an accepted dossier must reach the agency that handles it.

    The close of the same working day; after the cut-off the start of the next one.
    Source: NĐ 61/2018 Đ18.
    """
    opening = next_opening(cal, received_at)
    counted = counting_from(cal, received_at, Rules(cutoff_hour=cutoff))
    moved = counted != opening
    at = counted if moved else closing(cal, opening.astimezone(VIETNAM).date())
    steps = (*_start_steps(received_at, counted), Phrase(N_("To be passed on without delay")))
    return Due(at, counted, (*steps, _end_step(at)))


def resume_due(due_at: datetime, paused_from: datetime, resumed_at: datetime, cal: Calendar) -> Due:
    """Return the due date after a pause: as much working time is left as when it began.

    The pause counts in working minutes, never in calendar days; a pause outside working hours
    moves nothing, and a dossier that was late stays exactly as late.
    Raises ValueError if the pause ends before it begins.
    """
    paused = minutes_between(cal, paused_from, resumed_at)
    if resumed_at < paused_from:
        raise ValueError("a pause cannot end before it begins")
    at = add_minutes(cal, due_at, paused) if paused else due_at
    hours, minutes = divmod(paused, 60)
    step = Phrase(
        N_(
            "Waited from %(start_time)s on %(start)s to %(end_time)s on %(end)s: "
            "%(hours)d h %(minutes)d min of working time not counted"
        ),
        {
            "start_time": time_text(paused_from),
            "start": day_text(paused_from),
            "end_time": time_text(resumed_at),
            "end": day_text(resumed_at),
            "hours": hours,
            "minutes": minutes,
        },
    )
    return Due(at, resumed_at, (step, _end_step(at)))


def _start_steps(received_at: datetime, counted: datetime) -> tuple[Phrase, ...]:
    received = Phrase(N_("Received at %(time)s on %(date)s"), _moment(received_at))
    if (counted - received_at).total_seconds() < 60:
        return (received,)
    return (received, Phrase(N_("Counted from %(time)s on %(date)s"), _moment(counted)))


def _moment(at: datetime) -> dict[str, str | int]:
    return {"time": time_text(at), "date": day_text(at)}


def _limit_step(limit: Limit) -> Phrase:
    return Phrase(LIMIT_TEXTS[Unit(limit.unit)], {"value": f"{float(limit.value):g}"})


def _counting_text(rules: Rules) -> str:
    if rules.due_time_of_day is DueTime.same_time:
        return N_("Whole days are counted to the hour of receipt")
    if rules.count_from is CountFrom.same:
        return N_("The day of receipt is the first day")
    return N_("The day after receipt is the first day")


def _end_step(at: datetime) -> Phrase:
    return Phrase(N_("Due at %(time)s on %(date)s"), _moment(at))


def remaining(now: datetime, due_at: datetime, cal: Calendar) -> int:
    """Return the working minutes left until ``due_at``, negative when it is past.

    Beyond the days that the calendar knows nothing is counted.
    """
    return minutes_between(cal, within(cal, now), within(cal, due_at))


def phrase(minutes: int, day_minutes: int = 480, *, is_overdue: bool | None = None) -> Phrase:
    """Return remaining working ``minutes`` in words: whole days, else hours and minutes.

    Days are rounded down. is_overdue: tells which side of the due date 0 minutes are on (the
    night after it is past but no working minute has gone); default by the sign.
    """
    late = minutes < 0 if is_overdue is None else is_overdue
    days, rest = divmod(abs(minutes), day_minutes)
    hours, rest = divmod(rest, 60)
    if days:
        return _words(late, "day" if days == 1 else "days", {"days": days})
    if hours and rest:
        return _words(late, "hours_minutes", {"hours": hours, "minutes": rest})
    if hours:
        return _words(late, "hours", {"hours": hours})
    if rest:
        return _words(late, "minutes", {"minutes": rest})
    return _words(late, "nothing", {})


LEFT = {
    "day": N_("1 day left"),
    "days": N_("%(days)d days left"),
    "hours_minutes": N_("%(hours)d h %(minutes)d min left"),
    "hours": N_("%(hours)d h left"),
    "minutes": N_("%(minutes)d min left"),
    "nothing": N_("due now"),
}
LATE = {
    "day": N_("1 day overdue"),
    "days": N_("%(days)d days overdue"),
    "hours_minutes": N_("%(hours)d h %(minutes)d min overdue"),
    "hours": N_("%(hours)d h overdue"),
    "minutes": N_("%(minutes)d min overdue"),
    "nothing": N_("overdue"),
}


def counts_time(words: Phrase) -> bool:
    """Return whether a phrase of these counts working time, and does not only say that the due date is there."""
    return words.msgid not in {LEFT["nothing"], LATE["nothing"]}


def _words(late: bool, kind: str, params: dict[str, str | int]) -> Phrase:
    # A single day has its own msgid, so that no language needs plural rules here.
    return Phrase((LATE if late else LEFT)[kind], {} if kind == "day" else params)


def remaining_phrase(now: datetime, due_at: datetime, cal: Calendar) -> Phrase:
    """Return what a list shows beside a dossier: time left or overdue, in words.

    What is due today has hours left, never a day: before the opening a whole working day is still to come.
    """
    today, minutes = now.astimezone(VIETNAM).date(), remaining(now, due_at, cal)
    is_today = due_at.astimezone(VIETNAM).date() == today
    day_minutes = abs(minutes) + 1 if is_today else cal.day_minutes_on(today)
    return phrase(minutes, day_minutes, is_overdue=now > due_at)


class Urgency(StrEnum):
    """The groups of the inbox, most urgent first."""

    overdue = "overdue"
    two_hours = "two_hours"
    today = "today"
    later = "later"


def urgency(
    now: datetime, due_at: datetime, cal: Calendar, near: int = NEARLY_DUE_MINUTES
) -> Urgency:  # fmt: skip
    """Return how urgent ``due_at`` is: overdue, within ``near`` working minutes, today or later."""
    if now > due_at:
        return Urgency.overdue
    if remaining(now, due_at, cal) <= near:
        return Urgency.two_hours
    if now.astimezone(VIETNAM).date() == due_at.astimezone(VIETNAM).date():
        return Urgency.today
    return Urgency.later
