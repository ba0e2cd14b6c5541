"""Where a dossier goes inside its process: which steps open, which are no longer needed.

Pure bookkeeping on a Graph. A step counts as arrived at when a finished one went to it. A step
where ways meet waits until nothing can arrive any more (or for the first, or for so many). Since
a graph has no circle, something always opens as long as something has arrived: nothing sticks.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.workflows.process import AUTOMATIC, Graph, IsOpen, Join


class NoWay(ValueError):
    """No condition of the ways out of a step holds, and the process has not ended there."""


@dataclass(frozen=True)
class Marking:
    """Where a dossier stands: the steps open now, and where each finished one led.

    A step that is no longer needed counts as finished and led nowhere.
    """

    open: frozenset[str] = frozenset()
    done: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True)
class Course:
    """What follows from an act: steps opened, passed at once (with where they led), cancelled."""

    opened: tuple[str, ...] = ()
    passed: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    cancelled: tuple[str, ...] = ()
    marking: Marking = field(default_factory=Marking)

    @property
    def has_ended(self) -> bool:
        """Whether no step is open any more."""
        return not self.marking.open


def begin(graph: Graph, is_open: IsOpen) -> Course:
    """Return what opens when a process begins. Raises LookupError without steps, NoWay."""
    return resume(graph, Marking(), is_open)


def advance(graph: Graph, marking: Marking, key: str, is_open: IsOpen) -> Course:
    """Return what follows once the open step ``key`` is finished.

    is_open: whether a way's condition holds for the form's answers.
    Raises LookupError if ``key`` is not open, NoWay if no condition of its ways holds.
    """
    if key not in marking.open:
        raise LookupError(f"step {key!r} is not open")
    went_to = _went(graph, key, is_open)
    after = Marking(marking.open - {key}, {**marking.done, key: went_to})
    course = _settle(graph, after, [], is_open)
    return Course(course.opened, {key: went_to, **course.passed}, course.cancelled, course.marking)


def resume(graph: Graph, marking: Marking, is_open: IsOpen) -> Course:
    """Return what opens when a dossier that was broken off goes on: all it had come to.

    Raises LookupError without steps, NoWay.
    """
    return _settle(graph, marking, [graph.first.key], is_open)


def _went(graph: Graph, key: str, is_open: IsOpen) -> tuple[str, ...]:
    went_to = graph.taken(key, is_open)
    if not went_to and graph.ways(key):
        raise NoWay(key)
    return went_to


def _settle(graph: Graph, marking: Marking, arrived: list[str], is_open: IsOpen) -> Course:
    """Open or pass every step that is ready, until nothing changes."""
    standing, done = set(marking.open), dict(marking.done)
    opened: list[str] = []
    passed: dict[str, tuple[str, ...]] = {}
    cancelled: list[str] = []
    while key := _next_ready(graph, standing, done, arrived):
        step = graph.find(key)
        if step.kind in AUTOMATIC:
            done[key] = passed[key] = _went(graph, key, is_open)
        else:
            standing.add(key)
            opened.append(key)
        if step.join != Join.every:
            idle = [one for one in _unfinished(graph, standing, done) if one != key and _leads_only_to(graph, one, key)]
            done |= dict.fromkeys(idle, ())
            cancelled += sorted(standing & set(idle))
            standing -= set(idle)
    still = tuple(key for key in opened if key in standing)
    gone = tuple(key for key in cancelled if key in marking.open)
    return Course(still, passed, gone, Marking(frozenset(standing), done))


def _next_ready(graph: Graph, standing: set[str], done: Mapping[str, tuple[str, ...]], first: list[str]) -> str:
    """Return the next step that opens now, "" if none does."""
    counts = _arrivals(done, first)
    waiting = {key for key in counts if key in graph and key not in standing and key not in done}
    for step in graph.order if waiting else ():
        if step.key in waiting and _is_ready(graph, step.key, counts[step.key], standing | waiting):
            return step.key
    return ""


def _arrivals(done: Mapping[str, tuple[str, ...]], first: list[str]) -> Counter[str]:
    return Counter(first) + Counter(key for went_to in done.values() for key in went_to)


def _unfinished(graph: Graph, standing: set[str], done: Mapping[str, tuple[str, ...]]) -> list[str]:
    """Return the steps that stand open or wait for others, in a fixed order."""
    return sorted(standing | {key for key in _arrivals(done, []) if key in graph and key not in done})


def _is_ready(graph: Graph, key: str, arrivals: int, before: set[str]) -> bool:
    step = graph.find(key)
    if step.join == Join.first or (step.join == Join.several and arrivals >= (step.join_count or 1)):
        return True
    return not any(key in graph.later(one) for one in before if one != key)


def _leads_only_to(graph: Graph, key: str, through: str) -> bool:
    """Return whether every way on from ``key`` passes ``through``."""
    todo, seen = [key], {key}
    while todo:
        following = [one.key for one in graph.after(todo.pop())]
        if not following:
            return False
        fresh = {one for one in following if one != through} - seen
        seen |= fresh
        todo += fresh
    return True


def send_back(graph: Graph, marking: Marking, to: str) -> Course:
    """Return what follows when the dossier goes back to the finished step ``to``.

    ``to`` opens again; what stands open behind it is cancelled, what was finished behind it
    counts no longer (it is missing from the marking). Other branches go on.
    Raises LookupError if ``to`` is not finished.
    """
    if to not in marking.done:
        raise LookupError(f"step {to!r} has not been finished")
    behind = graph.later(to)
    cancelled = tuple(sorted(marking.open & behind))
    done = {key: went for key, went in marking.done.items() if key != to and key not in behind}
    return Course((to,), {}, cancelled, Marking((marking.open - behind) | {to}, done))
