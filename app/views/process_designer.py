"""The process designer: a table of steps and the picture drawn from it, checked while one types."""

from typing import Any

from flask import abort, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from markupsafe import Markup
from sqlalchemy.orm import Session

from app.errors import DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode.actions import may
from app.lowcode.choosing import find_choices, may_choose
from app.lowcode.rows import may_touch
from app.lowcode.values import as_id
from app.models import Agency, Process, ProcessStep
from app.models.approved import CONFIGURABLE, is_approved
from app.models.menus import PROCEDURES
from app.permissions import Actor, current_actor
from app.services import process_design, process_editions
from app.services.process_diagram import diagram_of
from app.services.process_problems import Report, fields_of, report
from app.transactions import transaction
from app.views.acts import act, asked_number, save_design, searched, typed
from app.views.process_designer_spec import CHOICES, chosen_texts, designer_spec, designer_words


def find_process(number: int) -> Process:
    """Return a process that the actor may see; aborts with 404."""
    try:
        return process_design.get_process(db.session(), number)
    except NotFound:
        abort(404)


def may_draw(process: Process) -> bool:
    """Return whether the actor may change ``process`` now: by right, by row, and not in force."""
    try:
        process.check(current_actor())
    except DomainError:
        return False
    has_right = may(Process, "change") and may(ProcessStep, "add", "change")
    return has_right and may_touch(db.session(), process, "change")


def picture(found: Report, *, live: bool = False) -> Markup:
    """Return the diagram of a report as markup."""
    session = db.session()
    agencies = {step.agency_id for step in found.graph.steps if step.agency_id}
    names = {row.id: row.short_name or row.name for row in session.query(Agency).where(Agency.id.in_(agencies))}
    labels = {one["key"]: one["label"] for one in found.fields}
    macros = render_template(
        "processes/picture.html", live=live, d=diagram_of(found.graph, labels=labels, agencies=names)
    )
    return Markup(macros)  # noqa: S704 - rendered by our own template, everything typed is escaped there


