"""Before and after a process comes into force: rehearsing a draft, moving running dossiers to it."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import DomainError, Invalid
from app.extensions import db
from app.models import Process
from app.permissions import Role, current_actor
from app.services import process_moves, rehearsal
from app.transactions import transaction
from app.views.acts import asked_number, typed
from app.views.process_designer import find_process, may_draw


class RehearsalView(BaseView):
    """What a drafted process would do with dossiers; for whoever may draw it, and the catalog's readers."""

    route_base = "/process-rehearsal"
    class_permission_name = "Process"
    default_view = "show"
    title = _l("Rehearsal of a process")

    @expose("/<int:number>")
    @has_access
    @permission_name("change")
    def show(self, number: int) -> Any:
        """Play the last finished dossiers, or invented ones, through the process; nothing is written."""
        process = find_process(number)
        count = asked_number(request.args.get("count")) or rehearsal.USUAL
        found, message = None, ""
        try:
            found = rehearsal.rehearse(db.session(), process, count)
        except DomainError as exc:
            message = str(exc)
        return render_template(
            "processes/rehearsal.html", process=process, found=found, message=message,
            count=max(1, min(count, rehearsal.MOST)), most=rehearsal.MOST, can_draw=may_draw(process),
        ), 200 if found is not None else 422  # fmt: skip


class ProcessMovesView(BaseView):
    """Moving running dossiers to a newer process: only catalog administrators, with a preview."""

    route_base = "/process-moves"
    class_permission_name = "ProcessMoves"
    default_view = "index"
    title = _l("Move running dossiers")
    roles = {"move": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only

    @expose("/<int:target>")
    @has_access
    @permission_name("move")
    def index(self, target: int) -> str:
        """The older processes on which dossiers of the same procedures still run."""
        process = find_process(target)
        return render_template(
            "processes/moves.html", target=process, sources=process_moves.sources_of(db.session(), process)
        )

    @expose("/<int:target>/from/<int:source>", methods=["GET", "POST"])
    @has_access
    @permission_name("move")
    def preview(self, target: int, source: int) -> Any:
        """Which dossiers would move where; POST shows another mapping, or makes the move ("act")."""
        given = _mapping() if request.method == "POST" else None
        if request.form.get("act") and given is not None:
            return self._move(target, source, given)
        return self._page(target, source, given)

    def _move(self, target: int, source: int, given: dict[str, str]) -> Any:
        ids = [number for text in request.form.getlist("dossier") if (number := asked_number(text))]
        if not ids:
            return self._page(target, source, given, {"dossier": _("Choose at least one dossier.")})
        try:
            with transaction() as session:
                old, new = (session.get_one(Process, one.id) for one in (find_process(source), find_process(target)))
                reason, actor = typed("reason", 4001), current_actor()
                moved, stayed = process_moves.move(session, old, new, given, ids, reason, actor)
                counts = len(moved), len(stayed)
        except Invalid as exc:
            return self._page(target, source, given, dict(exc.fields) or {"": str(exc)})
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for("ProcessMovesView.index", target=target))
        flash(ngettext("%(num)d dossier was moved.", "%(num)d dossiers were moved.", counts[0]), "success")
        if counts[1]:
            flash(ngettext("%(num)d dossier stays on its process.", "%(num)d dossiers stay on their process.",
                           counts[1]), "warning")  # fmt: skip
        return redirect(url_for("ProcessMovesView.index", target=target))

    @staticmethod
    def _page(target: int, source: int, given: dict[str, str] | None, faults: dict[str, str] | None = None) -> Any:
        faults = faults or {}
        session, new, old = db.session(), find_process(target), find_process(source)
        try:
            found = process_moves.plan(session, old, new, given)
        except Invalid as exc:
            faults |= dict(exc.fields) or {"": str(exc)}
            try:
                found = process_moves.plan(session, old, new)
            except DomainError as other:
                flash(str(other), "danger")
                return redirect(url_for("ProcessMovesView.index", target=target))
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for("ProcessMovesView.index", target=target))
        if not (found.dossiers or faults):
            abort(404)
        page = render_template("processes/move.html", plan=found, given=given or found.mapping, faults=faults,
                               reason=typed("reason", 4001), most=process_moves.MAX_MOVED)  # fmt: skip
        return page, 422 if faults else 200


def _mapping() -> dict[str, str]:
    """Return {old key: new key or ""} of the form's selects."""
    found = {name[4:]: text for name, text in request.form.items() if name.startswith("map.")}
    return dict(list(found.items())[:400])


PROCESS_TRIAL_VIEWS = (RehearsalView, ProcessMovesView)
