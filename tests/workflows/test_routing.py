"""Where a dossier goes in a process that is a graph: splits, joins, conditions, ways back."""

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.workflows import routing
from app.workflows.process import AUTOMATIC, Graph, StepSpec, Way, expand
from app.workflows.process_checks import problems
from app.workflows.routing import Marking, NoWay


def step(key: str, *ways: str | Way, kind: str = "work", **more: object) -> StepSpec:
    """Return a step that goes to the steps named; none = an end."""
    out = tuple(way if isinstance(way, Way) else Way(way) for way in ways)
    return StepSpec(key, f"Bước {key}", kind, "specialist", "agency", 60, ways=out, **more)


def yes(_condition: object) -> bool:
    """Every condition holds."""
    return True


def no(_condition: object) -> bool:
    """No condition holds."""
    return False


IF = {"field": "loai", "op": "eq", "value": "a"}
# a → b and c side by side → d, which signs → e
DIAMOND = Graph([step("a", "b", "c"), step("b", "d"), step("c", "d"),
                 step("d", "e", kind="sign"), step("e", kind="return")])  # fmt: skip


def finish(graph, marking, *keys, is_open=yes):
    """Finish open steps one after another; return the last course."""
    course = None
    for key in keys:
        course = routing.advance(graph, marking, key, is_open)
        marking = course.marking
    return course


def start(graph, is_open=yes):
    """Return the marking after the first step opened."""
    return routing.begin(graph, is_open).marking


def test_parallel_steps_open_side_by_side_and_meet_again():
    course = finish(DIAMOND, start(DIAMOND), "a")
    assert course.opened == ("b", "c")
    course = finish(DIAMOND, course.marking, "b")
    assert (course.opened, course.marking.open) == ((), {"c"})
    assert finish(DIAMOND, course.marking, "c").opened == ("d",)


def test_the_first_to_arrive_opens_and_the_rest_is_cancelled():
    steps = [replace(s, join="any") if s.key == "d" else s for s in DIAMOND.steps]
    graph = Graph(steps)
    course = finish(graph, start(graph), "a", "b")
    assert (course.opened, course.cancelled) == (("d",), ("c",))
    ended = finish(graph, course.marking, "d", "e")
    assert ended.has_ended  # the cancelled branch is never asked for again


def test_so_many_arrivals_open_a_step():
    graph = Graph([step("a", "b", "c", "d"), step("b", "e"), step("c", "e"), step("d", "e"),
                   step("e", join="count", join_count=2)])  # fmt: skip
    course = finish(graph, start(graph), "a", "c")
    assert course.opened == ()
    course = finish(graph, course.marking, "d")
    assert (course.opened, course.cancelled, course.marking.open) == (("e",), ("b",), {"e"})


def test_a_condition_chooses_the_way():
    graph = Graph([step("a", Way("b", IF), Way("c"), split="one"), step("b"), step("c")])
    assert finish(graph, start(graph), "a").opened == ("b",)
    assert finish(graph, start(graph), "a", is_open=no).opened == ("c",)


def test_a_branch_not_taken_is_not_waited_for():
    graph = Graph([step("a", "b", Way("c", IF)), step("b", "d"), step("c", "d"), step("d")])
    assert finish(graph, start(graph), "a", "b", is_open=no).opened == ("d",)


def test_steps_without_people_are_passed_at_once():
    graph = Graph([step("a", "x"), step("x", Way("b", IF), "c", kind="decide", split="one"), step("b"), step("c")])
    course = finish(graph, start(graph), "a", is_open=no)
    assert course.opened == ("c",)
    assert course.passed == {"a": ("x",), "x": ("c",)}


def test_no_open_way_is_refused_not_swallowed():
    graph = Graph([step("a", Way("b", IF)), step("b")])
    with pytest.raises(NoWay, match="a"):
        finish(graph, start(graph), "a", is_open=no)


def test_a_step_that_is_not_open_cannot_be_finished():
    with pytest.raises(LookupError, match="not open"):
        finish(DIAMOND, start(DIAMOND), "b")


def test_going_back_takes_the_branches_behind_it_along():
    marking = finish(DIAMOND, start(DIAMOND), "a", "b").marking
    course = routing.send_back(DIAMOND, marking, "a")
    assert (course.opened, course.cancelled, course.marking) == (("a",), ("c",), Marking(frozenset("a")))
    assert finish(DIAMOND, course.marking, "a").opened == ("b", "c")


def test_going_back_inside_one_branch_leaves_the_other_alone():
    graph = Graph([step("a", "b", "c"), step("b", "b2"), step("b2", "d"), step("c", "d"), step("d")])
    marking = finish(graph, start(graph), "a", "b").marking
    course = routing.send_back(graph, marking, "b")
    assert course.cancelled == ("b2",)
    assert course.marking.open == {"b", "c"}


def test_only_what_is_finished_can_be_gone_back_to():
    with pytest.raises(LookupError, match="not been finished"):
        routing.send_back(DIAMOND, start(DIAMOND), "d")


