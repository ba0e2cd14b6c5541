"""To whom a new task is given: of those who hold the role where the step is done."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Dossier, Task
from app.models.task import TaskState
from app.services.notices import MANY
from app.services.post_holders import Holder, Post, holders_of
from app.workflows.process import Assign, StepSpec


@dataclass(frozen=True)
class Candidates:
    """Those who may do some steps of one dossier, and what decides between them.

    open_now: user id → open tasks. had_last: id of a stored step → who got it last.
    """

    by_post: dict[Post, list[Holder]]
    open_now: Counter[int] = field(default_factory=Counter)
    had_last: dict[int, int] = field(default_factory=dict)

    def choose(self, dossier: Dossier, step: StepSpec, agency_id: int) -> int | None:
        """Return the user to whom a new task of ``step`` is given; None leaves it to all who may."""
        holders = _present(self.by_post.get((agency_id, step.role), []))
        ids = [holder.user_id for holder in holders]
        if step.assign == Assign.post:
            return _only([h.user_id for h in holders if h.title == step.assign_value])
        if step.assign == Assign.officer:
            return _only([h.user_id for h in holders if h.username == step.assign_value])
        if step.assign == Assign.same:
            return _who_did(dossier, step.assign_value, ids)
        if step.assign == Assign.least_loaded and ids:
            chosen = min(ids, key=lambda user_id: (self.open_now[user_id], user_id))
            self.open_now[chosen] += 1
            return chosen
        if step.assign == Assign.in_turn and ids:
            last = self.had_last.get(step.row_id, 0)
            return next((user_id for user_id in ids if user_id > last), ids[0])
        return _who_did(dossier, step.key, ids) or _only(ids)

    def told(self, task: Task) -> list[int]:
        """Return the ids of those to be told of a task: its officer, else all who may take it.

        Of what is open to more than MANY nobody is told: the counters of their inboxes show it,
        and a notice for each would only hide those meant for one.
        """
        known = self.by_post.get((task.agency_id, task.role), [])
        told = known if task.assignee_id is None else [one for one in known if one.user_id == task.assignee_id]
        if task.assignee_id is None and len(known) > MANY:
            return []
        own = [one.user_id for one in told] or [number for number in (task.assignee_id,) if number]
        return [*own, *sorted({number for one in told for number in one.delegate_ids} - set(own))]


def candidates_of(session: Session, dossier: Dossier, wanted: Iterable[tuple[int, StepSpec]]) -> Candidates:
    """Return who may do the steps at the agencies, the applicant himself left out.

    wanted: (agency id, step). Statements: none while no post changes, else one; and one more for
    each rule that looks at work done.
    """
    pairs = list(wanted)
    found = Candidates(_others(session, dossier, frozenset((a, step.role) for a, step in pairs)))
    _add_loads(session, found, [pair for pair in pairs if pair[1].assign == Assign.least_loaded])
    _add_turns(session, found, {step.row_id for _a, step in pairs if step.assign == Assign.in_turn})
    return found


def _others(session: Session, dossier: Dossier, posts: frozenset[Post]) -> dict[Post, list[Holder]]:
    applicant = dossier.account.people
    return {post: [one for one in some if one.user_id not in applicant]
            for post, some in holders_of(session, posts).items()}  # fmt: skip


def _present(holders: list[Holder]) -> list[Holder]:
    """Return those who are not away today; all of them if everybody is."""
    return [holder for holder in holders if not holder.is_away] or holders


def _add_loads(session: Session, found: Candidates, pairs: list[tuple[int, StepSpec]]) -> None:
    ids = {h.user_id for a, step in pairs for h in found.by_post.get((a, step.role), [])}
    query = (
        sa.select(Task.assignee_id, sa.func.count())
        .where(Task.assignee_id.in_(ids), Task.state == TaskState.open).group_by(Task.assignee_id)
    )  # fmt: skip
    found.open_now.update({int(u): int(n) for u, n in session.execute(query) if u} if ids else {})


def _add_turns(session: Session, found: Candidates, step_ids: set[int]) -> None:
    if not step_ids:
        return
    latest = sa.select(sa.func.max(Task.id)).where(
        Task.step_id.in_(step_ids), Task.assignee_id.is_not(None)
    ).group_by(Task.step_id)  # fmt: skip
    query = sa.select(Task.step_id, Task.assignee_id).where(Task.id.in_(latest))
    found.had_last.update({row.step_id: row.assignee_id for row in session.execute(query)})


def _only(ids: list[int]) -> int | None:
    return ids[0] if len(ids) == 1 else None


def _who_did(dossier: Dossier, key: str, ids: list[int]) -> int | None:
    done = [task.assignee_id for task in dossier.tasks if task.key == key and task.assignee_id in ids]
    return done[-1] if done else None
