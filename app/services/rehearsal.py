"""Rehearsing a drafted process: finished dossiers, or invented ones, played through it in memory."""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import now, today
from app.errors import Invalid
from app.models import Dossier, Form, FormSection, ProcedureVersion, Process
from app.models.process import StepPlace
from app.permissions import ROLE_LABELS, Role
from app.services.eform_state import Evaluation
from app.services.process_diagram import way_words
from app.services.process_graphs import graph_of
from app.services.process_problems import fields_of
from app.services.publication_checks import places_named
from app.services.publication_facts import Facts, read_facts
from app.services.rehearsal_report import Compared, Rehearsal, Tally
from app.services.timing import prepare_calendars
from app.workflows import conditions
from app.workflows.process import AUTOMATIC, Graph, IsOpen, StepSpec
from app.workflows.rehearsal import Later, Play, play
from app.workflows.states import State
from app.workflows.working_time import Calendar, CalendarExhausted, add_minutes, minutes_between

MOST, USUAL = 200, 50
_EDITION = re.compile(r"-b\d{1,4}$")
_FINISHED = (State.finished, State.returned)
ENDED = sa.func.coalesce(Dossier.finished_at, Dossier.received_at)
_SEED = 20_260_101  # the same invented dossiers each time


@dataclass(frozen=True)
class Case:
    """One dossier to be played. promised: the due date it was given, None for an invented one."""

    name: str
    begun_at: datetime
    places: Mapping[str, int]  # id of the agency, by kind of place
    is_open: IsOpen
    promised: datetime | None = None
    before: Graph | None = None  # the process it really followed


@dataclass(frozen=True)
class Stage:
    """What every case is played with. versions: those whose dossiers are played."""

    graph: Graph
    versions: list[ProcedureVersion]
    facts: Facts
    calendars: Mapping[int, Calendar]


def rehearse(session: Session, process: Process, count: int = USUAL) -> Rehearsal:
    """Play the last ``count`` finished dossiers of the process's procedures through ``process``.

    Without any, as many are invented so that every condition is met and missed. Nothing is written.
    Statements: a fixed number. Raises DomainError for a process without steps, or in itself.
    """
    count = max(1, min(count, MOST))
    stage = prepare(session, process)
    cases = cases_of(session, stage, finished(stage.versions).limit(count))
    is_invented, tally = not cases, Tally(most=MOST)
    play_all(stage, cases or _invented(stage, count), tally)
    return told(session, stage, tally, is_invented=is_invented)


def prepare(session: Session, process: Process) -> Stage:
    """Return what the process's dossiers are played with. Statements: a fixed number.

    Raises DomainError for a process without steps, or in itself.
    """
    graph = graph_of(process)
    if graph.circles():
        raise Invalid(_("The ways go round in a circle; a process must have none to be rehearsed."))
    versions = versions_of(session, process)
    facts = read_facts(session, versions)
    return Stage(graph, versions, facts, prepare_calendars(session, facts.agencies.values()))


def finished(versions: list[ProcedureVersion]) -> sa.Select[Any]:
    """Return a query of the finished dossiers of the versions' procedures, the last finished first."""
    procedures = {one.procedure_id for one in versions}
    query = sa.select(Dossier).where(Dossier.procedure_id.in_(procedures), Dossier.state.in_(_FINISHED))
    return query.where(Dossier.received_at.is_not(None)).order_by(ENDED.desc(), Dossier.id.desc())


def play_all(stage: Stage, cases: Iterable[Case], tally: Tally) -> None:
    """Play cases in memory and add up what came out."""
    for case in cases:
        played = _compare(case, stage, tally)
        for key in played.steps:
            step = stage.graph.find(key)
            place = _place(case, step)
            if step.kind not in AUTOMATIC and place is not None:
                tally.come_to(key, place)


def told(session: Session, stage: Stage, tally: Tally, *, is_invented: bool) -> Rehearsal:
    """Return what was added up, in words. Statements: a fixed number."""
    graph = stage.graph
    found = Rehearsal(is_invented, tally.played, tally.compared, tally.spread, bare=tally.bare)
    found.stuck = {graph.find(key).name: one for key, one in tally.stuck.items()}
    _untaken(session, stage, tally, found)
    _nobody(stage, tally, found)
    return found


def versions_of(session: Session, process: Process) -> list[ProcedureVersion]:
    """Return the versions that rest on the process, or on another edition of it."""
    base = _EDITION.sub("", process.code)
    query = sa.select(ProcedureVersion).join(ProcedureVersion.process).where(sa.or_(
        Process.id == process.id, Process.code == base, Process.code.startswith(f"{base}-b", autoescape=True)
    ))  # fmt: skip
    loads = [joinedload(ProcedureVersion.process).selectinload(Process.steps)]
    found = session.scalars(query.options(*loads).order_by(ProcedureVersion.id))
    # A code may go on after "-b" without being another edition: "thue-bao" is none of "thue".
    return [one for one in found if one.process is not None and (
        one.process.id == process.id or _EDITION.sub("", one.process.code) == base)]  # fmt: skip


def cases_of(session: Session, stage: Stage, query: sa.Select[Any]) -> list[Case]:
    """Return the dossiers of a query as cases. Statements: a fixed number."""
    forms = selectinload(Dossier.version).joinedload(ProcedureVersion.form).selectinload(Form.sections)
    loads = (
        selectinload(Dossier.revisions), forms.selectinload(FormSection.fields),
        joinedload(Dossier.process).selectinload(Process.steps),
        selectinload(Dossier.version).joinedload(ProcedureVersion.process).selectinload(Process.steps),
    )  # fmt: skip
    graphs: dict[int, Graph] = {}
    return [_case(dossier, stage.facts, graphs) for dossier in session.scalars(query.options(*loads))]


