"""At which levels agencies may stand: those of government under the regulation in force."""

import sqlalchemy as sa
from flask_babel import gettext as _

from app.clock import today
from app.errors import Invalid
from app.extensions import db
from app.models.agency import AGENCY_RULES, Agency, AgencyLevel
from app.services.profiles import profile_value_now


def refuse_ended_level(agency: Agency) -> None:
    """Raise Invalid for an agency of the district level where the regulation in force knows none.

    One that has ended itself may still be entered, to be looked up.
    """
    has_ended = agency.valid_to is not None and agency.valid_to < today()
    if agency.level != AgencyLevel.district or has_ended:
        return
    if AgencyLevel.district not in profile_value_now(db.session(), "government_levels"):
        message = _("The district level of government ended on 1 July 2025: "
                    "choose the provincial or the commune level.")  # fmt: skip
        raise Invalid(message, {"level": message})


def _refuse_chosen(agency: Agency) -> None:
    """One that stands at that level already stays there, whatever else changes."""
    if sa.inspect(agency).attrs.level.history.has_changes():
        refuse_ended_level(agency)


AGENCY_RULES.append(_refuse_chosen)
