"""What is sent of a draft: the answers that count, with the files that belong to them."""

from collections.abc import Collection
from typing import Any

from sqlalchemy.orm import object_session

from app.models import Attachment, Draft
from app.models.form import FieldKind
from app.services import eforms
from app.services.eform_state import Evaluation, may_see


def computed_texts(draft: Draft) -> dict[str, str]:
    """Return {key: text} of the computed fields the applicant reads, by what is typed so far."""
    judged = judged_of(draft)
    if judged is None:
        return {}
    return {key: judged.text(key) if judged.is_shown(key) else "" for key, field in judged.fields.items()
            if field.kind == FieldKind.computed and may_see(field, officer=False)}  # fmt: skip


def judged_of(draft: Draft) -> Evaluation | None:
    """Return the answers of a draft, judged; None without a form."""
    form = draft.version.form
    return eforms.judge(form, answers_of(draft)) if form is not None else None


def answers_of(draft: Draft) -> dict[str, Any]:
    """Return the answers of a draft: its form's keys only, files as they are attached."""
    form = draft.version.form
    if form is None:
        return {}
    data = eforms.clean_data(form, draft.data)
    for field in eforms.fields_of(form):
        if field.kind == FieldKind.file:
            data[field.key] = [a.name for a in draft.attachments if a.field_key == field.key]
    return data


def strays(draft: Draft, judged: Evaluation | None) -> list[Attachment]:
    """Return the files that are not sent: no paper and no shown field of the form asks for them any more.

    judged: the answers of the draft, None without a form.
    """
    papers = {component.id for component in draft.version.components}
    shown = judged.data() if judged is not None and any(one.field_key for one in draft.attachments) else {}
    return [one for one in draft.attachments if not _belongs(one, papers, shown)]


def _belongs(attachment: Attachment, papers: set[int], shown: Collection[str]) -> bool:
    if attachment.field_key:
        return attachment.field_key in shown
    return attachment.component is not None and attachment.component.id in papers


def settle(draft: Draft) -> Draft:
    """Leave in the draft exactly what is sent: answers and files that count, nothing of the pages."""
    session = object_session(draft)
    if draft.dossier_id is None and session is not None:
        judged = judged_of(draft)
        for attachment in strays(draft, judged):
            draft.attachments.remove(attachment)
            session.delete(attachment)
        draft.data = judged.data() if judged is not None else {}
    return draft