def _case(dossier: Dossier, facts: Facts, graphs: dict[int, Graph]) -> Case:
    followed = dossier.process or dossier.version.process
    if followed is not None and followed.steps and followed.id not in graphs:
        graphs[followed.id] = graph_of(followed)
    form = dossier.version.form
    data = dossier.revisions[-1].data if dossier.revisions else {}
    judged = Evaluation(form, data) if form is not None else None
    return Case(
        dossier.code, dossier.received_at or dossier.submitted_at,
        _places(facts, dossier.desk_id, dossier.agency_id),
        judged.holds if judged is not None else lambda _condition: False,
        dossier.original_due_at, graphs.get(followed.id) if followed is not None else None,
    )  # fmt: skip


def _places(facts: Facts, desk_id: int | None, agency_id: int) -> dict[str, int]:
    root = facts.root.id if facts.root is not None else agency_id
    return {StepPlace.desk: desk_id or agency_id, StepPlace.agency: agency_id, StepPlace.province: root}


def _invented(stage: Stage, count: int) -> list[Case]:
    """Return cases whose answers meet and miss the conditions of the ways, at the agencies that handle."""
    graph, facts = stage.graph, stage.facts
    agencies = list({a.id: a for one in stage.versions for a in facts.handling(one)}.values())
    agencies = agencies or facts.communes or list(facts.agencies.values())
    values = _values(way.when for step in graph.steps for way in graph.ways(step.key) if way.when)
    chance, begun = random.Random(_SEED), now()  # noqa: S311 - no secret: examples
    found = []
    for number in range(count if agencies else 0):
        agency = agencies[number % len(agencies)]
        data = {key: chance.choice(choices) for key, choices in values.items()}
        desk = facts.desk_of(agency)
        found.append(Case(
            _("Example %(number)d", number=number + 1), begun, _places(facts, desk.id if desk else None, agency.id),
            _judge(data),
        ))  # fmt: skip
    return found


def _judge(data: Mapping[str, Any]) -> IsOpen:
    return lambda condition: conditions.holds(condition, data.get, today())


def _values(given: Iterable[Any]) -> dict[str, list[Any]]:
    """Return for each field that conditions look at the values they compare with, and others."""
    found: dict[str, list[Any]] = {}
    for condition in given:
        for leaf in conditions.leaves(condition):
            named = leaf.get("value")
            some = named if isinstance(named, list) else [named]
            numbers = [v + d for v in some if isinstance(v, int | float) and not isinstance(v, bool) for d in (-1, 1)]
            found.setdefault(leaf["field"], [None, "x"]).extend([*some, *numbers])
    return found


def _place(case: Case, step: StepSpec) -> int | None:
    return step.agency_id if step.place == StepPlace.named else case.places.get(step.place)


def _later(case: Case, calendars: Mapping[int, Calendar], missing: Callable[[int], None]) -> Later:
    def later(step: StepSpec, at: datetime) -> datetime:
        place = _place(case, step)
        calendar = calendars.get(place or 0) or calendars.get(case.places[StepPlace.agency])
        with suppress(CalendarExhausted):  # older than the calendar, or past its last year
            if calendar is not None:
                return add_minutes(calendar, at, step.minutes)
        missing(place or 0)
        return at

    return later


def _compare(case: Case, stage: Stage, tally: Tally) -> Play:
    bare: set[int] = set()
    later = _later(case, stage.calendars, bare.add)
    new = play(stage.graph, case.is_open, case.begun_at, later)
    old = play(case.before, case.is_open, case.begun_at, later).ready_at if case.before is not None else None
    difference = None if bare else _difference(old or case.promised, new.ready_at, _calendar(case, stage))
    stuck = stage.graph.find(new.stuck_at).name if new.stuck_at else ""
    tally.add(Compared(case.name, case.promised, old, new.ready_at, difference, stuck), new, is_bare=bool(bare))
    return new


def _calendar(case: Case, stage: Stage) -> Calendar | None:
    return stage.calendars.get(case.places[StepPlace.agency])


def _difference(before: datetime | None, after: datetime | None, calendar: Calendar | None) -> int | None:
    """Return by how many working minutes ``after`` is later; None where that cannot be told."""
    if before is None or after is None or calendar is None:
        return None
    first, last = sorted((before, after))
    try:
        return minutes_between(calendar, first, last) * (1 if after >= before else -1)
    except CalendarExhausted:
        return None


def _untaken(session: Session, stage: Stage, tally: Tally, found: Rehearsal) -> None:
    graph, versions = stage.graph, stage.versions
    labels = {one["key"]: one["label"] for one in fields_of(session, (v.form_id for v in versions if v.form_id))}
    for step in graph.steps:
        if step.key not in tally.steps:
            found.unreached.append(step.name)
        for way in graph.ways(step.key):
            is_ahead = graph.find(way.to).kind == "return"  # playing ends before the return
            is_missed = (step.key, way.to) not in tally.ways and step.key in tally.steps
            if is_missed and not (is_ahead and way.when is None):
                found.untaken.append((step.name, graph.find(way.to).name, way_words(way, labels)))


def _nobody(stage: Stage, tally: Tally, found: Rehearsal) -> None:
    """Note each step that nobody could do at an agency where a case came to it."""
    for key, places in tally.places.items():
        step = stage.graph.find(key)
        empty = [stage.facts.agencies.get(one) for one in places if (one, step.role) not in stage.facts.held]
        if empty:
            role = _(ROLE_LABELS[Role(step.role)]) if step.role in set(Role) else step.role
            names = sorted(agency.name for agency in empty if agency is not None)
            found.nobody.append((step.name, f"{role} · {places_named(names)}"))
    found.nobody.sort()
