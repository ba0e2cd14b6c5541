"""What the buttons of checking do: originals asked for and compared, signatures and databases asked again."""

from datetime import datetime
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import VIETNAM
from app.errors import NotFound
from app.lowcode.values import as_id
from app.models import Dossier
from app.permissions import Actor
from app.services import data_check, originals, signatures
from app.views.officers.base import ids


def _moment(text: str) -> datetime | None:
    """The Vietnamese day and time typed; None for anything else, which the service refuses."""
    try:
        return datetime.fromisoformat(text.strip()).replace(tzinfo=VIETNAM)
    except ValueError:
        return None


def _ask(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    originals.ask(
        session, dossier, actor, component_ids=ids(form.getlist("component")), reason=form.get("reason", ""),
        at=_moment(form.get("appointment_at", "")),
    )  # fmt: skip
    return _("The applicant is asked to show the originals.")


def _record(session: Session, dossier: Dossier, actor: Actor, form: Any) -> str:
    wanted = as_id(form.get("check", ""))
    check = next((one for one in originals.checks_of(session, dossier) if one.id == wanted), None)
    if check is None:
        raise NotFound(_("There is no such entry."))
    originals.record(
        session, check, actor, found=form.get("found", ""), finding=form.get("reason", ""),
        shown=form.get("shown", "original"),
    )  # fmt: skip
    return _("The comparison is recorded.")


def _check_signatures(session: Session, dossier: Dossier, _actor: Actor, form: Any) -> str:
    signatures.ask_check(session, dossier, as_id(form.get("file", "")) or 0)
    return _("The signatures are being looked at; the verdict stands here in a moment.")


def _check_data(session: Session, dossier: Dossier, actor: Actor, _form: Any) -> str:
    data_check.ask(session, dossier, actor)
    return _("The databases are being asked; their answer stands here in a moment.")


ORIGINAL_ACTS = {
    "ask_originals": _ask, "record_original": _record, "check_signatures": _check_signatures, "check_data": _check_data,
}  # fmt: skip
