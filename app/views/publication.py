"""Procedure versions on their way: checked, approved, published, ended, drafted anew."""

from collections.abc import Callable
from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import NotFound
from app.extensions import db
from app.lowcode.actions import may
from app.lowcode.views import view_of
from app.models import (
    Agency,
    Form,
    OfficerPosition,
    Procedure,
    ProcedureVersion,
    Process,
    PublicationDecision,
)
from app.models.menus import PROCEDURES
from app.models.procedure import VERSION_STATES, VersionState
from app.permissions import Actor, Role, current_actor
from app.services import publication
from app.services.publication_checks import Check, checks
from app.views.acts import act, asked_number, searched, typed

# Those who examine, and the province's head who approves; which act is open says the table.
EXAMINERS = frozenset({Role.catalog_admin, Role.control_focal_point, Role.agency_head})
_MODELS: dict[str, type[Any]] = {
    model.__tablename__: model for model in (
        Agency, Form, OfficerPosition, Procedure, ProcedureVersion, Process, PublicationDecision)
}  # fmt: skip
# On whose page the parts are that a fault names; of the others the form itself is opened.
_WITH_PARTS = frozenset({"form", "process"})

Act = Callable[[Any, Any, Actor], Any]
ACTS: dict[str, Act] = {
    "check": publication.check_version,
    "approve": publication.approve,
    "return": lambda session, version, actor: publication.send_back(
        session, version, typed("reason"), actor),
    "publish": publication.publish,
    "retire": lambda session, version, actor: publication.retire(
        session, version, typed("reason"), actor),
}  # fmt: skip


def mend_url(point: Check) -> str | None:
    """Return the address of the page where a point is mended, if the actor may open it."""
    if point.place is None or point.level == "ok":
        return None
    table, number = point.place
    model = _MODELS[table]
    endpoint = view_of(model).endpoint
    if number and table not in _WITH_PARTS and may(model, "change"):
        return url_for(f"{endpoint}.edit", pk=number)
    if not may(model, "read"):
        return None
    return url_for(f"{endpoint}.show", pk=number) if number else url_for(f"{endpoint}.list")


class PublicationView(BaseView):
    """Procedure versions by state; what is missing, and the acts open to the reader."""

    route_base = "/admin/versions"
    class_permission_name = "Publication"
    default_view = "index"
    title = _l("Publication of procedures")
    roles = {"examine": EXAMINERS, "publish": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((PROCEDURES, _l("Publication of procedures"), "certificate", "index", "examine"),)

    @expose("/")
    @has_access
    @permission_name("examine")
    def index(self) -> str:
        """Versions by state, drafts first."""
        session = db.session()
        state = request.args.get("state", str(VersionState.draft))
        q, cursor = searched(), asked_number(request.args.get("after"))
        rows, after = publication.list_versions(session, state, q, cursor)
        url = url_for("PublicationView.index", state=state, q=q or None, after=after)
        return render_template(
            "admin/versions.html", rows=rows, q=q, state=state, state_labels=VERSION_STATES,
            counts=publication.count_versions(session), following=url if after else None,
        )  # fmt: skip

    @expose("/<int:number>")
    @has_access
    @permission_name("examine")
    def show(self, number: int) -> str:
        """One version: what it still needs, and what can be done with it."""
        session = db.session()
        try:
            version = publication.get_version(session, number)
        except NotFound:
            abort(404)
        others = publication.siblings(session, version)
        return render_template(
            "admin/version.html", version=version, state_labels=VERSION_STATES, others=others,
            points=checks(session, version), offered=publication.offered(version, current_actor()),
            mend_url=mend_url, decisions=publication.decisions_of(session, version),
            running=next((o for o in others if o.state == VersionState.published), None),
        )  # fmt: skip

    @expose("/<int:number>/<name>", methods=["POST"])
    @has_access
    @permission_name("examine")
    def move(self, number: int, name: str) -> Any:
        """Make one act of the VERSION table; the service says whether it is open."""
        if name not in ACTS:
            abort(404)
        act(lambda session, actor: ACTS[name](session, _locked(session, number), actor), _("Done."))
        return redirect(url_for("PublicationView.show", number=number))

    @expose("/<int:number>/draft", methods=["POST"])
    @has_access
    @permission_name("publish")
    def draft(self, number: int) -> Any:
        """Draft the next version from this one."""
        made: list[Any] = []
        act(lambda session, actor: made.append(
            publication.draft_from(session, _locked(session, number), actor)),
            _("The draft is made. Change it, then publish it."))  # fmt: skip
        return redirect(url_for("PublicationView.show", number=made[0].id if made else number))


def _locked(session: Any, number: int) -> Any:
    return publication.get_version(session, number, to_change=True)
