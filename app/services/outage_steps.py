"""Open steps that an incident hit: their limits move with the time given back, and who holds them is told."""

from collections.abc import Iterable, Mapping
from datetime import datetime

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import Dossier, OutageDecision, Task
from app.services.assigning import Candidates
from app.services.lifecycle import open_tasks
from app.services.notices import notice_users
from app.services.post_holders import holders_of
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


def tell_holders(session: Session, decision: OutageDecision, steps: Iterable[Task]) -> None:
    """Tell who holds ``steps`` that limits before him moved: once for the incident, however many.

    Statements: a fixed number.
    """
    moved = list(steps)
    posts = frozenset((task.agency_id, task.role) for task in moved)
    holders = Candidates({post: list(some) for post, some in holders_of(session, posts).items()} if posts else {})
    people = {user_id for task in moved for user_id in holders.told(task) if user_id not in task.dossier.account.people}
    title = _("Incident “%(title)s”: limits of your work have moved", title=decision.incident.title)
    body = _("Its working time is given back (%(clause)s). %(reason)s\n"
             "The steps before you that were open meanwhile are due later; your inbox shows the new limits.",
             clause=decision.clause, reason=decision.reason)  # fmt: skip
    notice_users(session, people, None, f"outage-steps:{decision.id}", title, body)
