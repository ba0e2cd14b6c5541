"""The description of the generated API, made from the declarations."""

from typing import Any

import sqlalchemy as sa
from flask_appbuilder.api.manager import OpenApi
from sqlalchemy import inspect

from app.lowcode.actions import Action, possible
from app.lowcode.forms import column_of, is_needed
from app.lowcode.screen import label_of, shown, writable
from app.lowcode.values import choices_of
from app.permissions import EVERY_OFFICER

_TYPES = {bool: "boolean", int: "integer", str: "string"}
_RELATION = {
    "type": "object",
    "properties": {"id": {"type": "integer"}, "text": {"type": "string"}},
}
_ERRORS = {"400": "Bad request", "401": "Not signed in", "403": "Not allowed", "404": "Not found"}
_WRITE_ERRORS = {"409": "Changed by someone else", "422": "Not valid"}
_PROBLEM = {
    "type": "object",
    "properties": {
        "message": {"type": "string"},
        "errors": {"type": "object", "additionalProperties": {"type": "string"}},
    },
}


class OpenApiDocument(OpenApi):
    """/api/v1/_openapi, for every officer."""

    roles = {"get": EVERY_OFFICER}  # noqa: RUF012 - read once, by permissions sync


def describe(api_spec: Any, model: type[Any], path: str) -> None:
    """Add the operations on ``model`` under ``path`` to ``api_spec``."""
    name, tag = model.__name__, str(model.screen.title)
    api_spec.components.schema(
        name, {"type": "object", "properties": _properties(model, shown(model))}
    )
    api_spec.path(path, operations=_list_operations(model, name, tag))
    api_spec.path(path + "{pk}", operations=_item_operations(model, name, tag))


def _properties(model: type[Any], names: list[str]) -> dict[str, Any]:
    return {name: _property(model, name) for name in names}


def _property(model: type[Any], name: str) -> dict[str, Any]:
    described = {"description": str(label_of(model, name))}
    if name in inspect(model).relationships:
        return _RELATION | described
    column = column_of(model, name)
    if isinstance(column.type, sa.JSON):
        return described | {"nullable": column.nullable}
    found = described | {
        "type": _TYPES.get(column.type.python_type, "string"),
        "nullable": column.nullable,
    }
    choices = choices_of(model, name)
    return found | (
        {"enum": [getattr(value, "value", value) for value in choices]} if choices else {}
    )


def _body(model: type[Any], *, is_new: bool) -> dict[str, Any]:
    """Return the schema of what may be sent; relations as ids."""
    properties = _properties(model, writable(model))
    for name in writable(model):
        if name in inspect(model).relationships:
            properties[name] = {"type": "integer", "description": properties[name]["description"]}
    if not is_new:
        properties["row_version"] = {
            "type": "integer",
            "description": "as read; notices a stale change",
        }
        return {"type": "object", "properties": properties}
    needed = [name for name in writable(model) if is_needed(model, name)]
    return {"type": "object", "properties": properties} | ({"required": needed} if needed else {})


def _operation(tag: str, summary: str, code: str, schema: Any, body: Any = None) -> dict[str, Any]:
    content = {"application/json": {"schema": schema}}
    problem = {"application/json": {"schema": _PROBLEM}}
    refusals = _ERRORS | (_WRITE_ERRORS if code != "200" or body else {})
    responses = {code: {"description": summary, "content": content}}
    responses |= {
        status: {"description": text, "content": problem} for status, text in refusals.items()
    }
    found: dict[str, Any] = {
        "tags": [tag],
        "summary": summary,
        "responses": responses,
        "security": [{"jwt": []}],
    }
    if body is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": body}}}
    return found


def _one(name: str) -> dict[str, Any]:
    item = {"$ref": f"#/components/schemas/{name}"}
    return {"type": "object", "properties": {"id": {"type": "integer"}, "result": item}}


def _list_operations(model: type[Any], name: str, tag: str) -> dict[str, Any]:
    item = {"$ref": f"#/components/schemas/{name}"}
    texts = {"type": "string", "nullable": True}
    page = {
        "type": "object",
        "properties": {
            "count": {"type": "integer"},
            "is_capped": {"type": "boolean"},
            "next": texts,
            "previous": texts,
            "result": {"type": "array", "items": item},
        },
    }
    get = _operation(tag, "List", "200", page)
    names = ["q", "sort", "size", "after", "before", *(f"f.{n}" for n in model.screen.filters)]
    get["parameters"] = [{"in": "query", "name": n, "schema": {"type": "string"}} for n in names]
    operations = {"get": get}
    if Action.add in possible(model):
        operations["post"] = _operation(tag, "Create", "201", _one(name), _body(model, is_new=True))
    return operations


def _item_operations(model: type[Any], name: str, tag: str) -> dict[str, Any]:
    operations = {"get": _operation(tag, "Read", "200", _one(name))}
    if Action.change in possible(model):
        operations["put"] = _operation(tag, "Change", "200", _one(name), _body(model, is_new=False))
    if Action.remove in possible(model):
        operations["delete"] = _operation(tag, "Delete", "200", _PROBLEM)
    pk = {"in": "path", "name": "pk", "required": True, "schema": {"type": "integer"}}
    for operation in operations.values():
        operation["parameters"] = [pk]
    return operations
