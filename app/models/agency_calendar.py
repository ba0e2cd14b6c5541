"""Another calendar of an agency from a day on: what was before stays, what comes is known beforehand."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any, ClassVar

import sqlalchemy as sa
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Mapped, Session, mapped_column, relationship

from app.lowcode.entity import Entity
from app.models.agency import Agency
from app.models.calendar import WorkingCalendar
from app.types import UtcDateTime
from app.workflows.calendar_terms import BEGINNING, Steps


class AgencyCalendar(Entity):
    """One turn. calendar: from ``since`` on, None as the agency above. former: what was named until then, kept
    when the turn began (``begun_at``); since that moment the agency itself names the calendar."""

    __history_owner__ = ("agency", "agency_id")
    agency_id: Mapped[int] = mapped_column(sa.ForeignKey("agency.id"), info={"label": _l("Agency")})
    since: Mapped[date] = mapped_column(info={"label": _l("From day")})
    calendar_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("working_calendar.id"), index=True, info={"label": _l("Working calendar")}
    )
    former_id: Mapped[int | None] = mapped_column(
        sa.ForeignKey("working_calendar.id"), index=True, info={"label": _l("Calendar before"), "pack": False}
    )
    reason: Mapped[str] = mapped_column(sa.Text, info={"label": _l("Reason")})
    decision: Mapped[str | None] = mapped_column(sa.String(120), info={"label": _l("By decision")})
    begun_at: Mapped[datetime | None] = mapped_column(UtcDateTime, info={"label": _l("Begun"), "pack": False})
    agency: Mapped[Agency] = relationship("Agency")
    calendar: Mapped[WorkingCalendar | None] = relationship("WorkingCalendar", foreign_keys=[calendar_id])
    former: Mapped[WorkingCalendar | None] = relationship("WorkingCalendar", foreign_keys=[former_id])
    __table_args__ = (sa.UniqueConstraint("agency_id", "since"),)
    singular: ClassVar[Any] = _l("Turn to another calendar")

    @classmethod
    def carried(cls) -> sa.ColumnElement[bool]:
        """Return which rows packs carry: those that wait. What began is what the agency itself names."""
        return cls.begun_at.is_(None)

    def __str__(self) -> str:
        return f"{self.since:%d/%m/%Y}"


def own_calendars(session: Session, wished: Mapping[int, int | None] | None = None) -> dict[int, Steps]:
    """Return which calendars of their own agencies name, from which day; of those that ever name one. Statements: two.

    Until the day of a term that has begun counts what was named before, since the last one what is named now.
    wished: what agencies are to name now, {id: calendar}, instead of what is stored.
    """
    named = sa.select(Agency.id, Agency.calendar_id).where(Agency.calendar_id.is_not(None))
    now_own: dict[int, int | None] = {row.id: row.calendar_id for row in session.execute(named)} | dict(wished or {})
    terms: dict[int, list[AgencyCalendar]] = {}
    for term in session.scalars(sa.select(AgencyCalendar).order_by(AgencyCalendar.agency_id, AgencyCalendar.since)):
        terms.setdefault(term.agency_id, []).append(term)
    return {number: steps_of(now_own.get(number), terms.get(number, ())) for number in {*now_own, *terms}}


def steps_of(named: int | None, terms: Sequence[AgencyCalendar]) -> Steps:
    """Return what an agency names from which day. named: what it names today. terms: by day."""
    begun = [term for term in terms if term.begun_at is not None]
    before = [term.former_id for term in begun]
    steps = list(zip((BEGINNING, *(term.since for term in begun)), (*before, named), strict=True))
    return [*steps, *((term.since, term.calendar_id) for term in terms if term.begun_at is None)]
