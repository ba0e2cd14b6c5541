"""Changing days of a calendar: which running due dates move, shown first, then moved in chunks.

The original due date never changes; each move is a DueChange with the reason, the decision and
who approved it (NĐ 61/2018 Đ19).
"""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time
from typing import Any

import sqlalchemy as sa
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import flag_modified

from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed
from app.history import because
from app.lowcode.values import plain_text
from app.models import Agency, CalendarChange, CalendarDay, Dossier, ProcedureVersion, User, WorkingCalendar
from app.permissions import Actor, Role
from app.services.actors import build_actor
from app.services.calendar_days import DayWish, base_of, before_and_after, both, first_moment, is_past, real_wishes
from app.services.lifecycle import change_due, open_tasks
from app.services.notices import tell_applicant
from app.services.profiles import profile_value
from app.services.timing import rules_on
from app.transactions import enqueue
from app.workflows.calendar_moves import Clock, keep_minutes, moved_due
from app.workflows.calendars import Calendar
from app.workflows.deadlines import Limit
from app.workflows.states import CLOCK_OVER, State
from app.workflows.wording import VIETNAM

CHUNK = 200
SHOWN = 100
_RUNNING = tuple(int(state) for state in frozenset(State) - CLOCK_OVER)


@dataclass
class Effect:
    """What a change would do: the first rows (code, agency, old, new), and counts by agency."""

    rows: list[tuple[str, str, datetime, datetime]] = field(default_factory=list)
    by_agency: Counter[str] = field(default_factory=Counter)
    looked_at: int = 0

    @property
    def total(self) -> int:
        """How many due dates move."""
        return sum(self.by_agency.values())


def places_of(session: Session, calendar_id: int) -> list[Agency]:
    """Return the agencies that go by a calendar: its own, and below them those without one."""
    rows = list(session.scalars(sa.select(Agency).order_by(Agency.path)))
    own = {row.id: row.calendar_id for row in rows}
    return [row for row in rows if _nearest(row.path, own) == calendar_id]


def _nearest(path: str, own: dict[int, int | None]) -> int | None:
    ids = [int(part) for part in path.split("/") if part]
    return next((own[i] for i in reversed(ids) if own.get(i)), None)


def effect_of(session: Session, calendar: WorkingCalendar, wishes: list[DayWish]) -> Effect:
    """Return which running due dates would move; nothing is written. Statements: a fixed number."""
    effect = Effect()
    if not wishes:
        return effect
    old, new = both(calendar, wishes)
    names = {agency.id: agency.name for agency in places_of(session, calendar.id)}
    for row in session.execute(_running(names, first_moment(wishes))):
        effect.looked_at += 1
        due = moved_due(old, new, _clock(session, row))
        if due != row.due_at:
            effect.by_agency[names[row.agency_id]] += 1
            if len(effect.rows) < SHOWN:
                effect.rows.append((row.code, names[row.agency_id], row.due_at, due))
    return effect


def _running(agencies: Iterable[int], since: date) -> sa.Select[Any]:
    start = datetime.combine(since, time(), VIETNAM).astimezone(UTC)
    version = ProcedureVersion
    columns: tuple[Any, ...] = (
        Dossier.id, Dossier.code, Dossier.agency_id, Dossier.received_at, Dossier.due_at,
        Dossier.original_due_at, version.time_limit_value, version.time_limit_unit, version.is_same_day,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .join(version, version.id == Dossier.version_id)
        .where(Dossier.agency_id.in_(list(agencies)), Dossier.state.in_(_RUNNING))
        .where(Dossier.received_at.is_not(None), Dossier.due_at >= start)
        .order_by(Dossier.id)
    )


