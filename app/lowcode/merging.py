"""PATCH: a JSON merge patch (RFC 7396) over the declared attributes of a record."""

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from sqlalchemy import inspect
from werkzeug.exceptions import UnsupportedMediaType

from app.lowcode.forms import column_of

MERGE_TYPE = "application/merge-patch+json"


def require_merge_type() -> None:
    """Raise UnsupportedMediaType (415) unless the body says that it is a merge patch."""
    if request.mimetype != MERGE_TYPE:
        raise UnsupportedMediaType(_("Send the change as %(type)s.", type=MERGE_TYPE))


def merged(model: type[Any], row: Any, patch: Mapping[str, Any]) -> dict[str, Any]:
    """Return ``patch`` with its objects merged into those that ``row`` has.

    A reference to a record is one value: {"id"} or {"code"} names another record.
    """
    relations = inspect(model).relationships
    return {name: value if name in relations or not _is_object(model, name) else merge(getattr(row, name), value)
            for name, value in patch.items()}  # fmt: skip


def _is_object(model: type[Any], name: str) -> bool:
    return name not in ("id", "row_version") and isinstance(column_of(model, name).type, sa.JSON)


def merge(old: Any, patch: Any) -> Any:
    """Return what RFC 7396 makes of ``old`` and ``patch``."""
    if not isinstance(patch, Mapping):
        return patch
    found = dict(old) if isinstance(old, Mapping) else {}
    for key, value in patch.items():
        if value is None:
            found.pop(key, None)
        else:
            found[key] = merge(found.get(key), value)
    return found
