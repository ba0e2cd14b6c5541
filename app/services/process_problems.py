"""What is wrong with a process that is being drawn: faults beside their inputs, problems of the whole."""

import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session, selectinload

from app.errors import DomainError
from app.models import (
    Agency,
    FormField,
    FormSection,
    Procedure,
    ProcedureVersion,
    Process,
    ProcessStep,
    User,
)
from app.models.form_checks import said
from app.models.procedure_words import VersionState
from app.models.process import ASSIGNMENTS, JOINS, SPLITS, STEP_KINDS, STEP_PLACES, STEP_ROLES, StepPlace
from app.permissions import ROLE_LABELS, Role
from app.services.process_graphs import steps_of
from app.services.publication_checks import limit_minutes, names_of, unstaffed
from app.services.publication_facts import read_facts
from app.workflows import conditions
from app.workflows.process import AUTOMATIC, Assign, Graph, Join, StepKind, StepSpec
from app.workflows.process_checks import problems

_KEY = re.compile(r"[a-z][a-z0-9_]{0,39}")
_MOST_MINUTES = 480 * 366
_CHOICES: dict[str, Mapping[Any, str]] = {
    "kind": STEP_KINDS, "role": STEP_ROLES, "place": STEP_PLACES, "split": SPLITS, "join": JOINS, "assign": ASSIGNMENTS,
}  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """A problem of the whole, with the keys of the steps it is about."""

    text: str
    steps: list[str] = field(default_factory=list)
    is_warning: bool = False


@dataclass(frozen=True)
class Use:
    """A procedure version that rests on the process, and its published limit in working minutes."""

    name: str
    minutes: int | None


@dataclass(frozen=True)
class Report:
    """Everything the designer shows beside a definition."""

    faults: dict[str, str]
    problems: list[Problem]
    graph: Graph
    uses: list[Use]
    fields: list[dict[str, Any]]  # of the forms that dossiers of these versions fill in


def versions_of(session: Session, process_id: int | None) -> list[ProcedureVersion]:
    """Return the versions, retired ones aside, that rest on a process."""
    if process_id is None:
        return []
    query = sa.select(ProcedureVersion).where(
        ProcedureVersion.process_id == process_id, ProcedureVersion.state != VersionState.retired
    )
    return list(session.scalars(query.order_by(ProcedureVersion.id)))


def fields_of(session: Session, form_ids: Iterable[int]) -> list[dict[str, Any]]:
    """Return the fields of forms as the editor of conditions needs them, each key once."""
    ids = set(form_ids)
    if not ids:
        return []
    query = sa.select(FormField.key, FormField.label, FormField.kind, FormField.options).join(FormField.section)
    rows = session.execute(query.where(FormSection.form_id.in_(ids)).order_by(FormSection.position, FormField.position))
    found = {row.key: {"key": row.key, "label": row.label, "kind": row.kind, "options": row.options} for row in rows}
    return list(found.values())


def report(session: Session, process: Process, process_id: int | None) -> Report:
    """Return what is to be said of ``process``, a drawn one; process_id: of the stored one.

    Statements: a fixed number.
    """
    given = {"name": process.name, "steps": process.steps}
    faults = _faults(session, given, process_id)
    versions = versions_of(session, process_id)
    for step in process.steps:  # what is a fault already must not keep the rest from being judged
        step.working_minutes = max(step.working_minutes or 0, 0)
    _join_sub_processes(session, process)
    try:
        steps = steps_of(process)
    except DomainError as exc:  # processes that stand inside each other
        plain = [step for step in process.steps if step.kind != StepKind.sub_process]
        return Report(faults, [Problem(str(exc))], Graph(steps_of(Process(steps=plain))), [], [])
    found = [_located(phrase.msgid, phrase.params, steps) for phrase in problems(steps)]
    graph = Graph(steps)
    uses = [Use(version.name, limit_minutes(version)) for version in versions]
    found += _time_problems(graph, uses)
    found += _people(session, process, versions)
    fields = fields_of(session, (version.form_id for version in versions if version.form_id))
    return Report(faults, found, graph, uses, fields)


def _located(msgid: str, params: Mapping[str, Any], steps: list[StepSpec]) -> Problem:
    name = params.get("step")
    return Problem(_(msgid, **params), [step.key for step in steps if name is not None and step.name == name])


def _time_problems(graph: Graph, uses: list[Use]) -> Iterator[Problem]:
    for use in uses:
        if use.minutes is not None and use.minutes != graph.total_minutes and not graph.circles():
            yield Problem(_(
                "The longest way takes %(total)s hours, but %(name)s has a published limit of %(limit)s hours",
                total=_hours(graph.total_minutes), limit=_hours(use.minutes), name=use.name,
            ))  # fmt: skip


def _hours(minutes: int) -> str:
    return f"{minutes / 60:g}".replace(".", ",")


def _people(session: Session, process: Process, versions: list[ProcedureVersion]) -> Iterator[Problem]:
    """Warn of roles that nobody holds where the versions' agencies would need them."""
    if not versions:
        return
    facts = read_facts(session, versions)
    agencies = list(dict.fromkeys(agency for version in versions for agency in facts.handling(version)))
    for role, places in sorted(unstaffed(facts, ProcedureVersion(process=process), agencies).items()):
        label = _(ROLE_LABELS[Role(role)]) if role in set(Role) else role
        keys = [step.key for step in process.steps if step.role == role and step.kind not in AUTOMATIC]
        text = _("Nobody holds the role “%(role)s” at: %(names)s", role=label, names=names_of(places))
        yield Problem(text, keys, is_warning=True)


