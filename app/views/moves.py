"""Making an act of a small life cycle, and reporting a procedure."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError, Invalid
from app.lowcode.rows import get_row
from app.lowcode.views import view_of
from app.models.menus import PROCEDURES
from app.models.procedure_report import REPORT_KINDS
from app.permissions import EVERY_OFFICER, Role, current_actor
from app.services.moves import CYCLES, make_move
from app.services.procedure_reports import MAX_CONTENT, NewReport, send_report
from app.transactions import transaction
from app.views.acts import act, typed
from app.workflows.online import REPORTERS

MAX_REMARK = 5000


class MoveView(BaseView):
    """The acts of records whose generated page shows where they stand."""

    route_base = "/moves"
    class_permission_name = "Moves"
    default_view = "move"
    title = _l("Acts of small life cycles")
    roles = {"use": EVERY_OFFICER}  # noqa: RUF012 - read only

    @expose("/<table>/<int:pk>/<name>", methods=["POST"])
    @has_access
    @permission_name("use")
    def move(self, table: str, pk: int, name: str) -> Any:
        """Make one act; who may is said by the record's scope and by the table."""
        cycle = CYCLES.get(table)
        if cycle is None or name not in {step.name for step in cycle.workflow.transitions}:
            abort(404)

        def make(session: Any, actor: Any) -> None:
            row = get_row(session, cycle.model, pk)
            session.refresh(row, with_for_update=True)
            make_move(session, row, name, actor, typed("reason", MAX_REMARK))

        act(make, _("Done."))
        return redirect(url_for(f"{view_of(cycle.model).endpoint}.show", pk=pk))


class ProcedureReportingView(BaseView):
    """An officer reports a wrong, missing or expired procedure (HCM24 Đ17.6h)."""

    route_base = "/procedure-reporting"
    class_permission_name = "ProcedureReporting"
    default_view = "add"
    title = _l("Report a procedure")
    roles = {"use": frozenset(Role(role) for role in REPORTERS)}  # noqa: RUF012 - read only
    menu_items = ((PROCEDURES, _l("Report a procedure"), "message", "add", "use"),)

    @expose("/", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def add(self) -> Any:
        """The form, and what was sent with it; a refused one keeps what was typed."""
        if request.method == "GET":
            return _form({"procedure_code": request.args.get("thu_tuc", "")[:40], "kind": "wrong"})
        given = {name: typed(name, limit) for name, limit in (
            ("kind", 10), ("procedure_code", 40), ("title", 600), ("content", MAX_CONTENT + 1))}  # fmt: skip
        try:
            with transaction() as session:
                number = send_report(session, NewReport(**given), current_actor()).id
        except Invalid as exc:
            return _form(given, exc.fields), exc.status
        except DomainError as exc:
            flash(str(exc), "danger")
            return _form(given), exc.status
        flash(_("The report is sent. You are told when it is answered."), "success")
        return redirect(url_for("ProcedureReportView.show", pk=number))


def _form(given: dict[str, str], errors: dict[str, str] | None = None) -> str:
    return render_template("admin/report_form.html", given=given, errors=errors or {},
                           kinds=[(key, _(text)) for key, text in REPORT_KINDS.items()])  # fmt: skip


MOVE_VIEWS = (MoveView, ProcedureReportingView)
