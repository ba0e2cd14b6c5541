"""Which channels the profile in force offers: look-up, result, and where one may send."""

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models import Agency, Draft
from app.models.dossier import RESULT_WAYS
from app.services.profiles import profile_value


def result_ways(session: Session) -> dict[str, str]:
    """Return {way: msgid} of how results are handed over (HUE25 Đ19, QN20 Đ16.1, TTH17 Đ16).

    E-mail, which a profile may name, is no way of its own here: the result is in the account.
    """
    allowed = profile_value(session, "result_ways")
    return {way: text for way, text in RESULT_WAYS.items() if way in allowed}


def refuse_result_way(session: Session, way: str | None) -> None:
    """Raise Invalid (field "result_way") for a way that the profile does not offer."""
    if way not in result_ways(session):
        message = _("Please choose how you want to receive the result.")
        raise Invalid(message, {"result_way": message})


def address_of(draft: Draft, typed: str | None = None) -> str | None:
    """Return the address of a draft's dossier: the one ``typed`` or kept for a result by post, else the account's.

    Raises Invalid (field "address") for a result by post without one.
    """
    typed = draft.result_address if typed is None else typed
    is_typed = draft.result_way == "post" and typed is not None
    address = (typed or "").strip()[:500] if is_typed else draft.account.address
    refuse_without_address(draft.result_way, address)
    return address


def refuse_without_address(way: str | None, address: str | None) -> None:
    """Raise Invalid (field "address") for a result by post that could be sent nowhere (HUE25 Đ28.4; QĐ 45/2016)."""
    if way == "post" and not address:
        message = _("Please give the address to which the result is sent by post.")
        raise Invalid(message, {"address": message})


def looks_up_by(session: Session, way: str) -> bool:
    """Return whether dossiers are looked up in this way: code, qr, counter … (QN20 Đ15.1)."""
    return way in profile_value(session, "lookup_ways")


def refuse_far_agency(session: Session, agency: Agency, desk: Agency, own_desk: Agency) -> None:
    """Raise Invalid (field "agency") if ``desk`` may not receive for an agency elsewhere.

    own_desk: of the agency. Source: HUE25 Đ4.4 and NĐ 118/2025 open it, older rules do not.
    """
    if desk.id != own_desk.id and not profile_value(session, "boundary_free"):
        message = _("Under the regulation in force dossiers for %(agency)s are received at %(desk)s only.",
                    agency=agency.name, desk=own_desk.name)  # fmt: skip
        raise Invalid(message, {"agency": message})
