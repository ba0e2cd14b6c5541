"""What the buttons of an apology do."""

from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.lowcode.values import as_id
from app.models import Apology, Dossier
from app.permissions import Actor
from app.services import apologies


def _chosen(dossier: Dossier, form: Any) -> Apology:
    wanted = as_id(form.get("apology", ""))
    found = next((one for one in dossier.apologies if one.id == wanted), None)
    if found is None:
        raise Conflict(_("This apology was decided meanwhile."))
    return found


def day_of(text: str) -> date | None:
    """Return the day typed, None for anything else."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _write(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    apologies.write(
        session, dossier, actor, cause=form.get("cause", ""), reason=form.get("reason", ""),
        new_due_on=day_of(form.get("new_due_on", "")),
    )  # fmt: skip
    return _("The apology is written and waits to be signed.")


def _sign(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    apologies.sign(session, _chosen(dossier, form), actor)
    return _("The apology is signed and sent to the applicant.")


def _send_back(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    apologies.send_back(session, _chosen(dossier, form), actor, form.get("reason", ""))
    return _("The apology is sent back to be written again.")


def _waive(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    apologies.waive(session, _chosen(dossier, form), actor, form.get("reason", ""))
    return _("It is kept that no apology is due.")


def _take_back(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    apologies.take_back_request(session, _chosen(dossier, form), actor, form.get("reason", ""))
    return _("The request is taken back; nothing was sent.")


APOLOGY_ACTS = {
    "write_apology": _write, "sign_apology": _sign, "send_back_apology": _send_back,
    "waive_apology": _waive, "take_back_request": _take_back,
}  # fmt: skip
