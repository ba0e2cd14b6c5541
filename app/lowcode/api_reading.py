"""What the API answers: the attributes asked for, and the tags of what was read."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from flask import Response, request
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import joinedload
from werkzeug.exceptions import BadRequest, PreconditionFailed, PreconditionRequired

from app.history import plain
from app.lowcode.choosing import may_choose
from app.lowcode.rows import sees_all
from app.lowcode.screen import listed, shown

# {attribute: attributes of the related record, none for its id and text}
Fields = Mapping[str, tuple[str, ...]]


def offered_fields(model: type[Any], *, is_list: bool) -> list[str]:
    """Return the attributes one may ask for.

    A list of personal records holds its columns only: reading more is done record by
    record, and each reading is written into the history.
    """
    if is_list and model.screen.is_personal:
        return listed(model)
    return list(dict.fromkeys([*listed(model), *shown(model)]))


def fields_through(model: type[Any], name: str) -> list[str]:
    """Return the attributes of the related record ``name`` that one may ask for with it.

    None where a rule says which related records one sees, or reading one is recorded.
    """
    relations = inspect(model).relationships
    if name not in relations:
        return []
    target = relations[name].mapper.class_
    if target.screen is None or target.screen.is_personal or not sees_all(target):
        return []
    nested = inspect(target).relationships
    return [key for key in offered_fields(target, is_list=True) if key not in nested]


def chosen_fields(model: type[Any], default: Sequence[str], *, is_list: bool) -> Fields:
    """Return what ``fields=code,name,sector.name`` asks for, else ``default``; raises BadRequest."""
    asked = [part.strip() for part in request.args.get("fields", "").split(",") if part.strip()]
    found: dict[str, tuple[str, ...]] = {} if asked else dict.fromkeys(default, ())
    offered = {*offered_fields(model, is_list=is_list), "id", "row_version"}
    unknown = []
    for part in asked:
        name, _dot, nested = part.partition(".")
        if name not in offered or (nested and not _may_reach(model, name, nested)):
            unknown.append(part)
        elif name not in ("id", "row_version"):
            found[name] = (*found.get(name, ()), *([nested] if nested else []))
    if unknown:
        names = ", ".join(repr(name)[1:61] for name in unknown)
        raise BadRequest(_("Fields not offered here: %(names)s", names=names))
    return found


def _may_reach(model: type[Any], name: str, nested: str) -> bool:
    relations = inspect(model).relationships
    return nested in fields_through(model, name) and may_choose(relations[name].mapper.class_)


def loads_of(model: type[Any], fields: Fields) -> list[Any]:
    """Return loader options so that relations among ``fields`` cost no statement per row."""
    return [joinedload(getattr(model, name)) for name in fields
            if name in inspect(model).relationships]  # fmt: skip


def as_json(model: type[Any], row: Any, fields: Fields | Sequence[str]) -> dict[str, Any]:
    """Return attributes of ``row`` as JSON values; relations as {"id", "text"} or as asked."""
    wanted = fields if isinstance(fields, Mapping) else dict.fromkeys(fields, ())
    found: dict[str, Any] = {"id": row.id, "row_version": getattr(row, "row_version", None)}
    for name, nested in wanted.items():
        value = getattr(row, name)
        is_record = name in inspect(model).relationships and value is not None
        found[name] = _related(value, nested) if is_record else _plain(value)
    return found


def _plain(value: Any) -> Any:
    """Return a JSON value; instants in UTC, also one that was just set in another zone."""
    return plain(value.astimezone(UTC) if isinstance(value, datetime) else value)


def _related(value: Any, nested: tuple[str, ...]) -> dict[str, Any]:
    if not nested:
        return {"id": value.id, "text": str(value)}
    return {"id": value.id} | {name: _plain(getattr(value, name)) for name in nested}


def version_of(model: type[Any], row: Any) -> str:
    """Return what changes when ``row`` does: its version, or for the framework's tables a digest."""
    version = getattr(row, "row_version", None)
    return str(version) if version is not None else _digest(as_json(model, row, shown(model)))


def _digest(value: Any) -> str:
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:12]


def tagged(response: Response, value: Any, version: str | None = None, *, is_kept: bool) -> Response:
    """Return ``response`` with the tag of ``value``, or 304 if the caller has it already.

    A record's tag is its version and a digest: names of related records change without it.
    is_kept: whether the caller may keep a copy (nothing personal).
    """
    if version is None:
        response.set_etag(_digest(value), weak=True)
    else:
        response.set_etag(f"{version}.{_digest(value)}")
    if is_kept:
        response.headers["Cache-Control"] = "private, no-cache"
    # If-Match is for writing: the framework's own check would refuse a reading with 412.
    if request.method == "GET" and request.if_none_match.contains_weak(response.get_etag()[0] or ""):
        response.status_code = 304
    return response


def require_match(model: type[Any], row: Any) -> None:
    """Refuse a change that does not name the version it was made from, or names another one.

    Raises PreconditionRequired (428) without If-Match, PreconditionFailed (412).
    """
    if "If-Match" not in request.headers:
        raise PreconditionRequired(_("Send If-Match with the ETag of the record you read."))
    if request.if_match.star_tag:
        return
    known = {str(tag).partition(".")[0] for tag in request.if_match.as_set()}  # "" is read as None
    if version_of(model, row) not in known:
        raise PreconditionFailed(_("Someone else has just changed this record. Please look again."))


