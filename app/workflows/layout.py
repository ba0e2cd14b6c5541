"""Drawing a graph in layers, from top to bottom: where each box stands and how each line runs.

Pure arithmetic, so that the same graph is always drawn alike. Lengths are in CSS pixels.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

Edge = tuple[str, str]
Point = tuple[float, float]


@dataclass(frozen=True)
class Sizes:
    """How large boxes are and how far from each other they stand."""

    width: int = 260
    height: int = 84
    gap_x: int = 28
    gap_y: int = 44
    lane: int = 26  # of a line that passes between the boxes of a layer
    margin: int = 14


@dataclass(frozen=True)
class Box:
    """A node in its place: the upper left corner; ``layer`` counts from 0 at the top."""

    key: str
    layer: int
    x: float
    y: float


@dataclass(frozen=True)
class Line:
    """An edge: ``number`` is its place in what was given; points lead from box to box.

    is_back: it leads upwards, which only an unsound process has.
    """

    source: str
    target: str
    number: int
    points: tuple[Point, ...]
    is_back: bool = False


@dataclass(frozen=True)
class Drawing:
    """Everything in its place, and how much room it takes."""

    width: float
    height: float
    boxes: Mapping[str, Box]
    lines: Sequence[Line]
    sizes: Sizes


@dataclass
class _Dot:
    """A box, or the place where a long line passes a layer (key "")."""

    key: str
    layer: int
    width: float
    above: list["_Dot"] = field(default_factory=list)
    below: list["_Dot"] = field(default_factory=list)
    order: float = 0
    x: float = 0  # of the middle


_SWEEPS = 6
_SETTLINGS = 10


def lay_out(keys: Sequence[str], edges: Sequence[Edge], sizes: Sizes = Sizes()) -> Drawing:  # noqa: B008 - frozen
    """Return where to draw nodes ``keys`` and ``edges``; edges of unknown nodes are left out."""
    known = set(keys)
    kept = [(n, a, b) for n, (a, b) in enumerate(edges) if a in known and b in known]
    back = _backward(keys, [(a, b) for _n, a, b in kept])
    layers = _layers(keys, [(a, b) for _n, a, b in kept if (a, b) not in back])
    boxes = {key: _Dot(key, layers[key], sizes.width) for key in keys}
    rows: list[list[_Dot]] = [[] for _ in range(max(layers.values(), default=-1) + 1)]
    for dot in boxes.values():
        rows[dot.layer].append(dot)
    chains = {}
    for number, source, target in kept:
        ends = (target, source) if (source, target) in back else (source, target)
        chains[number] = _chain(boxes[ends[0]], boxes[ends[1]], rows, sizes)
    _arrange(rows)
    _settle(rows, sizes)
    return _drawn(rows, [(n, a, b, (a, b) in back) for n, a, b in kept], chains, boxes, sizes)


def _backward(keys: Sequence[str], edges: Sequence[Edge]) -> set[Edge]:
    """Return the edges that close a circle (found going deep from the first node on)."""
    following: dict[str, list[str]] = {key: [] for key in keys}
    for source, target in edges:
        following[source].append(target)
    found: set[Edge] = set()
    state: dict[str, int] = {}  # 1 = on the way, 2 = finished
    for start in keys:
        stack = [(start, iter(following[start]))] if start not in state else []
        if stack:
            state[start] = 1
        while stack:
            key, rest = stack[-1]
            following_key = next(rest, None)
            if following_key is None:
                state[key] = 2
                stack.pop()
            elif state.get(following_key) == 1:
                found.add((key, following_key))
            elif following_key not in state:
                state[following_key] = 1
                stack.append((following_key, iter(following[following_key])))
    return found


def _layers(keys: Sequence[str], edges: Sequence[Edge]) -> dict[str, int]:
    """Return the layer of each node: one below the lowest of those that lead to it."""
    following: dict[str, list[str]] = {key: [] for key in keys}
    left = dict.fromkeys(keys, 0)
    for source, target in edges:
        following[source].append(target)
        left[target] += 1
    layers = dict.fromkeys(keys, 0)
    ready = [key for key in keys if not left[key]]
    while ready:
        key = ready.pop()
        for target in following[key]:
            layers[target] = max(layers[target], layers[key] + 1)
            left[target] -= 1
            if not left[target]:
                ready.append(target)
    return layers


def _chain(source: _Dot, target: _Dot, rows: list[list[_Dot]], sizes: Sizes) -> list[_Dot]:
    """Join two boxes, with a place for the line in each layer between them."""
    chain = [source]
    for layer in range(source.layer + 1, target.layer):
        dot = _Dot("", layer, sizes.lane)
        rows[layer].append(dot)
        chain.append(dot)
    chain.append(target)
    for upper, lower in zip(chain, chain[1:], strict=False):
        upper.below.append(lower)
        lower.above.append(upper)
    return chain


def _arrange(rows: list[list[_Dot]]) -> None:
    """Order each layer so that few lines cross: each dot near the middle of its neighbours."""
    for row in rows:
        _number(row)
    for sweep in range(_SWEEPS):
        is_down = sweep % 2 == 0
        for row in rows if is_down else reversed(rows):
            near = {id(dot): _middle([one.order for one in (dot.above if is_down else dot.below)], dot.order)
                    for dot in row}  # fmt: skip
            row.sort(key=lambda dot: near[id(dot)])
            _number(row)


def _number(row: list[_Dot]) -> None:
    # Measured from the middle, so that layers of different lengths compare.
    for place, dot in enumerate(row):
        dot.order = place - (len(row) - 1) / 2


def _middle(values: list[float], otherwise: float) -> float:
    return sum(values) / len(values) if values else otherwise


def _settle(rows: list[list[_Dot]], sizes: Sizes) -> None:
    """Give every dot its place across: as near to its neighbours as those beside it allow."""
    for row in rows:
        at = -sum(dot.width + sizes.gap_x for dot in row) / 2
        for dot in row:
            dot.x = at + dot.width / 2
            at += dot.width + sizes.gap_x
    for turn in range(_SETTLINGS):
        for row in rows if turn % 2 == 0 else reversed(rows):
            wished = []
            for dot in row:
                sides = dot.above if turn % 2 == 0 else dot.below
                wished.append(_middle([one.x for one in sides], dot.x))
            _place(row, wished, sizes.gap_x)


def _place(row: list[_Dot], wished: list[float], gap: float) -> None:
    """Put the dots of a row where they wish to be; those that would overlap share the difference.

    Groups of dots that push each other stand around the mean of their wishes.
    """
    groups: list[tuple[float, int, list[float]]] = []  # (sum of wishes less offsets, count, offsets)
    for number in range(len(row)):
        groups.append((wished[number], 1, [0.0]))
        while len(groups) > 1:
            step = _reach(row, number, groups, gap)
            before, last = groups[-2], groups[-1]
            if before[0] / before[1] + step <= last[0] / last[1]:
                break
            offsets = before[2] + [step + one for one in last[2]]
            groups[-2:] = [(before[0] + last[0] - step * last[1], before[1] + last[1], offsets)]
    placed = [total / count + offset for total, count, offsets in groups for offset in offsets]
    for dot, x in zip(row, placed, strict=True):
        dot.x = x


def _reach(row: list[_Dot], last: int, groups: list[tuple[float, int, list[float]]], gap: float) -> float:
    """Return how far the first dot of the last group must stand from the first of the group before."""
    start = last + 1 - groups[-1][1]
    return groups[-2][2][-1] + (row[start - 1].width + row[start].width) / 2 + gap


def _drawn(
    rows: list[list[_Dot]], edges: list[tuple[int, str, str, bool]], chains: Mapping[int, list[_Dot]],
    boxes: Mapping[str, _Dot], sizes: Sizes,
) -> Drawing:  # fmt: skip
    left = min((dot.x - dot.width / 2 for row in rows for dot in row), default=0) - sizes.margin
    right = max((dot.x + dot.width / 2 for row in rows for dot in row), default=0) + sizes.margin
    step = sizes.height + sizes.gap_y
    lines = []
    for number, source, target, is_back in edges:
        points = _points([(dot.x - left, dot.layer * step + sizes.margin) for dot in chains[number]], sizes)
        lines.append(Line(source, target, number, tuple(reversed(points)) if is_back else points, is_back))
    placed = {key: Box(key, dot.layer, round(dot.x - dot.width / 2 - left, 1), dot.layer * step + sizes.margin)
              for key, dot in boxes.items()}  # fmt: skip
    height = len(rows) * step - sizes.gap_y + 2 * sizes.margin if rows else 2 * sizes.margin
    return Drawing(round(right - left, 1), height, placed, lines, sizes)


def _points(dots: list[Point], sizes: Sizes) -> tuple[Point, ...]:
    """Return the corners of a line: out of the first box below, past the layers, into the last above."""
    found: list[Point] = []
    for number, (x, y) in enumerate(dots):
        if number:
            found.append((round(x, 1), y))
        if number < len(dots) - 1:
            found.append((round(x, 1), y + sizes.height))
    return tuple(found)
