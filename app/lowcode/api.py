"""The generated REST API: /api/v1/<entity>/, same rights, checks and history as the screens."""

from collections.abc import Callable
from functools import wraps
from typing import Any

from flask import Response, request, url_for
from flask_appbuilder.api import BaseApi, expose
from flask_appbuilder.security.decorators import protect
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from sqlalchemy import inspect
from werkzeug.datastructures import MultiDict
from werkzeug.exceptions import BadRequest, HTTPException

from app.errors import DomainError, Invalid, NotFound
from app.extensions import csrf, db
from app.history import plain
from app.lowcode import openapi
from app.lowcode.fields import JsonField, LinesField, RelationField
from app.lowcode.forms import RecordForm, is_needed
from app.lowcode.listing import find_page, parse
from app.lowcode.rows import get_row
from app.lowcode.saving import open_row, remove, save
from app.lowcode.screen import shown, writable
from app.permissions import current_actor
from app.transactions import transaction

_METHODS = {"get_list": "read", "get": "read", "post": "add", "put": "change", "delete": "remove"}


def answers_plainly(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Answer refusals as JSON; a write by cookie must carry the CSRF token.

    Whoever is known by his cookie acts by it, whatever else the request says of itself.
    """

    @wraps(endpoint)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if current_user.is_authenticated:
                csrf.protect()
            return endpoint(self, *args, **kwargs)
        except DomainError as exc:
            fields = exc.fields if isinstance(exc, Invalid) else {}
            return self.response(exc.status, message=str(exc), errors=fields)
        except CSRFError:
            return self.response(400, message=_("The CSRF token is missing or has expired."))
        except HTTPException as exc:
            return self.response(exc.code, message=exc.description)

    return guarded


class CrudApi(BaseApi):
    """The API of ``model``; made by ``generate``."""

    model: type[Any]
    allow_browser_login = True
    csrf_exempt = True  # answers_plainly checks it, except for requests with a bearer token
    method_permission_name = _METHODS

    @expose("/", methods=["GET"])
    @protect()
    @answers_plainly
    def get_list(self) -> Response:
        """One page: {"count", "is_capped", "result": […], "next", "previous"}."""
        wanted = parse(self.model, request.args)
        if wanted.faults:
            raise BadRequest(
                _("Parameters not offered here: %(names)s", names=", ".join(wanted.faults))
            )
        page = find_page(db.session(), self.model, current_actor(), wanted)
        return self.response(
            200, count=page.count, is_capped=page.is_capped, next=page.next, previous=page.previous,
            result=[as_json(self.model, row, self.model.screen.columns) for row in page.rows],
        )  # fmt: skip

    @expose("/<int:pk>", methods=["GET"])
    @protect()
    @answers_plainly
    def get(self, pk: int) -> Response:
        """One record: {"id", "result"}."""
        return self._answer(200, open_row(db.session(), self.model, pk, shown(self.model)))

    @expose("/", methods=["POST"])
    @protect()
    @answers_plainly
    def post(self) -> Response:
        """Create a record; 201 {"id", "result"}, 422 {"message", "errors"}."""
        if not self.model.screen.can_add or not writable(self.model):
            raise NotFound(_("Records of this kind are not made here."))
        body = _body(self.model)
        with transaction() as session:
            row = save(session, self.model, _form(self.model, body, None), None)
        response = self._answer(201, row)
        response.headers["Location"] = url_for(f"{self.endpoint}.get", pk=row.id)
        return response

    @expose("/<int:pk>", methods=["PUT"])
    @protect()
    @answers_plainly
    def put(self, pk: int) -> Response:
        """Change the attributes given; send row_version to notice a stale edit."""
        if not writable(self.model):
            raise NotFound(_("Records of this kind are not changed here."))
        body = _body(self.model)
        with transaction() as session:
            row = get_row(session, self.model, pk, to_write=True)
            row = save(session, self.model, _form(self.model, body, row), row)
        return self._answer(200, row)

    @expose("/<int:pk>", methods=["DELETE"])
    @protect()
    @answers_plainly
    def delete(self, pk: int) -> Response:
        """Remove a record that no other refers to."""
        if not self.model.screen.can_delete:
            raise NotFound(_("Records of this kind are not deleted."))
        with transaction() as session:
            remove(session, get_row(session, self.model, pk, to_write=True))
        return self.response(200, message=_("Deleted."))

    def _answer(self, status: int, row: Any) -> Response:
        return self.response(status, id=row.id, result=as_json(self.model, row, shown(self.model)))

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe the API from the declaration."""
        openapi.describe(api_spec, self.model, f"/api/v1/{self.resource_name}/")


def as_json(model: type[Any], row: Any, names: Any) -> dict[str, Any]:
    """Return ``names`` of ``row`` as JSON values; relations as {"id", "text"}."""
    found: dict[str, Any] = {"id": row.id, "row_version": getattr(row, "row_version", None)}
    for name in names:
        value = getattr(row, name)
        is_record = name in inspect(model).relationships and value is not None
        found[name] = {"id": value.id, "text": str(value)} if is_record else plain(value)
    return found


def _body(model: type[Any]) -> dict[str, Any]:
    """Return the JSON object sent; raises BadRequest for anything else, or unknown attributes."""
    try:
        body = request.get_json(silent=True)
    except RecursionError:
        body = None
    if not isinstance(body, dict):
        raise BadRequest(_("The body must be a JSON object."))
    unknown = set(body) - set(writable(model)) - {"id", "row_version"}
    if unknown:
        names = ", ".join(sorted(repr(name)[:60] for name in unknown))
        raise BadRequest(_("Attributes not known here: %(names)s", names=names))
    return body


def _form(model: type[Any], body: dict[str, Any], row: Any | None) -> RecordForm:
    """Return the model's form with what was sent.

    It checks only what matters: of a change the attributes given, of a new record also
    those it cannot do without.
    """
    form = RecordForm(model)
    needed = {name for name in writable(model) if row is None and is_needed(model, name)}
    form.keep_only(needed | set(body))
    data = [
        pair for field in form if field.name in body for pair in _typed(field, body[field.name])
    ]
    form.process(MultiDict(data))
    return form


def _typed(field: Any, value: Any) -> list[tuple[str, Any]]:
    """Return a JSON value as the form would send it; raises Invalid for a wrong shape."""
    if isinstance(field, JsonField):
        return [] if value is None else [(field.name, JsonField.dump(value))]
    if isinstance(field, RelationField) and isinstance(value, dict):
        value = value.get("id")
    is_list = isinstance(value, list) and isinstance(field, LinesField)
    if isinstance(value, list | dict) and not is_list:
        message = _("This is not a single value.")
        raise Invalid(message, {field.name: message})
    if value is None or (value is False and field.type == "BooleanField"):
        return []
    if value is True and field.type == "BooleanField":
        return [(field.name, "1")]
    return [(field.name, value if is_list else str(value))]
