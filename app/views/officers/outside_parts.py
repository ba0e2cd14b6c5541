"""What the dossier page shows of other systems: messages and what databases answered."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import Dossier
from app.models.outside_message import OUTSIDE_SYSTEMS
from app.permissions import Actor
from app.services import data_check, outside


def outside_parts(session: Session, dossier: Dossier) -> list[tuple[str, str, bool, list[Any]]]:
    """Return (system, name, whether it is connected, messages) of the portal and the post."""
    rows = outside.messages_of(session, dossier)
    return [(key, _(name), outside.is_connected(key), [one for one in rows if one.system == key])
            for key, name in OUTSIDE_SYSTEMS.items() if key != data_check.SYSTEM]  # fmt: skip


def data_part(session: Session, dossier: Dossier, actor: Actor) -> dict[str, Any]:
    """Return what connected databases say of the applicant, and whether they may be asked again."""
    asked, sources = data_check.latest(session, dossier)
    return {"asked": asked, "sources": sources, "connected": outside.is_connected(data_check.SYSTEM),
            "may_ask": data_check.may_ask(dossier, actor)}  # fmt: skip
