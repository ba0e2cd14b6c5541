"""Lists: search, filters, order and keyset pages, all of one request and shared by none."""

from collections.abc import Callable, Container, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect
from sqlalchemy.orm import Session, joinedload

from app.lowcode.columns import chosen_columns
from app.lowcode.cursors import beyond, read_token, sort_keys, token_of
from app.lowcode.filters import condition, read_filters
from app.lowcode.lean import Shape
from app.lowcode.rows import visible
from app.lowcode.screen import Near, default_order, tells
from app.lowcode.searching import matching
from app.permissions import Actor

SIZES = (25, 50, 100)
COUNT_CAP = 1000
_MAX_QUERY = 200


@dataclass(frozen=True)
class ListRequest:
    """What one request asked of a list, already clamped to what the list offers."""

    q: str = ""
    filters: Mapping[str, Any] = field(default_factory=dict)
    sort: str = ""
    size: int = SIZES[0]
    cursor: tuple[Any, ...] | None = None
    is_back: bool = False
    faults: tuple[str, ...] = ()
    columns: tuple[str, ...] = ()


@dataclass(frozen=True)
class Page:
    """One page: rows, the tokens of the pages beside it, and the count up to COUNT_CAP."""

    rows: list[Any]
    previous: str | None
    next: str | None
    count: int
    is_capped: bool


def parse(model: type[Any], args: Mapping[str, str]) -> ListRequest:
    """Return the request in ``args``; what the list does not offer is dropped, named in faults.

    args: q, f.<attr>, f.<attr>.from, f.<attr>.to, sort, size, cols, after, before.
    """
    return read_request(
        args, order=default_order(model), sorts=sortable(model),
        cursor=lambda sort, token: read_token(model, sort, token),
        filters=lambda faults: read_filters(model, args, faults),
        columns=lambda faults: chosen_columns(model, args, faults),
    )  # fmt: skip


def read_request(
    args: Mapping[str, str], *, order: str, sorts: Container[str],
    cursor: Callable[[str, str], tuple[Any, ...] | None],
    filters: Callable[[list[str]], Mapping[str, Any]], columns: Callable[[list[str]], tuple[str, ...]],
) -> ListRequest:  # fmt: skip
    """Return the request in ``args`` for a list that is sorted by ``order`` unless asked otherwise.

    cursor: (sort, token) → place, None for a token that is none. filters, columns: name their faults.
    """
    faults: list[str] = []
    sort = args.get("sort") or order
    if sort.removeprefix("-") not in sorts:
        faults.append("sort")
        sort = order
    size = args.get("size", "")
    if size and size not in map(str, range(1, SIZES[-1] + 1)):
        faults.append("size")
        size = ""
    way = "before" if args.get("before") else "after"
    token = args.get(way)
    place = cursor(sort, token) if token else None
    if token and place is None:
        faults.append(way)
    return ListRequest(
        q=args.get("q", "").replace("\x00", "")[:_MAX_QUERY].strip(),
        filters=filters(faults), sort=sort, size=int(size or SIZES[0]),
        cursor=place, is_back=way == "before" and place is not None,
        columns=columns(faults), faults=tuple(faults),
    )  # fmt: skip


def sortable(model: type[Any]) -> set[str]:
    """Return the attributes a list may be sorted by: its own columns, and its default order."""
    own = {attr.key for attr in inspect(model).column_attrs
           if not isinstance(attr.columns[0].type, sa.JSON)}  # fmt: skip
    offered = own & {*model.screen.columns, default_order(model).removeprefix("-")}
    return {name for name in offered if tells(model, name)}


def find_page(
    session: Session, model: type[Any], actor: Actor, wanted: ListRequest, load: Sequence[Any] = (),
    only: Sequence[Any] = (), shape: Shape | None = None, *, is_short: bool = False,
) -> Page:  # fmt: skip
    """Return the page ``wanted`` of what ``actor`` may see, in one statement.

    load: loader options. only: further conditions. shape: rows hold this instead of whole records.
    is_short: nearly always all of them stand on the first page; those of a longer one are counted apart.
    """
    query = whole = narrowed(model, visible(model, actor).where(*only), wanted)
    if (near := _near(wanted)) is not None and model.screen.rows_from is not None:
        query = narrowed(model, visible(model, actor, near=near).where(*only), wanted)
    total = None if is_short else total_of(model, whole)
    if wanted.q and wanted.cursor is None and not is_short:
        query, total = _searched(model, whole, wanted)
    query = _paged(model, query, wanted)
    query = shape.narrow(query) if shape else query.options(*eager(model, wanted.columns), *load)
    found = list(session.execute(query if total is None else query.add_columns(total)))
    count = _count(session, model, whole, wanted, found) if is_short else found[0][-1] if found else 0
    rows = [shape.row_of(row) if shape else row[0] for row in found]
    return page_of(rows, wanted, count, lambda row: token_of(row, wanted.sort, model))


