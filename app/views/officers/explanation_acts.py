"""What the buttons of an explanation of a delay do."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import plain_text
from app.models import Dossier
from app.permissions import Actor
from app.services import explanations
from app.views.officers.apology_acts import day_of


def _ask(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    asked = explanations.ask(session, dossier, actor, question=form.get("reason", ""),
                             due_on=day_of(form.get("due_on", "")))  # fmt: skip
    return _("The explanation is asked for, to be given by %(at)s.", at=plain_text(asked.due_at))


def _explain(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    explanations.explain(session, dossier, actor, form.get("reason", ""))
    return _("The explanation is kept in the course of the dossier.")


def _withdraw(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    explanations.withdraw(session, dossier, actor, form.get("reason", ""))
    return _("The question about the delay is withdrawn.")


EXPLANATION_ACTS = {"ask_explanation": _ask, "explain": _explain, "withdraw_explanation": _withdraw}
