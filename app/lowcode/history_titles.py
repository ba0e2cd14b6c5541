"""What the records of a page of history are called, found in one statement."""

from datetime import datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from flask_appbuilder import Model
from flask_appbuilder.security.sqla.models import PermissionView
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.history import HistoryEntry
from app.i18n import N_
from app.lowcode.values import choices_of
from app.permissions import ROLE_LABELS

Ref = tuple[str, int]
_TITLES = ("code", "name", "title", "subject", "username", "key", "receipt_number")
# Known by what they are, in words of their choices.
_BY_KIND = {"letter": "kind", "letter_template": "kind", "movement": "transition"}


@cache
def kept_models() -> dict[str, type[Any]]:
    """Return the models whose changes the history keeps, by table name."""
    models = [mapper.class_ for mapper in Model.registry.mappers]
    return {m.__tablename__: m for m in models if getattr(m, "__history__", True)}


def find_titles(session: Session, refs: set[Ref]) -> dict[Ref, str]:
    """Return what each record is called, removed ones as they were last: at most two statements."""
    by_table: dict[str, set[int]] = {}
    for table, number in refs:
        by_table.setdefault(table, set()).add(number)
    parts = []
    for table, ids in sorted(by_table.items()):
        model = _models().get(table)
        title = _title_column(model) if model is not None else None
        if model is not None and title is not None:
            chosen = sa.select(sa.literal(table), model.id, sa.cast(title, sa.Text))
            parts.append(chosen.where(model.id.in_(ids)))
    rows = session.execute(sa.union_all(*parts)).all() if parts else ()
    found = {(table, number): _named(table, title) for table, number, title in rows if title}
    gone = {ref for ref in refs - {(table, number) for table, number, _title in rows} if _title_key(ref[0])}
    return found | _told(session, gone, HistoryEntry.action == "delete")


def titles_on(session: Session, refs: set[Ref], moment: datetime) -> dict[Ref, str]:
    """Return what those of the records that were renamed since ``moment`` were called then."""
    return _told(session, {ref for ref in refs if _title_key(ref[0])}, HistoryEntry.at >= moment)


def _told(session: Session, refs: set[Ref], condition: Any) -> dict[Ref, str]:
    """Return the earliest former title that entries under ``condition`` tell of each record."""
    if not refs:
        return {}
    entry = HistoryEntry
    places = sa.tuple_(entry.record, entry.record_id).in_(sorted(refs))
    query = sa.select(entry.record, entry.record_id, entry.changes).where(places, condition)
    found: dict[Ref, str] = {}
    for table, number, changes in session.execute(query.order_by(entry.id)):
        old = changes.get(_title_key(table), [None])[0]
        if old and (table, number) not in found:
            found[table, number] = _named(table, str(old))
    return found


def _named(table: str, title: str) -> str:
    if table == PermissionView.__tablename__:  # a right of a screen has no name for people
        return ""
    model = _models().get(table)
    known: dict[Any, str] = _ROLES if table == "ab_role" else {}
    if table in _BY_KIND and model is not None:
        known = choices_of(model, _BY_KIND[table]) or {}
    return _(known[title]) if title in known else title


# Roles are stored by a key and known by its label.
_ROLES: dict[Any, str] = {str(role): text for role, text in ROLE_LABELS.items()} | {"public": N_("Everyone")}


def _models() -> dict[str, type[Any]]:
    """Every model by table: what is referred to may itself keep no history."""
    return {m.class_.__tablename__: m.class_ for m in Model.registry.mappers}


def _title_key(table: str) -> str | None:
    """Return the attribute that records of ``table`` are called by, or None for a composed name."""
    model = _models().get(table)
    if model is None or table in ("ab_user", PermissionView.__tablename__):
        return None
    names = inspect(model).column_attrs.keys()
    order = ("name", *_TITLES) if table in _BY_NAME else _TITLES
    return _BY_KIND.get(table) or next((name for name in order if name in names), None)


def _title_column(model: type[Any]) -> Any | None:
    table = model.__tablename__
    if table == "ab_user":
        return sa.func.trim(model.first_name + " " + model.last_name)
    if table == PermissionView.__tablename__:
        parts = (PermissionView.permission, PermissionView.view_menu)
        right, screen = (relation.property.mapper.class_ for relation in parts)
        names = (
            sa.select(right.name).where(right.id == PermissionView.permission_id),
            sa.select(screen.name).where(screen.id == PermissionView.view_menu_id),
        )
        return names[0].scalar_subquery() + " " + names[1].scalar_subquery()
    key = _title_key(table)
    return getattr(model, key) if key else None


_BY_NAME = frozenset({"agency", "division", "sector", "procedure", "form", "process", "profile",
                      "document_type", "working_calendar", "administrative_unit", "shared_catalog"})  # fmt: skip
