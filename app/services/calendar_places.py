"""Which calendar an agency goes by, and why: its own, or that of the nearest one above it."""

from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.lowcode.collation import in_order
from app.models import Agency, WorkingCalendar


@dataclass
class Group:
    """A calendar with the agencies that name it, and those that inherit it from each of them."""

    calendar: WorkingCalendar
    own: list[Agency] = field(default_factory=list)
    heirs: dict[str, list[Agency]] = field(default_factory=dict)


def list_places(session: Session) -> list[Group]:
    """Return every calendar with its agencies by name. Statements: two."""
    calendars = session.scalars(sa.select(WorkingCalendar).order_by(in_order(WorkingCalendar.name)))
    groups = {row.id: Group(row) for row in calendars}
    agencies = {row.id: row for row in session.scalars(sa.select(Agency).order_by(in_order(Agency.name)))}
    for agency in agencies.values():
        if agency.calendar_id in groups:
            groups[agency.calendar_id].own.append(agency)
            continue
        giver = _giver(agency, agencies)
        if giver is not None and giver.calendar_id in groups:
            groups[giver.calendar_id].heirs.setdefault(giver.name, []).append(agency)
    return list(groups.values())


def _giver(agency: Agency, agencies: dict[int, Agency]) -> Agency | None:
    above = [agencies.get(int(part)) for part in agency.path.split("/") if part]
    return next((row for row in reversed(above) if row is not None and row.calendar_id), None)
