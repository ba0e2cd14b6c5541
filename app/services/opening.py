"""Opening the steps a dossier has come to: where, for whom, until when; any number at once."""

from collections.abc import Iterable, Mapping

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import DomainError
from app.i18n import N_
from app.models import Agency, Dossier, Task
from app.models.process import StepPlace
from app.models.task import TaskState
from app.permissions import Actor
from app.services import lifecycle
from app.services.assigning import Candidates, candidates_of
from app.services.eform_state import Evaluation
from app.services.notices import tell_tasks
from app.services.official import official
from app.services.process_graphs import kept_graph
from app.services.task_rights import keeper, lead_task
from app.services.timing import add_working, prepare_calendars
from app.services.users import root_agency
from app.workflows.process import Graph, IsOpen, StepKind, StepSpec
from app.workflows.routing import Marking
from app.workflows.states import State

_MAX_NAME = 500


def judge(dossier: Dossier) -> IsOpen:
    """Return what tells whether a way's condition holds for the dossier's present answers."""
    known: list[Evaluation] = []

    def is_open(condition: object) -> bool:
        form = dossier.version.form
        if form is None:
            return False
        if not known:
            known.append(Evaluation(form, dossier.revisions[-1].data if dossier.revisions else {}))
        return known[0].holds(condition)

    return is_open


def marking_of(dossier: Dossier, graph: Graph) -> Marking:
    """Return where the dossier stands in the graph, from its tasks.

    A task finished before ways were recorded went wherever its step leads.
    """
    steps = [task for task in dossier.tasks if task.asked_by_id is None and task.key in graph]
    done: dict[str, tuple[str, ...]] = {}
    for task in steps:
        if task.is_current and task.state == TaskState.done:
            led = task.went_to if task.went_to is not None else [way.to for way in graph.ways(task.key)]
            done[task.key] = tuple(led)
        elif task.is_current and task.state == TaskState.cancelled:
            done[task.key] = ()
    standing = frozenset(task.key for task in steps if task.state == TaskState.open)
    return Marking(standing, {key: led for key, led in done.items() if key not in standing})


def place_of_step(session: Session, dossier: Dossier, step: StepSpec) -> Agency:
    """Return the agency at which a step of this dossier is done."""
    if step.place == StepPlace.desk:
        return dossier.desk
    if step.place == StepPlace.named:
        agency = session.get(Agency, step.agency_id) if step.agency_id else None
        if agency is None:
            raise DomainError(_("%(step)s: the agency is missing.", step=step.name))
        return agency.standing()
    return root_agency(session) if step.place == StepPlace.province else dossier.agency


def open_steps(
    session: Session, dossier: Dossier, graph: Graph, keys: Iterable[str], actor: Actor,
    *, user_id: int | None = None,
) -> list[Task]:  # fmt: skip
    """Return the new open tasks of the steps ``keys``, in order; those who may do them are told.

    user_id: to whom they are given; else as each step says. Statements: as many for one step
    as for hundreds (HUE25 Đ16; QN20 Đ4.2).
    """
    steps = [graph.find(key) for key in keys]
    if not steps:
        return []
    places = _places(session, dossier, steps)
    people = candidates_of(session, dossier, [(places[s.key].id, s) for s in steps])
    tasks = [_task(session, dossier, graph, step, places, people, user_id) for step in steps]
    session.add_all(tasks)
    show_place(session, dossier)
    session.flush()  # their numbers: what is asked and told names them
    asked = ask_configured(session, dossier, graph, tasks)
    tell_tasks(session, {task: people.told(task) for task in tasks} | asked)
    return tasks


def _places(session: Session, dossier: Dossier, steps: list[StepSpec]) -> Mapping[str, Agency]:
    wanted = {s.agency_id for s in steps if s.place == StepPlace.named and s.agency_id}
    if wanted:  # into the session at once, for place_of_step to find
        session.scalars(sa.select(Agency).where(Agency.id.in_(wanted))).all()
    found = {step.key: place_of_step(session, dossier, step) for step in steps}
    prepare_calendars(session, found.values())
    return found


