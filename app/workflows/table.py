"""Life cycles as frozen tables: who may do what, when, under which clause, with what effect."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import cached_property
from typing import Final, Generic, Literal, TypeVar

from app.workflows.vocabulary import LETTERS, NOTICES, ROLES

S = TypeVar("S", bound=Enum)


class Back(Enum):
    """The target of a transition that ends a detour."""

    PREVIOUS = "previous"


# "Back to where it came from": 5 → 1 or 4, whichever the supplement was asked in.
PREVIOUS: Final = Back.PREVIOUS

Moves = Iterable[tuple[str, S | None, S]]


@dataclass(frozen=True, kw_only=True)
class Transition(Generic[S]):
    """One way from state to state. None among ``sources`` means that it creates the record."""

    name: str
    sources: frozenset[S | None]
    target: S | Literal[Back.PREVIOUS]
    roles: frozenset[str]
    label: str
    consequence: str
    clause: str
    guard: str | None = None
    letter: str | None = None
    notices: tuple[str, ...] = ()
    needs_reason: bool = False
    reason_label: str = ""  # what the needed remark is called where it is no reason
    reason_help: str = ""


@dataclass(frozen=True, kw_only=True)
class Workflow(Generic[S]):
    """A life cycle: the states of ``states``, where it may begin and end, and the ways between.

    guards: name → msgid of the message shown when a transition's guard fails.
    """

    name: str
    states: type[S]
    initial: frozenset[S]
    final: frozenset[S]
    transitions: tuple[Transition[S], ...]
    guards: Mapping[str, str] = field(default_factory=dict)

    @cached_property
    def _by_name(self) -> dict[str, Transition[S]]:
        return {transition.name: transition for transition in self.transitions}

    def find(self, name: str) -> Transition[S]:
        """Return the transition called ``name``. Raises LookupError if there is none."""
        try:
            return self._by_name[name]
        except KeyError:
            raise LookupError(f"{self.name}: no transition {name!r}") from None

    def allowed(self, state: S | None, roles: Iterable[str]) -> tuple[Transition[S], ...]:
        """Return the transitions open to ``roles`` in ``state``, the main one first.

        state: None for a record that does not exist yet. Guards are not asked here.
        """
        held = frozenset(roles)
        return tuple(t for t in self.transitions if state in t.sources and held & t.roles)

    def outcome(self, transition: Transition[S], state: S | None, moves: Moves[S] = ()) -> S:
        """Return the state after ``transition`` in ``state``.

        moves: (transition name, source, target) of the record so far, oldest first; read only
        when the target is PREVIOUS.
        Raises LookupError if the transition does not start in ``state`` or nothing to return to
        is on record.
        """
        if state not in transition.sources:
            raise LookupError(f"{self.name}: {transition.name} does not start in {state!r}")
        if isinstance(transition.target, Back):
            return self.came_from(state, moves)
        return transition.target

    def came_from(self, state: S | None, moves: Moves[S]) -> S:
        """Return the state in which the present detour ``state`` began.

        Ways back do not count as entries, so detours nest: 4 → 5 → 7 → back to 5 still knows
        that 5 was entered from 4; nor does what is noted within a state (source = target).
        Raises LookupError if ``moves`` do not tell.
        """
        entered: dict[S, S | None] = {}
        for name, source, target in moves:
            known = self._by_name.get(name)
            if source != target and (known is None or known.target is not PREVIOUS):
                entered[target] = source
        origin = entered.get(state) if state is not None else None
        if origin is None:
            raise LookupError(f"{self.name}: no record of how {state!r} was entered")
        return self.states(origin)

    def entries(self, state: S | None) -> frozenset[S | None]:
        """Return the states from which ``state`` is entered other than by a way back."""
        ways = (t.sources for t in self.transitions if t.target is state)
        return frozenset[S | None]().union(*ways)

    def targets(self, transition: Transition[S], state: S | None) -> frozenset[S]:
        """Return every state that ``transition`` may lead to from ``state``."""
        if isinstance(transition.target, Back):
            return frozenset(origin for origin in self.entries(state) if origin is not None)
        return frozenset({transition.target})

    def problems(
        self,
        roles: frozenset[str] = ROLES,
        letters: frozenset[str] = LETTERS,
        notices: frozenset[str] = NOTICES,
    ) -> list[str]:
        """Return what is wrong with the table, in English, for the start-up checks; [] if sound."""
        known = _Known(frozenset(self.states), roles, letters, notices, frozenset(self.guards))
        found = [
            f"{transition.name}: {fault}"
            for transition in self.transitions
            for fault in _transition_faults(transition, known)
        ]
        found += _name_faults(self)
        # The graph is only worth walking if its states exist.
        return found or [*_end_faults(self), *_graph_faults(self), *_detour_faults(self)]


@dataclass(frozen=True)
class _Known:
    states: frozenset[Enum]
    roles: frozenset[str]
    letters: frozenset[str]
    notices: frozenset[str]
    guards: frozenset[str]


def _transition_faults(transition: Transition[S], known: _Known) -> Iterator[str]:
    for attribute in ("name", "sources", "roles", "label", "consequence", "clause"):
        if not getattr(transition, attribute):
            yield f"no {attribute}"
    targets = set() if isinstance(transition.target, Back) else {transition.target}
    yield from _unknown("source", transition.sources - {None}, known.states)
    yield from _unknown("target", targets, known.states)
    yield from _unknown("role", transition.roles, known.roles)
    yield from _unknown("letter", {transition.letter} - {None}, known.letters)
    yield from _unknown("notice", transition.notices, known.notices)
    yield from _unknown("guard", {transition.guard} - {None}, known.guards)
    if None in transition.sources and transition.target is PREVIOUS:
        yield "a new record has no previous state"


def _unknown(what: str, used: Iterable[object], known: Iterable[object]) -> Iterator[str]:
    for item in sorted(set(used) - set(known), key=str):
        yield f"unknown {what} {item}"


def _name_faults(workflow: Workflow[S]) -> Iterator[str]:
    seen: set[str] = set()
    for transition in workflow.transitions:
        if transition.name in seen:
            yield f"{transition.name}: duplicated name"
        seen.add(transition.name)
    used = {transition.guard for transition in workflow.transitions}
    for guard in sorted(set(workflow.guards) - used):
        yield f"guard {guard} is used by no transition"


def _end_faults(workflow: Workflow[S]) -> Iterator[str]:
    created = {t.target for t in workflow.transitions if None in t.sources}
    if created != set(workflow.initial):
        yield "the initial states are not those in which records are created"
    if not workflow.final:
        yield "no final state"


def _graph_faults(workflow: Workflow[S]) -> Iterator[str]:
    edges: dict[S | None, set[S]] = {}
    for transition in workflow.transitions:
        for source in transition.sources:
            edges.setdefault(source, set()).update(workflow.targets(transition, source))
    reached = _reach(None, edges)
    for state in workflow.states:
        if state not in reached:
            yield f"{state.name}: unreachable state"
        elif state not in workflow.final and not _reach(state, edges) & workflow.final:
            yield f"{state.name}: dead end, no final state can be reached"


def _reach(start: S | None, edges: Mapping[S | None, set[S]]) -> set[S]:
    """Return the states reached from ``start`` in one move or more."""
    found: set[S] = set()
    todo: list[S | None] = [start]
    while todo:
        fresh = edges.get(todo.pop(), set()) - found
        found |= fresh
        todo += fresh
    return found


def _detour_faults(workflow: Workflow[S]) -> Iterator[str]:
    """A detour must have been entered, and not again from inside itself: its way back is one."""
    back = {s for t in workflow.transitions if t.target is PREVIOUS for s in t.sources}
    inner: dict[S | None, set[S]] = {}
    for state in workflow.states:
        if state not in back:
            continue
        entries = workflow.entries(state)
        if not entries - {None}:
            yield f"{state.name}: returns to where it came from, but nothing leads into it"
        for origin in entries & back:
            inner.setdefault(origin, set()).add(state)
    for state in workflow.states:
        if state in _reach(state, inner):
            yield f"{state.name}: a detour that can be entered again from inside itself"
