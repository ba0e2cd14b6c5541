"""What keeps a process from being used, in words for the person who draws it."""

from collections import Counter
from collections.abc import Sequence

from app.i18n import N_
from app.workflows import conditions
from app.workflows.process import PLACES, Assign, Graph, Join, Split, StepKind, StepSpec
from app.workflows.result import SIGNERS
from app.workflows.vocabulary import ROLES
from app.workflows.wording import Phrase

_WORKS = frozenset({StepKind.decide, StepKind.sub_process})  # nobody has to hold a role there
_MAX_STEPS = 200


def problems(steps: Sequence[StepSpec], limit_minutes: int | None = None) -> list[Phrase]:
    """Return what is wrong with the steps, in order of importance; [] if they can be used.

    limit_minutes: the published limit in working minutes, None where none is published.
    """
    if not steps:
        return [Phrase(N_("The process has no step"))]
    if len(steps) > _MAX_STEPS:
        return [Phrase(N_("A process has at most %(most)d steps"), {"most": _MAX_STEPS})]
    graph = Graph(steps)
    found = [fault for step in steps for fault in _step_problems(step)]
    for key, times in Counter(step.key for step in steps).items():
        if times > 1:
            found.append(Phrase(N_("Two steps are called %(key)s"), {"key": key}))
    found += [fault for step in steps for fault in _way_problems(step, graph)]
    circles = graph.circles()
    if circles:
        names = ", ".join(graph.find(key).name for key in circles)
        return [*found, Phrase(N_("The ways go round in a circle: %(steps)s"), {"steps": names})]
    return found + _reach_problems(graph) + _order_problems(graph) + _time_problems(graph, limit_minutes)


def _step_problems(step: StepSpec) -> list[Phrase]:
    has_role = step.kind in _WORKS or step.role in ROLES
    checks = (
        (bool(step.name.strip()), N_("A step has no name")),
        (step.kind in set(StepKind), N_("%(step)s: unknown kind of step")),
        (has_role, N_("%(step)s: nobody holds this role")),
        (step.place in PLACES, N_("%(step)s: unknown place")),
        (step.place != "named" or step.agency_id is not None, N_("%(step)s: choose the agency")),
        (step.minutes >= 0, N_("%(step)s: the time cannot be negative")),
        (
            step.kind != StepKind.sign or step.role not in ROLES or step.role in SIGNERS,
            N_("%(step)s: this role may not sign results"),
        ),
        (step.join != Join.several or bool(step.join_count), N_("%(step)s: say how many must arrive")),
        (_is_given(step), N_("%(step)s: say to whom it is given")),
        (step.kind != StepKind.consult or bool(step.consulted), N_("%(step)s: name the agencies to ask")),
    )
    return [Phrase(msgid, {"step": step.name}) for is_fine, msgid in checks if not is_fine]


def _is_given(step: StepSpec) -> bool:
    return step.assign not in {Assign.post, Assign.officer, Assign.same} or bool(step.assign_value)


def _way_problems(step: StepSpec, graph: Graph) -> list[Phrase]:
    found = []
    for way in step.ways or ():
        if way.to not in graph:
            found.append(Phrase(N_("%(step)s: a way leads to a step that does not exist: %(key)s"),
                                {"step": step.name, "key": way.to}))  # fmt: skip
        fault = conditions.fault(way.when) if way.when is not None else None
        if fault is not None:
            found.append(Phrase(N_("%(step)s: a condition of its ways cannot be used"), {"step": step.name}))
    if step.ways and all(way.when is not None for way in step.ways):
        found.append(Phrase(N_("%(step)s: one way must be open whatever the form says"), {"step": step.name}))
    if step.assign == Assign.same and step.assign_value not in {one.key for one in graph.earlier(step.key)}:
        found.append(Phrase(N_("%(step)s: the step of the same person must come before it"), {"step": step.name}))
    return found


def _reach_problems(graph: Graph) -> list[Phrase]:
    reached = {graph.first.key} | graph.later(graph.first.key)
    lost = [step for step in graph.steps if step.key not in reached]
    found = [Phrase(N_("%(step)s: no way leads to this step"), {"step": step.name}) for step in lost]
    returns = [step.key for step in graph.steps if step.kind == StepKind.return_]
    ends = [step for step in graph.steps if not graph.ways(step.key) and step.kind != StepKind.return_]
    if returns:
        found += [Phrase(N_("%(step)s: a dead end, nothing follows"), {"step": step.name}) for step in ends]
    return found


def _order_problems(graph: Graph) -> list[Phrase]:
    kinds = [step.kind for step in graph.order]
    signs = [step for step in graph.order if step.kind == StepKind.sign]
    checks = (
        (bool(signs), N_("No step signs the result")),
        (StepKind.receive not in kinds[1:], N_("Receiving must be the first step")),
        (all(not graph.ways(s.key) for s in graph.steps if s.kind == StepKind.return_),
         N_("Returning the result must be the last step")),
        (not signs or _is_signed(graph), N_("A dossier could come to its end without a signature")),
        (_sealed_after_signing(graph), N_("Sealing comes after signing")),
    )  # fmt: skip
    return [Phrase(msgid) for is_fine, msgid in checks if not is_fine]


def _is_signed(graph: Graph) -> bool:
    """Return whether every dossier comes to a step that signs, whatever its form says.

    Where the first open way is taken it may be any of them; else only ways without condition are sure.
    Without a signature no result is issued, and the last step could never be finished.
    """
    sure: set[str] = set()
    for step in reversed(graph.order):
        ways = graph.ways(step.key)
        signed = [way.to in sure for way in ways if step.split == Split.first or way.when is None]
        is_sure = all(signed) if step.split == Split.first else any(signed)
        if step.kind == StepKind.sign or (bool(signed) and is_sure):
            sure.add(step.key)
    return graph.first.key in sure


def _sealed_after_signing(graph: Graph) -> bool:
    """Return whether nobody seals what was not signed before, nor signs once all is sealed.

    A department may sign and seal before the province does: the last of each are compared.
    """
    signs = {step.key for step in graph.steps if step.kind == StepKind.sign}
    seals = {step.key for step in graph.steps if step.kind == StepKind.number_and_seal}
    unsigned = [key for key in seals if not signs & {one.key for one in graph.earlier(key)}]
    unsealed = [key for key in signs if seals and not seals & graph.later(key)]
    return not signs or not (unsigned or unsealed)


def _time_problems(graph: Graph, limit_minutes: int | None) -> list[Phrase]:
    total = graph.total_minutes
    if limit_minutes is None or total == limit_minutes:
        return []
    return [
        Phrase(
            N_("The steps take %(total)s hours, but the published limit is %(limit)s hours"),
            {"total": f"{total / 60:g}", "limit": f"{limit_minutes / 60:g}"},
        )
    ]
