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
from werkzeug.exceptions import BadRequest, HTTPException

from app.errors import DomainError, NotFound
from app.extensions import csrf, db
from app.lowcode import openapi
from app.lowcode.api_reading import (
    Fields,
    as_json,
    chosen_fields,
    loads_of,
    require_match,
    tagged,
    version_of,
)
from app.lowcode.api_writing import MAX_BODY, body_of, form_of, with_ids
from app.lowcode.idempotency import earlier_reply, remember, sending_of_request
from app.lowcode.listing import find_page, parse
from app.lowcode.merging import merged, require_merge_type
from app.lowcode.refusals import ProblemAnswers, refusal, refusal_of
from app.lowcode.rows import get_row
from app.lowcode.saving import note_reading, open_row, remove, save
from app.lowcode.screen import listed, shown, writable
from app.permissions import current_actor
from app.transactions import transaction

_METHODS = {"get_list": "read", "get": "read", "post": "add", "put": "change",
            "patch": "change", "delete": "remove"}  # fmt: skip


def answers_plainly(endpoint: Callable[..., Any]) -> Callable[..., Any]:
    """Answer refusals as problem details; a write by cookie must carry the CSRF token.

    Whoever is known by his cookie acts by it, whatever else the request says of itself.
    """

    @wraps(endpoint)
    def guarded(self: Any, *args: Any, **kwargs: Any) -> Any:
        request.max_content_length = MAX_BODY
        try:
            if current_user.is_authenticated:
                csrf.protect()
            return endpoint(self, *args, **kwargs)
        except CSRFError:
            return refusal(400, _("The CSRF token is missing or has expired."))
        except (DomainError, HTTPException) as exc:
            return refusal_of(exc)

    return guarded


class CrudApi(ProblemAnswers, BaseApi):
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
        model = self.model
        wanted = parse(model, with_ids(model, request.args))
        if wanted.faults:
            raise BadRequest(_("Parameters not offered here: %(names)s", names=", ".join(wanted.faults)))
        fields = chosen_fields(model, listed(model), is_list=True)
        page = find_page(db.session(), model, current_actor(), wanted, loads_of(model, fields))
        body = {
            "count": page.count, "is_capped": page.is_capped, "next": page.next,
            "previous": page.previous, "result": [as_json(model, row, fields) for row in page.rows],
        }  # fmt: skip
        return tagged(self.response(200, **body), body, is_kept=not model.screen.is_personal)

    @expose("/<int:pk>", methods=["GET"])
    @protect()
    @answers_plainly
    def get(self, pk: int) -> Response:
        """One record: {"id", "result"}."""
        fields = chosen_fields(self.model, shown(self.model), is_list=False)
        row = open_row(db.session(), self.model, pk, list(fields))
        return self._answer(200, row, fields)

    @expose("/", methods=["POST"])
    @protect()
    @answers_plainly
    def post(self) -> Response:
        """Create a record; 201 {"id", "result"}. The same Idempotency-Key makes it once."""
        if not self.model.screen.can_add or not writable(self.model, "add"):
            raise NotFound(_("Records of this kind are not made here."))
        sending, body = sending_of_request(), body_of(self.model, "add")
        with transaction() as session:
            reply = earlier_reply(session, sending) if sending else None
            if reply is None:
                row = save(session, self.model, form_of(self.model, body, None), None)
                answer, number = as_json(self.model, row, shown(self.model)), row.id
                version = version_of(self.model, row)
                if sending:
                    remember(session, sending, number, {"result": answer, "version": version})
            else:
                answer, number = reply.answer["result"], reply.record_id
                version = reply.answer["version"]
        return self._made(number, answer, version, is_replay=reply is not None)

    def _made(self, number: int, answer: Any, version: str, *, is_replay: bool) -> Response:
        response = tagged(self.response(201, id=number, result=answer), answer, version, is_kept=False)
        response.headers["Location"] = url_for(f"{self.endpoint}.get", pk=number)
        if is_replay:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    @expose("/<int:pk>", methods=["PUT"])
    @protect()
    @answers_plainly
    def put(self, pk: int) -> Response:
        """Change the attributes given, of the version named by If-Match."""
        return self._change(pk, lambda row, body: body)

    @expose("/<int:pk>", methods=["PATCH"])
    @protect()
    @answers_plainly
    def patch(self, pk: int) -> Response:
        """Merge a document into the record as RFC 7396 says: null empties, objects are merged."""
        require_merge_type()
        return self._change(pk, lambda row, body: merged(self.model, row, body))

    def _change(self, pk: int, given: Callable[[Any, dict[str, Any]], dict[str, Any]]) -> Response:
        if not writable(self.model):
            raise NotFound(_("Records of this kind are not changed here."))
        body = body_of(self.model, "change")
        with transaction() as session:
            row = get_row(session, self.model, pk, to_write=True)
            require_match(self.model, row)
            row = save(session, self.model, form_of(self.model, given(row, body), row), row)
            note_reading(session, row)  # the answer holds all of it, also if nothing was changed
        return self._answer(200, row, dict.fromkeys(shown(self.model), ()))

    @expose("/<int:pk>", methods=["DELETE"])
    @protect()
    @answers_plainly
    def delete(self, pk: int) -> Response:
        """Remove a record that no other refers to, in the version named by If-Match."""
        if not self.model.screen.can_delete:
            raise NotFound(_("Records of this kind are not deleted."))
        with transaction() as session:
            row = get_row(session, self.model, pk, action="remove")
            require_match(self.model, row)
            remove(session, row)
        return Response(status=204)

    def _answer(self, status: int, row: Any, fields: Fields) -> Response:
        result = as_json(self.model, row, fields)
        response = self.response(status, id=row.id, result=result)
        is_kept = status == 200 and not self.model.screen.is_personal
        return tagged(response, result, version_of(self.model, row), is_kept=is_kept)

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe the API from the declaration."""
        openapi.describe(api_spec, self.model, f"/api/v1/{self.resource_name}/")
