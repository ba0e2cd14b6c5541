"""Open steps that an incident hit: their limits move with the time given back, and who holds them is told."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import Dossier, OutageDecision, Task
from app.services.lifecycle import open_tasks
from app.services.question_limits import tell_desks, tell_of_steps
from app.services.timing import calendar_of
from app.workflows.ledger import Part, credit
from app.workflows.working_time import add_minutes


def move_steps(
    session: Session, dossier: Dossier, before: list[Part], after: list[Part], opened: Mapping[int, datetime]
) -> list[Task]:
    """Give the open steps of a dossier back what they lost between ``before`` and ``after``; returns those that moved.

    opened: when each was opened, by its id.
    """
    found = []
    for task in open_tasks(dossier):
        calendar = calendar_of(session, task.agency)
        minutes = credit(calendar, before, after, opened[task.id])
        if minutes:
            task.due_at = add_minutes(calendar, task.due_at, minutes)
            found.append(task)
    return found


def tell_holders(
    session: Session, decision: OutageDecision, steps: Iterable[Task], answers: Iterable[Dossier] = ()
) -> None:
    """Tell who holds ``steps``, and the desks of ``answers``, that limits before them moved: once for the incident.

    Statements: a fixed number.
    """
    why = {"clause": decision.clause, "reason": decision.reason}
    title = _("Incident “%(title)s”: limits of your work have moved", title=decision.incident.title)
    body = _("Its working time is given back (%(clause)s). %(reason)s\n"
             "The steps before you that were open meanwhile are due later; your inbox shows the new limits.", **why)
    tell_of_steps(session, steps, f"outage-steps:{decision.id}", title, body)
    title = _("Incident “%(title)s”: online dossiers are to be answered later", title=decision.incident.title)
    body = _("Its working time is given back (%(clause)s). %(reason)s\n"
             "Your inbox shows the new limits of the dossiers that wait for reception.", **why)
    tell_desks(session, answers, f"outage-desk:{decision.id}", title, body)
