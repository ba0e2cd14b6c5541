"""Limits of steps and of questions to others, moved by whatever moves the clock; of a question it is kept why."""

from collections.abc import Iterable
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.models import QuestionDelay, Task


def move_limit(session: Session, task: Task, due_at: datetime, reason: str, clause: str) -> bool:
    """Move the limit of a step or question; returns whether it moved. Steps are explained with their dossier."""
    if due_at == task.due_at:
        return False
    if task.asked_by_id is not None:
        session.add(QuestionDelay(task_id=task.id, at=now(), old_due_at=task.due_at, new_due_at=due_at,
                                  reason=reason, clause=clause[:120]))  # fmt: skip
    task.due_at = due_at
    return True


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