def _join_sub_processes(session: Session, process: Process) -> None:
    """Give drawn steps the process that stands in their place."""
    ids = {step.sub_process_id for step in process.steps if step.sub_process_id}
    if not ids:
        return
    query = sa.select(Process).where(Process.id.in_(ids)).options(selectinload(Process.steps))
    found = {row.id: row for row in session.scalars(query)}
    for step in process.steps:
        if step.sub_process_id in found:
            step.sub_process = found[step.sub_process_id]


def definition_faults(session: Session, given: Mapping[str, Any], process_id: int | None) -> dict[str, str]:
    """Return {path: message} of what cannot be kept; paths are those of the definition: "steps.2.name"."""
    steps = [ProcessStep(**step) for step in given["steps"]]
    found = _faults(session, {"name": given["name"], "steps": steps}, process_id)
    day = given["decision_on"]
    try:
        date.fromisoformat(day or "2026-01-01")
    except ValueError:
        found["decision_on"] = _("Please enter a date.")
    return found


def _faults(session: Session, given: Mapping[str, Any], process_id: int | None) -> dict[str, str]:
    steps: list[ProcessStep] = given["steps"]
    known = _Known(session, steps, process_id)
    found: dict[str, str] = {}
    if not (given["name"] or "").strip():
        found["name"] = _("Please fill this in.")
    elif len(given["name"]) > 500:
        found["name"] = _("At most %(limit)d characters.", limit=500)
    keys = [step.key for step in steps]
    for place, step in enumerate(steps):
        at = f"steps.{place}."
        if not _KEY.fullmatch(step.key or "") or step.key in keys[:place]:
            found[f"{at}key"] = _("Two steps are called %(key)s", key=step.key)
        found |= {f"{at}{name}": text for name, text in _step_faults(step, known, keys)}
    return found


class _Known:
    """What steps refer to, read once for all of them."""

    def __init__(self, session: Session, steps: list[ProcessStep], process_id: int | None) -> None:
        self.process_id = process_id
        self.agencies = _there(session, Agency.id, (step.agency_id for step in steps))
        self.codes = _there(session, Agency.code, (code for step in steps for code in step.consulted or ()))
        self.processes = _there(session, Process.id, (step.sub_process_id for step in steps))
        self.procedures = _there(session, Procedure.id, (step.child_procedure_id for step in steps))
        self.users = _there(session, User.username,
                            (step.assign_value for step in steps if step.assign == Assign.officer))  # fmt: skip
        forms = {version.form_id for version in versions_of(session, process_id) if version.form_id}
        self.fields = {row["key"] for row in fields_of(session, forms)} if forms else None


def _there(session: Session, column: Any, values: Iterable[Any]) -> set[Any]:
    wanted = {value for value in values if value}
    return set(session.scalars(sa.select(column).where(column.in_(wanted)))) if wanted else set()


def _step_faults(step: ProcessStep, known: _Known, keys: list[str]) -> Iterator[tuple[str, str]]:
    for attr in inspect(ProcessStep).column_attrs:
        limit, value = getattr(attr.columns[0].type, "length", None), getattr(step, attr.key)
        if limit and isinstance(value, str) and len(value) > limit:
            yield attr.key, _("At most %(limit)d characters.", limit=limit)
    if not (step.name or "").strip():
        yield "name", _("Please fill this in.")
    for name, choices in _CHOICES.items():
        if getattr(step, name) not in choices:
            yield name, _("Please choose one of the offered values.")
    if step.working_minutes is None or not 0 <= step.working_minutes <= _MOST_MINUTES:
        yield "working_minutes", _("Please write the time as hours from 0 on, for example 4 or 0,5.")
    yield from _reference_faults(step, known)
    yield from _way_faults(step, known, keys)


def _reference_faults(step: ProcessStep, known: _Known) -> Iterator[tuple[str, str]]:
    gone = _("This record does not exist any more. Please choose again.")
    if step.agency_id is not None and step.agency_id not in known.agencies:
        yield "agency_id", gone
    if step.place == StepPlace.named and step.agency_id is None:
        yield "agency_id", _("Please choose the agency.")
    if step.sub_process_id is not None and step.sub_process_id not in known.processes:
        yield "sub_process_id", gone
    if step.kind == StepKind.sub_process and step.sub_process_id is None:
        yield "sub_process_id", _("Please choose the process.")
    if step.sub_process_id is not None and step.sub_process_id == known.process_id:
        yield "sub_process_id", _("A process cannot stand inside itself.")
    if step.child_procedure_id is not None and step.child_procedure_id not in known.procedures:
        yield "child_procedure_id", gone
    if step.kind == StepKind.child and step.child_procedure_id is None:
        yield "child_procedure_id", _("Please choose the procedure.")
    missing = [code for code in step.consulted or () if code not in known.codes]
    if missing:
        yield "consulted", _("There is no agency with the code %(code)s.", code=missing[0])


def _way_faults(step: ProcessStep, known: _Known, keys: list[str]) -> Iterator[tuple[str, str]]:
    if step.assign == Assign.officer and step.assign_value and step.assign_value not in known.users:
        yield "assign_value", _("There is no officer with this user name.")
    if step.assign == Assign.same and step.assign_value and step.assign_value not in keys:
        yield "assign_value", _("Please choose an earlier step.")
    if step.join == Join.several and not 0 < (step.join_count or 0) < 100:
        yield "join_count", _("Please write a number from 1 on.")
    for number, way in enumerate(step.goes_to or ()):
        if way["to"] not in keys:
            yield f"goes_to.{number}.to", _("Please choose the step it leads to.")
        if way["when"] is not None and (fault := said(conditions.fault(way["when"], known.fields))):
            yield f"goes_to.{number}.when", fault
