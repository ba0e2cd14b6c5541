"""What the buttons of an extension do."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.lowcode.values import as_id, plain_text
from app.models import Dossier, Extension
from app.permissions import Actor
from app.services import extensions
from app.views.officers.base import whole_number


def _waiting(dossier: Dossier, form: Any) -> Extension:
    """Return the extension the form was about; Conflict if it was decided meanwhile."""
    wanted = as_id(form.get("extension", ""))
    found = extensions.pending(dossier)
    if found is None or found.id != wanted:
        raise Conflict(_("This extension was decided meanwhile."))
    return found


def _ask(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    minutes = whole_number(form.get("minutes"))
    extensions.ask(session, dossier, actor, minutes=minutes, reason=form.get("reason", ""))
    return _("The extension is asked for; the due date stays until it is granted.")


def _agree(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    extension = _waiting(dossier, form)
    row = extensions.agree(session, extension, actor, form.get("remark", "").strip())
    if row.name == "grant_extension":
        return _("Granted. The result is due at %(at)s.", at=plain_text(dossier.due_at))
    return _("Confirmed; it goes on to the next who has to agree.")


def _refuse(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    extensions.refuse(session, _waiting(dossier, form), actor, form.get("reason", ""))
    return _("The extension is refused; the due date stays.")


def _take_back(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    extensions.take_back(session, _waiting(dossier, form), actor)
    return _("The request for an extension is taken back.")


EXTENSION_ACTS = {
    "ask_extension": _ask, "agree_extension": _agree, "refuse_extension": _refuse,
    "take_back_extension": _take_back,
}  # fmt: skip
