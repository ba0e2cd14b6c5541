"""Public figures on handling: counted from the dossiers themselves, the only official source.

On time is what was finished no later than it was due; the due date already excludes the time
a dossier waited for its applicant. Source: HUE25 Đ15, QĐ 766/QĐ-TTg 2022.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.clock import VIETNAM, today
from app.lowcode.collation import key_of
from app.models import Agency, Dossier, Rating, Sector
from app.services.pauses import overdue
from app.workflows.states import CLOCK_OVER, State

MONTHS = 12
FIRST_YEAR = 2000
# Refused and stopped dossiers have no result whose time could be judged.
_IN_PROGRESS = [int(state) for state in State if state not in CLOCK_OVER]


@dataclass(frozen=True)
class Period:
    """Civil dates from ``first`` up to, but without, ``end``; ``key`` stands in addresses."""

    key: str
    first: date
    end: date

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The same period as instants."""
        return midnight(self.first), midnight(self.end)


@dataclass(frozen=True)
class Counted:
    """Figures of one group. ``overdue``: still in progress although due, or asked of the applicant when it was."""

    label: str
    received: int = 0
    on_time: int = 0
    late: int = 0
    in_progress: int = 0
    overdue: int = 0

    @property
    def finished(self) -> int:
        """How many were finished."""
        return self.on_time + self.late

    @property
    def rate(self) -> float | None:
        """On-time share of the finished ones in percent, one decimal; None if there are none."""
        return round(100 * self.on_time / self.finished, 1) if self.finished else None


@dataclass(frozen=True)
class RatingSummary:
    """Scores of applicants: how many gave each of 5 … 1."""

    counts: dict[int, int] = field(default_factory=dict)

    @property
    def number(self) -> int:
        """How many rated."""
        return sum(self.counts.values())

    @property
    def satisfied(self) -> float | None:
        """Share of the scores 4 and 5 in percent; None without any rating."""
        good = self.counts.get(4, 0) + self.counts.get(5, 0)
        return round(100 * good / self.number, 1) if self.number else None


def midnight(day: date) -> datetime:
    """Return the start of a civil date in Vietnam."""
    return datetime.combine(day, time(), VIETNAM)


