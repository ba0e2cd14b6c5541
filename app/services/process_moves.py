"""Moving running dossiers to a newer process: what would happen, and doing it, dossier by dossier.

A dossier keeps the process it began with until somebody moves it on purpose; its version (papers,
fees, form) and its due date stay. What cannot be mapped stays where it is.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import SequenceMatcher

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.errors import Conflict, Invalid, NotAllowed
from app.models import Dossier, ProcedureVersion, Process
from app.models.procedure_words import VersionState
from app.permissions import Actor, Role
from app.services.opening import marking_of
from app.services.process_graphs import graph_of
from app.services.process_transfer import Ways, misfit, transfer
from app.services.reasons import given_reason
from app.text import fold
from app.workflows.process import Graph, StepSpec
from app.workflows.process_checks import problems
from app.workflows.states import CLOCK_OVER, State

MAX_MOVED = 200  # while the browser waits; all of them are moved by the worker (process_moving)
_ALIKE = 0.6
_RUNNING = frozenset(State) - CLOCK_OVER


@dataclass(frozen=True)
class Source:
    """A process from which dossiers could come, and how many run on it."""

    process: Process
    running: int


@dataclass(frozen=True)
class Standing:
    """One running dossier: where it stands, where it would stand; hindrance: why it stays."""

    dossier: Dossier
    now: list[str]
    then: list[str]
    hindrance: str = ""


@dataclass(frozen=True)
class Plan:
    """A move as it would be made. mapping: old key → new key, "" for none."""

    source: Process
    target: Process
    old: Graph
    new: Graph
    mapping: Ways
    dossiers: list[Standing] = field(default_factory=list)

    @property
    def left_out(self) -> list[StepSpec]:
        """The new steps that no old one is mapped to: dossiers already past their place miss them."""
        used = set(self.mapping.values())
        return [step for step in self.new.steps if step.key not in used]


def sources_of(session: Session, target: Process) -> list[Source]:
    """Return the processes of other versions of the same procedures on which dossiers run."""
    procedures = sa.select(ProcedureVersion.procedure_id).where(ProcedureVersion.process_id == target.id)
    own = sa.func.coalesce(Dossier.process_id, ProcedureVersion.process_id)
    query = (
        sa.select(own, sa.func.count(Dossier.id))
        .join(ProcedureVersion, Dossier.version_id == ProcedureVersion.id)
        .where(Dossier.procedure_id.in_(procedures), Dossier.state.in_(_RUNNING), own != target.id)
        .group_by(own)
    )
    counts = {int(pk): int(count) for pk, count in session.execute(query) if pk}
    rows = session.scalars(sa.select(Process).where(Process.id.in_(counts)).order_by(Process.code))
    return [Source(row, counts[row.id]) for row in rows]


def proposal(old: Graph, new: Graph) -> dict[str, str]:
    """Return a mapping of the old steps: the same name first, then the same key and kind, then alike."""
    left = {step.key: step for step in new.steps}
    found: dict[str, str] = {}
    tests = (
        lambda a, b: a.key == b.key and fold(a.name) == fold(b.name),
        lambda a, b: fold(a.name) == fold(b.name),
        lambda a, b: a.kind == b.kind and a.role == b.role and _likeness(a, b) >= _ALIKE,
        lambda a, b: a.key == b.key and a.kind == b.kind and a.role == b.role,
    )
    for is_same in tests:
        for step in old.steps:
            match = next((one for one in left.values() if step.key not in found and is_same(step, one)), None)
            if match is not None:
                found[step.key] = left.pop(match.key).key
    return {step.key: found.get(step.key, "") for step in old.steps}


def _likeness(one: StepSpec, other: StepSpec) -> float:
    return SequenceMatcher(None, fold(one.name), fold(other.name), autojunk=False).ratio()


def plan(session: Session, source: Process, target: Process, given: Ways | None = None) -> Plan:
    """Return what moving would do; given: the mapping chosen, None proposes one.

    Raises Invalid for a target that is not in force or not sound, or a mapping to unknown steps.
    """
    _refuse_target(session, source, target)
    old, new = graph_of(source), graph_of(target)
    mapping = dict(given) if given is not None else proposal(old, new)
    refuse_mapping(old, new, mapping)
    rows = [_standing(dossier, old, new, mapping) for dossier in _running_on(session, source, target)]
    return Plan(source, target, old, new, mapping, rows)


def _refuse_target(session: Session, source: Process, target: Process) -> None:
    in_force = sa.select(ProcedureVersion.id).where(
        ProcedureVersion.process_id == target.id, ProcedureVersion.state == VersionState.published
    )
    if session.scalar(in_force.limit(1)) is None:
        raise Invalid(_("Dossiers are only moved to the process of a published version."))
    if source.id == target.id:
        raise Invalid(_("Choose another process."))
    if problems(graph_of(target).steps):
        raise Invalid(_("This process has problems; mend them first."))


def refuse_mapping(old: Graph, new: Graph, mapping: Ways) -> None:
    """Raise Invalid (fields by old key) unless each step leads to at most one new one of its own."""
    faults: dict[str, str] = {}
    used: set[str] = set()
    for key, to in mapping.items():
        if key not in old or (to and to not in new):
            faults[key] = _("Please choose one of the offered values.")
        elif to in used:
            faults[key] = _("Another step already leads to this one.")
        used |= {to} - {""}
    if faults:
        raise Invalid(_("Please correct what is marked."), faults)


def running_on(source: Process, target: Process) -> sa.Select[tuple[Dossier]]:
    """Return a query of the running dossiers of the target's procedures that follow ``source``, in order."""
    procedures = sa.select(ProcedureVersion.procedure_id).where(ProcedureVersion.process_id == target.id)
    versions = sa.select(ProcedureVersion.id).where(ProcedureVersion.process_id == source.id)
    return sa.select(Dossier).where(
        Dossier.procedure_id.in_(procedures), Dossier.state.in_(_RUNNING),
        sa.or_(Dossier.process_id == source.id,
               sa.and_(Dossier.process_id.is_(None), Dossier.version_id.in_(versions))),
    ).order_by(Dossier.id)  # fmt: skip


