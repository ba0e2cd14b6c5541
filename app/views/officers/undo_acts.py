"""What the button “Undo” of a dossier's page does."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.lowcode.values import as_id
from app.models import Dossier
from app.permissions import Actor
from app.services import undoing


def _undo(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    undoing.undo(session, dossier, actor, form.get("what", ""), as_id(form.get("task", "")) or 0)
    return _("Undone. What was done, and that it was undone, stays in the history.")


UNDO_ACTS = {"undo": _undo}
