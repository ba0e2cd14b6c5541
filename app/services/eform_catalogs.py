"""Answers chosen from shared catalogs: offered today, checked, and kept with their names.

An answer is the item's code; what it was called when the dossier was sent is kept beside the
answers, so that a later change of the catalog changes no dossier.
"""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, object_session

from app.lowcode.collation import in_order
from app.models import Form, SharedCatalog, SharedCatalogItem
from app.models.form_words import ROW_KINDS, FieldKind
from app.models.shared_item import chosen_on
from app.services.eform_columns import columns_of

LABELS = "_labels"  # {field key: [code, name]} among the answers; no field's key begins so
FEW = 100  # items a page offers without asking for more
_MARK = "c:"


def name_of(catalog: str | None, code: Any) -> str:
    """Return under what an item stands among the names of what answers refer to."""
    return f"{_MARK}{catalog}:{code}"


def _chosen(fields: Iterable[Any], data: Mapping[str, Any]) -> dict[str, tuple[str, str]]:
    """Return {field key: (catalog, code)} of the answers that are items.

    Those in rows of tables and groups stand under "field.column.code".
    """
    found = {}
    for f in fields:
        value = data.get(f.key)
        if f.kind == FieldKind.catalog and f.catalog_code and isinstance(value, str):
            found[f.key] = (f.catalog_code, value)
        for row in value if f.kind in ROW_KINDS and isinstance(value, list) else ():
            cells = _chosen(columns_of(f), row) if isinstance(row, Mapping) else {}
            found |= {f"{f.key}.{key}.{pair[1]}": pair for key, pair in cells.items()}
    return found


def _items(session: Session, pairs: Iterable[tuple[str, str]], *, today_only: bool) -> dict[tuple[str, str], str]:
    item, wanted = SharedCatalogItem, set(pairs)
    if not wanted:
        return {}
    query = sa.select(SharedCatalog.code, item.code, item.name).select_from(item).join(item.catalog).where(
        SharedCatalog.code.in_({catalog for catalog, _code in wanted}),
        item.code.in_({code for _catalog, code in wanted}))  # fmt: skip
    if today_only:
        query = chosen_on(query).where(SharedCatalog.is_active.is_(True))
    return {(catalog, code): name for catalog, code, name in session.execute(query) if (catalog, code) in wanted}


def item_names(form: Form, *answers: Mapping[str, Any]) -> dict[str, str]:
    """Return {name_of(…): name} of every item in ``answers``: as kept with them, else as now."""
    session = object_session(form)
    pairs = {pair for data in answers for pair in _chosen(form.fields(), data).values()}
    if session is None or not pairs:
        return {}
    found = {name_of(*pair): name for pair, name in _items(session, pairs, today_only=False).items()}
    for data in answers:
        for key, (catalog, code) in _chosen(form.fields(), data).items():
            kept = (data.get(LABELS) or {}).get(key)
            if isinstance(kept, list) and len(kept) == 2 and kept[0] == code:
                found[name_of(catalog, code)] = str(kept[1])
    return found


def known_items(form: Form, data: Mapping[str, Any]) -> set[str]:
    """Return the items in ``data`` that may be chosen today."""
    session = object_session(form)
    pairs = _chosen(form.fields(), data).values()
    if session is None or not pairs:
        return set()
    return {name_of(*pair) for pair in _items(session, pairs, today_only=True)}


def with_labels(form: Form, data: dict[str, Any], earlier: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """Return ``data`` with the names of its items as they are now; unchanged answers keep theirs."""
    chosen = _chosen(form.fields(), data)
    bare = {key: value for key, value in data.items() if key != LABELS}
    if not chosen:
        return bare
    names = item_names(form, {**bare, LABELS: (earlier or {}).get(LABELS)})
    return bare | {LABELS: {key: [code, names.get(name_of(catalog, code), code)]
                            for key, (catalog, code) in chosen.items()}}  # fmt: skip


def offered_items(session: Session, codes: Iterable[str]) -> dict[str, list[tuple[str, str]]]:
    """Return {catalog: [(code, name)]} of the first items of each catalog, by name."""
    found: dict[str, list[tuple[str, str]]] = {}
    item = SharedCatalogItem
    for catalog in sorted(set(codes)):
        query = chosen_on(sa.select(item.code, item.name).join(item.catalog)).where(
            SharedCatalog.code == catalog, SharedCatalog.is_active.is_(True))  # fmt: skip
        rows = session.execute(query.order_by(in_order(item.name), item.id).limit(FEW))
        found[catalog] = [(code, name) for code, name in rows]
    return found
