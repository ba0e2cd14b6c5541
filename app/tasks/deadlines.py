"""Watching the clock: what begins or ends by itself, then reminders before a step is late, told once each."""

from celery import shared_task

from app.services.absences import begin_due
from app.services.consulting import close_silent
from app.services.escalation import chase_supplements, escalate_overdue
from app.services.governance_reminders import remind_governance
from app.services.reminders import remind_all
from app.transactions import one_at_a_time, transaction


@shared_task(name="deadlines.check", acks_late=True)
def check() -> int:
    """Begin absences whose day has come, close unanswered questions, and tell of what is nearly due or late.

    In this order: who stands in is told, not who is away, and a step that silence opened is told of at once.
    Returns how many it were; a second run finds nothing more.
    """
    with transaction() as session:
        one_at_a_time(session, "deadlines.check")
        return (begin_due(session) + close_silent(session) + remind_all(session) + escalate_overdue(session)
                + chase_supplements(session) + remind_governance(session))  # fmt: skip
