"""Pages of a public list: limited in number and size, so that no address costs much."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

T = TypeVar("T")
LAST_PAGE = 200


@dataclass(frozen=True)
class Slice(Generic[T]):
    """One page of a list: its rows, which page, and how many rows there are in all."""

    rows: list[T]
    page: int
    total: int
    size: int
    is_partial: bool = False

    @property
    def has_next(self) -> bool:
        """Whether there is another page that may be asked for."""
        return self.page * self.size < self.total and self.page < LAST_PAGE

    @property
    def first(self) -> int:
        """The number of the first row shown, from 1; 0 if there is none."""
        return (self.page - 1) * self.size + 1 if self.rows else 0

    @property
    def last(self) -> int:
        """The number of the last row shown."""
        return self.first + len(self.rows) - 1 if self.rows else 0


def plain_code(text: str) -> str:
    """Return a code out of an address as a database can take it: PostgreSQL refuses NUL."""
    return text.replace("\x00", "").strip()


def page_number(text: str | None) -> int:
    """Return the page asked for, from 1 to LAST_PAGE; anything absurd is the first page."""
    is_number = text is not None and text.isascii() and text.isdigit() and len(text) <= 4
    return min(max(int(text or 1), 1), LAST_PAGE) if is_number else 1


def slice_of(
    session: Session,
    query: sa.Select[Any],
    page: int,
    size: int,
    *,
    prepare: Callable[[sa.Select[Any]], sa.Select[Any]] = lambda query: query,
) -> Slice[Any]:
    """Return page ``page`` of ``query``: the count, then the rows.

    prepare: adds order and eager loading to the query of the rows; the count needs neither.
    """
    total = session.scalar(sa.select(sa.func.count()).select_from(query.subquery())) or 0
    wanted = prepare(query).limit(size).offset((page - 1) * size)
    return Slice(list(session.scalars(wanted).unique()) if total else [], page, total, size)
