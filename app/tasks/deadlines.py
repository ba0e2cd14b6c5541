"""Watching the clock: what begins or ends by itself, then reminders before a step is late, told once each."""

import logging
from collections.abc import Callable, Iterator
from functools import partial
from typing import Any

from celery import shared_task
from sqlalchemy.orm import Session

from app.extensions import db
from app.services import calendar_turns
from app.services.absences import begin, due_absences
from app.services.consulting import close_silent, silent_questions
from app.services.escalation import chase_supplements, escalate_overdue
from app.services.explanation_reminders import chase_explanations
from app.services.governance_reminders import remind_governance
from app.services.reminders import remind_all
from app.services.stranded import mark_stranded, stranded_steps
from app.transactions import one_at_a_time, transaction

log = logging.getLogger(__name__)
Job = Callable[[Session], int]


@shared_task(name="deadlines.check", acks_late=True)
def check() -> int:
    """Begin absences whose day has come, close unanswered questions, mark steps whose officer may not do them any
    more, and tell of what is nearly due or late.

    Agencies come under the calendar of the day first. In this order: who stands in is told, not who is away, and
    a step that silence opened is told of at once.
    Returns how many it were; a second run finds nothing more. Each in a transaction of its own:
    one that fails holds up no other. The first fault is raised at the end, so that the worker shows it;
    what failed is tried again at the next look.
    """
    count, faults = 0, list[Exception]()
    for job in _jobs():
        try:
            count += _done(job)
        except Exception as exc:
            log.exception("a deadline job failed", extra={"job": repr(job)})
            faults.append(exc)
    if faults:
        raise faults[0]
    return count


def _jobs() -> Iterator[Job]:
    yield calendar_turns.begin_due
    for number in due_absences(db.session()):
        yield partial(begin, number=number)
    for number in silent_questions(db.session()):
        yield partial(close_silent, number=number)
    for ids in stranded_steps(db.session()):
        yield partial(mark_stranded, ids=ids)
    yield from (remind_all, escalate_overdue, chase_supplements, chase_explanations, remind_governance)


def _done(job: Callable[..., Any]) -> int:
    with transaction() as session:
        one_at_a_time(session, "deadlines.check")
        return int(job(session))
