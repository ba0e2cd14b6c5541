"""Life cycles as Mermaid state diagrams, for the documentation."""

from collections.abc import Callable
from typing import Any

from app.workflows.table import PREVIOUS, Workflow

Say = Callable[[Any], str]
_START = "[*]"


def diagram(workflow: Workflow[Any], say: Say, name: Say) -> str:
    """Return the stateDiagram-v2 of a life cycle.

    say: msgid → words; name: state → words. Acts between the same two states share an arrow; a
    way back to where a detour began leads to every state it can lead to.
    """
    lines = ["stateDiagram-v2"]
    lines += [f'    state "{_quoted(name(state))}" as {state.name}' for state in workflow.states]
    arrows: dict[tuple[str, str], list[str]] = {}
    for row in workflow.transitions:
        for source in _in_order(workflow, row.sources):
            targets = workflow.targets(row, source)
            for target in (state for state in workflow.states if state in targets):
                arrow = (_START if source is None else source.name, target.name)
                label = say(row.label) + (" (trở lại)" if row.target is PREVIOUS else "")
                arrows.setdefault(arrow, []).append(_plain(label))
    lines += [f"    {a} --> {b}: {' / '.join(labels)}" for (a, b), labels in arrows.items()]
    lines += [f"    {state.name} --> {_START}" for state in workflow.states if state in workflow.final]
    return "\n".join(lines)


def _in_order(workflow: Workflow[Any], states: frozenset[Any]) -> list[Any]:
    created: list[Any] = [None] if None in states else []
    return created + [state for state in workflow.states if state in states]


def _plain(text: str) -> str:
    """Signs that mean something to Mermaid become plain ones."""
    return text.replace(":", " –").replace(";", ",").replace("#", "")


def _quoted(text: str) -> str:
    return text.replace('"', "'")
