"""The description of the generated API (OpenAPI 3.0), made from the declarations."""

from typing import Any

from flask import Response, current_app
from flask_appbuilder.api import expose
from flask_appbuilder.api.manager import OpenApi
from flask_appbuilder.security.decorators import protect
from sqlalchemy import inspect

from app.lowcode.actions import Action, possible
from app.lowcode.api_reading import offered_fields
from app.lowcode.filters import filter_kind
from app.lowcode.forms import is_needed
from app.lowcode.listing import sortable
from app.lowcode.merging import MERGE_TYPE
from app.lowcode.openapi_schemas import PROBLEM, body_schema, item_schema
from app.lowcode.refusals import MEDIA_TYPE, ProblemAnswers
from app.lowcode.screen import filtered, writable
from app.lowcode.values import MAX_ID, choices_of
from app.permissions import EVERY_OFFICER

_REFUSALS = {
    "400": "A parameter or the body cannot be understood", "401": "Not signed in, or no valid token",
    "403": "Roles or scopes do not grant it", "404": "No such record, or not one of yours",
    "405": "Method not offered", "429": "Too many requests", "500": "Our fault",
}  # fmt: skip
_WRITE_REFUSALS = {
    "409": "Changed by someone else, or in use", "413": "Body too large",
    "415": "Body is of another media type", "422": "A value breaks a rule",
}  # fmt: skip
MATCH_REFUSALS = {"412": "If-Match names another version", "428": "If-Match is missing"}
_SECURITY: list[dict[str, list[str]]] = [{"token": []}, {"jwt": []}, {"cookie": []}]
ETAG = {"ETag": {"description": "version of what is answered", "schema": {"type": "string"}}}
_KEYED = "up to 255 characters; the same key within 24 hours makes the record once"


class OpenApiDocument(ProblemAnswers, OpenApi):
    """/api/v1/_openapi, for every officer."""

    roles = {"get": EVERY_OFFICER}  # noqa: RUF012 - read once, by permissions sync

    @expose("/<version>/_openapi")
    @protect()
    def get(self, version: str) -> Response:
        """The whole description; 404 for another version than v1."""
        found = [api for api in current_app.appbuilder.baseviews
                 if isinstance(api, ProblemAnswers) and getattr(api, "version", None) == version]  # fmt: skip
        if not found:
            return self.response_404()
        document = self._create_api_spec(version)
        describe_common(document)
        for api in found:
            api.add_api_spec(document)  # type: ignore[attr-defined]
        return self.response(200, **document.to_dict())

    def add_api_spec(self, api_spec: Any) -> None:
        """The description describes others, not itself."""


