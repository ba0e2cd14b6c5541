"""Internal processes as graphs: the steps of one procedure, who does each, where it goes from there.

A process has no circle: going back is an act of an officer (routing.send_back), never a way.
A plain list of steps is the graph in which every step goes to the next.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from enum import StrEnum
from functools import cached_property

from app.workflows.conditions import Condition

# Whether a condition holds for the answers of the dossier's form.
IsOpen = Callable[[Condition], bool]
PLACES = frozenset({"desk", "agency", "province", "named"})


class StepKind(StrEnum):
    """What is done in a step."""

    receive = "receive"
    work = "work"
    check = "check"
    sign = "sign"
    number_and_seal = "number_and_seal"
    return_ = "return"
    consult = "consult"
    payment = "payment"
    applicant = "applicant"
    decide = "decide"
    sub_process = "sub_process"
    child = "child"


class Split(StrEnum):
    """Which of the ways out of a step are taken."""

    every = "all"
    first = "one"


class Join(StrEnum):
    """When a step opens to which several ways lead."""

    every = "all"
    first = "any"
    several = "count"


class Assign(StrEnum):
    """To whom of those who may do a step it is given."""

    pool = "pool"
    post = "position"
    officer = "officer"
    same = "same"
    least_loaded = "least_loaded"
    in_turn = "round_robin"


# Nobody works at these: they pass at once, or when something outside them has happened.
AUTOMATIC = frozenset({StepKind.decide, StepKind.sub_process})
WAITING = frozenset({StepKind.consult, StepKind.payment, StepKind.applicant, StepKind.child})


@dataclass(frozen=True)
class Way:
    """A way out of a step. when: a condition on the form's answers; None = always open."""

    to: str
    when: Condition | None = field(default=None, hash=False)
    label: str = ""


@dataclass(frozen=True)
class StepSpec:
    """One step: ``role`` does it at ``place`` within ``minutes`` of working time.

    ways: None = to the next step in the list. row_id: of the stored step, 0 for a drawn one.
    """

    key: str
    name: str
    kind: StepKind | str
    role: str
    place: str
    minutes: int
    ways: tuple[Way, ...] | None = None
    split: Split | str = Split.every
    join: Join | str = Join.every
    join_count: int | None = None
    assign: Assign | str = Assign.pool
    assign_value: str = ""
    agency_id: int | None = None
    consulted: tuple[str, ...] = ()
    silence_consents: bool = False
    row_id: int = 0