def test_a_broken_off_dossier_goes_on_where_it_was():
    marking = finish(DIAMOND, start(DIAMOND), "a", "b").marking
    course = routing.resume(DIAMOND, Marking(frozenset(), marking.done), yes)
    assert course.opened == ("c",)


def test_a_process_in_the_place_of_a_step():
    inner = [step("b1", "b2"), step("b2")]
    outer = [step("a", "p"), step("p", "z", kind="sub_process"), step("z")]
    graph = Graph(expand(outer, {"p": inner}))
    assert [s.key for s in graph.steps] == ["a", "p", "p/b1", "p/b2", "z"]
    course = finish(graph, start(graph), "a", "p/b1", "p/b2")
    assert course.opened == ("z",)


def test_three_hundred_parallel_steps():
    many = [f"n{number}" for number in range(300)]
    graph = Graph([step("a", *many), *(step(key, "z") for key in many), step("z")])
    marking = finish(graph, start(graph), "a").marking
    assert len(marking.open) == 300
    assert finish(graph, marking, *many).opened == ("z",)


def test_the_longest_way_counts():
    assert DIAMOND.total_minutes == 4 * 60
    assert any("takes" in p.text() or "take" in p.text() for p in problems(DIAMOND.steps, 5 * 60))


@pytest.mark.parametrize(("steps", "message"), [
    ([step("a", "b"), step("b", "a")], "go round in a circle"),
    ([step("a", "x")], "does not exist"),
    ([step("a", "b"), step("b", "e"), step("c", "e"), step("e", kind="return")], "no way leads"),
    ([step("a", "b", "c"), step("b"), step("c", kind="return")], "a dead end"),
    ([step("a", Way("b", IF)), step("b")], "open whatever the form says"),
    ([step("a", Way("b", {"op": "?"}), "b"), step("b")], "cannot be used"),
    ([step("a", "b"), step("b", assign="same", assign_value="c"), step("c")], "must come before"),
    ([step("a", "b"), step("b", assign="officer")], "to whom"),
    ([step("a", join="count")], "how many"),
    ([step("a", kind="consult")], "agencies to ask"),
    ([replace(step("a"), place="named")], "choose the agency"),
])  # fmt: skip
def test_faults_of_graphs_are_reported(steps, message):
    assert any(message in problem.text() for problem in problems(steps)), problems(steps)


@pytest.mark.parametrize(("ways", "split", "is_signed"), [
    (("s",), "all", True), (("s", "r"), "all", True), ((Way("s", IF), "r"), "all", False),
    ((Way("r", IF), "s"), "all", True), (("s", "r"), "one", False), ((Way("r", IF), "s"), "one", False),
])  # fmt: skip
def test_no_dossier_comes_to_its_end_unsigned(ways, split, is_signed):
    """Without a signature no result is issued, and the last step could not be finished."""
    steps = [step("a", *ways, split=split), step("s", "r", kind="sign"), step("r", kind="return")]
    assert any("without a signature" in one.text() for one in problems(steps)) is not is_signed


@st.composite
def graphs(draw):
    """Any graph without a circle whose steps all can be come to; ways with and without condition."""
    count = draw(st.integers(2, 9))
    kinds = draw(st.lists(st.sampled_from(["work", "work", "decide"]), min_size=count, max_size=count))
    steps = []
    for number in range(count):
        later = list(range(number + 1, count))
        chosen = draw(st.sets(st.sampled_from(later), min_size=1, max_size=3)) if later else set()
        ways = [Way(f"s{to}", IF if place and draw(st.booleans()) else None)
                for place, to in enumerate(sorted(chosen))]  # fmt: skip
        steps.append(step(
            f"s{number}", *ways, kind=kinds[number] if 0 < number < count - 1 else "work",
            split=draw(st.sampled_from(["all", "one"])), join=draw(st.sampled_from(["all", "any", "count"])),
            join_count=draw(st.integers(1, 3)),
        ))  # fmt: skip
    return Graph(steps)


@given(graphs(), st.randoms(use_true_random=False))
@settings(max_examples=300, deadline=None)
def test_no_dossier_ever_sticks_and_no_step_is_open_twice(graph, random):
    """Random finishing and going back: something is open until the process has ended."""
    answer = random.random() < 0.5
    course = routing.begin(graph, lambda _c: answer)
    for _ in range(200):
        marking = course.marking
        assert not marking.open & set(marking.done)
        assert all(graph.find(key).kind not in AUTOMATIC for key in marking.open)
        if course.has_ended:
            break
        key = random.choice(sorted(marking.open))
        past = [one for one in graph.earlier(key) if one.key in marking.done and one.kind == "work"]
        if past and random.random() < 0.2:
            course = routing.send_back(graph, marking, random.choice(past).key)
        else:
            course = routing.advance(graph, marking, key, lambda _c: answer)
    else:
        while not course.has_ended:
            key = min(course.marking.open)
            course = routing.advance(graph, course.marking, key, lambda _c: answer)
