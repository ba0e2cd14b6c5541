"""A long sheet worked out some hundred rows at a time, so that memory does not grow with it."""

import itertools
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

from flask_babel import gettext as _
from sqlalchemy import inspect

from app.errors import Invalid
from app.history import forget_heads
from app.lowcode.exchange import checking, reading
from app.lowcode.exchange.comparing import differs
from app.lowcode.exchange.layout import Sheet
from app.lowcode.exchange.packed import PACK
from app.lowcode.exchange.plan import Entry, Fault, Kind, Plan, Table
from app.lowcode.exchange.planner import Planner
from app.lowcode.exchange.reading import RawSheet
from app.lowcode.exchange.references import beginnings
from app.lowcode.exchange.row_rules import fill
from app.lowcode.exchange.tables import find_tables

_DEEPEST = 50  # levels of rows below rows of one file


class LongPlanner(Planner):
    """Works out one sheet, part by part: only keys and what may stand once are remembered.

    A row may name another row of the sheet, before or after it: that one is then read for it again.
    """

    def begin(self, sheets: Sequence[Sheet], raw: Sequence[RawSheet]) -> bool:
        """Look at the sheets; returns whether this is one long sheet that can be worked out in parts."""
        find_tables(self.plan, sheets, raw)
        filled = [table for table in self.plan.tables if table.rows]
        self._table = filled[0] if filled else Table(sheets[0], "")
        self._index: dict[str, int] = {}
        self._known: dict[int, Entry] = {}
        self.again: list[Entry] = []  # rows of other parts that were read for this one
        self.late: list[tuple[Fault, Kind]] = []  # faults found when all was read, and what the rows were before
        self._depth = 0
        return (len(filled) == 1 and len(self._table.rows) > reading.MANY_ROWS and not self._adopted
                and not _is_part(self._table.sheet.model))  # fmt: skip

    def parts(self, review: Callable[[Planner], None], *, is_writing: bool = False) -> Iterator[Plan]:
        """Yield the plan again and again, each time with the next rows as its entries.

        Between two parts the session forgets what it has read, so changes of a part are flushed
        before the next one is asked for, or lost. is_writing: rules over many rows were asked before.
        """
        self._total = len(self._table.rows) * (3 if self._names_itself() else 2)
        table = self._table
        with self.session.no_autoflush:
            if self._names_itself():
                self._read_keys()
            for numbers in _some(table.rows):
                self._work_out(numbers)
                if not is_writing:
                    checking.check_sets(self, table)
                review(self)
                yield self.plan
                self._forget()
            if not is_writing:
                self._find_circles()

    @property
    def count(self) -> int:
        """How many rows the sheet has."""
        return len(self._table.rows)

    def entry_of(self, table: Table, number: int) -> Entry:
        """Return an entry that stands for a row of an earlier part."""
        return Entry(table, number)

    def _find_circles(self) -> None:
        kinds = {row: Kind.change if own > 0 else Kind.add
                 for moves in self.moves.values() for own, (_parent, row) in moves.items()}  # fmt: skip
        checking.check_circles(self, self._table)
        self.late = [(fault, kinds.get(fault.row, Kind.add)) for fault in self.plan.faults]

    def _work_out(self, numbers: Sequence[int]) -> None:
        table = self._table
        table.entries = self._read(table, numbers)
        self._know(table.entries)
        self._resolve(table, table.entries, is_self=True)
        self._settle(table)

    def _know(self, entries: list[Entry]) -> None:
        """Name rows and give each its record, so that others of the sheet can name them."""
        self._resolve(self._table, entries, is_self=False)
        self._name(self._table, entries)
        for entry in entries:
            self._known[entry.number] = entry
            if entry.is_sound and entry.kind != Kind.skip:
                self._give_record(entry)

    def _forget(self) -> None:
        self._table.entries, self.plan.faults = [], []
        self._known.clear()
        self._rows.clear()
        self.again.clear()
        self.session.expire_all()
        forget_heads(self.session)

    def _names_itself(self) -> bool:
        return any(column.target is self._table.sheet.model for column in self._table.places.values())

    def _read_keys(self) -> None:
        """Remember which row names which record: rows of any part may refer to it."""
        for numbers in _some(self._table.rows):
            with _Quiet(self.plan):
                entries = self._read(self._table, numbers)
                self._resolve(self._table, entries, is_self=False)
                self._call(entries)
            for entry in entries:
                if entry.key is not None:
                    self._first(entry)
            self.session.expire_all()

    def _first(self, entry: Entry) -> int:
        return self._index.setdefault(entry.text, entry.number)

    def _fellows(self, table: Table, target: type[Any], texts: set[str]) -> dict[str, Entry]:
        if target is not table.sheet.model:
            return {}
        meant = (next((part for part in beginnings(text) if part in self._index), None) for text in texts)
        numbers = {part: self._index[part] for part in meant if part is not None}
        self._read_again(sorted(number for number in set(numbers.values()) if number not in self._known))
        return {part: self._known[number] for part, number in numbers.items()}

    def _read_again(self, numbers: Sequence[int]) -> None:
        """Read rows of other parts that this one names; their faults are told in their own turn."""
        if not numbers:
            return
        self._depth += 1
        if self._depth > _DEEPEST:
            raise Invalid(_("Rows of this file stand below each other in more than %(count)d levels.", count=_DEEPEST))
        with _Quiet(self.plan):
            entries = self._read(self._table, numbers)
            self._know(entries)
            self._resolve(self._table, entries, is_self=True)
        self._depth -= 1
        for entry in entries:
            if entry.record is None or not entry.is_sound:
                continue
            names = [name for name, value in entry.values.items()
                     if entry.row is None or differs(entry.row, name, value)]  # fmt: skip
            entry.kind = Kind.add if entry.row is None else Kind.change if names else Kind.same
            fill(entry, names)
            self.again.append(entry)


class _Quiet:
    """While it is open, faults of the plan are not kept."""

    def __init__(self, plan: Plan) -> None:
        self._plan, self._faults = plan, plan.faults

    def __enter__(self) -> None:
        self._plan.faults = []

    def __exit__(self, *_exc: object) -> None:
        self._plan.faults = self._faults


def _some(numbers: Iterable[int]) -> Iterator[list[int]]:
    rest = iter(numbers)
    while part := list(itertools.islice(rest, PACK)):
        yield part


def _is_part(model: type[Any]) -> bool:
    """Return whether records belong to an owner: they are checked beside all others of his."""
    owners = (r.mapper for r in inspect(model).relationships if not r.uselist and r.mapper.class_ is not model)
    return any(r.mapper.class_ is model and "delete-orphan" in r.cascade for one in owners for r in one.relationships)
