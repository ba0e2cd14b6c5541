"""Dossiers and results by public post: told to VNPost, the tracking number kept (HUE25 Đ28.4; QĐ 45/2016)."""

from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.integrations.outside import OutsideError
from app.models import OutsideMessage
from app.official import officially
from app.services.guards import due_charges
from app.services.notices import tell_applicant


def build(_session: Session, message: OutsideMessage) -> dict[str, Any]:
    """Return the order. Raises OutsideError while an address is missing: it is tried again."""
    dossier = message.dossier
    desk = {"name": dossier.desk.name, "address": dossier.desk.address, "phone": dossier.desk.phone}
    person = {"name": dossier.applicant_name, "address": dossier.applicant_address, "phone": dossier.applicant_phone}
    if message.kind == "received":
        return {"order": message.key, "kind": "received", "dossier": dossier.code, "from": person, "to": desk}
    if not dossier.applicant_address:
        raise OutsideError("the applicant's address is missing")
    collect = sum(charge.amount for charge in due_charges(dossier))
    return {"order": message.key, "kind": "deliver_result", "dossier": dossier.code, "content": dossier.version.name,
            "from": desk, "to": person, "collect": collect}  # fmt: skip


def tracking_number(message: OutsideMessage) -> str:
    """Return the number under which the post carries it; "" while there is none."""
    return str((message.answer or {}).get("tracking") or "")[:40]


def take(session: Session, message: OutsideMessage) -> None:
    """Tell the applicant under which number his result travels."""
    number = tracking_number(message)
    if message.kind == "deliver_result" and number:
        with officially():
            text = _("The result was handed to the public post; tracking number: %(number)s.", number=number)
            tell_applicant(session, message.dossier, f"post:{message.id}", text)
