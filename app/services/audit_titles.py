"""What the records of a page of history are called, found in one statement."""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session

from app.i18n import N_
from app.models import FabRole, PermissionView, User
from app.models.dossier_time import ACTS
from app.models.letter import LETTER_KINDS
from app.permissions import ROLE_LABELS

Ref = tuple[str, int]
_TITLES = ("code", "name", "title", "subject", "username", "key", "receipt_number")
# Known by what they are, in words of their choices.
_BY_KIND = {"letter": "kind", "movement": "transition"}


def find_titles(session: Session, refs: set[Ref]) -> dict[Ref, str]:
    """Return what each record is called, in one statement; removed ones are left out."""
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
    if not parts:
        return {}
    rows = session.execute(sa.union_all(*parts))
    return {(table, number): _named(table, title) for table, number, title in rows if title}


# Records stored by a key and known by its label; a right of a screen has no name for people.
_KEYED: dict[str, dict[str, str]] = {
    FabRole.__tablename__: {str(role): text for role, text in ROLE_LABELS.items()} | {"public": N_("Everyone")},
    "movement": ACTS,
    "letter": LETTER_KINDS,
}


def _named(table: str, title: str) -> str:
    if table == PermissionView.__tablename__:
        return ""
    known = _KEYED.get(table, {})
    return _(known[title]) if title in known else title


def _models() -> dict[str, type[Any]]:
    """Every model by table: what is referred to may itself keep no history."""
    return {m.class_.__tablename__: m.class_ for m in inspect(User).registry.mappers}


def _title_column(model: type[Any]) -> Any | None:
    if model is User:
        return sa.func.trim(User.first_name + " " + User.last_name)
    if model is PermissionView:
        parts = (PermissionView.permission, PermissionView.view_menu)
        right, screen = (relation.property.mapper.class_ for relation in parts)
        names = (
            sa.select(right.name).where(right.id == PermissionView.permission_id),
            sa.select(screen.name).where(screen.id == PermissionView.view_menu_id),
        )
        return names[0].scalar_subquery() + " " + names[1].scalar_subquery()
    if model.__tablename__ in _BY_KIND:
        return getattr(model, _BY_KIND[model.__tablename__])
    is_known_by_name = model.__tablename__ in _BY_NAME
    order = ("name", *_TITLES) if is_known_by_name else _TITLES
    names = inspect(model).column_attrs.keys()
    return next((getattr(model, name) for name in order if name in names), None)


_BY_NAME = frozenset({"agency", "division", "sector", "procedure", "form", "process", "profile",
                      "document_type", "working_calendar", "administrative_unit"})  # fmt: skip
