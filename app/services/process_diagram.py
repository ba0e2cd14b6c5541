"""A process as a picture and as sentences: what the designer, the dossier's page and print show."""

import textwrap
from collections.abc import Collection, Mapping
from dataclasses import dataclass

from flask_babel import gettext as _

from app.i18n import N_
from app.models.process import STEP_KINDS, STEP_PLACES, StepPlace
from app.permissions import ROLE_LABELS, Role
from app.services.form_diff import condition_words
from app.workflows.layout import Drawing, Line, Point, lay_out
from app.workflows.process import AUTOMATIC, WAITING, Graph, Join, Split, StepKind, StepSpec, Way

ICONS = {
    StepKind.receive: "inbox", StepKind.work: "file-text", StepKind.check: "check", StepKind.sign: "signature",
    StepKind.number_and_seal: "stamp", StepKind.return_: "send", StepKind.consult: "messages",
    StepKind.payment: "cash", StepKind.applicant: "user", StepKind.decide: "git-branch",
    StepKind.sub_process: "route", StepKind.child: "external",
}  # fmt: skip
_JOINED = {
    Join.every: N_("It waits until nothing more can arrive"), Join.first: N_("It opens with the first to arrive"),
    Join.several: N_("It opens when %(count)d have arrived"),
}  # fmt: skip
_ACROSS = 34  # characters of a step's name in one line of its box
_LABEL = 30
_KIND = 29  # characters of the kind beside the hours
_LAYERS_OF_A_PAGE = 8  # of A4


@dataclass(frozen=True)
class Node:
    """The box of one step. mark: "done", "open" or ""; number counts in the order of the table."""

    key: str
    number: int
    x: float
    y: float
    title: list[str]
    who: str
    who_line: str  # as much of it as fits
    kind: str
    icon: str
    hours: str
    mark: str
    spoken: str  # everything, in one sentence

    @property
    def kind_line(self) -> str:
        """As much of the kind as fits."""
        return _cut(self.kind, _KIND)

    @property
    def label(self) -> str:
        """The name of the box: begins with what is seen where not all of it is (WCAG 2.5.3)."""
        lines = [*self.title, self.who_line, self.kind_line, self.hours]
        is_cut = any(line.endswith("…") for line in lines)
        return f"{' '.join(line for line in lines if line)}. {self.spoken}" if is_cut else self.spoken


@dataclass(frozen=True)
class Arrow:
    """A way between two boxes, as an SVG path with its label in the middle of its first piece."""

    source: str
    target: str
    path: str
    label: str
    spoken: str
    x: float
    y: float
    is_back: bool = False


@dataclass(frozen=True)
class Diagram:
    """What the template draws; sentences say the same to those who do not see it."""

    width: float
    height: float
    box_width: int
    box_height: int
    nodes: list[Node]
    arrows: list[Arrow]
    sentences: list[str]
    bands: list[tuple[float, float]]  # (top, height) of each page in print


def hours_words(minutes: int) -> str:
    """Return working minutes as hours: "4 giờ", "0,5 giờ"; "" for none."""
    return _("%(hours)s hours", hours=_number(minutes / 60)) if minutes else ""


def _number(value: float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".").replace(".", ",")


def diagram_of(
    graph: Graph, *, done: Collection[str] = (), running: Collection[str] = (),
    labels: Mapping[str, str] | None = None, agencies: Mapping[int, str] | None = None,
) -> Diagram:  # fmt: skip
    """Return the picture of ``graph``.

    done, running: keys of steps behind and at present. labels: of the form's fields, by key, for
    conditions. agencies: names by id, for steps at a named agency.
    """
    ways = [(step.key, way) for step in graph.steps for way in graph.ways(step.key)]
    drawing = lay_out([step.key for step in graph.steps], [(source, way.to) for source, way in ways])
    numbers = {step.key: number for number, step in enumerate(graph.steps, 1)}
    nodes = [
        _node(step, numbers[step.key], drawing, agencies or {},
              "done" if step.key in done else "open" if step.key in running else "")
        for step in graph.steps
    ]  # fmt: skip
    arrows = [_arrow(line, ways[line.number][1], labels or {}) for line in drawing.lines]
    return Diagram(
        drawing.width, drawing.height, drawing.sizes.width, drawing.sizes.height, nodes, arrows,
        [_sentence(graph, step, numbers, nodes[n], labels or {}) for n, step in enumerate(graph.steps)],
        _bands(drawing),
    )  # fmt: skip


