"""What playing dossiers through a drafted process came to, kept in a size that follows the process alone."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

from app.workflows.rehearsal import Play

EXAMPLES = 5  # codes named for what is found many times
APART = 20  # dossiers whose due dates lie farthest apart
_DAY = 480  # minutes: "1 day = 8 hours"
# Working minutes from which a difference is told apart: less than a day, some days, a working week.
_STEPS = (_DAY, 5 * _DAY)


@dataclass(frozen=True)
class Compared:
    """Due dates of one case: promised, by the process it followed, by the draft; and by how much the draft
    is later (negative: earlier), in working minutes."""

    name: str
    promised: datetime | None
    old: datetime | None
    new: datetime | None
    later: int | None
    stuck_at: str = ""

    def stored(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        times = {name: at.isoformat() if at is not None else None
                 for name, at in (("promised", self.promised), ("old", self.old), ("new", self.new))}  # fmt: skip
        return {**asdict(self), **times}

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Compared":
        """Return what ``stored`` made."""
        times = {name: datetime.fromisoformat(stored[name]) if stored[name] else None
                 for name in ("promised", "old", "new")}  # fmt: skip
        return cls(stored["name"], later=stored["later"], stuck_at=stored["stuck_at"], **times)


@dataclass
class Found:
    """How many dossiers something was found with, and the first of them by name."""

    count: int = 0
    examples: list[str] = field(default_factory=list)

    def add(self, name: str) -> None:
        """Note one dossier."""
        self.count += 1
        if len(self.examples) < EXAMPLES:
            self.examples.append(name)


@dataclass
class Tally:
    """Plays added up, one after the other. places: step → agencies where it was come to.

    spread: dossiers by ``bucket`` of their difference. most: how many compared dossiers are kept; beyond it those
    that lie farthest apart.
    """

    most: int = APART
    played: int = 0
    spread: dict[int, int] = field(default_factory=dict)
    stuck: dict[str, Found] = field(default_factory=dict)
    bare: Found = field(default_factory=Found)
    steps: set[str] = field(default_factory=set)
    ways: set[tuple[str, str]] = field(default_factory=set)
    places: dict[str, set[int]] = field(default_factory=dict)
    compared: list[Compared] = field(default_factory=list)

    def add(self, one: Compared, played: Play, *, is_bare: bool) -> None:
        """Note one dossier as it was played. is_bare: a step of it had no working calendar."""
        self.played += 1
        self.steps |= played.steps
        self.ways |= played.ways
        if played.stuck_at:
            self.stuck.setdefault(played.stuck_at, Found()).add(one.name)
        if is_bare:
            self.bare.add(one.name)
        if one.later is not None:
            place = bucket(one.later)
            self.spread[place] = self.spread.get(place, 0) + 1
        self.compared.append(one)
        if len(self.compared) > self.most:
            self.compared.sort(key=_apart)
            self.compared.pop()

    def come_to(self, step: str, agency_id: int) -> None:
        """Note that a dossier came to a step at an agency."""
        self.places.setdefault(step, set()).add(agency_id)

    def stored(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {
            "most": self.most, "played": self.played, "spread": {str(k): n for k, n in self.spread.items()},
            "stuck": {key: asdict(one) for key, one in self.stuck.items()}, "bare": asdict(self.bare),
            "steps": sorted(self.steps), "ways": sorted(map(list, self.ways)),
            "places": {key: sorted(ids) for key, ids in self.places.items()},
            "compared": [one.stored() for one in self.compared],
        }  # fmt: skip

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Tally":
        """Return what ``stored`` made; an empty one of nothing."""
        if not stored:
            return cls()
        return cls(
            stored["most"], stored["played"], {int(k): n for k, n in stored["spread"].items()},
            {key: Found(**one) for key, one in stored["stuck"].items()}, Found(**stored["bare"]),
            set(stored["steps"]), {(a, b) for a, b in stored["ways"]},
            {key: set(ids) for key, ids in stored["places"].items()},
            [Compared.read(one) for one in stored["compared"]],
        )  # fmt: skip


def _apart(one: Compared) -> tuple[int, str]:
    return -abs(one.later or 0), one.name


def bucket(later: int) -> int:
    """Return how far apart two due dates are: 0 the same, ±1 less than a working day, ±2 some, ±3 a week or more."""
    if later == 0:
        return 0
    size = 1 + sum(abs(later) >= step for step in _STEPS)
    return size if later > 0 else -size


@dataclass
class Rehearsal:
    """What came out, in words. is_invented: no finished dossier was there to be played."""

    is_invented: bool
    played: int = 0
    compared: list[Compared] = field(default_factory=list)
    spread: dict[int, int] = field(default_factory=dict)
    stuck: dict[str, Found] = field(default_factory=dict)  # name of the step → cases
    nobody: list[tuple[str, str]] = field(default_factory=list)  # (step, role and agency)
    untaken: list[tuple[str, str, str]] = field(default_factory=list)  # (from, to, condition)
    unreached: list[str] = field(default_factory=list)
    bare: Found = field(default_factory=Found)  # without a working calendar

    def count(self, sign: int) -> int:
        """Return how many cases end earlier (-1), at the same time (0) or later (1)."""
        return sum(n for place, n in self.spread.items() if (place > 0) - (place < 0) == sign)

    def stored(self) -> dict[str, Any]:
        """Return it as JSON holds it."""
        return {**asdict(self), "compared": [one.stored() for one in self.compared],
                "spread": {str(place): n for place, n in self.spread.items()}}  # fmt: skip

    @classmethod
    def read(cls, stored: Mapping[str, Any]) -> "Rehearsal":
        """Return what ``stored`` made."""
        return cls(
            stored["is_invented"], stored["played"], [Compared.read(one) for one in stored["compared"]],
            {int(place): n for place, n in stored["spread"].items()},
            {name: Found(**one) for name, one in stored["stuck"].items()},
            [(step, who) for step, who in stored["nobody"]], [(a, b, words) for a, b, words in stored["untaken"]],
            list(stored["unreached"]), Found(**stored["bare"]),
        )  # fmt: skip