class ProcessDesignerView(BaseView):
    """Design of internal processes; whoever may read them looks, whoever may change them draws."""

    route_base = "/process-designer"
    class_permission_name = "Process"  # the rights are those of the catalog itself
    default_view = "index"
    title = _l("Process designer")
    menu_items = ((PROCEDURES, _l("Process designer"), "route", "index", "change"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self, faults: dict[str, str] | None = None, status: int = 200) -> Any:
        """Processes by name: steps, hours, which procedures rest on them."""
        q, after = searched(), asked_number(request.args.get("after")) or 0
        rows, following = process_editions.list_processes(db.session(), current_actor(), q, after)
        url = url_for("ProcessDesignerView.index", q=q or None, after=following) if following else None
        return render_template("processes/index.html", rows=rows, q=q, following=url, faults=faults or {},
                               given=request.form, can_add=may(Process, "add")), status  # fmt: skip

    @expose("/new", methods=["POST"])
    @has_access
    @permission_name("add")
    def create(self) -> Any:
        """Begin a process without steps."""
        try:
            with transaction() as session:
                made = process_editions.create(session, typed("code", 100), typed("name", 600), current_actor())
                number = made.id
        except Invalid as exc:
            return self.index(dict(exc.fields) or {"name": str(exc)}, 422)
        return redirect(url_for("ProcessDesignerView.design", number=number))

    @expose("/<int:number>")
    @has_access
    @permission_name("read")
    def design(self, number: int) -> str:
        """One process: table, picture, problems. One that must not change is only looked at."""
        process, session = find_process(number), db.session()
        given = process_design.definition(process)
        found = report(session, process_design.built(given), process.id)
        rows = process_editions.rows_of(session, [process])
        return render_template(
            "processes/design.html", process=process, row=rows[0], can_draw=may_draw(process), found=found,
            is_approved=is_approved(session, process),
            can_copy=may(Process, "add"), can_rehearse=may(Process, "change"),
            can_move=current_actor().may("can_move", "ProcessMoves"), picture=picture(found, live=True),
            data={"definition": given, "base": process_design.revision(process), "spec": designer_spec(),
                  "words": designer_words(), "fields": found.fields, "texts": chosen_texts(session, process),
                  "problems": _said(found), "open": sorted(CONFIGURABLE) if is_approved(session, process) else None},
        )  # fmt: skip

    @expose("/<int:number>/check", methods=["POST"])
    @has_access
    @permission_name("read")
    def check(self, number: int) -> Any:
        """Return picture, problems and faults of a definition; nothing is kept."""
        process = find_process(number)
        try:
            given = process_design.tidied(request.get_json(silent=True))
        except Invalid as exc:
            return jsonify(error=str(exc)), exc.status
        with db.session.no_autoflush:
            found = report(db.session(), process_design.built(given), process.id)
            answer = {"faults": found.faults, "problems": _said(found), "picture": picture(found, live=True)}
        return jsonify(answer)

    @expose("/<int:number>/save", methods=["POST"])
    @has_access
    @permission_name("change")
    def save(self, number: int) -> Any:
        """Take the whole process as JSON {base, definition}, in one transaction."""

        def keep(session: Session, definition: Any, base: str, actor: Actor) -> None:
            process = process_design.get_process(session, number, to_change=True)
            process_design.save(session, process, definition, base, actor)

        return save_design(keep, lambda: process_design.revision(find_process(number)), "faults")

    @expose("/<int:number>/copy", methods=["POST"])
    @has_access
    @permission_name("add")
    def copy(self, number: int) -> Any:
        """Draft a copy of a process that must not change."""
        made: list[int] = []
        act(lambda session, actor: made.append(process_editions.copy_of(
            session, process_design.get_process(session, number), actor).id),
            _("The copy is made. It is used once a procedure version names it."))  # fmt: skip
        return redirect(url_for("ProcessDesignerView.design", number=made[0] if made else number))

    @expose("/<int:number>/print")
    @has_access
    @permission_name("read")
    def printed(self, number: int) -> str:
        """The picture and the table on A4."""
        process = find_process(number)
        found = report(db.session(), process_design.built(process_design.definition(process)), process.id)
        labels = {one["key"]: one["label"] for one in found.fields}
        return render_template("processes/print.html", process=process, found=found,
                               d=diagram_of(found.graph, labels=labels))  # fmt: skip

    @expose("/choices/<kind>")
    @has_access
    @permission_name("read")
    def choices(self, kind: str) -> Any:
        """Records to choose for a step: {"results": [{id, text}], "more"}; agencies to ask by their code."""
        if kind not in CHOICES:
            abort(404)
        target = CHOICES[kind]
        if not may_choose(target):
            abort(403)
        session = db.session()
        found = find_choices(session, target, request.args.get("q", ""), as_id(request.args.get("page")) or 1)
        if kind == "consulted":
            codes = {row.id: row.code for row in session.query(Agency).where(
                Agency.id.in_([one["id"] for one in found["results"]]))}  # fmt: skip
            found["results"] = [{**one, "id": codes[one["id"]]} for one in found["results"]]
        return found

    @expose("/fields/<int:number>")
    @has_access
    @permission_name("read")
    def fields(self, number: int) -> Any:
        """The fields of a form, for the conditions of a process that no procedure uses yet."""
        return jsonify(fields_of(db.session(), [number]))


def _said(found: Report) -> dict[str, Any]:
    return {
        "minutes": found.graph.total_minutes,
        "uses": [{"name": use.name, "minutes": use.minutes} for use in found.uses],
        "list": [{"text": one.text, "steps": one.steps, "warning": one.is_warning} for one in found.problems],
    }


PROCESS_DESIGNER_VIEWS = (ProcessDesignerView,)
