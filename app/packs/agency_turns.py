"""Agencies in packs: their level, and turns to another calendar that wait, where no due date rests on them."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import today
from app.errors import Conflict, Invalid
from app.models import Agency, AgencyCalendar
from app.models.calendar_use import ids_of, refuse_not_begun
from app.services.agency_calendars import PlaceWish, calendar_now, calendar_then
from app.services.agency_levels import refuse_ended_level
from app.services.calendar_turns import waiting_words


def refuse_unfit(session: Session, row: Any, *, is_new: bool) -> None:
    """Raise Invalid or Conflict for an agency or a turn that its page would not take either; other records pass.

    is_new: the pack adds it; it is flushed already, so that the agency's own rule sees no change in it.
    Running due dates are asked about by ``models/calendar_use.py``, on every way of writing.
    """
    if is_new and isinstance(row, Agency):
        refuse_ended_level(row)
    if isinstance(row, AgencyCalendar):
        _refuse_turn(session, row)


def _refuse_turn(session: Session, turn: AgencyCalendar) -> None:
    agency, day = turn.agency, f"{turn.since:%d/%m/%Y}"
    if turn.since <= today():
        raise Invalid(_("The day %(day)s on which the agency turns to another calendar has come: "
                        "export the pack again.", day=day))  # fmt: skip
    if turn.calendar is not None:
        refuse_not_begun(turn.calendar, turn.since)
    if calendar_now(agency) is not None and calendar_then(PlaceWish(agency.parent, turn.calendar)) is None:
        raise Invalid(_("Without a calendar no due date can be counted."))
    near = sa.or_(Agency.id.in_(ids_of(agency.path)), Agency.path.startswith(agency.path))
    words = waiting_words(session, near, AgencyCalendar.id.is_distinct_from(turn.id))
    if words is not None:
        raise Conflict(words)
