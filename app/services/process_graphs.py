"""Stored processes as graphs, with the processes that stand in for single steps put in place."""

from collections.abc import Iterable

from flask_babel import gettext as _
from sqlalchemy.orm import object_session

from app.errors import DomainError
from app.models import Process, ProcessStep
from app.services.kept import kept, mark
from app.workflows.process import Graph, StepKind, StepSpec, Way, expand

_MAX_DEPTH = 4  # processes inside processes


def graph_of(process: Process | None) -> Graph:
    """Return the graph of a stored process, those inside it included.

    Raises DomainError if there is no process or step, or if processes stand inside each other.
    """
    if process is None or not process.steps:
        raise DomainError(_("This procedure has no internal process."))
    return Graph(steps_of(process))


def kept_graph(process: Process | None) -> Graph:
    """Return the graph of a stored process as ``graph_of``, worked out once per state of the processes."""
    session = object_session(process) if process is not None else None
    if process is None or session is None or process.id is None:
        return graph_of(process)
    return kept(mark(session, "processes"), ("graph", process.id), lambda: graph_of(process))


def steps_of(process: Process, above: tuple[int, ...] = ()) -> list[StepSpec]:
    """Return the steps of a process; above: ids of the processes in which it stands."""
    if process.id in above or len(above) >= _MAX_DEPTH:
        raise DomainError(_("The process “%(name)s” stands inside itself.", name=process.name))
    inner = {
        step.key: steps_of(step.sub_process, (*above, process.id))
        for step in process.steps
        if step.kind == StepKind.sub_process and step.sub_process is not None
    }
    return expand([spec_of(step) for step in process.steps], inner)


def spec_of(step: ProcessStep) -> StepSpec:
    """Return one stored step as the workflow module knows it."""
    return StepSpec(
        step.key, step.name, step.kind, step.role, step.place, step.working_minutes,
        ways=None if step.goes_to is None else tuple(_ways(step.goes_to)), split=step.split,
        join=step.join, join_count=step.join_count, assign=step.assign,
        assign_value=step.assign_value or "", agency_id=step.agency_id,
        consulted=tuple(step.consulted or ()), silence_consents=step.silence_consents, row_id=step.id or 0,
    )  # fmt: skip


def _ways(stored: Iterable[dict[str, object]]) -> Iterable[Way]:
    for way in stored:
        yield Way(str(way["to"]), way.get("when") or None, str(way.get("label") or ""))  # type: ignore[arg-type]
