"""Which columns a list shows: the declared ones, or those its reader chose in the address."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.lowcode.screen import listed, shown

MAX_COLUMNS = 12


def offered_columns(model: type[Any]) -> list[str]:
    """Return the attributes that may stand in the list: the declared ones, then the others of
    the record's page; lists of records and JSON are left to that page.

    A list of personal records has its own columns only, as the API's: reading more is written down.
    """
    mapper = inspect(model)
    names = dict.fromkeys([*listed(model), *(() if model.screen.is_personal else shown(model))])
    return [name for name in names if _fits(mapper, name)]


def chosen_columns(model: type[Any], args: Mapping[str, str], faults: list[str]) -> tuple[str, ...]:
    """Return the columns that ``cols`` names, in its order; the first declared one always leads.

    What is not offered is dropped and named in ``faults``; without ``cols`` the declared ones.
    """
    return picked_columns(tuple(listed(model)), lambda: offered_columns(model), args, faults)


def picked_columns(
    declared: tuple[str, ...], offer: Callable[[], Iterable[str]], args: Mapping[str, str], faults: list[str]
) -> tuple[str, ...]:
    """Return as ``chosen_columns``, for a list that is ``declared`` so and may show what ``offer`` returns."""
    asked = dict.fromkeys(name for name in args.get("cols", "")[:1000].split(",") if name)
    if not asked or not declared:
        return declared
    offered = set(offer())
    if not set(asked) <= offered:
        faults.append("cols")
    kept = [name for name in asked if name in offered and name != declared[0]]
    return (declared[0], *kept)[:MAX_COLUMNS]


def _fits(mapper: Any, name: str) -> bool:
    if name in mapper.relationships:
        return not mapper.relationships[name].uselist
    return not isinstance(mapper.columns[name].type, sa.JSON)
