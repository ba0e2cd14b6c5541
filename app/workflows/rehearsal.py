"""Playing one dossier through a process in memory: which ways it takes, where it sticks, when it ends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from app.workflows import routing
from app.workflows.process import Graph, IsOpen, StepKind, StepSpec
from app.workflows.routing import Course, NoWay

# When a step begun at an instant ends, if it takes just the time it has.
Later = Callable[[StepSpec, datetime], datetime]
Way = tuple[str, str]


@dataclass(frozen=True)
class Play:
    """One dossier played to its end.

    ready_at: when nothing but returning the result was left; None if it stuck. stuck_at: the key of
    the step after which no way was open, "" if none. steps, ways: what was come to and taken.
    """

    ready_at: datetime | None
    stuck_at: str
    steps: frozenset[str]
    ways: frozenset[Way]


def play(graph: Graph, is_open: IsOpen, begun_at: datetime, later: Later) -> Play:
    """Return how a dossier goes when every step takes exactly its time, those side by side at once.

    Raises LookupError for a process without steps.
    """
    steps: set[str] = set()
    ways: set[Way] = set()
    at = begun_at
    try:
        course = routing.begin(graph, is_open)
        ends = _ends(graph, {}, course, at, later)
        _note(course, steps, ways)
        while not _is_ready(graph, course):
            key = min(ends, key=lambda one: (ends[one], one))
            at = max(at, ends.pop(key))
            course = routing.advance(graph, course.marking, key, is_open)
            ends = _ends(graph, ends, course, at, later)
            _note(course, steps, ways)
    except NoWay as exc:
        return Play(None, str(exc), frozenset(steps), frozenset(ways))
    return Play(at, "", frozenset(steps), frozenset(ways))


def _ends(graph: Graph, ends: dict[str, datetime], course: Course, at: datetime, later: Later) -> dict[str, datetime]:
    left = {key: end for key, end in ends.items() if key in course.marking.open}
    return left | {key: later(graph.find(key), at) for key in course.opened}


def _note(course: Course, steps: set[str], ways: set[Way]) -> None:
    steps |= set(course.opened) | set(course.passed)
    ways |= {(key, to) for key, led in course.passed.items() for to in led}


def _is_ready(graph: Graph, course: Course) -> bool:
    return all(graph.find(key).kind == StepKind.return_ for key in course.marking.open)
