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
from app.models import Process, ProcessMove, ProcessRehearsal
from app.permissions import Role, current_actor
from app.services import process_design, process_moves, process_moving, rehearsal, rehearsing
from app.services.paging import page_number
from app.services.rehearsal_report import Rehearsal
from app.transactions import transaction
from app.views.acts import asked_number, typed
from app.views.process_designer import find_process


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
        return _rehearsal_page(find_process(number), asked_number(request.args.get("count")) or rehearsal.USUAL)

    @expose("/<int:number>/start", methods=["POST"])
    @has_access
    @permission_name("change")
    def start(self, number: int) -> Any:
        """Play a few at once, many ("all": every one) by the worker."""
        count = asked_number(request.form.get("count")) or rehearsal.USUAL
        if count <= rehearsal.MOST and not request.form.get("all"):
            return redirect(url_for("RehearsalView.show", number=number, count=count))
        wanted = None if request.form.get("all") else count
        try:
            with transaction() as session:
                process = session.get_one(Process, find_process(number).id)
                act = rehearsing.begin(session, process, wanted, current_actor()).id
        except DomainError as exc:
            flash(str(exc), "warning")
            return redirect(url_for("RehearsalView.show", number=number))
        return redirect(url_for("RehearsalView.report", number=act))

    @expose("/report/<int:number>")
    @has_access
    @permission_name("change")
    def report(self, number: int) -> str:
        """How far the worker is with a rehearsal, and what came out."""
        act, process = _act_and_process(number)
        found = Rehearsal.read(act.report) if act.report else None
        return render_template(
            "processes/rehearsal_report.html", act=act, process=process, found=found, words=_played(act),
            is_old=process_design.revision(process) != act.edition,
        )

    @expose("/report/<int:number>/progress")
    @has_access
    @permission_name("change")
    def progress(self, number: int) -> dict[str, Any]:
        """How far it is, for the page that waits."""
        act = _act_and_process(number)[0]
        return {"busy": act.done_at is None, "done": act.played, "total": act.wanted, "words": _played(act)}


def _act_and_process(number: int) -> tuple[ProcessRehearsal, Process]:
    """Return a rehearsal of a process that the actor may see."""
    act = rehearsing.get_act(db.session(), number)
    return act, find_process(act.process_id)


def _played(act: ProcessRehearsal) -> str:
    return _("%(done)d of %(total)d dossiers", done=act.played, total=max(act.played, act.wanted))


def _rehearsal_page(process: Process, count: int) -> Any:
    session, found, message = db.session(), None, ""
    try:
        found = rehearsal.rehearse(session, process, count)
    except DomainError as exc:
        message = str(exc)
    return render_template(
        "processes/rehearsal.html", process=process, found=found, message=message,
        count=max(1, min(count, rehearsal.MOST)), most=rehearsal.MOST,
        total=0 if message else rehearsing.finished_number(session, process),
        acts=rehearsing.acts_of(session, process), kept_days=rehearsing.KEPT.days,
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
            "processes/moves.html", target=process, sources=process_moves.sources_of(db.session(), process),
            acts=process_moving.acts_on(db.session(), process),
        )

    @expose("/<int:target>/from/<int:source>", methods=["GET", "POST"])
    @has_access
    @permission_name("move")
    def preview(self, target: int, source: int) -> Any:
        """Which dossiers would move where; POST shows another mapping, or makes the move ("act")."""
        given = _mapping() if request.method == "POST" else None
        if given is not None and request.form.get("act") == "all":
            return self._move_all(target, source, given)
        if given is not None and request.form.get("act"):
            return self._move(target, source, given)
        return self._page(target, source, given)

    @expose("/act/<int:number>")
    @has_access
    @permission_name("move")
    def act(self, number: int) -> str:
        """How far an act of the worker is, and what became of each dossier."""
        session = db.session()
        act = process_moving.get_act(session, number)
        lines = process_moving.lines_of(session, act, page_number(request.args.get("page")))
        return render_template("processes/move_act.html", act=act, lines=lines, words=_words(act))

    @expose("/act/<int:number>/progress")
    @has_access
    @permission_name("move")
    def progress(self, number: int) -> dict[str, Any]:
        """How far it is, for the page that waits."""
        act = process_moving.get_act(db.session(), number)
        return {"busy": act.done_at is None, "done": act.moved + act.stayed, "total": act.wanted, "words": _words(act)}

    def _move_all(self, target: int, source: int, given: dict[str, str]) -> Any:
        try:
            with transaction() as session:
                old, new = (session.get_one(Process, one.id) for one in (find_process(source), find_process(target)))
                act = process_moving.begin(session, old, new, given, typed("reason", 4001), current_actor()).id
        except Invalid as exc:
            return self._page(target, source, given, dict(exc.fields) or {"": str(exc)})
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for("ProcessMovesView.index", target=target))
        return redirect(url_for("ProcessMovesView.act", number=act))

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
        running = next((one.running for one in process_moves.sources_of(session, new) if one.process is old), 0)
        page = render_template("processes/move.html", plan=found, running=running, given=given or found.mapping,
                               faults=faults, reason=typed("reason", 4001), most=process_moves.MAX_MOVED)  # fmt: skip
        return page, 422 if faults else 200


def _words(act: ProcessMove) -> str:
    done = act.moved + act.stayed
    return _("%(done)d of %(total)d dossiers", done=done, total=max(done, act.wanted))


def _mapping() -> dict[str, str]:
    """Return {old key: new key or ""} of the form's selects."""
    found = {name[4:]: text for name, text in request.form.items() if name.startswith("map.")}
    return dict(list(found.items())[:400])


PROCESS_TRIAL_VIEWS = (RehearsalView, ProcessMovesView)
