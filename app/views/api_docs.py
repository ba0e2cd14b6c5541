"""The API for people: every operation of the OpenAPI description, grouped by kind of record."""

from typing import Any

from flask import current_app, render_template
from flask_appbuilder import BaseView, expose
from flask_appbuilder.api import BaseApi
from flask_appbuilder.api.manager import OpenApi
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.i18n import N_
from app.lowcode.actions import WRITES, may
from app.models.menus import SYSTEM
from app.permissions import EVERY_OFFICER, current_actor
from app.text import fold

_VERSION = "v1"
_METHODS = ("get", "post", "put", "patch", "delete")
# The summaries of generated operations; those of the framework stay as they are.
SUMMARIES = {
    "List": N_("List"),
    "Create": N_("Create"),
    "Read": N_("Read one"),
    "Change": N_("Change"),
    "Delete": N_("Delete"),
}
_TONES = {"get": "info", "post": "success", "put": "warning", "patch": "warning"}


class ApiDocsView(BaseView):
    """What other systems may ask of this one, for officers who connect them."""

    route_base = "/api/docs"
    class_permission_name = "ApiDocs"
    default_view = "index"
    title = _l("API description")
    roles = {"read": EVERY_OFFICER}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("API description"), "world", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """Operations the viewer's roles may use, and the others, each with its parameters."""
        groups = [group for api in _apis() if (group := _group(api))["operations"]]
        groups.sort(key=lambda group: (not group["may_read"], fold(group["title"])))
        return render_template("admin/api_docs.html", groups=groups)


def _apis() -> list[BaseApi]:
    views = current_app.appbuilder.baseviews
    return [view for view in views if isinstance(view, BaseApi) and view.version == _VERSION]


def _group(api: BaseApi) -> dict[str, Any]:
    """Return one API's title, operations and whether the viewer may read there."""
    spec = OpenApi._create_api_spec(_VERSION)
    api.add_api_spec(spec)
    paths = spec.to_dict().get("paths", {})
    operations = [_operation(path, method, paths[path][method])
                  for path in paths for method in _METHODS if method in paths[path]]  # fmt: skip
    model = getattr(api, "model", None)
    name = api.class_permission_name
    title = getattr(api, "title", None) or api.resource_name or name
    return {
        "title": str(model.screen.title if model is not None else title),
        "operations": operations,
        "may_read": model is None or current_actor().may("can_read", name),
        "may_write": model is not None and may(model, *WRITES),
        "id": name,
    }  # fmt: skip


def _operation(path: str, method: str, spec: dict[str, Any]) -> dict[str, Any]:
    summary = spec.get("summary") or spec.get("description") or ""
    return {
        "path": path, "method": method.upper(), "tone": _TONES.get(method, "danger"),
        "summary": _(SUMMARIES.get(summary, summary)) if summary else "",
        "parameters": [p["name"] for p in spec.get("parameters", []) if "name" in p],
        "body": sorted(_body_fields(spec)),
    }  # fmt: skip


def _body_fields(spec: dict[str, Any]) -> list[str]:
    content = spec.get("requestBody", {}).get("content", {}).get("application/json", {})
    return list(content.get("schema", {}).get("properties", {}))


API_DOCS_VIEWS = (ApiDocsView,)
