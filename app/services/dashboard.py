"""A leader's figures: what happens in his part of the agency tree, and the dossiers behind it.

Each figure is one condition of ``groups``; the number and the list behind it use the same one,
so they cannot differ. Received, on time and late are counted as in the public statistics
(HUE25 Đ15, QĐ 766/QĐ-TTg 2022). What runs now is judged by what is due next: the desk's answer
before acceptance (HCM24 Đ11.1a), the result after it.
"""

from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import now, today
from app.errors import DomainError
from app.lowcode.collation import key_of
from app.models import Agency, Dossier, Movement, Sector
from app.models.agency import AgencyLevel
from app.models.scope import dossiers_of
from app.permissions import Actor
from app.services import statistics
from app.services.dashboard_period import GROUPS, Wanted
from app.services.pauses import is_overdue, overdue, stands_still, still
from app.services.profiles import profile_value
from app.services.statistics import month_start
from app.services.timing import calendar_of
from app.text import fold
from app.workflows.states import CLOCK_OVER, State
from app.workflows.working_time import CalendarExhausted, add_minutes

PAGE_SIZE = 50
MONTHS = 12
_IN_PROGRESS = [int(state) for state in State if state not in CLOCK_OVER]
# What is due next; nothing is promised for a dossier without it.
DUE = sa.case((Dossier.received_at.is_(None), Dossier.reception_due_at), else_=Dossier.due_at)


@dataclass(frozen=True)
class Line:
    """The figures of one agency or sector: how many dossiers are in each group."""

    id: int | None
    label: str
    counts: Mapping[str, int]

    @property
    def rate(self) -> float | None:
        """On-time share of the finished ones in percent, one decimal; None if there are none."""
        finished = self.counts["finished"]
        return round(100 * self.counts["on_time"] / finished, 1) if finished else None


@dataclass(frozen=True)
class Overview:
    """Everything the dashboard shows."""

    total: Line
    agencies: list[Line]
    sectors: list[Line]
    months: list[tuple[date, statistics.Counted]]


def near_until(session: Session, actor: Actor) -> datetime:
    """Return the instant up to which what is due counts as near: the profile's working hours."""
    minutes = 60 * _longest(profile_value(session, "reminder_hours"))
    post = actor.positions[0] if actor.positions else None
    # Without a calendar the clock's hours have to do.
    with suppress(DomainError, CalendarExhausted):
        agency = session.get(Agency, post.agency_id) if post else None
        if agency is not None:
            return add_minutes(calendar_of(session, agency), now(), minutes)
    return now() + timedelta(minutes=minutes)


def _longest(hours: Any) -> int:
    """A profile may name several reminders (8 and 2 hours ahead): near begins with the first."""
    return max(int(value) for value in (hours if isinstance(hours, list) else [hours]))


def groups(session: Session, wanted: Wanted, near: datetime) -> dict[str, ColumnElement[bool]]:
    """Return the condition of each figure; the four parts of in_progress do not overlap.

    near: see ``near_until``.
    """
    start, end = wanted.bounds
    at = now()
    finished = sa.and_(Dossier.finished_at >= start, Dossier.finished_at < end)
    in_time = sa.or_(Dossier.due_at.is_(None), Dossier.finished_at <= Dossier.due_at)
    waiting = still(session)
    running = sa.and_(Dossier.state.in_(_IN_PROGRESS), sa.not_(waiting))
    asked_late = sa.and_(waiting, sa.func.coalesce(overdue(session), sa.false()))
    return {
        "received": sa.and_(Dossier.submitted_at >= start, Dossier.submitted_at < end),
        "finished": finished,
        "on_time": sa.and_(finished, in_time),
        "late": sa.and_(finished, sa.not_(in_time)),
        "in_progress": Dossier.state.in_(_IN_PROGRESS),
        "in_time": sa.and_(running, sa.or_(DUE.is_(None), near < DUE)),
        "near_due": sa.and_(running, at <= DUE, near >= DUE),
        "overdue": sa.or_(sa.and_(running, at > DUE), asked_late),
        "waiting": sa.and_(waiting, sa.not_(asked_late)),
    }


def scope_of(wanted: Wanted, actor: Actor) -> list[ColumnElement[bool]]:
    """Return the conditions that a dossier is the actor's business and the one asked for."""
    own = dossiers_of(actor)
    found = [own] if own is not None else []
    if wanted.agency_id is not None:
        found.append(Dossier.agency_id == wanted.agency_id)
    if wanted.sector_id is not None:
        found.append(Dossier.sector_id == wanted.sector_id)
    return found


def overview(session: Session, wanted: Wanted, actor: Actor) -> Overview:
    """Return the dashboard in a fixed number of statements, whatever the rows and agencies."""
    rules = groups(session, wanted, near_until(session, actor))
    scope = scope_of(wanted, actor)
    parts = [sa.func.sum(sa.case((rule, 1), else_=0)) for rule in rules.values()]
    keys = (Dossier.agency_id, Dossier.sector_id)
    touched = sa.or_(rules["received"], rules["finished"], rules["in_progress"])
    query = sa.select(*keys, *parts).where(touched, *scope).group_by(*keys)
    rows = [tuple(row) for row in session.execute(query)]
    short = sa.func.coalesce(Agency.short_name, Agency.name)
    agencies = {row[0]: row[1] for row in session.execute(sa.select(Agency.id, short))}
    sectors = {row[0]: row[1] for row in session.execute(sa.select(Sector.id, Sector.name))}
    return Overview(
        Line(None, "", _sum(rows)), _lines(rows, 0, agencies), _lines(rows, 1, sectors),
        _months(session, scope),
    )  # fmt: skip