def _running_on(
    session: Session, source: Process, target: Process, ids: Iterable[int] | None = None
) -> list[Dossier]:
    """Return the first of them; ids: locked, of these."""
    query = running_on(source, target)
    if ids is not None:
        query = query.where(Dossier.id.in_(set(ids))).with_for_update(of=Dossier)
    loads = [selectinload(Dossier.tasks), joinedload(Dossier.procedure)]
    return list(session.scalars(query.options(*loads).limit(MAX_MOVED + 1)))


def _standing(dossier: Dossier, old: Graph, new: Graph, mapping: Ways) -> Standing:
    marking = marking_of(dossier, old)
    arrived = {key for led in marking.done.values() for key in led} - set(marking.done)
    needed = sorted(marking.open | {key for key in arrived if key in old})
    lost = [old.find(key).name for key in needed if not mapping.get(key)]
    now = [old.find(key).name for key in sorted(marking.open)]
    then = [new.find(mapping[key]).name for key in sorted(marking.open) if mapping.get(key)]
    hindrance = ""
    if lost:
        hindrance = _("No new step for: %(steps)s", steps="; ".join(lost))
    elif dossier.tasks and not marking.open:
        hindrance = _("No step is open.")
    else:
        pairs = ((old.find(key), new.find(mapping[key])) for key in sorted(marking.open))
        hindrance = " ".join(filter(None, (misfit(dossier, one, other) for one, other in pairs)))
    return Standing(dossier, now, then, hindrance)


def move(
    session: Session, source: Process, target: Process, mapping: Ways, ids: Iterable[int], reason: str,
    actor: Actor,
) -> tuple[list[Dossier], list[Standing]]:  # fmt: skip
    """Move the dossiers ``ids``; returns those moved, and those that stay with what hinders them.

    Each gets one record with the reason. Raises NotAllowed, Invalid (no reason, bad mapping), Conflict
    when none of them runs on ``source`` any more.
    """
    reason, old, new = accepted(session, source, target, mapping, reason, actor)
    rows = [_standing(one, old, new, mapping) for one in _running_on(session, source, target, ids)][:MAX_MOVED]
    if not rows:
        raise Conflict(_("None of these dossiers runs on this process any more."))
    moved = [row.dossier for row in rows if not row.hindrance]
    for dossier in moved:
        transfer(session, dossier, source, target, (old, new, mapping), reason, actor)
    return moved, [row for row in rows if row.hindrance]


def accepted(
    session: Session, source: Process, target: Process, mapping: Ways, reason: str, actor: Actor
) -> tuple[str, Graph, Graph]:
    """Return the reason and both graphs; raises what ``move`` raises before it looks at any dossier."""
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("Only a catalog administrator may move dossiers to another process."))
    reason = given_reason(reason)
    _refuse_target(session, source, target)
    old, new = graph_of(source), graph_of(target)
    refuse_mapping(old, new, mapping)
    return reason, old, new
