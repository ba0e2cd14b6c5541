"""One running dossier comes under another process: its open steps become those of the new one.

A step keeps the working time that is left of it: what was used counts in the new step too, what was given back
after a pause or granted stays given. Where its kind changed, what the new kind waits for is set going.
"""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.history import because
from app.i18n import N_
from app.models import Dossier, Process, Task
from app.models.process import STEP_KINDS
from app.models.task import TaskState
from app.permissions import Actor
from app.services import lifecycle
from app.services.assigning import candidates_of
from app.services.notices import tell_tasks
from app.services.official import official
from app.services.opening import ask_configured, place_of_step, show_place
from app.services.processing import begin_waiting
from app.services.timing import add_working, calendar_of
from app.workflows.process import AUTOMATIC, Graph, StepKind, StepSpec
from app.workflows.states import State
from app.workflows.working_time import minutes_between

Ways = Mapping[str, str]
# Where a dossier is received or given back its state says so; the others pass by themselves.
_BOUND = AUTOMATIC | {StepKind.receive, StepKind.return_}
_MONEY = frozenset({State.processing, State.payment_requested})  # where it may be waited for
_SYSTEM = Actor()


def misfit(dossier: Dossier, old: StepSpec, new: StepSpec) -> str:
    """Return why an open step cannot become ``new``, "" if it can."""
    if old.kind == new.kind:
        return ""
    if not _BOUND.isdisjoint({StepKind(old.kind), StepKind(new.kind)}):
        kind = _(STEP_KINDS[StepKind(new.kind)])
        return _("“%(old)s” stands open: it cannot become “%(new)s” (%(kind)s).",
                 old=old.name, new=new.name, kind=kind)  # fmt: skip
    if new.kind == StepKind.payment and State(dossier.state) not in _MONEY:
        return _("It waits now: the money of “%(new)s” is asked for once it is processed again.", new=new.name)
    return ""


def transfer(
    session: Session, dossier: Dossier, source: Process, target: Process, way: tuple[Graph, Graph, Ways],
    reason: str, actor: Actor,
) -> None:  # fmt: skip
    """Let ``dossier`` go on in ``target``, with one record. way: old graph, new graph, old key → new key."""
    old, new, mapping = way
    remark = official(N_("From “%(old)s” to “%(new)s”: %(reason)s"), old=source.code, new=target.code, reason=reason)
    lifecycle.note_step(session, dossier, "move_process", actor, remark)
    because(session, action="move_process", reason=remark)
    dossier.process = target
    open_tasks = [task for task in dossier.tasks if task.state == TaskState.open]
    _park(session, [task.id for task in open_tasks if mapping.get(task.key) != task.key])
    changed = [task for task in dossier.tasks if _carry(session, task, old, new, mapping)]
    session.flush()
    session.expire(dossier, ["tasks"])
    for task in changed:
        session.expire(task, ["step"])
    _set_going(session, dossier, new, changed)
    show_place(session, dossier)


def _park(session: Session, ids: list[int]) -> None:
    """Clear the keys that open tasks move to: two may not be open at one, not even for a moment."""
    if ids:
        table = Task.__table__
        session.execute(sa.update(table).where(table.c.id.in_(ids)).values(key=sa.literal("~") + table.c.key))


def _carry(session: Session, task: Task, old: Graph, new: Graph, mapping: Ways) -> bool:
    """Put a task at its new step; returns whether it stands open there and is of another kind now."""
    before, to = task.key, mapping.get(task.key, "")
    if not to:
        task.is_current = False  # it counts no longer, and is still told in the course
        return False
    spec = new.find(to)
    task.key, task.step_id = to, spec.row_id
    if task.went_to is not None:
        task.went_to = [mapping[key] for key in task.went_to if mapping.get(key)]
    if task.state != TaskState.open or task.asked_by_id is not None:
        return False
    kind = task.kind
    _place(session, task, old.find(before), spec, new)
    return task.kind != kind


def _place(session: Session, task: Task, old: StepSpec, spec: StepSpec, new: Graph) -> None:
    """Let an open task be the new step: whoever has it keeps it if he may do that too."""
    dossier, agency = task.dossier, place_of_step(session, task.dossier, spec)
    people = candidates_of(session, dossier, [(agency.id, spec)])
    holders = [one.user_id for one in people.by_post.get((agency.id, spec.role), [])]
    if task.assignee_id not in holders:
        task.assignee_id = people.choose(dossier, spec, agency.id)
    if agency.id != task.agency_id or spec.minutes != old.minutes:
        given = minutes_between(calendar_of(session, task.agency), task.opened_at, task.due_at) - old.minutes
        task.due_at = add_working(session, agency, task.opened_at, spec.minutes + max(0, given))
    task.name, task.kind, task.role = spec.name, str(spec.kind), spec.role
    task.position, task.agency, task.agency_id = new.steps.index(spec) + 1, agency, agency.id


def _set_going(session: Session, dossier: Dossier, new: Graph, changed: Iterable[Task]) -> None:
    """Begin what steps of another kind wait for, as if they had been come to now: opinions, money, other dossiers."""
    tasks = list(changed)
    if not tasks:
        return
    asking = {question.asked_by_id for question in lifecycle.open_questions(dossier)}
    told = ask_configured(session, dossier, new, [task for task in tasks if task.id not in asking])
    tell_tasks(session, told)
    if State(dossier.state) is State.processing:
        begin_waiting(session, dossier, tasks, _SYSTEM)
