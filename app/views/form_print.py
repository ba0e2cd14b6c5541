"""A dossier's form as PDF: for its applicant without the officers' part, for officers with it."""

from typing import Any

from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.errors import NotFound
from app.permissions import Role, current_actor
from app.services import files, my_dossiers
from app.services.dossiers import get_dossier
from app.services.form_prints import form_pdf
from app.transactions import transaction
from app.views.applicant.base import login_first
from app.views.files import send_file


class FormPrintView(BaseView):
    """The print of a form; that it was opened is kept in the history."""

    route_base = "/form-print"
    class_permission_name = "File"
    default_view = "form"
    roles = {"use": frozenset(Role)}  # noqa: RUF012 - read by the permission sync

    @expose("/<code>.pdf")
    @login_first
    @has_access
    @permission_name("use")
    def form(self, code: str) -> Any:
        """The latest answers of one dossier."""
        actor = current_actor()
        with transaction() as unit:
            is_officer = actor.may("can_use", "DossierPage")
            try:
                dossier = my_dossiers.get_own(unit, code, actor)
                is_officer = False  # one's own dossier is read as its applicant
            except NotFound:
                if not is_officer:
                    raise
                dossier = get_dossier(unit, code, actor)
            files.note_read(unit, dossier, dossier.code, actor)
            data = form_pdf(dossier, officer=is_officer)
        return send_file(data, f"{dossier.code}-to-khai.pdf", "application/pdf", is_inline=True)


FORM_PRINT_VIEWS = (FormPrintView,)
