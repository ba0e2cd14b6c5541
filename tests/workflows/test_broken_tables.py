"""Broken life cycles are reported at start-up, each fault by name."""

from dataclasses import replace
from enum import StrEnum

import pytest

from app.workflows.states import State
from app.workflows.table import PREVIOUS, Transition, Workflow


class S(StrEnum):
    """A small life cycle to break."""

    new = "new"
    waiting = "waiting"
    done = "done"


def way(name: str, sources: set, target: object, **changes: object) -> Transition:
    """Return a sound transition with ``changes``."""
    sound = {"label": "Do", "consequence": "It is done.", "clause": "Art. 1"}
    rest = {"roles": frozenset({"clerk"}), **sound, **changes}
    return Transition(name=name, sources=frozenset(sources), target=target, **rest)


SOUND = Workflow(
    name="sample",
    states=S,
    initial=frozenset({S.new}),
    final=frozenset({S.done}),
    transitions=(
        way("open", {None}, S.new),
        way("ask", {S.new}, S.waiting),
        way("answer", {S.waiting}, PREVIOUS),
        way("close", {S.new}, S.done),
    ),
)


def broken(number: int, **changes: object) -> Workflow:
    """Return SOUND with one transition changed."""
    ways = list(SOUND.transitions)
    ways[number] = replace(ways[number], **changes)
    return replace(SOUND, transitions=tuple(ways))


FAULTS = [
    (broken(1, roles=frozenset()), "ask: no roles"),
    (broken(1, clause=""), "ask: no clause"),
    (broken(1, label=""), "ask: no label"),
    (broken(1, consequence=""), "ask: no consequence"),
    (broken(1, sources=frozenset()), "ask: no sources"),
    (broken(1, roles=frozenset({"king"})), "ask: unknown role king"),
    (broken(1, letter="postcard"), "ask: unknown letter postcard"),
    (broken(1, notices=("neighbour",)), "ask: unknown notice neighbour"),
    (broken(1, guard="moon"), "ask: unknown guard moon"),
    (broken(1, target=State.accepted), "ask: unknown target"),
    (broken(1, sources=frozenset({State.accepted})), "ask: unknown source"),
    (broken(1, name="close"), "close: duplicated name"),
    (broken(0, target=PREVIOUS), "a new record has no previous state"),
    (broken(1, target=S.done), "waiting: unreachable state"),
    (broken(2, sources=frozenset({S.new}), target=S.done), "waiting: dead end"),
    (broken(3, target=S.waiting), "done: unreachable state"),
    (broken(3, sources=frozenset({S.waiting})), None),
    (broken(2, sources=frozenset({S.waiting, S.done})), None),
    (replace(SOUND, final=frozenset()), "no final state"),
    (replace(SOUND, initial=frozenset({S.waiting})), "initial states"),
    (replace(SOUND, guards={"moon": "The moon must be full"}), "guard moon is used by no"),
]


@pytest.mark.parametrize(("table", "fault"), FAULTS)
def test_broken_tables_are_reported(table, fault):
    found = table.problems()
    if fault is None:
        assert found == []
    else:
        assert any(fault in problem for problem in found), found


def test_a_way_back_that_nothing_leads_into_is_reported():
    ways = (*SOUND.transitions, way("rewind", {S.done}, PREVIOUS))
    assert replace(SOUND, transitions=ways).problems() == []
    alone = replace(SOUND, transitions=(way("open", {None}, S.new), way("back", {S.new}, PREVIOUS)))
    assert any("nothing leads into it" in problem for problem in alone.problems())


def test_a_detour_entered_again_from_inside_itself_is_reported():
    ways = (
        *SOUND.transitions,
        way("nest", {S.waiting}, S.done),
        way("again", {S.done}, S.waiting),
        way("rewind", {S.done}, PREVIOUS),
    )
    found = replace(SOUND, transitions=ways).problems()
    assert any("entered again from inside itself" in problem for problem in found), found


def test_the_sample_is_sound_before_it_is_broken():
    assert SOUND.problems() == []
