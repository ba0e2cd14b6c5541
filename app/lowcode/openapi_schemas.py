"""Schemas of records in the API description: what is answered, what may be sent."""

from collections.abc import Sequence
from datetime import date, datetime, time
from typing import Any

import sqlalchemy as sa
from sqlalchemy import inspect

from app.lowcode.api_reading import offered_fields
from app.lowcode.api_writing import has_code
from app.lowcode.forms import column_of
from app.lowcode.screen import label_of, writable
from app.lowcode.values import choices_of, kind_of

PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
        "detail": {"type": "string", "description": "for people, in the language of the user"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"},
                   "description": "attribute → message"},
    },
}  # fmt: skip
_TYPES: dict[type[Any], dict[str, Any]] = {
    bool: {"type": "boolean"}, int: {"type": "integer"}, float: {"type": "number"},
    datetime: {"type": "string", "format": "date-time"}, date: {"type": "string", "format": "date"},
    time: {"type": "string", "pattern": r"^\d\d:\d\d"},
}  # fmt: skip
_LINES = {"life_events": {"type": "array", "items": {"type": "string"}}}
_PAIR = {"value": {"type": "string"}, "label": {"type": "string"}}
_LINES["options"] = {"type": "array", "items": {
    "type": "object", "required": ["value", "label"], "properties": _PAIR,
    "additionalProperties": False}}  # fmt: skip


def item_schema(model: type[Any]) -> dict[str, Any]:
    """Return the schema of a record as it is answered; which attributes come, ``fields`` says."""
    names = dict.fromkeys([*offered_fields(model, is_list=True), *offered_fields(model, is_list=False)])
    own = {"id": {"type": "integer"}, "row_version": {"type": "integer", "nullable": True}}
    return {
        "type": "object", "required": ["id", "row_version"],
        "properties": {name: _answered(model, name) for name in names} | own,
    }  # fmt: skip


def body_schema(model: type[Any], needed: Sequence[str]) -> dict[str, Any]:
    """Return the schema of what may be sent; needed: the attributes that must be there."""
    properties = {name: _sent(model, name) for name in writable(model)}
    properties["id"] = {"type": "integer", "description": "ignored"}
    properties["row_version"] = {"type": "integer", "description": "as read; another one is refused"}
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": list(needed)} if needed else {})


def _answered(model: type[Any], name: str) -> dict[str, Any]:
    about = {"description": str(label_of(model, name))}
    column = column_of(model, name)
    if name in inspect(model).relationships:
        related = {"type": "object", "required": ["id"], "nullable": True,
                   "properties": {"id": {"type": "integer"}, "text": {"type": "string"}}}  # fmt: skip
        return about | related
    if isinstance(column.type, sa.JSON):
        return about | {"nullable": True}
    # What older releases stored stays readable: no value is promised by its list of choices.
    values = choices_of(model, name)
    known = ", ".join(str(getattr(value, "value", value)) for value in values or {})
    text = f"{about['description']}: {known}" if known else about["description"]
    return {"description": text, "nullable": column.nullable} | _type_of(column)


def _type_of(column: Any) -> dict[str, Any]:
    return dict(_TYPES.get(column.type.python_type, {"type": "string"}))


def _sent(model: type[Any], name: str) -> dict[str, Any]:
    about: dict[str, Any] = {"description": str(label_of(model, name))}
    column = column_of(model, name)
    nullable = {"nullable": True} if column.nullable else {}
    relation = inspect(model).relationships.get(name)
    if relation is not None:
        return about | nullable | _reference(relation.mapper.class_)
    if isinstance(column.type, sa.JSON):
        return about | nullable | _LINES.get(kind_of(model, name) or "", {})
    choices = choices_of(model, name)
    if choices:
        values = [getattr(value, "value", value) for value in choices]
        kind = "integer" if isinstance(values[0], int) else "string"
        return about | nullable | {"type": kind, "enum": values + ([None] if nullable else [])}
    length = getattr(column.type, "length", None)
    return about | nullable | _type_of(column) | ({"maxLength": length} if length else {})


def _reference(target: type[Any]) -> dict[str, Any]:
    """Return the ways a related record is named: its id, what was read, or its code."""
    by_id = {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}}
    by_code = {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}}
    ways: list[dict[str, Any]] = [{"type": "integer"}, by_id]
    return {"anyOf": ways + ([by_code] if has_code(target) else [])}
