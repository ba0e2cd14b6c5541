"""What a form at the counter is filled in with, and that earlier dossiers were read for it (HUE25 Đ4.6, QN20 Đ17.4).

Applicants use again all they ever sent; an officer sees of it what the profile in force lets him.
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, aliased

from app import history
from app.i18n import N_
from app.models import Account, Agency, Dossier, Form
from app.models.dossier_place import dossiers_at
from app.models.scope import NO_ROWS, dossiers_of, sees_province
from app.permissions import Actor
from app.services import eforms
from app.services.counter import desks_of
from app.services.eform_prefill import known_answers
from app.services.official import official
from app.services.profiles import profile_value


def desk_prefill(session: Session, form: Form, account: Account, actor: Actor) -> dict[str, Any]:
    """Return {key: answer} known of the applicant; each dossier an answer is from is recorded as read."""
    known = known_answers(eforms.prepare(form), account, _within(session, actor))
    answers = eforms.fitting(form, known)
    reason = official(N_("Answers used again at the counter"))
    for number in sorted({known.dossiers[key] for key in answers if key in known.dossiers}):
        history.record(session, ("dossier", number), "read", reason=reason)
    return answers


def _within(session: Session, actor: Actor) -> ColumnElement[bool] | None:
    """Return which dossiers may be used here; None: all (``desk_prefill_reach``)."""
    reach = profile_value(session, "desk_prefill_reach")
    if reach == "province":
        return None
    if reach == "own":
        return dossiers_of(actor)
    return _of_agencies(session, actor) if reach == "agency" else NO_ROWS


def _of_agencies(session: Session, actor: Actor) -> ColumnElement[bool] | None:
    desk, above = aliased(Agency), aliased(Agency)
    query = sa.select(above.id, above.path).join(desk, desk.parent_id == above.id)
    rows = session.execute(query.where(desk.id.in_(desks_of(actor)))).all()
    if sees_province({row.path for row in rows}):
        return None
    return Dossier.id.in_(dossiers_at({row.id for row in rows})) if rows else NO_ROWS
