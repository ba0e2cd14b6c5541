"""Work with any number of dossiers, page by page: the one runner of what the worker does behind a decision.

An act keeps the last dossier it came to and when it was done. The cursor commits with what was done, so that an
act goes on where it stood after a stop, and one event run twice has one effect.
"""

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from itertools import islice
from typing import Any, Protocol

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Dossier
from app.official import officially

CHUNK = 200
STATEMENT = 500  # ids that one statement takes


class Act(Protocol):
    """What was decided about many dossiers, and how far it is."""

    last_dossier_id: int
    done_at: datetime | None


def go_on(
    session: Session, act: Act, waiting: sa.Select[Any], do: Callable[[list[int]], object], size: int | None = None,
    *, writes: bool = True,
) -> bool:  # fmt: skip
    """Do the next ``size`` dossiers of an act; returns whether others are left. Flushed, not committed.

    waiting: a query of which the first column is the dossier's id; whatever it finds behind the cursor is to be done.
    do: with their ids, in order and locked; what it stores is in Vietnamese. writes: False for what only looks at
    dossiers and holds none of them.
    """
    most = size or CHUNK
    ids = next(pages(session, waiting, most, act.last_dossier_id), [])
    if writes:
        session.execute(sa.select(Dossier.id).where(Dossier.id.in_(ids)).order_by(Dossier.id).with_for_update())
    with officially():
        do(ids)
    act.last_dossier_id = ids[-1] if ids else act.last_dossier_id
    act.done_at = now() if len(ids) < most else None
    session.flush()
    return act.done_at is None


def pages(session: Session, waiting: sa.Select[Any], size: int | None = None, after: int = 0) -> Iterator[list[int]]:
    """Yield the ids of a query in order, a page at a time; each is looked for when it is wanted."""
    column = waiting.selected_columns[0]
    query = waiting.with_only_columns(column).distinct().order_by(None).order_by(column).limit(size or STATEMENT)
    while found := list(session.scalars(query.where(column > after))):
        yield found
        after = found[-1]


def parts(ids: Iterable[int]) -> Iterator[list[int]]:
    """Yield ``ids`` in lists that one statement takes."""
    rest = iter(ids)
    while part := list(islice(rest, STATEMENT)):
        yield part
