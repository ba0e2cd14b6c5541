"""What the API is sent: the JSON body read as the model's form would be."""

import re
from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from flask import request
from flask_babel import gettext as _
from sqlalchemy import inspect
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, UnsupportedMediaType
from wtforms import DateField

from app.clock import to_local
from app.errors import Invalid
from app.extensions import db
from app.lowcode.choosing import may_choose
from app.lowcode.fields import JsonField, LinesField, LocalDateTimeField, RelationField, clean
from app.lowcode.forms import RecordForm, is_needed
from app.lowcode.rows import visible
from app.lowcode.screen import opened, writable
from app.lowcode.values import MAX_ID
from app.permissions import current_actor

MAX_BODY = 1024 * 1024  # bytes; a record is text
_DAY = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)


def json_object() -> dict[str, Any]:
    """Return the JSON object sent; raises BadRequest for anything else, 415 for another type."""
    if not request.is_json:
        raise UnsupportedMediaType
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest(_("The body must be a JSON object."))
    return body


def body_of(model: type[Any], action: str) -> dict[str, Any]:
    """Return the JSON object sent; raises BadRequest for attributes that are not written here."""
    body = json_object()
    unknown = set(body) - set(writable(model, action)) - {"id", "row_version"}
    if unknown:
        names = ", ".join(sorted(repr(name)[:60] for name in unknown))
        raise BadRequest(_("Attributes not known here: %(names)s", names=names))
    return body


def form_of(model: type[Any], body: dict[str, Any], row: Any | None) -> RecordForm:
    """Return the model's form with what was sent.

    It checks only what matters: of a change the attributes given, of a new record also
    those it cannot do without.
    """
    action = "add" if row is None else "change"
    form = RecordForm(model, action=action)
    needed = {one for one in writable(model, action) if row is None and is_needed(model, one)}
    form.keep_only(needed | set(body))
    # What a record refers to already may be said again by who could not choose it.
    present = {field.name: getattr(row, field.name) for field in form if row is not None and _is_relation(field)}
    sent = [field for field in form if field.name in body]
    data = [pair for field in sent for pair in _typed(field, body[field.name], present.get(field.name))]
    form.process(MultiDict(data), data=present)
    return form


def _typed(field: Any, value: Any, present: Any) -> list[tuple[str, Any]]:
    """Return a JSON value as the form would send it; raises Invalid for a wrong shape."""
    if isinstance(field, JsonField):
        return [] if value is None else [(field.name, JsonField.dump(value))]
    if isinstance(field, RelationField) and isinstance(value, dict):
        value = _number(field, value, present)
    is_list = isinstance(value, list) and isinstance(field, LinesField)
    if isinstance(value, list | dict) and not is_list:
        raise _wrong(field, _("This is not a single value."))
    if value is None or (value is False and field.type == "BooleanField"):
        return []
    if value is True and field.type == "BooleanField":
        return [(field.name, "1")]
    return [(field.name, value if is_list else _in_time(field, str(value)))]


def _is_relation(field: Any) -> bool:
    return isinstance(field, RelationField)


def _number(field: Any, given: dict[str, Any], present: Any) -> Any:
    """Return the id of {"id": 1} or {"code": "ho_tich"}; None of an object that names neither."""
    if given.get("id") is not None or given.get("code") is None:
        return given.get("id")
    if present is not None and has_code(field.target) and present.code == clean(str(given["code"])):
        return present.id
    found = id_of_code(field.target, str(given["code"]))
    if found is None:
        raise _wrong(field, _("No record, or more than one, that you may choose has this code."))
    return found


def id_of_code(target: type[Any], code: str) -> int | None:
    """Return the id of the one record of ``target`` with ``code`` the actor may see, else None."""
    if not has_code(target) or not may_choose(target) or not opened(target, ["code"]):
        return None
    query = visible(target, current_actor()).with_only_columns(target.id)
    found = list(db.session.scalars(query.where(target.code == (clean(code) or "")).limit(2)))
    return found[0] if len(found) == 1 else None


def _in_time(field: Any, text: str) -> str:
    """Return a day or an instant as the form reads it; other texts as they are.

    The messages of the form show the Vietnamese way of writing; programs write ISO 8601.
    """
    try:
        if isinstance(field, LocalDateTimeField) and text:
            given = datetime.fromisoformat(text)
            given = to_local(given) if given.tzinfo is not None else given
            return given.strftime("%Y-%m-%dT%H:%M:%S") if given.year > 999 else text
        if isinstance(field, DateField) and text:
            return date.fromisoformat(text if _DAY.fullmatch(text) else "").isoformat()
    except (ValueError, OverflowError) as exc:
        raise _wrong(field, _iso_message(field)) from exc
    return text


def _iso_message(field: Any) -> str:
    if isinstance(field, LocalDateTimeField):
        return _("This is not an instant. Write it as 2026-11-30T08:00:00+07:00.")
    return _("This is not a day. Write it as 2026-11-30.")


def _wrong(field: Any, message: str) -> Invalid:
    return Invalid(message, {field.name: message})


def with_ids(model: type[Any], args: Mapping[str, str]) -> dict[str, str]:
    """Return the arguments of a list with ``f.sector.code=x`` as ``f.sector=<id>``.

    A code of no record one may see becomes the id of none: it filters everything out.
    """
    found = dict(args.items())
    for key in [key for key in found if key.startswith("f.") and key.endswith(".code")]:
        name = key[2:].removesuffix(".code")
        relation = inspect(model).relationships.get(name)
        if relation is None or not has_code(relation.mapper.class_) or not found[key]:
            continue
        number = id_of_code(relation.mapper.class_, found.pop(key))
        found[f"f.{name}"] = str(number or MAX_ID)
    return found


def has_code(target: type[Any]) -> bool:
    """Return whether records of ``target`` are also known by a code."""
    return isinstance(inspect(target).columns.get("code"), sa.Column)
