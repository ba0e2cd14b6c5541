"""A dossier's form as a paper: what was declared, as it counts today, in Vietnamese."""

from flask_babel import gettext as _

from app.clock import to_local
from app.documents.render import render
from app.errors import NotFound
from app.models import Dossier
from app.services.eforms import print_sections
from app.services.letter_data import place_of


def form_pdf(dossier: Dossier, *, officer: bool) -> bytes:
    """Return the print of the latest answers; officer: with what only officers see.

    Raises NotFound when the form was handed in on paper.
    """
    form, revision = dossier.version.form, dossier.revisions[-1] if dossier.revisions else None
    if form is None or revision is None or not revision.data:
        raise NotFound(_("The form was handed in on paper; nothing was typed in."))
    day = to_local(revision.at).date().isoformat()
    data = {
        "agency": dossier.agency.name, "place": place_of(dossier.agency), "issued_on": day, "code": dossier.code,
        "title": form.name, "legal_basis": form.legal_basis or "", "applicant": dossier.applicant_name,
        "addressee": dossier.agency.name, "revision": revision.number,
        "sections": print_sections(form, revision.data, officer=officer),
    }  # fmt: skip
    return render("form_print", {key: value for key, value in data.items() if value != ""})
