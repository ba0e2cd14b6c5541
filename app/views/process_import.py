"""Processes from the tables of published decisions: read, shown, then kept together."""

from typing import Any

from flask import flash, json, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import DomainError, Invalid
from app.lowcode.fields import clean_json
from app.models.process import STEP_KINDS, STEP_PLACES, STEP_ROLES
from app.permissions import current_actor
from app.services.process_tables.building import Draft, drafts_of
from app.services.process_tables.keeping import Preview, keep_all, previews
from app.services.process_tables.reading import MAX_BYTES, read_pasted, read_tables
from app.transactions import transaction
from app.workflows.process import StepKind


def _read() -> list[Draft]:
    """Return the drafts of the file (part "file") or of pasted rows ("rows"); raises Invalid."""
    chosen = request.files.get("file")
    if chosen is not None and chosen.filename:
        return drafts_of(read_tables(chosen.filename, chosen.stream.read(MAX_BYTES + 1)))
    text = request.form.get("rows", "").replace("\x00", "")
    if not text.strip():
        raise Invalid(_("Please choose a file, or paste rows."), {"file": _("Please choose a file, or paste rows.")})
    return drafts_of(read_pasted(text))


def _choose_kinds(given: list[Any]) -> None:
    """Make the rows that ask other agencies consultations, or work where the user said so."""
    asking, consulting = set(request.form.getlist("asks")), set(request.form.getlist("consult"))
    for one in given:
        steps = one.get("steps") if isinstance(one, dict) else None
        for step in steps if isinstance(steps, list) else ():
            mark = f"{one.get('code')}|{step.get('key')}" if isinstance(step, dict) else ""
            if mark in asking:
                step["kind"] = str(StepKind.consult if mark in consulting else StepKind.work)


class ProcessImportView(BaseView):
    """Import of published tables; nothing is kept before it was looked at."""

    route_base = "/process-designer/import"
    class_permission_name = "Process"
    default_view = "start"
    title = _l("Import published tables")

    @expose("/", methods=["GET"])
    @has_access
    @permission_name("add")
    def start(self) -> str:
        """Where the file is chosen."""
        return self._page()

    @expose("/", methods=["POST"])
    @has_access
    @permission_name("add")
    def read(self) -> Any:
        """Show what the tables say: every process, or every fault; nothing is written."""
        try:
            drafts = _read()
        except Invalid as exc:
            return self._page(message=str(exc)), 422
        faults = [fault for draft in drafts for fault in draft.faults]
        if faults:
            return self._page(message=_("Nothing was taken. Please correct these cells."), faults=faults), 422
        return self._page(previews(drafts))

    @expose("/keep", methods=["POST"])
    @has_access
    @permission_name("add")
    def keep(self) -> Any:
        """Keep the chosen processes, all or none."""
        try:
            given = [clean_json(json.loads(text)) for text in request.form.getlist("process")[:1000]]
        except ValueError:
            return self._page(message=_("What was sent cannot be read. Please reload the page.")), 422
        if not given:
            return self._page(message=_("Please choose at least one process.")), 422
        _choose_kinds(given)
        try:
            with transaction() as session:
                made, known = keep_all(session, given, current_actor())
                count, first = len(made), made[0].id if len(made) == 1 else None
        except DomainError as exc:
            return self._page(message=str(exc)), exc.status
        flash(ngettext("%(num)d process was imported.", "%(num)d processes were imported.", count), "success")
        if known:
            flash(ngettext("%(num)d was there already, with the same steps.",
                           "%(num)d were there already, with the same steps.", known), "info")  # fmt: skip
        if first is not None:
            return redirect(url_for("ProcessDesignerView.design", number=first))
        return redirect(url_for("ProcessDesignerView.index"))

    @staticmethod
    def _page(rows: list[Preview] | None = None, message: str = "", faults: Any = ()) -> str:
        return render_template(
            "processes/import.html", rows=rows or [], message=message, faults=faults, kinds=STEP_KINDS,
            roles=STEP_ROLES, places=STEP_PLACES,
        )


PROCESS_IMPORT_VIEWS = (ProcessImportView,)
