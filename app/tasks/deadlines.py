"""Watching the clock: reminders before a step is late, told once each."""

from celery import shared_task

from app.services.absences import begin_due
from app.services.consulting import close_silent
from app.services.escalation import chase_supplements, escalate_overdue
from app.services.governance_reminders import remind_governance
from app.services.reminders import remind_all
from app.transactions import transaction


@shared_task(name="deadlines.check", acks_late=True)
def check() -> int:
    """Tell of what is nearly due or late, and begin absences whose day has come; returns how many it were."""
    with transaction() as session:
        return (remind_all(session) + escalate_overdue(session) + chase_supplements(session)
                + close_silent(session) + remind_governance(session) + begin_due(session))  # fmt: skip
