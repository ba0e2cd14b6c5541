"""The list of one shared catalog: search, typed filters, order and keyset pages."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, joinedload

from app.clock import today
from app.lowcode.collation import in_order
from app.lowcode.columns import picked_columns
from app.lowcode.cursors import beginning, packed, read_again, unpacked
from app.lowcode.listing import ListRequest, Page, one_page, page_of, read_request, total_of
from app.lowcode.values import MAX_ID, as_id
from app.models import SharedCatalog, SharedCatalogField, SharedCatalogItem
from app.models.shared_field import REFERENCES, ValueKind
from app.models.shared_item import chosen_on
from app.models.shared_values import Wrong, json_value, read_value
from app.text import like_pattern

_RANGES = frozenset({ValueKind.number, ValueKind.date})
_UNSORTED = REFERENCES | {ValueKind.yes_no}


def sortable(catalog: SharedCatalog) -> list[str]:
    """Return the columns a list of the catalog may be sorted by."""
    return ["code", "name", *(one.key for one in catalog.fields if one.kind not in _UNSORTED)]


def filter_names(catalog: SharedCatalog) -> dict[str, SharedCatalogField | None]:
    """Return {name: field} of the filters; numbers and dates have .from and .to."""
    found: dict[str, SharedCatalogField | None] = {"is_active": None, "valid_on": None}
    if catalog.is_tree:
        found["parent"] = None
    for one in catalog.fields:
        for bound in (".from", ".to") if one.kind in _RANGES else ("",):
            found[one.key + bound] = one
    return found


def default_columns(catalog: SharedCatalog) -> list[str]:
    """Return the columns of a list that nobody chose any for: those the definition lists."""
    listed = [one.key for one in catalog.fields if one.is_listed]
    return ["name", "code", *(["parent"] if catalog.is_tree else []), *listed, "is_active"]


def offered_columns(catalog: SharedCatalog) -> list[str]:
    """Return what may stand in the list: the usual columns, then everything else an item holds."""
    more = [*(one.key for one in catalog.fields), "valid_from", "valid_to"]
    return list(dict.fromkeys([*default_columns(catalog), *more]))


def parse(catalog: SharedCatalog, args: Mapping[str, str]) -> ListRequest:
    """Return the request in ``args``: q, f.<name>, sort, size, cols, after, before."""
    declared = tuple(default_columns(catalog))
    return read_request(
        args, order="name", sorts=sortable(catalog),
        cursor=lambda sort, token: _read_token(catalog, sort, token),
        filters=lambda faults: _filters(catalog, args, faults),
        columns=lambda faults: picked_columns(declared, lambda: offered_columns(catalog), args, faults),
    )  # fmt: skip


def _filters(catalog: SharedCatalog, args: Mapping[str, str], faults: list[str]) -> dict[str, Any]:
    names, found = filter_names(catalog), {}
    for key, text in args.items():
        if not key.startswith("f.") or not text:
            continue
        value = _filter_value(key[2:], names[key[2:]], text) if key[2:] in names else None
        if value is None:
            faults.append(key)
        else:
            found[key[2:]] = value
    return found


def _filter_value(name: str, one: SharedCatalogField | None, text: str) -> Any:
    if name == "is_active":
        return {"1": True, "0": False}.get(text)
    if name == "parent":
        return as_id(text)
    try:
        if one is None:
            return date.fromisoformat(text)
        return read_value(one, text)
    except (Wrong, ValueError):
        return None


def find_items(session: Session, catalog: SharedCatalog, wanted: ListRequest) -> Page:
    """Return the page ``wanted`` of a catalog, in one statement."""
    item, keys = SharedCatalogItem, _keys(catalog, wanted.sort)
    query = narrowed(sa.select(item).where(item.catalog_id == catalog.id), catalog, wanted)
    total = total_of(item, query)
    query = one_page(query, wanted, keys).options(joinedload(item.parent))
    found = list(session.execute(query.add_columns(total, *keys)))
    page = page_of(found, wanted, found[0][1] if found else 0, lambda row: packed(row[2:]))
    return replace(page, rows=[row[0] for row in page.rows])


def narrowed(query: Any, catalog: SharedCatalog, wanted: ListRequest) -> Any:
    """Return ``query`` over items with the search and the filters of ``wanted``."""
    item, names = SharedCatalogItem, filter_names(catalog)
    if wanted.q:
        query = query.where(item.search_text.like(like_pattern(wanted.q), escape="\\"))
    for name, value in wanted.filters.items():
        one = names[name]
        if name == "valid_on":
            query = chosen_on(query, value)
        elif one is None:
            query = query.where((item.is_active if name == "is_active" else item.parent_id) == value)
        elif name.endswith(".from"):
            query = query.where(json_value(one) >= value)
        elif name.endswith(".to"):
            query = query.where(json_value(one) <= value)
        else:
            query = query.where(json_value(one) == value)
    return query


def _expression(catalog: SharedCatalog, name: str) -> tuple[Any, bool]:
    """Return (what orders by ``name``, whether some items have none)."""
    if name == "code":
        return SharedCatalogItem.code, False
    if name == "name":
        return in_order(SharedCatalogItem.name), False
    one = next(field for field in catalog.fields if field.key == name)
    value = json_value(one)
    return (in_order(value) if one.kind == ValueKind.text else value), True


def _keys(catalog: SharedCatalog, sort: str) -> list[Any]:
    value, is_nullable = _expression(catalog, sort.removeprefix("-"))
    nulls = [sa.case((value.is_(None), 1), else_=0)] if is_nullable else []
    return [*nulls, value, SharedCatalogItem.id]


def _read_token(catalog: SharedCatalog, sort: str, token: str) -> tuple[Any, ...] | None:
    """Return the values in ``token`` if they can be a place in the order ``sort``, else None."""
    try:
        parts = unpacked(token)
        order, is_nullable = _expression(catalog, sort.removeprefix("-"))
        if not isinstance(parts, list) or len(parts) != 2 + is_nullable:
            return None
        number, value = parts[-1], parts[-2]
        if type(number) is not int or not 0 <= number <= MAX_ID or (is_nullable and parts[0] not in (0, 1)):
            return None
        begins = beginning(value)
        if not _fits(catalog, sort.removeprefix("-"), begins or value, is_nullable):
            return None
        if begins:
            item = SharedCatalogItem
            value = read_again(sa.select(order).where(item.id == number, item.catalog_id == catalog.id), begins)
        return (*parts[:-2], value, number)
    except (ValueError, TypeError, RecursionError):
        return None


def _fits(catalog: SharedCatalog, name: str, value: Any, is_nullable: bool) -> bool:
    if value is None:
        return is_nullable
    kind = next((one.kind for one in catalog.fields if one.key == name), ValueKind.text)
    if kind == ValueKind.number:
        return type(value) in (int, float) and abs(value) < 10**15
    if isinstance(value, str):
        value.encode()  # half a surrogate pair: ValueError
        return "\x00" not in value
    return False


def find_choices(
    session: Session, catalog: SharedCatalog, text: str, page: int = 1, *, by_code: bool = False
) -> dict[str, Any]:
    """Return a page of the items that may be chosen today: {"results": [{"id", "text"}], "more"}.

    by_code: their codes as ids, as forms keep them.
    """
    limit, item = 30, SharedCatalogItem
    query = chosen_on(sa.select(item).where(item.catalog_id == catalog.id), today())
    if text.strip():
        pattern = like_pattern(text[:200].replace("\x00", ""))
        query = query.where(item.search_text.like(pattern, escape="\\"))
    query = query.order_by(in_order(item.name), item.id).offset((min(max(page, 1), 200) - 1) * limit)
    rows = list(session.scalars(query.limit(limit + 1)))
    results = [{"id": row.code if by_code else row.id, "text": row.name} for row in rows[:limit]]
    return {"results": results, "more": len(rows) > limit}
