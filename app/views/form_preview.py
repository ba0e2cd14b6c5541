"""A form that is being designed, shown by the very templates applicants see; nothing is kept."""

from typing import Any

from flask import render_template, request
from flask_babel import gettext as _
from werkzeug.datastructures import MultiDict

from app.extensions import db
from app.lowcode.fields import clean
from app.models import Form
from app.models.form_words import FieldKind
from app.services import eforms, form_design
from app.services.eform_columns import help_of, title_of
from app.services.form_problems import definition_problems, offered_catalogs
from app.views.applicant.eform_page import elsewhere, error_links, live_rules, offered_for, page_fields

_TRIED_FILE = ["tep-thu.pdf"]


def preview_page(owner: Form, given: form_design.Definition, locale: str) -> str:
    """Return the page of definition ``given``; request.form may bring answers to be checked."""
    form = form_design.built(given)
    faults = definition_problems(form, offered_catalogs(owner))
    if faults:
        return _page(owner, given, form, locale, faults=faults)
    officer = request.form.get("reader") == "officer"
    is_tried = request.form.get("try") == "1"
    sent = MultiDict((n, clean(text) or "") for n, text in request.form.items(multi=True))
    data = eforms.read_data(form, sent, officer=officer) if is_tried else {}
    files = {f.key: _TRIED_FILE for f in form.fields() if f.kind == FieldKind.file}
    problems = eforms.data_problems(form, data | files, officer=officer) if is_tried else {}
    bound = eforms.bind(form, data, problems, officer=officer)
    fields = page_fields(bound, units=offered_for(bound, db.session()), extra_row=request.form.get("add_row", ""))
    for shown in fields:
        if shown.kind == FieldKind.file:  # nothing is sent from here
            shown.kind, shown.value, shown.attrs = "text", _("A file is attached here."), {"disabled": "disabled"}
    kept = eforms.complete(form, data) if is_tried and not problems else None
    return _page(
        owner, given, form, locale, fields=fields, live=live_rules(bound), problems=error_links(bound),
        officer=officer, units=offered_for(bound, db.session()).units,
        answers=eforms.answers(form, kept, officer=officer) if kept is not None else None,
    )  # fmt: skip


def _page(owner: Form, given: form_design.Definition, form: Form, locale: str, **context: Any) -> str:
    fields = {shown.row.key: shown for shown in context.pop("fields", [])}
    sections = [(title_of(s), help_of(s), [fields[f.key] for f in s.fields if f.key in fields])
                for s in form.sections]  # fmt: skip
    return render_template(
        "form_designer/preview.html", owner=owner, given=given, sections=sections, form_name=form.name,
        all_fields=list(fields.values()), elsewhere=elsewhere(), preview_locale=locale, **context,
    )  # fmt: skip
