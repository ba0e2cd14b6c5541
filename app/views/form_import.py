"""Forms from spreadsheets: a template to fill in, and reading one without writing anything."""

import io
from typing import Any

from flask import abort, jsonify, request, send_file
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _

from app.errors import Invalid, NotFound
from app.extensions import db
from app.permissions import Role
from app.services import form_design, form_sheets

_XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


class FormImportView(BaseView):
    """What the designer's import asks; what was read stands in the page until it is saved there."""

    route_base = "/form-designer"
    class_permission_name = "FormDesigner"
    default_view = "template"
    roles = {"design": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only

    @expose("/template.xlsx")
    @has_access
    @permission_name("design")
    def template(self) -> Any:
        """The template, with drop-down lists and an example."""
        content = io.BytesIO(form_sheets.template())
        return send_file(content, mimetype=_XLSX, as_attachment=True, download_name="mau-don.xlsx")

    @expose("/<int:number>/import", methods=["POST"])
    @has_access
    @permission_name("design")
    def read(self, number: int) -> Any:
        """Read a workbook (part "file") or pasted rows ("rows"); nothing is written."""
        try:
            form_design.get_form(db.session(), number)
        except NotFound:
            abort(404)
        chosen = request.files.get("file")
        try:
            if chosen is not None and chosen.filename:
                found = form_sheets.read_workbook(chosen.stream.read(form_sheets.MAX_BYTES + 1))
            else:
                found = form_sheets.read_pasted(request.form.get("rows", ""))
        except Invalid as exc:
            return jsonify(error=str(exc)), exc.status
        if found.faults:
            faults = [[fault.row, fault.column, fault.message] for fault in found.faults]
            return jsonify(error=_("Nothing was taken. Please correct these cells."), faults=faults), 422
        sections = form_design.tidied({"sections": found.sections})["sections"]
        return jsonify(sections=sections, count=sum(len(part["fields"]) for part in sections))


FORM_IMPORT_VIEWS = (FormImportView,)
