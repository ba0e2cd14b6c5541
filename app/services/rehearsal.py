"""Rehearsing a drafted process: finished dossiers, or invented ones, played through it in memory."""

import random
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import now, today
from app.errors import Invalid
from app.models import Agency, Dossier, Form, FormSection, ProcedureVersion, Process
from app.models.process import StepPlace
from app.permissions import ROLE_LABELS, Role
from app.services.eform_state import Evaluation
from app.services.process_diagram import way_words
from app.services.process_graphs import graph_of
from app.services.process_problems import fields_of
from app.services.publication_facts import Facts, read_facts
from app.services.timing import prepare_calendars
from app.workflows import conditions
from app.workflows.process import AUTOMATIC, Graph, IsOpen, StepSpec
from app.workflows.rehearsal import Later, Play, play
from app.workflows.states import State
from app.workflows.working_time import Calendar, add_minutes, minutes_between

MOST, USUAL = 200, 50
_SHOWN = 3  # agencies in a sentence; the rest is counted
_EDITION = re.compile(r"-b\d{1,4}$")
_FINISHED = (State.finished, State.returned)
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
class Compared:
    """Due dates of one case: promised, by the process it followed, by the draft; and by how much the draft
    is later (negative: earlier), in working minutes."""

    name: str
    promised: datetime | None
    old: datetime | None
    new: datetime | None
    later: int | None
    stuck_at: str = ""


@dataclass
class Rehearsal:
    """What came out. is_invented: no finished dossier was there to be played."""

    is_invented: bool
    compared: list[Compared] = field(default_factory=list)
    stuck: dict[str, int] = field(default_factory=dict)  # name of the step → cases
    nobody: list[tuple[str, str]] = field(default_factory=list)  # (step, role and agency)
    untaken: list[tuple[str, str, str]] = field(default_factory=list)  # (from, to, condition)
    unreached: list[str] = field(default_factory=list)
    no_calendar: list[str] = field(default_factory=list)

    def count(self, sign: int) -> int:
        """Return how many cases end earlier (-1), at the same time (0) or later (1)."""
        signs = [(one.later > 0) - (one.later < 0) for one in self.compared if one.later is not None]
        return signs.count(sign)


def rehearse(session: Session, process: Process, count: int = USUAL) -> Rehearsal:
    """Play the last ``count`` finished dossiers of the process's procedures through ``process``.

    Without any, as many are invented so that every condition is met and missed. Nothing is written.
    Statements: a fixed number. Raises DomainError for a process without steps, or in itself.
    """
    count = max(1, min(count, MOST))
    graph = graph_of(process)
    if graph.circles():
        raise Invalid(_("The ways go round in a circle; a process must have none to be rehearsed."))
    versions = _versions(session, process)
    facts = read_facts(session, versions)
    cases = _finished(session, versions, facts, count)
    found = Rehearsal(is_invented=not cases)
    cases = cases or _invented(graph, versions, facts, count)
    calendars = prepare_calendars(session, facts.agencies.values())
    plays = [_compare(case, graph, calendars, found) for case in cases]
    _untaken(session, graph, plays, versions, found)
    _nobody(graph, plays, cases, facts, found)
    return found


def _versions(session: Session, process: Process) -> list[ProcedureVersion]:
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


def _finished(session: Session, versions: list[ProcedureVersion], facts: Facts, count: int) -> list[Case]:
    if not versions:
        return []
    forms = selectinload(Dossier.version).joinedload(ProcedureVersion.form).selectinload(Form.sections)
    query = (
        sa.select(Dossier)
        .where(Dossier.procedure_id.in_({one.procedure_id for one in versions}), Dossier.state.in_(_FINISHED))
        .where(Dossier.received_at.is_not(None)).order_by(Dossier.finished_at.desc(), Dossier.id.desc())
        .options(selectinload(Dossier.revisions), forms.selectinload(FormSection.fields),
                 joinedload(Dossier.process).selectinload(Process.steps),
                 selectinload(Dossier.version).joinedload(ProcedureVersion.process).selectinload(Process.steps))
        .limit(count)
    )  # fmt: skip
    graphs: dict[int, Graph] = {}
    return [_case(dossier, facts, graphs) for dossier in session.scalars(query)]


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


