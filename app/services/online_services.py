"""What the online-service list asks of a proposal (QN20 Đ21–23)."""

from datetime import date

from sqlalchemy.orm import Session

from app.models import OnlineService
from app.services.profiles import profile_value
from app.workflows.online import PROPOSAL_DAY, TRIAL_MONTHS


def last_trial_day(first: date, months: int = TRIAL_MONTHS) -> date:
    """Return the last day a trial of ``months`` beginning on ``first`` may have (QN20 Đ23.2c)."""
    month = first.month - 1 + months
    year, month = first.year + month // 12, month % 12 + 1
    day = first.day
    while True:  # 31/12 + 2 months has no such day: the last one of the month
        try:
            return date(year, month, day)
        except ValueError:
            day -= 1


def _trial_dates(session: Session, row: OnlineService) -> bool:
    first, last = row.trial_from, row.trial_to
    months = int(profile_value(session, "trial_months_max"))
    return first is not None and last is not None and first <= last <= last_trial_day(first, months)


def is_late(row: OnlineService, proposed_on: date) -> bool:
    """Return whether a proposal came after the day of its year (QN20 Đ22.1)."""
    day, month = PROPOSAL_DAY
    return proposed_on >= date(row.year, month, day)


GUARDS = {
    "criterion": lambda _session, row: row.criteria_met > 0,
    "decided": lambda _session, row: bool(row.decision_number and row.decision_on),
    "trial_dates": _trial_dates,
}
