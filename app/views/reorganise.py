"""Merging, splitting, renaming and closing agencies: choose, preview, confirm, undo."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError, Invalid, NotFound
from app.extensions import db
from app.models import Reorganisation
from app.models.menus import ORGANISATION
from app.models.reorganisation import (
    REORGANISATION_KINDS,
    REORGANISATION_STATES,
    ReorganisationKind,
    ReorganisationState,
)
from app.permissions import Role, current_actor
from app.services import reorganise
from app.services.directory import list_agencies
from app.services.reorganise_choices import choices_of
from app.services.reorganise_moves import Wish
from app.services.reorganise_wishes import as_data, as_wish
from app.transactions import transaction
from app.views import acts

_LISTS = ("divisions", "posts", "sectors")


class ReorganisationView(BaseView):
    """What happens to agencies under a decision on the two-tier government."""

    route_base = "/admin/reorganisation"
    class_permission_name = "Reorganisation"
    default_view = "index"
    title = _l("Reorganisation of agencies")
    roles = {"reorganise": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((ORGANISATION, _l("Reorganisation of agencies"), "git-branch", "index", "reorganise"),)

    @expose("/")
    @has_access
    @permission_name("reorganise")
    def index(self) -> str:
        """The acts so far, and the choice of the next."""
        return _index()

    @expose("/plan")
    @has_access
    @permission_name("reorganise")
    def plan(self) -> Any:
        """The form of one act; with ``preview`` also what it would do."""
        if request.args.get("source") == "":
            return _index(is_missing=True), 422
        try:
            wish = _sent(request.args)
        except NotFound:
            abort(404)
        except Invalid as exc:
            return _form(_sent(request.args, only=("kind", "source")), faults=exc.fields), exc.status
        if "preview" not in request.args:
            return _form(wish)
        found = reorganise.plan_of(db.session(), wish)
        return _form(wish, found=found, faults=found.faults), 422 if found.faults else 200

    @expose("/carry-out", methods=["POST"])
    @has_access
    @permission_name("reorganise")
    def carry_out(self) -> Any:
        """Do what the preview showed."""
        try:
            with transaction() as session:
                wish = as_wish(session, _data(request.form))
                act = reorganise.reorganise(session, wish, current_actor(), request.form.get("seen", ""))
                number = act.id
        except NotFound:
            abort(404)
        except DomainError as exc:
            return _again(exc)
        flash(_("The act is planned; it is carried out by itself on its day.") if act.state == "planned" else
              _("The agencies are reorganised.") if act.images else
              _("Many dossiers move: the act is being carried out. This page tells when it is done."), "success")
        return redirect(url_for("ReorganisationView.show", number=number))

    @expose("/<int:number>")
    @has_access
    @permission_name("reorganise")
    def show(self, number: int) -> str:
        """One act: what it changed, and undoing it."""
        act = db.session.get(Reorganisation, number)
        if act is None:
            abort(404)
        return render_template("admin/reorganise_act.html", act=act, kinds=REORGANISATION_KINDS,
                               states=REORGANISATION_STATES)  # fmt: skip

    @expose("/<int:number>/cancel", methods=["POST"])
    @has_access
    @permission_name("reorganise")
    def cancel(self, number: int) -> Any:
        """Call off an act whose day has not come."""
        acts.act(lambda session, actor: reorganise.cancel(session, number, actor),
                 _("The planned act is cancelled."))  # fmt: skip
        return redirect(url_for("ReorganisationView.show", number=number))

    @expose("/<int:number>/undo", methods=["POST"])
    @has_access
    @permission_name("reorganise")
    def undo(self, number: int) -> Any:
        """Put back what the act changed."""
        acts.act(lambda session, actor: reorganise.undo(session, number, actor), _undone)
        return redirect(url_for("ReorganisationView.show", number=number))


def _index(*, is_missing: bool = False) -> str:
    session = db.session()
    return render_template(
        "admin/reorganise.html", acts=reorganise.list_acts(session), kinds=REORGANISATION_KINDS,
        states=REORGANISATION_STATES, is_missing=is_missing, kind=request.args.get("kind", "merge"),
        agencies=[(a.id, f"{a.code} – {a.name}") for a in list_agencies(session)],
    )  # fmt: skip


def _undone(act: Reorganisation) -> str:
    if act.state == ReorganisationState.undone:
        return _("Everything is as it was before.")
    return _("Many dossiers move back: the act is being undone. This page tells when it is done.")


def _data(sent: Any, only: tuple[str, ...] = ()) -> dict[str, Any]:
    data: dict[str, Any] = {name: sent.get(name) for name in (only or sent)}
    return data | ({name: sent.getlist(name) for name in _LISTS} if not only else {})


def _sent(sent: Any, only: tuple[str, ...] = ()) -> Wish:
    return as_wish(db.session(), _data(sent, only))


def _again(exc: DomainError) -> Any:
    """Show the form with what was typed, and why it was not done."""
    try:
        wish = _sent(request.form)
        found = reorganise.plan_of(db.session(), wish)
    except Invalid as again:
        return _form(_sent(request.form, only=("kind", "source")), faults=again.fields), again.status
    return _form(wish, found=found, faults=getattr(exc, "fields", {}), error=str(exc)), exc.status


def _form(wish: Wish, found: Any = None, faults: Any = None, error: str = "") -> str:
    session = db.session()
    agencies = [(a.id, f"{a.code} – {a.name}") for a in list_agencies(session) if a is not wish.source]
    return render_template(
        "admin/reorganise_plan.html", wish=wish, data=as_data(wish), plan=found, faults=faults or {}, error=error,
        agencies=agencies, kinds=REORGANISATION_KINDS, Kind=ReorganisationKind,
        choices=choices_of(session, wish.source) if wish.kind == ReorganisationKind.split else None,
    )  # fmt: skip


REORGANISATION_VIEWS = (ReorganisationView,)