def _task(
    session: Session, dossier: Dossier, graph: Graph, step: StepSpec,
    places: Mapping[str, Agency], people: Candidates, user_id: int | None,
) -> Task:  # fmt: skip
    at, agency = now(), places[step.key]
    due_at = add_working(session, agency, at, step.minutes)
    return Task(
        dossier=dossier, step_id=step.row_id, key=step.key, name=step.name, kind=str(step.kind),
        role=step.role, position=graph.steps.index(step) + 1, agency=agency, agency_id=agency.id,
        opened_at=at, due_at=due_at, state=TaskState.open, is_current=True,
        assignee_id=user_id or people.choose(dossier, step, agency.id),
    )  # fmt: skip


def ask_configured(
    session: Session, dossier: Dossier, graph: Graph, tasks: list[Task]
) -> dict[Task, list[int]]:
    """Open the questions of consultation steps: one for each agency the step names.

    Returns whom to tell of each. Raises DomainError for an agency that is none.
    """
    wanted = [(task, step) for task in tasks if (step := graph.find(task.key)).kind == StepKind.consult]
    codes = {code for _task, step in wanted for code in step.consulted}
    if not codes:
        return {}
    query = sa.select(Agency).where(Agency.code.in_(codes))
    agencies = {agency.code: agency.standing() for agency in session.scalars(query)}
    missing = sorted(codes - set(agencies))
    if missing:
        raise DomainError(_("There is no agency with the code %(code)s.", code=missing[0]))
    prepare_calendars(session, agencies.values())
    people = candidates_of(session, dossier, [(agencies[c].id, s) for _t, s in wanted for c in s.consulted])
    questions = [ask_agency(session, task, agencies[code], step.minutes, "") for task, step in wanted
                 for code in dict.fromkeys(step.consulted)]  # fmt: skip
    session.flush()
    return {question: people.told(question) for question in questions}


def ask_agency(
    session: Session, task: Task, agency: Agency, minutes: int, question: str,
    *, role: str = "", user_id: int | None = None,
) -> Task:  # fmt: skip
    """Return a new question from ``task`` to an agency, or to one officer of it; not flushed."""
    at = now()
    name = official(N_("Opinion on: %(step)s"), step=task.name)[:_MAX_NAME]
    asked = Task(
        dossier=task.dossier, step_id=task.step_id, key=task.key, slot=f"{agency.id}:{user_id or 0}",
        name=name, kind=str(StepKind.consult), role=role or task.role, position=task.position,
        agency=agency, assignee_id=user_id, opened_at=at, asked_by_id=task.id, question=question or None,
        due_at=add_working(session, agency, at, minutes), state=TaskState.open,
    )  # fmt: skip
    session.add(asked)
    return asked


def keep_passed(
    session: Session, dossier: Dossier, graph: Graph, passed: Mapping[str, tuple[str, ...]]
) -> None:
    """Record the steps that were passed at once: nobody worked at them, but they chose the way."""
    at = now()
    for key, went_to in passed.items():
        step = graph.find(key)
        session.add(Task(
            dossier=dossier, step_id=step.row_id, key=key, name=step.name, kind=str(step.kind), role=step.role,
            position=graph.steps.index(step) + 1, agency=dossier.agency, opened_at=at, due_at=at,
            finished_at=at, state=TaskState.done, went_to=list(went_to),
        ))  # fmt: skip


def show_place(session: Session, dossier: Dossier) -> None:
    """Write on the dossier where it stands now and who has it, and hand the clock to them."""
    standing = lifecycle.open_tasks(dossier)
    dossier.step_name = "; ".join(dict.fromkeys(task.name for task in standing))[:_MAX_NAME] or None
    lead = lead_task(standing)
    dossier.holder_id = lead.assignee_id if lead is not None else None
    if lead is not None and State(dossier.state).holder in {"desk", "officer"}:
        lifecycle.hold(
            session, dossier, _clock_holder(dossier, lead), lead.name, agency=lead.agency, user_id=lead.assignee_id
        )


def _clock_holder(dossier: Dossier, lead: Task) -> str:
    at_desk = lead.agency_id == dossier.desk_id and _place_of(dossier, lead) == StepPlace.desk
    return keeper(lead, "desk" if at_desk else "officer")


def _place_of(dossier: Dossier, task: Task) -> str:
    """Return where the step of a task is done, as its process says."""
    graph = kept_graph(dossier.process or dossier.version.process)
    return graph.find(task.key).place if task.key in graph else task.step.place