def _clock(session: Session, row: Any) -> Clock:
    on = row.received_at.astimezone(VIETNAM).date()
    cutoff = profile_value(session, "cutoff_time", on=on)
    return Clock(
        row.received_at, row.due_at, row.original_due_at,
        Limit(row.time_limit_value, row.time_limit_unit), rules_on(session, on), row.is_same_day,
        time.fromisoformat(cutoff) if cutoff else None,
    )  # fmt: skip


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

    Raises NotAllowed for anyone but its administrator, Conflict if the days changed since
    ``base`` or the dossiers of an earlier change are still being moved, Invalid (fields
    "reason", "changes").
    """
    if not may_change(session, calendar, actor):
        raise NotAllowed(_("Only the catalog administrator of every agency with this calendar changes it."))
    if base != base_of(calendar):
        raise Conflict(_("Someone else has changed this calendar meanwhile. Please look at it again."))
    if _is_moving(session, calendar):
        raise Conflict(_("Due dates of an earlier change are still being moved. Please wait a moment."))
    wanted = real_wishes(calendar, wishes)
    _refuse(wanted, reason, decision)
    because(session, reason="; ".join(part for part in (reason, decision) if part))
    change = CalendarChange(
        calendar=calendar, at=now(), user_id=actor.user_id, reason=reason.strip(),
        decision=decision.strip()[:120] or None, days=_write(session, calendar, wanted, decision),
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
    if not reason.strip():
        message = _("Say why the days change, for example the yearly decision on holidays.")
        raise Invalid(message, {"reason": message})
    if is_past(wishes) and not decision.strip():
        message = _("A day gone by is changed only by a decision: give its number and date.")
        raise Invalid(message, {"decision": message})


def _is_moving(session: Session, calendar: WorkingCalendar) -> bool:
    """Return whether an earlier change waits for the worker and there are dossiers it may move."""
    query = sa.select(CalendarChange.id).where(
        CalendarChange.calendar_id == calendar.id, CalendarChange.done_at.is_(None)
    )
    if session.scalar(query.limit(1)) is None:
        return False
    running = sa.select(Dossier.id).where(
        Dossier.agency_id.in_([agency.id for agency in places_of(session, calendar.id)]),
        Dossier.state.in_(_RUNNING), Dossier.received_at.is_not(None),
    )  # fmt: skip
    return session.scalar(running.limit(1)) is not None


def _write(
    session: Session, calendar: WorkingCalendar, wishes: list[DayWish], decision: str
) -> list[Any]:
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


def move_waiting(session: Session, change_id: int) -> None:
    """Move the next chunk of a change's dossiers; enqueues itself until none is left.

    Safe to run twice: the cursor commits with the chunk.
    """
    query = sa.select(CalendarChange).where(CalendarChange.id == change_id).with_for_update()
    change = session.scalar(query)
    if change is None or change.done_at is not None:
        return
    with force_locale("vi"):
        _move_chunk(session, change)
    if change.done_at is None:
        enqueue("calendars.move", change_id=change.id)


def _move_chunk(session: Session, change: CalendarChange) -> None:
    calendar = change.calendar
    old, new = before_and_after(calendar, change.days)
    ids = [agency.id for agency in places_of(session, calendar.id)]
    since = min(date.fromisoformat(day) for day, _before, _after in change.days)
    query = _running(ids, first_moment([DayWish(since)])).where(
        Dossier.id > change.last_dossier_id, Dossier.received_at < change.at
    )
    rows = session.execute(query.limit(CHUNK)).all()
    user = session.get(User, change.user_id) if change.user_id else None
    actor = build_actor(session, user)
    because(session, reason=change.reason)
    locked = {d.id: d for d in session.scalars(
        sa.select(Dossier).where(Dossier.id.in_([row.id for row in rows])).with_for_update())}  # fmt: skip
    for row in rows:
        due = moved_due(old, new, _clock(session, row))
        if due != row.due_at:
            _move(session, locked[row.id], due, (old, new), change, actor)
            change.moved += 1
        change.last_dossier_id = row.id
    if len(rows) < CHUNK:
        change.done_at = now()
    session.flush()


def _move(
    session: Session, dossier: Dossier, due: datetime, cals: tuple[Calendar, Calendar],
    change: CalendarChange, actor: Actor,
) -> None:  # fmt: skip
    reason = _("The working calendar changed: %(reason)s", reason=change.reason)
    change_due(session, dossier, due, reason, change.decision or "", actor)
    for task in open_tasks(dossier):
        task.due_at = keep_minutes(*cals, task.opened_at, task.due_at)
    text = _("The result is now due at %(at)s. %(reason)s", at=plain_text(due), reason=reason)
    tell_applicant(session, dossier, f"calendar:{change.id}:{dossier.id}", text)
