"""/api/v1/catalogs/<code>/: the items of a shared catalog with its own fields."""

from collections.abc import Mapping
from typing import Any

from flask import Response, request, url_for
from flask_appbuilder.api import BaseApi, expose
from flask_appbuilder.security.decorators import protect
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from werkzeug.exceptions import BadRequest

from app.errors import DomainError
from app.extensions import db
from app.lowcode.api import answers_plainly
from app.lowcode.api_reading import require_match, tagged
from app.lowcode.api_writing import json_object
from app.lowcode.idempotency import earlier_reply, remember, sending_of_request
from app.lowcode.merging import require_merge_type
from app.lowcode.refusals import ProblemAnswers
from app.lowcode.saving import remove
from app.models import SharedCatalog, SharedCatalogItem
from app.permissions import current_actor
from app.services import shared_catalogs as catalogs
from app.services.shared_listing import find_items, parse
from app.transactions import transaction
from app.views import catalog_openapi

_METHODS = {"index": "read", "get_list": "read", "get": "read", "post": "add",
            "put": "change", "patch": "change", "delete": "remove"}  # fmt: skip


class SharedCatalogItemsApi(ProblemAnswers, BaseApi):
    """Items by catalog; the right is that on items, which catalogs, their definitions say."""

    resource_name = "catalogs"
    title = _l("Shared catalogs")
    class_permission_name = "SharedCatalogItem"
    allow_browser_login = True
    csrf_exempt = True  # answers_plainly checks it
    method_permission_name = _METHODS

    @expose("/", methods=["GET"])
    @protect()
    @answers_plainly
    def index(self) -> Response:
        """The catalogs one may read: {"result": [{"code", "name", "items"}]}."""
        found = [{"code": row.code, "name": row.name, "is_active": row.is_active, "items": count}
                 for row, count in catalogs.list_catalogs(db.session(), current_actor())]  # fmt: skip
        return tagged(self.response(200, result=found), found, is_kept=True)

    @expose("/<code>/", methods=["GET"])
    @protect()
    @answers_plainly
    def get_list(self, code: str) -> Response:
        """One page of items, as the lists of other kinds."""
        session = db.session()
        catalog = catalogs.get_catalog(session, code, current_actor())
        wanted = parse(catalog, request.args)
        if wanted.faults:
            raise BadRequest(_("Parameters not offered here: %(names)s", names=", ".join(wanted.faults)))
        page = find_items(session, catalog, wanted)
        names = catalogs.names_for(session, catalog, page.rows)
        kept = _kept(catalog)
        body = {
            "count": page.count, "is_capped": page.is_capped, "next": page.next, "previous": page.previous,
            "result": [_only(catalogs.as_json(catalog, row, names), kept) for row in page.rows],
        }  # fmt: skip
        return tagged(self.response(200, **body), body, is_kept=True)

    @expose("/<code>/<int:pk>", methods=["GET"])
    @protect()
    @answers_plainly
    def get(self, code: str, pk: int) -> Response:
        """One item."""
        catalog = catalogs.get_catalog(db.session(), code, current_actor())
        return self._answer(200, catalog, catalogs.get_item(db.session(), catalog, pk), _kept(catalog))

    @expose("/<code>/", methods=["POST"])
    @protect()
    @answers_plainly
    def post(self, code: str) -> Response:
        """Add an item; the same Idempotency-Key adds it once."""
        sending, given = sending_of_request(), json_object()
        with transaction() as session:
            catalog = catalogs.get_catalog(session, code, current_actor())
            reply = earlier_reply(session, sending) if sending else None
            if reply is None:
                row = catalogs.save_item(session, catalog, _known(catalog, given), None)
                body = _json(catalog, row)
                if sending:
                    remember(session, sending, row.id, body)
            else:
                body = reply.answer
        response = tagged(self.response(201, id=body["id"], result=body), body, str(body["row_version"]), is_kept=False)
        response.headers["Location"] = url_for(f"{self.endpoint}.get", code=code, pk=body["id"])
        if reply is not None:
            response.headers["Idempotency-Replayed"] = "true"
        return response

    @expose("/<code>/<int:pk>", methods=["PUT"])
    @protect()
    @answers_plainly
    def put(self, code: str, pk: int) -> Response:
        """Change the attributes and fields given, of the version named by If-Match."""
        return self._change(code, pk)

    def _change(self, code: str, pk: int) -> Response:
        given = json_object()
        with transaction() as session:
            catalog = catalogs.get_catalog(session, code, current_actor())
            row = catalogs.get_item(session, catalog, pk, "change")
            require_match(SharedCatalogItem, row)
            row = catalogs.save_item(session, catalog, _known(catalog, given), row)
        return self._answer(200, catalog, row, ())

    @expose("/<code>/<int:pk>", methods=["PATCH"])
    @protect()
    @answers_plainly
    def patch(self, code: str, pk: int) -> Response:
        """Merge a document into the item; null empties a field."""
        require_merge_type()
        return self._change(code, pk)

    @expose("/<code>/<int:pk>", methods=["DELETE"])
    @protect()
    @answers_plainly
    def delete(self, code: str, pk: int) -> Response:
        """Remove an item that nothing refers to; others are taken out of use by PUT."""
        with transaction() as session:
            catalog = catalogs.get_catalog(session, code, current_actor())
            row = catalogs.get_item(session, catalog, pk, "remove")
            require_match(SharedCatalogItem, row)
            remove(session, row)
        return Response(status=204)

    def _answer(self, status: int, catalog: SharedCatalog, row: SharedCatalogItem, kept: Any) -> Response:
        result = _only(_json(catalog, row), kept)
        response = self.response(status, id=row.id, result=result)
        return tagged(response, result, str(row.row_version), is_kept=True)

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe every catalog that the reader of the description may read."""
        try:
            catalog_openapi.describe(api_spec, db.session(), current_actor())
        except DomainError:
            return


def _json(catalog: SharedCatalog, row: SharedCatalogItem) -> dict[str, Any]:
    return catalogs.as_json(catalog, row, catalogs.names_for(db.session(), catalog, [row]))


def _kept(catalog: SharedCatalog) -> tuple[str, ...]:
    """Return the attributes that ``fields`` asks for, () for all; raises BadRequest."""
    asked = tuple(part.strip() for part in request.args.get("fields", "").split(",") if part.strip())
    offered = {"id", "row_version", *catalogs.COMMON, *(field.key for field in catalog.fields)}
    unknown = [repr(name)[1:61] for name in asked if name not in offered]
    if unknown:
        raise BadRequest(_("Fields not offered here: %(names)s", names=", ".join(unknown)))
    return (*asked, "id", "row_version") if asked else ()


def _only(item: dict[str, Any], kept: tuple[str, ...]) -> dict[str, Any]:
    return {name: value for name, value in item.items() if name in kept} if kept else item


def _known(catalog: SharedCatalog, given: Mapping[str, Any]) -> dict[str, Any]:
    offered = {"id", "row_version", *catalogs.COMMON, *(field.key for field in catalog.fields)}
    unknown = ", ".join(sorted(repr(name)[:60] for name in given if name not in offered))
    if unknown:
        raise BadRequest(_("Attributes not known here: %(names)s", names=unknown))
    return {**given, "parent": _in_catalog(catalog, given["parent"])} if "parent" in given else dict(given)


def _in_catalog(catalog: SharedCatalog, given: Any) -> Any:
    """Return a parent named by {"code"} as its id: codes are unique within the catalog only."""
    if not isinstance(given, Mapping) or given.get("id") is not None or not isinstance(given.get("code"), str):
        return given
    return catalogs.id_of_code(db.session(), catalog, given["code"]) or 0


CATALOG_APIS = (SharedCatalogItemsApi,)
