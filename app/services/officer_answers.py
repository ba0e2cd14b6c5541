"""What officers write into a dossier's form: the fields the applicant does not fill in."""

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.i18n import N_
from app.models import Dossier, FormField, FormRevision
from app.permissions import Actor, Role
from app.services.eform_search import keep_answers_text
from app.services.eform_state import Evaluation
from app.services.eforms import complete, data_problems, prepare
from app.services.lifecycle import stands_at
from app.services.official import official
from app.services.task_rights import may_do
from app.workflows.states import FINAL, State


def officer_fields(dossier: Dossier) -> list[FormField]:
    """Return the fields of the dossier's form that officers fill in, shown by its answers."""
    form = dossier.version.form
    if form is None or not any(f.filled_by for f in prepare(form).fields()):
        return []
    judged = Evaluation(form, _latest(dossier))
    return [f for f in form.fields() if f.filled_by and judged.is_shown(f.key)]


def may_write(dossier: Dossier, actor: Actor) -> bool:
    """Return whether ``actor`` works on the dossier now: an open step is his, or he registers it."""
    if State(dossier.state) in FINAL or not officer_fields(dossier):
        return False
    if State(dossier.state) == State.registered:
        return stands_at(dossier, actor, Role.desk_officer)
    return any(may_do(task, actor) for task in dossier.tasks)


def write(session: Session, dossier: Dossier, data: Mapping[str, Any], actor: Actor) -> FormRevision:
    """Keep the officers' answers as the form's next revision; the applicant's stay as they are.

    Raises NotAllowed for who does not work on it, Invalid naming each wrong answer.
    """
    if not may_write(dossier, actor):
        raise NotAllowed(_("Only who works on the dossier now may fill in the officers' part."))
    form, keys = dossier.version.form, {f.key for f in officer_fields(dossier)}
    assert form is not None  # officer_fields found some
    merged = _latest(dossier) | {key: value for key, value in data.items() if key in keys}
    faults = data_problems(form, merged, only=keys, officer=True, is_whole=True)
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)
    kept = complete(form, merged)
    revision = FormRevision(number=len(dossier.revisions) + 1, data=kept, at=now(),
                            author_name=actor.name, reason=official(N_("Officers' part")))  # fmt: skip
    dossier.revisions.append(revision)
    keep_answers_text(dossier, kept)
    session.flush()
    return revision


def _latest(dossier: Dossier) -> dict[str, Any]:
    return dict(dossier.revisions[-1].data) if dossier.revisions else {}
