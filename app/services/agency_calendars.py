"""Changing which calendar an agency goes by: its own, or its place in the tree.

Which running due dates move is shown first, then the change is written and the dossiers are
moved by the worker, as when days of a calendar change. Until its day the old calendar counts, today or
a coming day (``calendar_turns.py``).
"""

from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, today
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.lowcode.collation import in_order
from app.models import Agency, AgencyCalendar, CalendarChange, WorkingCalendar
from app.models.calendar_use import refuse_not_begun
from app.permissions import Actor, Role
from app.services import calendar_turns as turns
from app.services.calendar_changes import Effect, effect_among, moving_allowed, refuse_unfinished
from app.services.calendar_courses import pairs_of_turn
from app.services.calendar_moving import since_of
from app.services.reasons import given_reason
from app.transactions import enqueue, locked


@dataclass(frozen=True)
class PlaceWish:
    """Where an agency is to stand, and its own calendar; None: as the one above it. since: None for today."""

    parent: Agency | None
    calendar: WorkingCalendar | None
    since: date | None = None

    @property
    def day(self) -> date:
        """From when it is wished."""
        return self.since or today()


def get_agency(session: Session, number: int, *, to_change: bool = False) -> Agency:
    """Return an agency; raises NotFound. to_change: locked first."""
    query = sa.select(Agency).where(Agency.id == number)
    if to_change:
        query = locked(query)
    found = session.scalar(query)
    if found is None:
        raise NotFound(_("There is no such agency."))
    return found


def heirs_of(session: Session, agency: Agency) -> list[Agency]:
    """Return the agency and all below it that take their calendar from it or through it, by path."""
    rows = session.scalars(sa.select(Agency).where(Agency.path.startswith(agency.path)).order_by(Agency.path))
    found: list[Agency] = []
    closed: list[str] = []
    for row in rows:
        if row is not agency and (row.calendar_id or any(row.path.startswith(path) for path in closed)):
            closed.append(row.path)
        else:
            found.append(row)
    return found


def calendar_now(agency: Agency | None) -> WorkingCalendar | None:
    """Return the calendar an agency goes by: its own, or the nearest above; None if there is none."""
    node = agency
    while node is not None:
        if node.calendar is not None:
            return node.calendar
        node = node.parent
    return None


def calendar_then(wish: PlaceWish) -> WorkingCalendar | None:
    """Return the calendar the agency would go by."""
    return wish.calendar or calendar_now(wish.parent)


def effect_of_place(session: Session, agency: Agency, wish: PlaceWish) -> Effect:
    """Return which running due dates would move; nothing is written. Statements: a fixed number.

    Raises Invalid (fields "calendar", "since", "parent") as ``place_agency``.
    """
    _refuse_day(agency, wish)
    before, after = calendar_now(agency), calendar_then(wish)
    if before is None or after is None or before is after:
        return Effect()
    return _effect_of_turn(session, agency, wish.day, before, after)


def _effect_of_turn(
    session: Session, agency: Agency, since: date, before: WorkingCalendar, after: WorkingCalendar
) -> Effect:
    names = {row.id: row.name for row in heirs_of(session, agency)}
    return effect_among(session, names, pairs_of_turn(session, names, since, before.id, after.id), since_of([since]))


def _refuse_day(agency: Agency, wish: PlaceWish) -> None:
    if wish.day < today():
        message = _("What was stays: choose today or a coming day.")
        raise Invalid(message, {"since": message})
    if wish.day > today() and wish.parent is not agency.parent:
        message = _("The place in the tree changes today; for a coming day choose another calendar alone.")
        raise Invalid(message, {"parent": message})
    if wish.calendar is not None and wish.calendar is not agency.calendar:
        refuse_not_begun(wish.calendar, wish.day)


def may_place(agency: Agency, actor: Actor, parent: Agency | None = None) -> bool:
    """Return whether the actor is catalog administrator over the agency, and over where it is to stand."""
    posts = actor.positions_as(frozenset({Role.catalog_admin}))
    closed = actor.closed.get(("can_change", Agency.__name__), frozenset()) & {"calendar", "parent"}
    places = [agency.path, *([parent.path] if parent is not None else [])]
    is_there = all(any(path.startswith(post.path) for post in posts) for path in places)
    return is_there and not closed and actor.may("can_change", Agency.__name__)


