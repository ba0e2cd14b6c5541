"""Extensions that wait for the actor to confirm or grant."""

from typing import Any

from flask import render_template
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.extensions import db
from app.models.menus import WORK
from app.permissions import Role, current_actor
from app.services.extension_list import find_waiting
from app.services.extensions import span, stages
from app.views.officers.base import OfficerView
from app.workflows.extension import APPROVERS


class ExtensionsView(OfficerView):
    """For division heads, heads of agencies and the Centre: what they have to decide."""

    route_base = "/extensions"
    class_permission_name = "Extensions"
    roles = {"use": frozenset(Role(name) for name in APPROVERS)}  # noqa: RUF012 - read by the sync
    default_view = "index"
    menu_items = ((WORK, _l("Extensions to decide"), "hourglass", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """The nearest due date first; each row leads to the dossier, where it is decided."""
        waiting = find_waiting(db.session(), current_actor())
        return render_template("officers/extensions.html", waiting=waiting, span=span, stages=stages)