def page_of(found: Sequence[Any], wanted: ListRequest, count: int, token: Callable[[Any], str]) -> Page:
    """Return the page of what was ``found`` in the direction walked: its rows, and one more if there are more."""
    has_more, rows = len(found) > wanted.size, list(found[: wanted.size])
    if wanted.is_back:
        rows.reverse()
    has_previous = has_more if wanted.is_back else wanted.cursor is not None
    has_next = wanted.is_back or has_more
    return Page(
        rows, token(rows[0]) if rows and has_previous else None, token(rows[-1]) if rows and has_next else None,
        min(count, COUNT_CAP), count > COUNT_CAP,
    )  # fmt: skip


def _count(session: Session, model: type[Any], whole: Any, wanted: ListRequest, found: Sequence[Any]) -> int:
    if len(found) <= wanted.size and wanted.cursor is None:
        return len(found)
    return session.scalar(sa.select(total_of(model, whole))) or 0


def total_of(model: type[Any], query: sa.Select[Any]) -> Any:
    """Return how many rows ``query`` finds, up to one more than COUNT_CAP."""
    some = query.with_only_columns(model.id).limit(COUNT_CAP + 1).subquery()
    return sa.select(sa.func.count()).select_from(some).scalar_subquery()


def _searched(model: type[Any], whole: sa.Select[Any], wanted: ListRequest) -> tuple[sa.Select[Any], Any]:
    """Return (a query of a search's first page, how many there are): its text is looked for once for both.

    Finding the few rows of a name costs far more than reading them.
    """
    keys = sort_keys(model, wanted.sort)
    named = [key.label(f"key{number}") for number, key in enumerate(keys)]
    order = _order(keys, wanted)
    hit = whole.with_only_columns(model.id.label("id"), *named).order_by(*order).limit(COUNT_CAP + 1).cte("hit")
    first = sa.select(hit.c.id).order_by(*_order([hit.c[key.name] for key in named], wanted)).limit(wanted.size + 1)
    return sa.select(model).where(model.id.in_(first)), sa.select(sa.func.count()).select_from(hit).scalar_subquery()


def _near(wanted: ListRequest) -> Near | None:
    """Return where the page begins if it is sorted by age alone."""
    if wanted.cursor is None or wanted.sort not in ("id", "-id"):
        return None
    return wanted.cursor[0], wanted.sort.startswith("-") == wanted.is_back


def eager(model: type[Any], names: Any) -> list[Any]:
    """Return loader options so that relations among ``names`` cost no statement per row."""
    relations = inspect(model).relationships
    return [joinedload(getattr(model, name)) for name in names
            if name in relations and not relations[name].uselist]  # fmt: skip


def narrowed(model: type[Any], query: sa.Select[Any], wanted: ListRequest) -> sa.Select[Any]:
    """Return ``query`` with only the rows that fit the search and the filters of ``wanted``."""
    if wanted.q and model.screen.search:
        query = query.where(matching(model, wanted.q))
    for key, value in wanted.filters.items():
        query = query.where(condition(model, key, value))
    return query


def _paged(model: type[Any], query: sa.Select[Any], wanted: ListRequest) -> sa.Select[Any]:
    return one_page(query, wanted, sort_keys(model, wanted.sort))


def one_page(query: sa.Select[Any], wanted: ListRequest, keys: Sequence[Any]) -> sa.Select[Any]:
    """Return ``query`` sorted by ``keys`` in the direction walked, with the rows of the page and one more."""
    if wanted.cursor is not None:
        query = query.where(beyond(keys, wanted.cursor, is_ascending=_is_ascending(wanted)))
    return query.order_by(*_order(keys, wanted)).limit(wanted.size + 1)


def _is_ascending(wanted: ListRequest) -> bool:
    return wanted.sort.startswith("-") == wanted.is_back


def _order(keys: Sequence[Any], wanted: ListRequest) -> list[Any]:
    return [key.asc() if _is_ascending(wanted) else key.desc() for key in keys]
