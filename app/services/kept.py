"""What rarely changes, kept in this process until its mark changes (``models/stamp.py``)."""

from collections.abc import Callable, Hashable
from typing import Any, TypeVar

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.models import Stamp

Found = TypeVar("Found")
_MOST = 500  # sets of roles, mostly; then all is found anew
_kept: dict[tuple[Hashable, ...], Any] = {}
_ALL = sa.select(Stamp.name, Stamp.value)


def stamps_of(session: Session) -> dict[str, str]:
    """Return the present marks by name."""
    return {row.name: row.value for row in session.execute(_ALL)}


def kept(stamp: str | None, key: tuple[Hashable, ...], find: Callable[[], Found]) -> Found:
    """Return what ``find`` found under ``stamp``; it is asked again when the mark is another one.

    Read the mark before asking: what was found is then never older than the mark says.
    What comes back is shared by all requests: nobody may change it. Without a mark nothing is kept.
    """
    if not stamp:
        return find()
    whole = (stamp, *key)
    found = _kept.get(whole)
    if found is None:
        found = find()
        if len(_kept) >= _MOST:
            _kept.clear()
        _kept[whole] = found
    return found