def _invented(graph: Graph, versions: list[ProcedureVersion], facts: Facts, count: int) -> list[Case]:
    """Return cases whose answers meet and miss the conditions of the ways, at the agencies that handle."""
    agencies = list({a.id: a for one in versions for a in facts.handling(one)}.values())
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


def _later(case: Case, calendars: Mapping[int, Calendar], missing: Callable[[int], None]) -> Later:
    def later(step: StepSpec, at: datetime) -> datetime:
        place = step.agency_id if step.place == StepPlace.named else case.places.get(step.place)
        calendar = calendars.get(place or 0) or calendars.get(case.places[StepPlace.agency])
        if calendar is None:
            missing(place or 0)
            return at
        return add_minutes(calendar, at, step.minutes)

    return later


def _compare(case: Case, graph: Graph, calendars: Mapping[int, Calendar], found: Rehearsal) -> Play:
    bare: set[int] = set()
    later = _later(case, calendars, bare.add)
    new = play(graph, case.is_open, case.begun_at, later)
    old = play(case.before, case.is_open, case.begun_at, later).ready_at if case.before is not None else None
    before, calendar = old or case.promised, calendars.get(case.places[StepPlace.agency])
    difference = None
    if before is not None and new.ready_at is not None and calendar is not None:
        first, last = sorted((before, new.ready_at))
        difference = minutes_between(calendar, first, last) * (1 if new.ready_at >= before else -1)
    stuck = graph.find(new.stuck_at).name if new.stuck_at else ""
    if stuck:
        found.stuck[stuck] = found.stuck.get(stuck, 0) + 1
    if bare and case.name not in found.no_calendar:
        found.no_calendar.append(case.name)
    found.compared.append(Compared(case.name, case.promised, old, new.ready_at, difference, stuck))
    return new


def _untaken(
    session: Session, graph: Graph, plays: list[Play], versions: list[ProcedureVersion], found: Rehearsal
) -> None:
    taken = {way for one in plays for way in one.ways}
    reached = {key for one in plays for key in one.steps}
    labels = {one["key"]: one["label"] for one in fields_of(session, (v.form_id for v in versions if v.form_id))}
    for step in graph.steps:
        if step.key not in reached:
            found.unreached.append(step.name)
        for way in graph.ways(step.key):
            is_ahead = graph.find(way.to).kind == "return"  # playing ends before the return
            if (step.key, way.to) not in taken and step.key in reached and not (is_ahead and way.when is None):
                found.untaken.append((step.name, graph.find(way.to).name, way_words(way, labels)))


def _nobody(graph: Graph, plays: list[Play], cases: list[Case], facts: Facts, found: Rehearsal) -> None:
    """Note each step that nobody could do at the place where a case came to it."""
    empty: dict[tuple[str, str], list[str]] = {}  # (step, role) → agencies
    for case, one in zip(cases, plays, strict=True):
        for key in one.steps:
            step = graph.find(key)
            place = step.agency_id if step.place == StepPlace.named else case.places.get(step.place)
            if step.kind in AUTOMATIC or place is None or (place, step.role) in facts.held:
                continue
            agency: Agency | None = facts.agencies.get(place)
            role = _(ROLE_LABELS[Role(step.role)]) if step.role in set(Role) else step.role
            names = empty.setdefault((step.name, role), [])
            if agency is not None and agency.name not in names:
                names.append(agency.name)
    found.nobody += [(step, f"{role} · {_some(names)}") for (step, role), names in sorted(empty.items())]


def _some(names: list[str]) -> str:
    rest = len(names) - _SHOWN
    more = " " + ngettext("and %(num)d more", "and %(num)d more", rest) if rest > 0 else ""
    return (", ".join(names[:_SHOWN]) or "—") + more
