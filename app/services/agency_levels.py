"""At which levels agencies may stand: those of government under the regulation in force."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _

from app.clock import today
from app.errors import Invalid
from app.extensions import db
from app.models.agency import AGENCY_RULES, Agency, AgencyLevel
from app.services.profiles import profile_value_now


def refuse_ended_level(agency: Agency, blamed: str = "level") -> None:
    """Raise Invalid (field ``blamed``) for an agency of the district level where the regulation in force knows none.

    One that has ended itself may still be entered, to be looked up.
    """
    has_ended = agency.valid_to is not None and agency.valid_to < today()
    if agency.level != AgencyLevel.district or has_ended:
        return
    if AgencyLevel.district not in profile_value_now(db.session(), "government_levels"):
        message = _("The district level of government ended on 1 July 2025: "
                    "choose the provincial or the commune level.")  # fmt: skip
        raise Invalid(message, {blamed: message})


def _refuse_chosen(agency: Agency) -> None:
    """One that stands at that level already stays there, whatever else changes; it does not last longer."""
    if sa.inspect(agency).attrs.level.history.has_changes():
        refuse_ended_level(agency)
    elif _is_prolonged(agency):
        refuse_ended_level(agency, "valid_to")


def _is_prolonged(agency: Agency) -> bool:
    """Return whether the end of validity is taken away or put later: what had ended would come back."""
    before: Sequence[Any] = sa.inspect(agency).attrs.valid_to.history.deleted
    if not before or before[0] is None:
        return False
    return agency.valid_to is None or agency.valid_to > before[0]


AGENCY_RULES.append(_refuse_chosen)
