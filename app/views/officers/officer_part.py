"""The officers' part of a dossier's form, as a page of its own."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _

from app.errors import Invalid, NotAllowed
from app.extensions import db
from app.permissions import current_actor
from app.services import dossier_page, eforms, officer_answers
from app.services.dossiers import get_dossier
from app.transactions import transaction
from app.views.applicant.eform_page import elsewhere, error_links, live_rules, offered_for, page_fields
from app.views.officers.base import OfficerView, sent


class OfficerPartView(OfficerView):
    """Fields that the applicant does not fill in."""

    route_base = "/officer-part"
    class_permission_name = "DossierPage"
    default_view = "edit"

    @expose("/<code>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def edit(self, code: str) -> Any:
        """Show and take the officers' answers."""
        faults: dict[str, str] = {}
        if request.method == "POST":
            try:
                with transaction() as unit:
                    dossier = get_dossier(unit, code, current_actor(), to_change=True)
                    data = eforms.read_data(dossier.version.form, sent(), officer=True) if dossier.version.form else {}
                    officer_answers.write(unit, dossier, data, current_actor())
                flash(_("The officers' part is saved."), "success")
                return redirect(url_for("DossierPageView.show", code=code))
            except Invalid as exc:
                faults = dict(exc.fields)
        return _page(code, faults), 422 if faults else 200


def _page(code: str, faults: dict[str, str]) -> str:
    session = db.session()
    dossier = dossier_page.load_page(session, code, current_actor())
    if not officer_answers.may_write(dossier, current_actor()):
        raise NotAllowed(_("Only who works on the dossier now may fill in the officers' part."))
    form: Any = dossier.version.form
    keys = {field.key for field in officer_answers.officer_fields(dossier)}
    data = dict(dossier.revisions[-1].data) if dossier.revisions else {}
    if sent():
        data |= eforms.read_data(form, sent(), only=keys, officer=True)
    bound = eforms.bind(form, data, faults, only=keys, officer=True)
    offered = offered_for(bound, session)
    return render_template(
        "officers/officer_part.html", dossier=dossier, fields=page_fields(bound, units=offered),
        units=offered.units, elsewhere=elsewhere(), live=live_rules(bound), problems=error_links(bound),
    )  # fmt: skip