def place_agency(
    session: Session, agency: Agency, wish: PlaceWish, actor: Actor, *, base: str, reason: str, decision: str = ""
) -> CalendarChange | None:
    """Write place and calendar, and promise the move of the due dates; None if none can move.

    Raises NotAllowed, Conflict if the agency changed since ``base``, due dates are still being moved or a
    turn waits for its day here or at the new place, Invalid (fields "parent", "calendar", "since", "reason").
    """
    if not may_place(agency, actor, wish.parent):
        raise NotAllowed(_("Only the catalog administrator over the agency and its new place changes this."))
    if base != str(agency.row_version):
        raise Conflict(_("Someone else has changed this agency meanwhile. Please look at it again."))
    if wish.parent is agency.parent and wish.calendar is agency.calendar:
        message = _("Nothing would change.")
        raise Invalid(message, {"calendar": message})
    _refuse_day(agency, wish)
    before, after = calendar_now(agency), calendar_then(wish)
    if before is not None and after is None:
        message = _("Without a calendar no due date can be counted.")
        raise Invalid(message, {"calendar": message})
    turns.refuse_waiting(session, agency, wish.parent)
    _refuse_unfinished(session, before, after)
    said = given_reason(reason)
    heirs = [row.id for row in heirs_of(session, agency)]
    with moving_allowed(session, said, decision):
        turns.keep(session, agency, wish.day, wish.calendar, before if wish.parent is not agency.parent else None,
                   reason=said, decision=decision)  # fmt: skip
        if wish.day == today():
            agency.parent, agency.calendar = wish.parent, wish.calendar
            agency.check(actor)
        session.flush()
        session.info.pop("calendars", None)
        if before is None or after is None or before is after:
            return None
        change = CalendarChange(calendar=after, former=before, since=wish.day)
        return promise_move(session, change, heirs, actor, said, decision)


def effect_of_return(session: Session, agency: Agency, turn: AgencyCalendar) -> Effect:
    """Return which running due dates would move back if a coming turn were taken back; nothing is written."""
    before, after = calendar_now(agency), _calendar_of(turn)
    if before is None or after is None or before is after:
        return Effect()
    return _effect_of_turn(session, agency, turn.since, after, before)


def _calendar_of(turn: AgencyCalendar) -> WorkingCalendar | None:
    return turn.calendar or calendar_now(turn.agency.parent)


def take_back(session: Session, agency: Agency, actor: Actor, *, base: str, reason: str) -> CalendarChange | None:
    """Let a coming turn not come, and promise that due dates move back; None if none can move.

    Raises as ``place_agency``; Conflict, too, when none waits or its day has come.
    """
    if not may_place(agency, actor):
        raise NotAllowed(_("Only the catalog administrator over the agency and its new place changes this."))
    turn = turns.waiting_at(session, agency)
    if turn is None or turn.since <= today() or base != str(agency.row_version):
        raise Conflict(_("Someone else has changed this agency meanwhile. Please look at it again."))
    before, after, since = calendar_now(agency), _calendar_of(turn), turn.since
    _refuse_unfinished(session, before, after)
    said = given_reason(reason)
    with moving_allowed(session, said, ""):
        turns.drop(session, turn)
        if before is None or after is None or before is after:
            return None
        change = CalendarChange(calendar=before, former=after, since=since)
        return promise_move(session, change, [row.id for row in heirs_of(session, agency)], actor, said, "")


def _refuse_unfinished(session: Session, *calendars: WorkingCalendar | None) -> None:
    ids = [one.id for one in calendars if one is not None]
    refuse_unfinished(session, sa.or_(CalendarChange.calendar_id.in_(ids), CalendarChange.former_id.in_(ids)))


def promise_move(
    session: Session, change: CalendarChange, heirs: list[int], actor: Actor, reason: str, decision: str
) -> CalendarChange:
    """Keep a change of agencies' calendar and let the worker move their due dates; flushed."""
    change.agencies, change.at, change.days = heirs, now(), []
    change.user_id, change.reason, change.decision = actor.user_id, reason, decision.strip()[:120] or None
    session.add(change)
    session.flush()
    enqueue("calendars.move", change_id=change.id)
    return change


def choices(session: Session, agency: Agency) -> dict[str, list[tuple[str, Any]]]:
    """Return (id, name) of the agencies it may stand under, and of the calendars. Statements: two."""
    open_ones = session.execute(
        sa.select(Agency.id, Agency.name).where(sa.not_(Agency.path.startswith(agency.path)),
                                                sa.or_(Agency.valid_to.is_(None), Agency.valid_to >= today()))
        .order_by(in_order(Agency.name), Agency.id)
    )  # fmt: skip
    calendar = WorkingCalendar
    calendars = session.execute(sa.select(calendar.id, calendar.name).order_by(in_order(calendar.name)))
    return {"parent": [(str(number), name) for number, name in open_ones],
            "calendar": [(str(number), name) for number, name in calendars]}  # fmt: skip
