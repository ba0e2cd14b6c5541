"""What connected databases say about the applicant, beside what was declared (QN20 Đ12.2a)."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Conflict
from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Account, Dossier, OutsideMessage
from app.models.outside_message import MessageState
from app.permissions import Actor, Role
from app.services import lifecycle, outside
from app.text import fold
from app.workflows.states import OPEN, State
from app.workflows.vocabulary import AGENCY_HEAD, DESK_OFFICER, DIVISION_HEAD, SPECIALIST

SYSTEM = "data_sources"
_ROLES = frozenset(map(Role, (SPECIALIST, DIVISION_HEAD, AGENCY_HEAD, DESK_OFFICER)))
# What is compared: the key of the connector's answer → what it is called.
FIELDS = {
    "name": N_("Full name"), "id_number": N_("Identification number"), "born_on": N_("Date of birth"),
    "gender": N_("Gender"), "address": N_("Address"),
}  # fmt: skip


@dataclass(frozen=True)
class Line:
    """One value: as declared, as the source has it, and whether they are the same."""

    label: str
    declared: str
    found: str
    is_same: bool


@dataclass(frozen=True)
class Source:
    """What one database answered; found: whether it knows the person."""

    name: str
    found: bool
    lines: list[Line]


def may_ask(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor receives or handles this open dossier, and something is connected."""
    is_open = State(dossier.state) in OPEN and outside.is_connected(SYSTEM)
    return is_open and lifecycle.handles(dossier, actor, _ROLES)


def ask(session: Session, dossier: Dossier, actor: Actor) -> None:
    """Ask the databases again. Raises Conflict where none is connected, for others, or while one is on its way."""
    if not may_ask(dossier, actor):
        raise Conflict(_("No database is connected, or the dossier is not yours to check."))
    rows = outside.messages_of(session, dossier, SYSTEM)
    if any(one.state != MessageState.delivered for one in rows):
        raise Conflict(_("The databases are being asked already."))
    outside.promise(session, dossier, SYSTEM, "lookup", f"lookup:{dossier.id}:{len(rows) + 1}")
    lifecycle.note_step(session, dossier, "check_data", actor, "", "QN20 Đ12.2a")


def build(_session: Session, message: OutsideMessage) -> dict[str, Any]:
    """Return the question: who the applicant says he is, and what for."""
    dossier = message.dossier
    return {"purpose": dossier.code, "procedure": dossier.procedure.code, "id_kind": dossier.account.id_kind,
            "id_number": dossier.applicant_id_number, "name": dossier.applicant_name,
            "born_on": _text(dossier.account.born_on)}  # fmt: skip


def latest(session: Session, dossier: Dossier) -> tuple[OutsideMessage | None, list[Source]]:
    """Return the last question and what each source answered, compared with what was declared."""
    rows = outside.messages_of(session, dossier, SYSTEM)
    answered = [one for one in rows if one.answer is not None]
    if not answered:
        return (rows[-1] if rows else None), []
    given = (answered[-1].answer or {}).get("sources")
    found = [_source(dossier, one) for one in given if isinstance(one, dict)] if isinstance(given, list) else []
    return rows[-1], found


def _source(dossier: Dossier, given: dict[str, Any]) -> Source:
    fields = given.get("fields")
    known = fields if isinstance(fields, dict) else {}
    declared = _declared(dossier, dossier.account)
    lines = [Line(_(label), _day(declared[key]), _day(str(known[key])[:500]), _alike(declared[key], str(known[key])))
             for key, label in FIELDS.items() if known.get(key)]  # fmt: skip
    return Source(str(given.get("name") or _("Connected database"))[:200], bool(given.get("found")), lines)


def _declared(dossier: Dossier, account: Account) -> dict[str, str]:
    return {
        "name": dossier.applicant_name, "id_number": dossier.applicant_id_number,
        "born_on": _text(account.born_on), "gender": str(account.gender or ""),
        "address": dossier.applicant_address or "",
    }  # fmt: skip


def _text(day: date | None) -> str:
    return day.isoformat() if day is not None else ""


def _day(value: str) -> str:
    """Return an ISO day as people read it, anything else as it is."""
    try:
        return plain_text(date.fromisoformat(value))
    except ValueError:
        return value


def _alike(one: str, other: str) -> bool:
    """Whether two values say the same: capitals, accents and spaces do not count."""
    return fold(one) == fold(other)
