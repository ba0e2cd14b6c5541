"""Many rows in little memory: packed some hundred at a time, unpacked where they are read."""

import pickle
import zlib
from array import array
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any, overload

PACK = 500  # rows in one piece
Row = list[Any]


class PackedRows(Sequence[Row]):
    """Rows that are read in order, now and then at a place; a row is changed by putting another.

    The pieces are made here and never leave the process: nothing foreign is unpickled.
    """

    def __init__(self, rows: Iterable[Row]) -> None:
        self._pieces: list[bytes] = []
        self._put: dict[int, Row] = {}
        self._at = -1
        self._open: list[Row] = []
        self._count = 0
        part: list[Row] = []
        for row in rows:
            part.append(row)
            self._count += 1
            if len(part) == PACK:
                self._pack(part)
                part = []
        self._pack(part)

    def _pack(self, part: list[Row]) -> None:
        if part:
            self._pieces.append(zlib.compress(pickle.dumps(part, pickle.HIGHEST_PROTOCOL), 1))

    def __len__(self) -> int:
        return self._count

    @overload
    def __getitem__(self, index: int) -> Row: ...
    @overload
    def __getitem__(self, index: slice) -> Sequence[Row]: ...
    def __getitem__(self, index: int | slice) -> Any:
        """Return a row, or the rows of a slice one after the other, read when they are asked for."""
        if isinstance(index, slice):
            return _Part(self, range(*index.indices(self._count)))
        if not -self._count <= index < self._count:
            raise IndexError(index)
        index %= self._count
        if index in self._put:
            return self._put[index]
        piece, place = divmod(index, PACK)
        if piece != self._at:
            self._at, self._open = piece, pickle.loads(zlib.decompress(self._pieces[piece]))  # noqa: S301 - our own
        return self._open[place]

    def __setitem__(self, index: int, row: Row) -> None:
        self._put[index] = row


class _Part(Sequence[Row]):
    def __init__(self, rows: PackedRows, places: range) -> None:
        self._rows, self._places = rows, places

    def __len__(self) -> int:
        return len(self._places)

    def __getitem__(self, index: Any) -> Any:
        found = self._places[index]
        return self._rows[found] if isinstance(found, int) else _Part(self._rows, found)


class NumberedRows(Mapping[int, Row]):
    """Rows by the number they have in the file, without those that are left aside."""

    def __init__(self, rows: Sequence[Row], first: int, numbers: Iterable[int]) -> None:
        """first: the number of ``rows[0]``; numbers: those that count, in order."""
        self._rows, self._first, self._numbers = rows, first, array("l", numbers)
        self._last = first + len(rows)

    def __getitem__(self, number: int) -> Row:
        if not self._first <= number < self._last:
            raise KeyError(number)
        return self._rows[number - self._first]

    def __iter__(self) -> Iterator[int]:
        return iter(self._numbers)

    def __len__(self) -> int:
        return len(self._numbers)
