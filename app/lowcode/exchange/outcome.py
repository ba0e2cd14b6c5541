"""What checking a file found, in little memory: counts, the first faults, the lines packed in pieces."""

import hashlib
import json
import zlib
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from typing import Any

from app.lowcode.exchange.around import Cells, Row, cells_around
from app.lowcode.exchange.packed import PACK
from app.lowcode.exchange.plan import Fault, Kind, Plan

MOST_FAULTS = 10_000  # kept to be corrected on the page; how many there are is counted to the end
Piece = tuple[dict[str, int], bytes]  # lines of each kind, and the lines themselves


@dataclass
class Outcome:
    """Grows with every part of a plan that is added."""

    notes: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)
    fault_count: int = 0
    counts: list[dict[str, Any]] = field(default_factory=list)
    pieces: list[Piece] = field(default_factory=list)
    around: list[tuple[list[Any], bytes]] = field(default_factory=list)  # rows with faults, and their cells
    _digest: Any = field(default_factory=hashlib.sha256)

    def add(self, plan: Plan) -> None:
        """Take over what a plan, or a part of one, says."""
        self.notes = list(dict.fromkeys([*self.notes, *plan.notes]))
        self.fault_count += len(plan.faults)
        kept = plan.faults[: max(0, MOST_FAULTS - len(self.faults))]
        self.faults += kept
        if kept:
            around = cells_around(plan, kept)
            self.around.append(([list(row) for row, _cells in around], _squeezed([cells for _row, cells in around])))
        self._count(plan.counts())
        lines = plan.lines()
        for at in range(0, len(lines), PACK):
            self.pieces.append(_piece(lines[at : at + PACK]))
        plan.feed(self._digest)

    def blame(self, fault: Fault, kind: Kind) -> None:
        """Count a row as faulty that was found sound before; kind: what it was."""
        self.fault_count += 1
        self.faults += [fault] if len(self.faults) < MOST_FAULTS else []
        line = next(line for line in self.counts if line["sheet"] == fault.sheet)
        line[str(kind)] -= 1
        line[str(Kind.fault)] += 1

    def fingerprint(self) -> str:
        """Return a hash of all that would be written: another one means that the ground moved."""
        return str(self._digest.hexdigest())

    def _count(self, counts: list[dict[str, Any]]) -> None:
        for line in counts:
            mine = next((one for one in self.counts if one["sheet"] == line["sheet"]), None)
            if mine is None:
                self.counts.append(line)
            else:
                mine.update({key: mine[key] + line[key] for key in map(str, Kind)})

    def packed(self, made: Any = None) -> bytes:
        """Return all of it as it is kept with the run."""
        head = {
            "faults": [vars(fault) for fault in self.faults], "notes": self.notes, "made": made,
            "pieces": [[counts, len(content)] for counts, content in self.pieces],
            "around": [[rows, len(content)] for rows, content in self.around],
        }  # fmt: skip
        start = _squeezed(head)
        contents = [content for _what, content in [*self.pieces, *self.around]]
        return len(start).to_bytes(4, "big") + start + b"".join(contents)


def _piece(lines: list[Any]) -> Piece:
    counts: dict[str, int] = {}
    for line in lines:
        counts[line[2]] = counts.get(line[2], 0) + 1
    return counts, _squeezed(lines)


def _squeezed(kept: Any) -> bytes:
    return zlib.compress(json.dumps(kept, ensure_ascii=False, default=str).encode(), 1)


class Kept:
    """An outcome as it was kept: only the lines that are asked for are unpacked."""

    def __init__(self, packed: bytes | None) -> None:
        self._packed = packed or b"\0\0\0\0"
        self._start = 4 + int.from_bytes(self._packed[:4], "big")
        head = self._open(4, self._start) if packed else {"faults": [], "notes": [], "made": None, "pieces": []}
        self.faults = [Fault(**fault) for fault in head["faults"]]
        self.notes: list[str] = head["notes"]
        self.made: Any = head["made"]
        self._pieces: list[Any] = head["pieces"]
        self._around: list[Any] = head.get("around", [])  # plans kept before have none

    def _open(self, start: int, end: int) -> Any:
        return json.loads(zlib.decompress(self._packed[start:end]))

    def lines(self, kinds: Collection[str], start: int, count: int) -> list[Any]:
        """Return ``count`` lines [sheet, row, kind, key, changes] of ``kinds``, from the ``start``-th on."""
        found: list[Any] = []
        for line in self._from(kinds, start):
            found.append(line)
            if len(found) == count:
                break
        return found

    def cells_around(self, wanted: set[Row]) -> dict[Row, Cells]:
        """Return the cells of rows with faults, as ``around.cells_around`` found them."""
        found: dict[Row, Cells] = {}
        at = self._start + sum(length for _counts, length in self._pieces)
        for rows, length in self._around:
            here = [(sheet, row) for sheet, row in rows]
            if wanted.intersection(here):
                found |= {row: cells for row, cells in zip(here, self._open(at, at + length), strict=True)
                          if row in wanted}  # fmt: skip
            at += length
        return found

    def _from(self, kinds: Collection[str], start: int) -> Iterator[Any]:
        at, place = self._start, 0
        for counts, length in self._pieces:
            here = sum(counts.get(kind, 0) for kind in kinds)
            if place + here > start and here:
                fitting = [line for line in self._open(at, at + length) if line[2] in kinds]
                yield from fitting[max(0, start - place) :]
            at, place = at + length, place + here
