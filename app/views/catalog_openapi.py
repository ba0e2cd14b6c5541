"""The description of shared catalogs in the OpenAPI document, made from their definitions."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session, selectinload

from app.lowcode.openapi import (
    ETAG,
    IDEMPOTENCY_KEY,
    IF_MATCH,
    IF_NONE_MATCH,
    MATCH_REFUSALS,
    NOT_MODIFIED,
    PK,
    answer,
    one_of,
    operation,
    page_of,
    parameter,
    patching,
    refusals,
)
from app.lowcode.rows import visible
from app.models import SharedCatalog, SharedCatalogField
from app.models.shared_field import REFERENCES, ValueKind
from app.permissions import Actor
from app.services.shared_listing import filter_names, sortable

_MAX = 200  # catalogs described
_TYPES: dict[str, dict[str, Any]] = {
    ValueKind.text: {"type": "string"}, ValueKind.number: {"type": "number"},
    ValueKind.date: {"type": "string", "format": "date"}, ValueKind.yes_no: {"type": "boolean"},
}  # fmt: skip
_REFERENCE = {
    "type": "object", "nullable": True, "required": ["id"],
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"},
                   "code": {"type": "string", "nullable": True}},
}  # fmt: skip
_DAY = {"type": "string", "format": "date", "nullable": True}
_NAMED = {"anyOf": [
    {"type": "integer"},
    {"type": "object", "required": ["id"], "properties": {"id": {"type": "integer"}}},
    {"type": "object", "required": ["code"], "properties": {"code": {"type": "string"}}},
], "nullable": True}  # fmt: skip


def describe(api_spec: Any, session: Session, actor: Actor) -> None:
    """Add the list of catalogs, and the operations on each that ``actor`` may read."""
    listed = {"type": "object", "required": ["result"],
              "properties": {"result": {"type": "array", "items": {"type": "object"}}}}  # fmt: skip
    found = {"200": answer("Catalogs one may read", listed, **ETAG)} | NOT_MODIFIED
    api_spec.path("/api/v1/catalogs/", operations={
        "get": operation("Shared catalogs", "List", found, parameters=[IF_NONE_MATCH])})  # fmt: skip
    load = selectinload(SharedCatalog.fields)
    query = visible(SharedCatalog, actor).order_by(SharedCatalog.code).limit(_MAX).options(load)
    for catalog in session.scalars(sa.select(SharedCatalog).from_statement(query)):
        _describe_one(api_spec, catalog)


def _describe_one(api_spec: Any, catalog: SharedCatalog) -> None:
    name, path = f"Catalog_{catalog.code}", f"/api/v1/catalogs/{catalog.code}/"
    api_spec.components.schema(name, _item(catalog))
    fields = parameter("fields", {"type": "string"}, "attributes and fields, with commas between")
    one = {"200": answer("The item", one_of(name), **ETAG)}
    stale = refusals(MATCH_REFUSALS)
    page = {"200": answer("One page", page_of(name), **ETAG)} | NOT_MODIFIED
    location = {"Location": {"description": "address of the item", "schema": {"type": "string"}}}
    made = {"201": answer("Created", one_of(name), **ETAG, **location)}
    tag = catalog.name
    api_spec.path(path, operations={
        "get": operation(tag, "List", page, parameters=[*_filters(catalog), fields, IF_NONE_MATCH]),
        "post": operation(tag, "Create", made, parameters=[IDEMPOTENCY_KEY], body=_body(catalog, ["code", "name"])),
    })  # fmt: skip
    gone = {"204": {"description": "Deleted"}} | stale | refusals({"409": "Changed", "422": "In use"})
    api_spec.path(path + "{pk}", operations={
        "get": operation(tag, "Read", one | NOT_MODIFIED, parameters=[PK, fields, IF_NONE_MATCH]),
        "put": operation(tag, "Change", one | stale, parameters=[PK, IF_MATCH], body=_body(catalog, [])),
        "patch": patching(tag, one | stale, _body(catalog, [])),
        "delete": operation(tag, "Delete", gone, parameters=[PK, IF_MATCH]),
    })  # fmt: skip


def _item(catalog: SharedCatalog) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": {"type": "integer"}, "row_version": {"type": "integer"}, "code": {"type": "string"},
        "name": {"type": "string"}, "parent": _REFERENCE, "valid_from": _DAY, "valid_to": _DAY,
        "is_active": {"type": "boolean"},
    }  # fmt: skip
    for field in catalog.fields:
        kind = _REFERENCE if field.kind in REFERENCES else _TYPES.get(field.kind, {"type": "string"})
        properties[field.key] = {"description": field.label, "nullable": True} | kind
    return {"type": "object", "required": ["id", "row_version"], "properties": properties}


def _body(catalog: SharedCatalog, needed: list[str]) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "id": {"type": "integer"}, "row_version": {"type": "integer"},
        "code": {"type": "string", "maxLength": 60}, "name": {"type": "string", "maxLength": 255},
        "parent": _NAMED, "valid_from": _DAY, "valid_to": _DAY, "is_active": {"type": "boolean"},
    }  # fmt: skip
    for field in catalog.fields:
        properties[field.key] = {"description": field.label, "nullable": True} | _sent(field)
    needed = [*needed, *(field.key for field in catalog.fields if field.is_required)] if needed else []
    found = {"type": "object", "properties": properties, "additionalProperties": False}
    return found | ({"required": needed} if needed else {})


def _sent(field: SharedCatalogField) -> dict[str, Any]:
    if field.kind in REFERENCES:
        return _NAMED
    if field.kind == ValueKind.choice:
        return {"type": "string", "enum": [*(option["value"] for option in field.options or []), None]}
    found = dict(_TYPES[field.kind])
    if field.kind == ValueKind.number:
        low, high = field.min_value, field.max_value
        found |= ({"minimum": low} if low is not None else {}) | ({"maximum": high} if high is not None else {})
    return found | ({"maxLength": field.max_length} if field.max_length else {})


def _filters(catalog: SharedCatalog) -> list[dict[str, Any]]:
    orders = sorted(sign + name for name in sortable(catalog) for sign in ("", "-"))
    found = [parameter(name, {"type": "string"}) for name in ("q", "after", "before")]
    found += [parameter("sort", {"type": "string", "enum": orders}),
              parameter("size", {"type": "integer", "minimum": 1, "maximum": 100})]  # fmt: skip
    return found + [parameter(f"f.{name}", {"type": "string"}) for name in filter_names(catalog)]
