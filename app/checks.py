"""Every declaration checked at start: a wrong name fails the boot, not a click."""

from app.lowcode import generate
from app.lowcode.problems import problems as faults_of
from app.services.guards import GUARDS
from app.services.moves import CYCLES
from app.workflows.dossier import DOSSIER
from app.workflows.registry import WORKFLOWS


def problems() -> list[str]:
    """Return what is wrong with the declared screens and life cycles; empty = fit to start."""
    found = [text for model in generate.declared_models() for text in faults_of(model)]
    for workflow in WORKFLOWS.values():
        found += [f"{workflow.name}: {text}" for text in workflow.problems()]
    for cycle in CYCLES.values():
        unasked = sorted(set(cycle.workflow.guards) - set(cycle.guards))
        found += [f"{cycle.workflow.name}: nobody answers the guard {name!r}" for name in unasked]
    unanswered = sorted(set(DOSSIER.guards) - set(GUARDS))
    return found + [f"dossier: nobody answers the guard {name!r}" for name in unanswered]
