"""Limits of steps and of questions to others, moved by whatever moves the clock.

Of a question it is kept why, and who is asked is told: he does not see what became of the dossier. Who holds the
steps that moved, and the desks whose time to answer did, are told once of what moved them.
"""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Dossier, QuestionDelay, Task
from app.permissions import Role
from app.services.assigning import Candidates
from app.services.notices import holders, notice_users, tell_delays
from app.services.post_holders import holders_of


def who_answers(session: Session, question: Task) -> list[int]:
    """Return who may answer: the colleague asked, else who answers for the agency; never the applicant himself."""
    asked = [question.assignee_id] if question.assignee_id else holders(
        session, question.agency_id, Role(question.role))  # fmt: skip
    own = question.dossier.account.people
    return [user_id for user_id in asked if user_id not in own]


def move_limits(session: Session, limits: Iterable[tuple[Task, datetime]], reason: str, clause: str) -> None:
    """Move the limits of steps and questions to the instants given with them; a limit that stays is left alone.

    Steps are explained with their dossier. Of questions all are told in one statement.
    """
    delays: dict[Task, QuestionDelay] = {}
    for task, due_at in limits:
        if due_at != task.due_at and task.asked_by_id is not None:
            delays[task] = QuestionDelay(task_id=task.id, at=now(), old_due_at=task.due_at, new_due_at=due_at,
                                         reason=reason, clause=clause[:120])  # fmt: skip
        task.due_at = due_at
    session.add_all(delays.values())
    tell_delays(session, {task: (delay, who_answers(session, task)) for task, delay in delays.items()})


def tell_of_steps(session: Session, steps: Iterable[Task], key: str, title: str, body: str) -> None:
    """Tell who holds ``steps`` that their limits moved: once under ``key``, however many; never the applicant."""
    moved = list(steps)
    posts = frozenset((task.agency_id, task.role) for task in moved)
    found = Candidates({post: list(some) for post, some in holders_of(session, posts).items()} if posts else {})
    people = {user_id for task in moved for user_id in found.told(task) if user_id not in task.dossier.account.people}
    notice_users(session, people, None, key, title, body)


def tell_desks(session: Session, dossiers: Iterable[Dossier], key: str, title: str, body: str) -> None:
    """Tell the desks of ``dossiers`` that their time to answer moved: each officer once under ``key``."""
    posts = frozenset((dossier.desk_id, str(Role.desk_officer)) for dossier in dossiers)
    some = [one for found in holders_of(session, posts).values() for one in found] if posts else []
    people = {one.user_id for one in some}.union(*(one.delegate_ids for one in some))
    notice_users(session, people, None, key, title, body)


def delays_of(session: Session, questions: Iterable[Task]) -> dict[int, list[QuestionDelay]]:
    """Return why limits of questions were moved, by the id of each. Statements: one, none without questions."""
    ids = [one.id for one in questions]
    if not ids:
        return {}
    query = sa.select(QuestionDelay).where(QuestionDelay.task_id.in_(ids)).order_by(QuestionDelay.id)
    found: dict[int, list[QuestionDelay]] = {}
    for row in session.scalars(query):
        found.setdefault(row.task_id, []).append(row)
    return found