def month_start(day: date, back: int = 0) -> date:
    """Return the first day of the month ``back`` months before that of ``day``."""
    count = day.year * 12 + day.month - 1 - back
    return date(count // 12, count % 12 + 1, 1)


def period_of(key: str | None) -> Period:
    """Return the period "2026-07", "2026", or, for anything else, the last twelve months."""
    day = today()
    first_text, _dash, month_text = (key or "").partition("-")
    digits = (first_text + month_text).isascii() and (first_text + month_text).isdigit()
    if digits and len(first_text) == 4 and FIRST_YEAR <= int(first_text) <= day.year:
        year, month = int(first_text), int(month_text[:3] or 0)
        if month_text and len(month_text) == 2 and 1 <= month <= 12:
            first = date(year, month, 1)
            return Period(f"{year}-{month:02}", first, month_start(first, -1))
        if not month_text:
            return Period(str(year), date(year, 1, 1), date(year + 1, 1, 1))
    return Period("", month_start(day, MONTHS - 1), day + timedelta(days=1))


def _figures(session: Session, period: Period) -> list[ColumnElement[Any]]:
    start, end = period.bounds
    submitted = sa.and_(Dossier.submitted_at >= start, Dossier.submitted_at < end)
    finished = sa.and_(Dossier.finished_at >= start, Dossier.finished_at < end)
    # Nothing was promised for a dossier without a due date, so it cannot be late.
    in_time = sa.or_(Dossier.due_at.is_(None), Dossier.finished_at <= Dossier.due_at)
    waiting = Dossier.state.in_(_IN_PROGRESS)
    ends = (sa.and_(finished, in_time), sa.and_(finished, sa.not_(in_time)))
    parts = (submitted, *ends, waiting, overdue(session))
    return [sa.func.coalesce(sa.func.sum(sa.case((part, 1), else_=0)), 0) for part in parts]


def _touching(period: Period) -> ColumnElement[bool]:
    """Dossiers the figures of ``period`` are about: so that old ones need not be read."""
    start, end = period.bounds
    return sa.or_(
        Dossier.submitted_at.between(start, end),
        Dossier.finished_at.between(start, end),
        Dossier.state.in_(_IN_PROGRESS),
    )


def _narrowed(query: Any, scope: ColumnElement[bool] | None) -> Any:
    return query if scope is None else query.where(scope)


def totals(session: Session, period: Period, scope: ColumnElement[bool] | None = None) -> Counted:
    """Return the figures of ``period`` over all dossiers (in ``scope``)."""
    query = sa.select(*_figures(session, period)).where(_touching(period))
    return Counted("", *session.execute(_narrowed(query, scope)).one())


def by_sector(
    session: Session, period: Period, scope: ColumnElement[bool] | None = None
) -> list[Counted]:
    """Return the figures of each sector that has any, by name."""
    query = sa.select(Sector.name, *_figures(session, period)).join(Sector, Dossier.sector_id == Sector.id)
    return _grouped(session, query.group_by(Sector.id, Sector.name), period, scope)


def by_agency(
    session: Session, period: Period, scope: ColumnElement[bool] | None = None
) -> list[tuple[str, Counted]]:
    """Return (level, figures) of each handling agency that has any, by name."""
    query = (
        sa.select(Agency.name, *_figures(session, period), Agency.level)
        .join(Agency, Dossier.agency_id == Agency.id)
        .where(_touching(period))
        .group_by(Agency.id, Agency.name, Agency.level)
    )
    rows = [(row[-1], Counted(*row[:-1])) for row in session.execute(_narrowed(query, scope))]
    return sorted(rows, key=lambda row: key_of(row[1].label))


def by_level(agencies: list[tuple[str, Counted]]) -> list[Counted]:
    """Return the figures of ``by_agency`` summed by level; labels are level keys."""
    sums: dict[str, Counted] = {}
    for level, row in agencies:
        old = sums.get(level, Counted(level))
        sums[level] = Counted(level, *(getattr(old, name) + getattr(row, name) for name in _NAMES))
    return list(sums.values())


_NAMES = ("received", "on_time", "late", "in_progress", "overdue")


def _grouped(
    session: Session, query: sa.Select[Any], period: Period, scope: ColumnElement[bool] | None
) -> list[Counted]:
    rows = session.execute(_narrowed(query.where(_touching(period)), scope))
    return sorted((Counted(*row) for row in rows), key=lambda row: key_of(row.label))


def by_month(
    session: Session, period: Period, scope: ColumnElement[bool] | None = None
) -> list[tuple[date, Counted]]:
    """Return (first day of the month, figures) of each month of ``period``; two statements."""
    months = list(_months(period))
    received = _per_month(session, Dossier.submitted_at, months, None, scope)
    in_time = sa.or_(Dossier.due_at.is_(None), Dossier.finished_at <= Dossier.due_at)
    finished = _per_month(session, Dossier.finished_at, months, in_time, scope)
    return [
        (
            month,
            Counted(
                f"{month:%m/%Y}",
                received.get((i, 1), 0),
                finished.get((i, 1), 0),
                finished.get((i, 0), 0),
            ),
        )
        for i, month in enumerate(months)
    ]


def _months(period: Period) -> Iterator[date]:
    month = month_start(period.first)
    while month < period.end and month <= today():
        yield month
        month = month_start(month, -1)


def _per_month(
    session: Session,
    instant: Any,
    months: list[date],
    good: ColumnElement[bool] | None,
    scope: ColumnElement[bool] | None,
) -> dict[tuple[int, int], int]:
    """Return {(number of the month, 1 if good else 0): dossiers}.

    Months are told by their bounds, because databases disagree on how to take a local month
    out of an instant.
    """
    if not months:
        return {}
    bounds = [midnight(month) for month in months]
    number = sa.case(*((instant >= bound, i) for i, bound in reversed(list(enumerate(bounds)))))
    flag = sa.literal(1) if good is None else sa.case((good, 1), else_=0)
    inner = sa.select(number.label("month"), flag.label("good")).where(
        instant >= bounds[0], instant < midnight(month_start(months[-1], -1))
    )
    part = _narrowed(inner.select_from(Dossier), scope).subquery()
    keys = (part.c.month, part.c.good)
    query = sa.select(*keys, sa.func.count()).group_by(*keys)
    return {(month, is_good): count for month, is_good, count in session.execute(query)}


def ratings(
    session: Session, period: Period, scope: ColumnElement[bool] | None = None
) -> RatingSummary:
    """Return how applicants rated in ``period``."""
    start, end = period.bounds
    query = (
        sa.select(Rating.score, sa.func.count())
        .join(Dossier, Rating.dossier_id == Dossier.id)
        .where(Rating.at >= start, Rating.at < end)
        .group_by(Rating.score)
    )
    return RatingSummary(dict(session.execute(_narrowed(query, scope)).all()))
