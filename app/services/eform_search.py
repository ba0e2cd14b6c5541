"""Dossiers found by what was answered: the folded text of the fields a form declares searchable.

Personal numbers, phones and addresses are never in it (models/form_checks.py): a dossier is found
by its applicant through the account, where reading is recorded. Officers' fields are in it, for
only officers search; whose dossiers one finds is decided by scope, as everywhere.
"""

from collections.abc import Mapping
from typing import Any

from app.models import Dossier
from app.models.form_words import SEARCHED_KINDS
from app.services import eforms
from app.services.eform_names import reference_names
from app.services.eform_show import show
from app.text import fold

_LONGEST = 4_000


def keep_answers_text(dossier: Dossier, data: Mapping[str, Any]) -> None:
    """Write the search text of the latest answers on the dossier."""
    form = dossier.version.form
    if form is None:
        return
    fields = [f for f in eforms.prepare(form).fields()
              if f.is_searchable and f.kind in SEARCHED_KINDS and data.get(f.key)]  # fmt: skip
    names = reference_names(form, {f.key: data[f.key] for f in fields}) if fields else {}
    text = " ".join(show(f, data[f.key], names) for f in fields)
    dossier.answers_text = fold(text)[:_LONGEST]
