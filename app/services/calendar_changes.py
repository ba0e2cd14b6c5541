"""Changing days and weekly hours of a calendar: which due dates move is shown first, then done.

The dossiers are moved by the worker (``calendar_moving.py``), change after change.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.clock import now, today
from app.errors import Conflict, Invalid, NotAllowed
from app.history import because
from app.i18n import N_
from app.models import CalendarChange, CalendarDay, Dossier, Task, WorkingCalendar
from app.models.calendar import DayKind
from app.models.calendar_use import RUNNING, places_of, unrefused
from app.permissions import Actor, Role
from app.services.calendar_courses import Pair, pairs_of
from app.services.calendar_days import DayWish, base_of, both, is_past, real_wishes, stored_session, with_sessions
from app.services.calendar_moving import moved, place_of, running, since_of, steps_at
from app.services.calendar_weeks import WeekWish, rows_after, write_sessions
from app.services.official import official
from app.services.timing import rows_of
from app.transactions import enqueue
from app.workflows.calendar_moves import moved_step

SHOWN = 100


@dataclass
class Effect:
    """What a change would do: the first rows (code, agency, old, new), and counts by agency."""

    rows: list[tuple[str, str, datetime, datetime]] = field(default_factory=list)
    by_agency: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0
    steps: int = 0  # open steps and questions whose own limits move

    @property
    def total(self) -> int:
        """How many due dates move."""
        return sum(self.by_agency.values())


def effect_of(session: Session, calendar: WorkingCalendar, wishes: list[DayWish]) -> Effect:
    """Return which running due dates would move; nothing is written. Statements: a fixed number."""
    if not wishes:
        return Effect()
    return _effect(session, calendar, both(calendar, wishes), since_of(wish.day for wish in wishes))


def effect_of_week(session: Session, calendar: WorkingCalendar, wish: WeekWish) -> Effect:
    """Return which running due dates other weekly hours would move; nothing is written."""
    cals = with_sessions(calendar, rows_after(calendar, wish), wish.since.year)
    return _effect(session, calendar, cals, since_of([wish.since]))


def _effect(
    session: Session, calendar: WorkingCalendar, cals: Pair, since: date
) -> Effect:
    pairs = pairs_of(session, calendar.id, cals)
    return effect_among(session, {one.id: one.name for one in pairs}, {one.id: pairs[one] for one in pairs}, since)


def effect_among(session: Session, names: Mapping[int, str], pairs: Mapping[int, Pair], since: date) -> Effect:
    """Return which running due dates of agencies, {id: name}, move from the first calendar of each to the second."""
    effect, at = Effect(), now()
    for row in session.execute(running(list(names), since)):
        effect.looked_at += 1
        old, due = moved(session, row, pairs[place_of(row)], at)
        if due != old:
            place = names[place_of(row)]
            effect.by_agency[place] += 1
            if len(effect.rows) < SHOWN:
                effect.rows.append((row.code, place, old, due))
    limits = sa.select(Task.agency_id, Task.opened_at, Task.due_at).join(Task.dossier)
    limits = limits.where(Dossier.state.in_(RUNNING))
    for agency_id, opened_at, due_at in session.execute(limits.where(steps_at(list(names), since))):
        effect.steps += moved_step(*pairs[agency_id], opened_at, due_at) != due_at
    return effect


def may_change(session: Session, calendar: WorkingCalendar, actor: Actor) -> bool:
    """Return whether the actor is catalog administrator over every agency that goes by it."""
    posts = actor.positions_as(frozenset({Role.catalog_admin}))
    paths = [agency.path for agency in places_of(session, calendar.id)]
    if not paths:
        return bool(posts)
    return all(any(path.startswith(post.path) for post in posts) for path in paths)


def change_days(
    session: Session, calendar: WorkingCalendar, wishes: list[DayWish], actor: Actor, *,
    base: str, reason: str, decision: str = "",
) -> CalendarChange:  # fmt: skip
    """Write the days and promise the move of the due dates; flushed, not committed.

    Changes may follow each other at once: their dossiers are moved in their order.
    Raises NotAllowed for anyone but its administrator, Conflict if the calendar changed since
    ``base`` or due dates are still being moved from it to another, Invalid (fields "reason", "changes", "decision").
    """
    _refuse_others(session, calendar, actor, base)
    refuse_unfinished(session, CalendarChange.former_id.in_([calendar.id]))
    wanted = real_wishes(calendar, wishes)
    _refuse(wanted, reason, decision)
    with moving_allowed(session, reason, decision):
        days = _write(calendar, wanted, decision)
        return _keep(session, calendar, actor, reason, decision, days=days)


def change_week(
    session: Session, calendar: WorkingCalendar, wish: WeekWish, actor: Actor, *,
    base: str, reason: str, decision: str = "",
) -> CalendarChange:  # fmt: skip
    """Write the weekly hours and promise the move of the due dates; as ``change_days``."""
    _refuse_others(session, calendar, actor, base)
    refuse_unfinished(session, CalendarChange.former_id.in_([calendar.id]))
    before, after = rows_of(calendar), rows_after(calendar, wish)
    if sorted(map(str, before)) == sorted(map(str, after)):
        message = _("These hours are kept already.")
        raise Invalid(message, {"hours0": message})
    _refuse_unsaid(reason, decision, has_past=wish.since < today())
    with moving_allowed(session, reason, decision):
        write_sessions(calendar, after)
        weeks = [[stored_session(row) for row in rows] for rows in (before, after)]
        return _keep(session, calendar, actor, reason, decision, weeks=weeks)


def confirm_days(
    session: Session, calendar: WorkingCalendar, year: int, actor: Actor, *, base: str, decision: str
) -> int:
    """Name the yearly decision on every day off of ``year`` that was only expected; returns how many.

    No due date moves. Raises as ``change_days``.
    """
    _refuse_others(session, calendar, actor, base)
    expected = [day for day in calendar.days if day.day.year == year and day.is_expected]
    if not decision.strip():
        message = _("Give number and date of the yearly decision.")
        raise Invalid(message, {"decision": message})
    with moving_allowed(session, official(N_("Days confirmed by the yearly decision")), decision):
        for day in expected:
            day.decision = decision.strip()[:120]
        flag_modified(calendar, "name")
        session.flush()
    return len(expected)


def _refuse_others(session: Session, calendar: WorkingCalendar, actor: Actor, base: str) -> None:
    if not may_change(session, calendar, actor):
        raise NotAllowed(_("Only the catalog administrator of every agency with this calendar changes it."))
    if base != base_of(calendar):
        raise Conflict(_("Someone else has changed this calendar meanwhile. Please look at it again."))


def refuse_unfinished(session: Session, concerned: ColumnElement[bool]) -> None:
    """Raise Conflict while due dates are being moved after an earlier change that is ``concerned``."""
    unfinished = sa.select(CalendarChange.id).where(concerned, CalendarChange.done_at.is_(None))
    if session.scalar(unfinished.limit(1)) is not None:
        raise Conflict(_("Due dates are still being moved after an earlier change. Try again in some minutes."))


@contextmanager
def moving_allowed(session: Session, reason: str, decision: str) -> Iterator[None]:
    """Let days, hours and calendars of agencies be written: here the due dates follow."""
    because(session, reason="; ".join(part for part in (reason, decision) if part))
    with unrefused(session):
        yield


def _keep(
    session: Session, calendar: WorkingCalendar, actor: Actor, reason: str, decision: str, *,
    days: list[Any] | None = None, weeks: list[Any] | None = None,
) -> CalendarChange:  # fmt: skip
    change = CalendarChange(
        calendar=calendar, at=now(), user_id=actor.user_id, reason=reason.strip(),
        decision=decision.strip()[:120] or None, days=days or [], weeks=weeks,
    )  # fmt: skip
    flag_modified(calendar, "name")  # its version counts every change of its days
    session.add(change)
    session.flush()
    session.info.pop("calendars", None)
    enqueue("calendars.move", change_id=change.id)
    return change


def _refuse(wishes: list[DayWish], reason: str, decision: str) -> None:
    if not wishes:
        message = _("No day was changed.")
        raise Invalid(message, {"changes": message})
    _refuse_unsaid(reason, decision, has_past=is_past(wishes))
    if any(wish.kind == DayKind.make_up for wish in wishes) and not decision.strip():
        message = _("A make-up working day needs the decision that swaps it: give its number and date.")
        raise Invalid(message, {"decision": message})


def _refuse_unsaid(reason: str, decision: str, *, has_past: bool) -> None:
    if not reason.strip():
        message = _("Say why the days change, for example the yearly decision on holidays.")
        raise Invalid(message, {"reason": message})
    if has_past and not decision.strip():
        message = _("A day gone by is changed only by a decision: give its number and date.")
        raise Invalid(message, {"decision": message})


def _write(calendar: WorkingCalendar, wishes: list[DayWish], decision: str) -> list[Any]:
    rows, days = {row.day: row for row in calendar.days}, []
    for wish in wishes:
        row = rows.get(wish.day)
        before = [row.kind, row.hours or "", row.note or ""] if row is not None else None
        days.append([wish.day.isoformat(), before, wish.stored()])
        if not wish.kind:
            calendar.days.remove(rows[wish.day])
            continue
        if row is None:
            row = CalendarDay(day=wish.day, kind=wish.kind)
            calendar.days.append(row)
        row.kind, row.hours, row.note = wish.kind, wish.hours or None, wish.note or None
        row.decision = decision.strip()[:120] or row.decision
    return days