class Graph:
    """The steps of a process and the ways between them; the first step is where it begins.

    Ways to unknown steps are left out here and reported by ``process_checks.problems``.
    """

    def __init__(self, steps: Sequence[StepSpec]) -> None:
        self.steps = tuple(steps)
        self._by_key = {step.key: step for step in self.steps}
        self._next = {a.key: b.key for a, b in zip(self.steps, self.steps[1:], strict=False)}

    def __len__(self) -> int:
        return len(self.steps)

    def find(self, key: str) -> StepSpec:
        """Return the step called ``key``. Raises LookupError."""
        try:
            return self._by_key[key]
        except KeyError:
            raise LookupError(f"no step {key!r} in this process") from None

    def __contains__(self, key: str) -> bool:
        return key in self._by_key

    @property
    def first(self) -> StepSpec:
        """The step with which the process begins. Raises LookupError if it has none."""
        if not self.steps:
            raise LookupError("this process has no step")
        return self.steps[0]

    def ways(self, key: str) -> tuple[Way, ...]:
        """Return the ways out of ``key`` in order; () at an end. Raises LookupError."""
        step = self.find(key)
        if step.ways is None:
            return (Way(self._next[key]),) if key in self._next else ()
        return tuple(way for way in step.ways if way.to in self._by_key)

    def taken(self, key: str, is_open: IsOpen) -> tuple[str, ...]:
        """Return the keys of the steps to which one goes once ``key`` is done.

        Where no condition holds it is none, though the process has not ended.
        """
        step = self.find(key)
        open_ways = [way.to for way in self.ways(key) if way.when is None or is_open(way.when)]
        if step.split == Split.first:
            open_ways = open_ways[:1]
        return tuple(dict.fromkeys(open_ways))

    def after(self, key: str) -> tuple[StepSpec, ...]:
        """Return the steps that may follow ``key``, whatever the answers; () at an end."""
        return tuple(self._by_key[to] for to in dict.fromkeys(way.to for way in self.ways(key)))

    def before(self, key: str) -> tuple[StepSpec, ...]:
        """Return the steps from which a way leads to ``key``. Raises LookupError."""
        self.find(key)
        return tuple(self._by_key[one] for one in self._sources.get(key, ()))

    @cached_property
    def _sources(self) -> dict[str, list[str]]:
        found: dict[str, list[str]] = {}
        for step in self.steps:
            for following in self.after(step.key):
                found.setdefault(following.key, []).append(step.key)
        return found

    @cached_property
    def _later(self) -> dict[str, frozenset[str]]:
        found: dict[str, frozenset[str]] = {}
        for step in reversed(self.order):
            direct = {one.key for one in self.after(step.key)}
            found[step.key] = frozenset(direct).union(*(found.get(key, frozenset()) for key in direct))
        return found

    @cached_property
    def _former(self) -> dict[str, frozenset[str]]:
        found: dict[str, set[str]] = {}
        for key, later in self._later.items():
            for one in later:
                found.setdefault(one, set()).add(key)
        return {key: frozenset(former) for key, former in found.items()}

    @cached_property
    def order(self) -> tuple[StepSpec, ...]:
        """The steps so that every way leads forward, in the order of the list where that is free.

        Steps in a circle, which a sound process has not, come last.
        """
        left = {step.key: len(self._sources.get(step.key, ())) for step in self.steps}
        ready = [step.key for step in self.steps if not left[step.key]]
        place = {step.key: number for number, step in enumerate(self.steps)}
        found: list[str] = []
        while ready:
            key = min(ready, key=place.__getitem__)
            ready.remove(key)
            found.append(key)
            for following in self.after(key):
                left[following.key] -= 1
                if not left[following.key]:
                    ready.append(following.key)
        rest = [step.key for step in self.steps if step.key not in set(found)]
        return tuple(self._by_key[key] for key in (*found, *rest))

    def later(self, key: str) -> frozenset[str]:
        """Return the keys of all steps that can still follow ``key``."""
        return self._later[self.find(key).key]

    def earlier(self, key: str) -> tuple[StepSpec, ...]:
        """Return all steps from which ``key`` can be reached, nearest first."""
        former = self._former.get(self.find(key).key, frozenset())
        return tuple(step for step in reversed(self.order) if step.key in former)

    def circles(self) -> tuple[str, ...]:
        """Return the keys of the steps from which one comes back to themselves; () if sound."""
        sorted_keys: set[str] = set()
        for step in self.order:
            if {one.key for one in self.before(step.key)} <= sorted_keys:
                sorted_keys.add(step.key)
        return tuple(step.key for step in self.steps if step.key not in sorted_keys)

    @cached_property
    def total_minutes(self) -> int:
        """The working minutes of the longest way through the process."""
        ends: dict[str, int] = {}
        for step in self.order:
            start = max((ends.get(one.key, 0) for one in self.before(step.key)), default=0)
            ends[step.key] = start + step.minutes
        return max(ends.values(), default=0)


def expand(steps: Sequence[StepSpec], inner: Mapping[str, Sequence[StepSpec]]) -> list[StepSpec]:
    """Return ``steps`` with the steps of other processes behind those that stand for them.

    inner: key of a sub-process step → the steps (expanded already) that take its place. The
    standing step goes to the first of them at once; their ends go where it would have gone.
    Keys inside are "b3/b1".
    """
    found: list[StepSpec] = []
    graph = Graph(steps)
    for step in steps:
        parts = inner.get(step.key)
        ways = graph.ways(step.key) if step.ways is None else step.ways
        if not parts:
            found.append(replace(step, ways=ways))
            continue
        found.append(replace(step, ways=(Way(f"{step.key}/{parts[0].key}"),), split=Split.every))
        found += [_inside(step, part, Graph(parts), ways) for part in parts]
    return found


def _inside(outer: StepSpec, part: StepSpec, graph: Graph, ends: tuple[Way, ...]) -> StepSpec:
    """Return a step of a sub-process under its name in the whole."""
    own = graph.ways(part.key)
    ways = tuple(replace(way, to=f"{outer.key}/{way.to}") for way in own) if own else ends
    split = part.split if own else outer.split
    return replace(part, key=f"{outer.key}/{part.key}", ways=ways, split=split)