def _sum(rows: list[tuple[Any, ...]]) -> dict[str, int]:
    return {name: sum(row[i] for row in rows) for i, name in enumerate(GROUPS, 2)}


def _lines(rows: list[tuple[Any, ...]], key: int, names: dict[int, str]) -> list[Line]:
    """Return one line per agency or sector, most dossiers in progress first, then by name."""
    parts: dict[int, list[tuple[Any, ...]]] = {}
    for row in rows:
        parts.setdefault(row[key], []).append(row)
    lines = [Line(number, names[number], _sum(part)) for number, part in parts.items()]
    return sorted(lines, key=lambda line: (-line.counts["in_progress"], key_of(line.label)))


def _months(
    session: Session, scope: list[ColumnElement[bool]]
) -> list[tuple[date, statistics.Counted]]:
    first = month_start(today(), MONTHS - 1)
    year = statistics.Period("", first, today() + timedelta(days=1))
    return statistics.by_month(session, year, sa.and_(*scope) if scope else None)


def agency_choices(session: Session, actor: Actor) -> list[tuple[int, str]]:
    """Return (id, name) of the handling agencies in the actor's part of the tree, by name."""
    paths = {post.path for post in actor.positions}
    under = sa.or_(sa.false(), *(Agency.path.startswith(path) for path in paths))
    query = sa.select(Agency.id, Agency.name).where(under, Agency.level != AgencyLevel.desk)
    return sorted(((row[0], row[1]) for row in session.execute(query)), key=_by_name)


def sector_choices(session: Session) -> list[tuple[int, str]]:
    """Return (id, name) of every sector, by name."""
    query = sa.select(Sector.id, Sector.name)
    return sorted(((row[0], row[1]) for row in session.execute(query)), key=_by_name)


def _by_name(row: tuple[int, str]) -> str:
    return fold(row[1])


@dataclass(frozen=True)
class DossierPage:
    """One page of the dossiers behind a figure; ``next`` and ``previous`` are cursors."""

    rows: list[Dossier]
    total: int
    next: str | None
    previous: str | None


def find_dossiers(
    session: Session, wanted: Wanted, actor: Actor, *, after: str = "", before: str = ""
) -> DossierPage:
    """Return a page of the dossiers behind ``wanted.group``, the earliest due first; keyset."""
    rules = groups(session, wanted, near_until(session, actor))
    base = sa.select(Dossier).where(rules[wanted.group], *scope_of(wanted, actor))
    total = session.scalar(base.with_only_columns(sa.func.count())) or 0
    order = sa.func.coalesce(DUE, Dossier.submitted_at)
    cursor, is_back = _cursor(before or after), bool(before) and _cursor(before) is not None
    query = base.add_columns(order.label("due_key")).options(
        joinedload(Dossier.agency), joinedload(Dossier.procedure), joinedload(Dossier.holder),
        selectinload(Dossier.movements).load_only(
            Movement.at, Movement.transition, Movement.source, Movement.target),
    )
    if cursor is not None:
        here = sa.tuple_(order, Dossier.id)
        there = sa.tuple_(sa.literal(cursor[0], Dossier.submitted_at.type), sa.literal(cursor[1]))
        query = query.where(here < there if is_back else here > there)
    keys = [order.desc(), Dossier.id.desc()] if is_back else [order, Dossier.id]
    found = session.execute(query.order_by(*keys).limit(PAGE_SIZE + 1)).unique().all()
    has_more, rows = len(found) > PAGE_SIZE, list(found[:PAGE_SIZE])
    if is_back:
        rows.reverse()
    has_next = bool(rows) and (is_back or has_more)
    has_previous = bool(rows) and (has_more if is_back else cursor is not None)
    return DossierPage(
        [row[0] for row in rows], total, _token(rows[-1]) if has_next else None,
        _token(rows[0]) if has_previous else None,
    )  # fmt: skip


def _token(row: Any) -> str:
    return f"{row.due_key.isoformat()}~{row[0].id}"


def _cursor(text: str) -> tuple[datetime, int] | None:
    instant, _mark, number = text.partition("~")
    try:
        at = datetime.fromisoformat(instant).astimezone(UTC)
    except (ValueError, OverflowError):  # the first and last days of the calendar have no UTC
        return None
    is_id = number.isascii() and number.isdigit() and len(number) < 10
    return (at, int(number)) if is_id else None


def urgency_of(session: Session, dossier: Dossier, near: datetime) -> str:
    """Return ok, near, overdue, paused, done or late (done, but after it was due).

    Read the courses of many dossiers before (``find_dossiers`` does).
    """
    state = State(dossier.state)
    if state in CLOCK_OVER:
        ended, due = dossier.finished_at, dossier.due_at
        return "late" if ended is not None and due is not None and ended > due else "done"
    if stands_still(session, dossier):
        return "overdue" if is_overdue(session, dossier) else "paused"
    due = dossier.due_at if dossier.received_at is not None else dossier.reception_due_at
    if due is None or due > near:
        return "ok"
    return "overdue" if due < now() else "near"