def _node(step: StepSpec, number: int, drawing: Drawing, agencies: Mapping[int, str], mark: str) -> Node:
    box, kind = drawing.boxes[step.key], kind_words(step.kind)
    who, hours = who_words(step, agencies), hours_words(step.minutes)
    said = {"done": _("done"), "open": _("in progress"), "": ""}[mark]
    spoken = ". ".join(text for text in (f"{number}. {step.name}", who, kind, hours, said) if text)
    return Node(
        step.key, number, box.x, box.y, _wrapped(f"{number}. {step.name}"), who, _cut(who, _ACROSS + 6), kind,
        ICONS.get(StepKind(step.kind), "dots") if step.kind in set(StepKind) else "dots", hours, mark, spoken,
    )  # fmt: skip


def kind_words(kind: str) -> str:
    """Return the kind of a step in words; an unknown one as it is."""
    return _(STEP_KINDS[kind]) if kind in STEP_KINDS else str(kind)  # type: ignore[index]


def who_words(step: StepSpec, agencies: Mapping[int, str]) -> str:
    """Return who does a step and where; "" where nobody does."""
    if step.kind in AUTOMATIC:
        return ""
    role = _(ROLE_LABELS[Role(step.role)]) if step.role in set(Role) else step.role
    place = agencies.get(step.agency_id or 0, "") if step.place == StepPlace.named else ""
    if not place and step.place in STEP_PLACES:
        place = _(STEP_PLACES[StepPlace(step.place)])
    if step.kind in WAITING:
        return place if step.kind == StepKind.child else ""
    return " · ".join(text for text in (role, place) if text)


def _wrapped(text: str) -> list[str]:
    lines = textwrap.wrap(text, _ACROSS, break_long_words=True) or [""]
    return lines if len(lines) <= 2 else [lines[0], _cut(" ".join(lines[1:]), _ACROSS)]


def _cut(text: str, room: int) -> str:
    return text if len(text) <= room else f"{text[: room - 1].rstrip()}…"


def _arrow(line: Line, way: Way, labels: Mapping[str, str]) -> Arrow:
    spoken = way_words(way, labels)
    (x1, y1), (x2, y2) = line.points[:2]
    return Arrow(line.source, line.target, _path(line.points), _cut(spoken, _LABEL), spoken,
                 round((x1 + x2) / 2, 1), round((y1 + y2) / 2 + 4, 1), line.is_back)  # fmt: skip


def way_words(way: Way, labels: Mapping[str, str]) -> str:
    """Return what stands at a way: its label, else its condition in words; "" if it is always open."""
    return way.label or (condition_words(way.when, labels) if way.when else "")


def _path(points: tuple[Point, ...]) -> str:
    """Return an SVG path through ``points``: curves between layers, straight past the boxes."""
    found = [f"M{points[0][0]} {points[0][1]}"]
    for (x1, y1), (x2, y2) in zip(points, points[1:], strict=False):
        middle = round((y1 + y2) / 2, 1)
        found.append(f"L{x2} {y2}" if x1 == x2 else f"C{x1} {middle} {x2} {middle} {x2} {y2}")
    return "".join(found)


def _sentence(
    graph: Graph, step: StepSpec, numbers: Mapping[str, int], node: Node, labels: Mapping[str, str]
) -> str:
    ways = graph.ways(step.key)
    parts = [node.spoken]
    if len(graph.before(step.key)) > 1 and step.join in _JOINED:
        parts.append(_(_JOINED[Join(step.join)], count=step.join_count or 0))
    if not ways:
        parts.append(_("The process ends here"))
    for way in ways:
        following = f"{numbers[way.to]}. {graph.find(way.to).name}"
        words = way_words(way, labels)
        parts.append(_("If %(condition)s: to %(step)s", condition=words, step=following) if words
                     else _("Then to %(step)s", step=following))  # fmt: skip
    if len(ways) > 1 and step.split == Split.first:
        parts.append(_("Only the first open way is taken"))
    return ". ".join(parts) + "."


def _bands(drawing: Drawing) -> list[tuple[float, float]]:
    step = drawing.sizes.height + drawing.sizes.gap_y
    length = _LAYERS_OF_A_PAGE * step
    tops = range(0, max(1, round(drawing.height - drawing.sizes.gap_y)), length)
    return [(top, min(length, drawing.height - top)) for top in tops]