def describe_common(api_spec: Any) -> None:
    """Add what all operations share: how one signs in, and the shape of a refusal."""
    schemes = api_spec.components
    schemes.security_scheme("token", {"type": "http", "scheme": "bearer", "bearerFormat": "mc_…"})
    schemes.security_scheme("jwt", {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"})
    cookie = current_app.config["SESSION_COOKIE_NAME"]
    schemes.security_scheme("cookie", {"type": "apiKey", "in": "cookie", "name": cookie})
    schemes.schema("Problem", PROBLEM)


def refusals(statuses: dict[str, str]) -> dict[str, Any]:
    """Return the responses that are problem details."""
    content = {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {code: {"description": text, "content": content} for code, text in statuses.items()}


def operation(
    tag: str, summary: str, responses: dict[str, Any], *, parameters: list[Any] | None = None,
    body: Any = None, security: list[Any] | None = None, media: str = "application/json",
) -> dict[str, Any]:  # fmt: skip
    """Return one operation: what it answers, what it takes, who may ask."""
    known = _REFUSALS | (_WRITE_REFUSALS if body is not None else {})
    found: dict[str, Any] = {
        "tags": [tag], "summary": summary, "responses": refusals(known) | responses,
        "security": _SECURITY if security is None else security,
        "parameters": parameters or [],
    }  # fmt: skip
    if body is not None:
        found["requestBody"] = {"required": True, "content": {media: {"schema": body}}}
    return found


def answer(summary: str, schema: Any, **headers: Any) -> dict[str, Any]:
    """Return one JSON response."""
    content = {"application/json": {"schema": schema}}
    return {"description": summary, "content": content, "headers": headers}


def parameter(name: str, schema: Any, text: str = "", *, place: str = "query") -> dict[str, Any]:
    """Return the description of one parameter; those of the path are required."""
    found = {"in": place, "name": name, "schema": schema} | ({"description": text} if text else {})
    return found | ({"required": True} if place == "path" else {})


def describe(api_spec: Any, model: type[Any], path: str) -> None:
    """Add the operations on ``model`` under ``path`` to ``api_spec``."""
    api_spec.components.schema(model.__name__, item_schema(model))
    api_spec.path(path, operations=_list_operations(model))
    api_spec.path(path + "{pk}", operations=_item_operations(model))


def one_of(name: str) -> dict[str, Any]:
    """Return the schema {"id", "result"} of one record."""
    item = {"$ref": f"#/components/schemas/{name}"}
    properties = {"id": {"type": "integer"}, "result": item}
    return {"type": "object", "required": ["id", "result"], "properties": properties}


def page_of(name: str) -> dict[str, Any]:
    """Return the schema of a page of a list."""
    text = {"type": "string", "nullable": True}
    properties = {
        "count": {"type": "integer"}, "is_capped": {"type": "boolean"}, "next": text,
        "previous": text, "result": {"type": "array", "items": {"$ref": f"#/components/schemas/{name}"}},
    }  # fmt: skip
    return {"type": "object", "required": list(properties), "properties": properties}


NOT_MODIFIED = {"304": {"description": "You have it already (If-None-Match)"}}
IDEMPOTENCY_KEY = parameter("Idempotency-Key", {"type": "string"}, _KEYED, place="header")
IF_NONE_MATCH = parameter("If-None-Match", {"type": "string"}, "an ETag you have", place="header")
IF_MATCH = {"in": "header", "name": "If-Match", "schema": {"type": "string"}, "required": True,
            "description": "the ETag of the record you read"}  # fmt: skip
PK = parameter("pk", {"type": "integer", "minimum": 1, "maximum": MAX_ID}, place="path")


def _list_operations(model: type[Any]) -> dict[str, Any]:
    name, tag = model.__name__, str(model.screen.title)
    found = {"200": answer("One page", page_of(name), **ETAG)} | NOT_MODIFIED
    parameters = [*_list_parameters(model), IF_NONE_MATCH]
    operations = {"get": operation(tag, "List", found, parameters=parameters)}
    if Action.add in possible(model):
        needed = [one for one in writable(model) if is_needed(model, one)]
        location = {"Location": {"description": "address of the record", "schema": {"type": "string"}}}
        operations["post"] = operation(
            tag, "Create", {"201": answer("Created", one_of(name), **ETAG, **location)},
            parameters=[IDEMPOTENCY_KEY], body=body_schema(model, needed),
        )  # fmt: skip
    return operations


def _list_parameters(model: type[Any]) -> list[dict[str, Any]]:
    orders = sorted(sign + one for one in sortable(model) for sign in ("", "-"))
    found = [parameter("q", {"type": "string"}, "text, without regard to accents and case")]
    found += [
        parameter("sort", {"type": "string", "enum": orders}),
        parameter("size", {"type": "integer", "minimum": 1, "maximum": 100}, "25 by default"),
        parameter("after", {"type": "string"}, "“next” of the last answer"),
        parameter("before", {"type": "string"}, "“previous” of the last answer"),
        fields_parameter(model, is_list=True),
    ]
    return found + [one for name in filtered(model) for one in _filter(model, name)]


def fields_parameter(model: type[Any], *, is_list: bool) -> dict[str, Any]:
    """Return the parameter ``fields`` with what may be asked for."""
    offered = ", ".join(offered_fields(model, is_list=is_list))
    return parameter("fields", {"type": "string"}, f"of {offered}; of a related record: name.attribute")


def _filter(model: type[Any], name: str) -> list[dict[str, Any]]:
    kind = filter_kind(model, name)
    if kind in ("date", "number"):
        day = {"type": "integer"} if kind == "number" else {"type": "string", "format": "date"}
        return [parameter(f"f.{name}.{bound}", day, "itself included") for bound in ("from", "to")]
    if kind == "boolean":
        return [parameter(f"f.{name}", {"type": "string", "enum": ["0", "1"]})]
    if kind == "choice":
        values = [str(getattr(one, "value", one)) for one in choices_of(model, name) or {}]
        return [parameter(f"f.{name}", {"type": "string", "enum": values})]
    if kind != "relation":
        return [parameter(f"f.{name}", {"type": "string"})]
    found = [parameter(f"f.{name}", {"type": "integer", "minimum": 1, "maximum": MAX_ID})]
    if "code" in inspect(model).relationships[name].mapper.columns:
        found.append(parameter(f"f.{name}.code", {"type": "string"}))
    return found


def _item_operations(model: type[Any]) -> dict[str, Any]:
    name, tag = model.__name__, str(model.screen.title)
    found = {"200": answer("The record", one_of(name), **ETAG)}
    parameters = [PK, fields_parameter(model, is_list=False), IF_NONE_MATCH]
    operations = {"get": operation(tag, "Read", found | NOT_MODIFIED, parameters=parameters)}
    stale = refusals(MATCH_REFUSALS)
    if Action.change in possible(model):
        body = body_schema(model, [])
        operations["put"] = operation(tag, "Change", found | stale, parameters=[PK, IF_MATCH], body=body)
        operations["patch"] = patching(tag, found | stale, body)
    if Action.remove in possible(model):
        gone = {"204": {"description": "Deleted"}} | stale
        gone |= refusals({key: _WRITE_REFUSALS[key] for key in ("409", "422")})
        operations["delete"] = operation(tag, "Delete", gone, parameters=[PK, IF_MATCH])
    return operations


def patching(tag: str, responses: dict[str, Any], body: Any) -> dict[str, Any]:
    """Return the operation that merges a document into a record."""
    return operation(tag, "Change by merge patch", responses, parameters=[PK, IF_MATCH], body=body, media=MERGE_TYPE)


def describe_login(api_spec: Any) -> None:
    """Add signing in with a user's name and password."""
    text = {"type": "string"}
    asked = {
        "type": "object", "required": ["username", "password"],
        "properties": {
            "username": {"type": "string", "minLength": 1}, "password": {"type": "string", "minLength": 1},
            "provider": {"type": "string", "enum": ["db"]}, "refresh": {"type": "boolean"},
        },
    }  # fmt: skip
    tokens = {"type": "object", "required": ["access_token"],
              "properties": {"access_token": text, "refresh_token": text}}  # fmt: skip
    login = operation("Security", "Sign in", {"200": answer("Tokens", tokens)}, body=asked, security=[])
    renew = operation("Security", "Renew the access token", {"200": answer("Token", tokens)},
                      security=[{"jwt": []}])  # fmt: skip
    api_spec.path("/api/v1/security/login", operations={"post": login})
    api_spec.path("/api/v1/security/refresh", operations={"post": renew})
