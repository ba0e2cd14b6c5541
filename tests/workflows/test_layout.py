"""The drawing of graphs: nothing overlaps, every way leads down, the same graph is drawn alike."""

import time
from itertools import combinations

from hypothesis import given, settings
from hypothesis import strategies as st

from app.workflows.layout import lay_out

KEYS = [f"b{n}" for n in range(1, 13)]


@st.composite
def graphs(draw):
    keys = KEYS[: draw(st.integers(1, len(KEYS)))]
    pairs = [(a, b) for a, b in combinations(keys, 2)]
    return keys, draw(st.lists(st.sampled_from(pairs), max_size=25)) if pairs else []


@settings(max_examples=150, deadline=None)
@given(graphs())
def test_boxes_stand_apart_and_ways_lead_down(graph):
    keys, edges = graph
    drawing = lay_out(keys, edges)
    assert set(drawing.boxes) == set(keys)
    assert [line.number for line in drawing.lines] == list(range(len(edges)))
    for one, other in combinations(drawing.boxes.values(), 2):
        is_beside = abs(one.x - other.x) >= drawing.sizes.width
        is_above = abs(one.y - other.y) >= drawing.sizes.height
        assert is_beside or is_above
    for box in drawing.boxes.values():
        assert 0 <= box.x <= drawing.width - drawing.sizes.width
        assert 0 <= box.y <= drawing.height - drawing.sizes.height
    for line in drawing.lines:
        assert not line.is_back
        heights = [y for _x, y in line.points]
        assert heights == sorted(heights)
        assert drawing.boxes[line.source].layer < drawing.boxes[line.target].layer
    assert lay_out(keys, edges) == drawing


@settings(max_examples=100, deadline=None)
@given(st.lists(st.tuples(st.sampled_from(KEYS), st.sampled_from(KEYS)), max_size=30))
def test_circles_and_unknown_steps_are_drawn_without_failing(edges):
    drawing = lay_out(KEYS[:8], edges)
    known = set(KEYS[:8])
    assert [(line.source, line.target) for line in drawing.lines] == [
        (a, b) for a, b in edges if a in known and b in known
    ]


def test_a_long_way_passes_beside_the_boxes_between():
    drawing = lay_out(["a", "b", "c"], [("a", "b"), ("b", "c"), ("a", "c")])
    long = drawing.lines[2]
    box = drawing.boxes["b"]
    beside = [x for x, y in long.points if box.y <= y <= box.y + drawing.sizes.height]
    assert beside
    assert all(not box.x < x < box.x + drawing.sizes.width for x in beside)


def test_an_empty_process_is_an_empty_picture():
    assert lay_out([], []).boxes == {}


def test_a_hundred_steps_with_many_ways_are_drawn_at_once():
    keys = [f"b{n}" for n in range(100)]
    edges = [(keys[n], keys[n + 1]) for n in range(99)] + [(keys[n], keys[n + 3]) for n in range(97)]
    begun = time.perf_counter()
    lay_out(keys, edges)
    assert time.perf_counter() - begun < 2  # some 20 ms on a quiet machine
