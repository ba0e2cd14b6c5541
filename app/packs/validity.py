"""Records known by a code and a beginning must not overlap: on any day a code means one of them.

Parameters may: there the one that began last counts.
"""

from collections.abc import Iterable, Iterator
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.packs.comparing import ADD, CHANGE, Change
from app.packs.kinds import Kind

_Span = tuple[date, date, int]


def overlapping(session: Session, changes: Iterable[Change], row: Any) -> Iterator[Change]:
    """Yield the changes, flushed, after which two records of one code are valid at once.

    row: gives the row of a change.
    """
    touched: dict[Kind, dict[int, Change]] = {}
    for change in changes:
        if change.act in {ADD, CHANGE} and _is_dated(change.kind):
            touched.setdefault(change.kind, {})[row(change).id] = change
    for kind, found in touched.items():
        for spans in _spans(session, kind).values():
            for former, later in zip(spans, spans[1:], strict=False):
                if later[0] <= former[1]:
                    yield from (found[span[2]] for span in (later, former) if span[2] in found)


def _is_dated(kind: Kind) -> bool:
    return kind.owner is None and "valid_from" in kind.key and "valid_to" in kind.columns


def _spans(session: Session, kind: Kind) -> dict[tuple[Any, ...], list[_Span]]:
    """Return {rest of the key: (first day, last day, id) by first day}."""
    columns = [kind.column(name) for name in kind.key if name != "valid_from"]
    model = kind.model
    query = sa.select(model.valid_from, model.valid_to, model.id, *columns)
    found: dict[tuple[Any, ...], list[_Span]] = {}
    for first, last, number, *rest in session.execute(query.order_by(model.valid_from)):
        found.setdefault(tuple(rest), []).append((first or date.min, last or date.max, number))
    return found
