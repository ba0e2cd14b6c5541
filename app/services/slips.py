"""Papers made anew whenever they are asked for: the control slip of a dossier, the register of a desk.

Nothing of them is kept: they say what the system holds at this moment (TT 01/2018 forms 05 and 06,
TT 03/2025 forms 06 and 07).
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, load_only

from app import history
from app.clock import to_local, today
from app.documents.render import render
from app.errors import Invalid, NotFound
from app.lowcode.collation import in_order
from app.models import Agency, Dossier, Movement
from app.models.dossier import RESULT_WAYS
from app.models.scope import agencies_under, dossiers_of
from app.official import officially
from app.permissions import DOSSIER_READERS, Actor
from app.services.dossier_page import load_page
from app.services.letter_data import letter_data, place_of
from app.services.letter_templates import worded
from app.services.profiles import profile_value
from app.services.statistics import midnight

MOST_ROWS = 500  # one PDF; a longer period is printed in parts
MOST_DAYS = 366
_COLUMNS = (
    Dossier.code, Dossier.applicant_name, Dossier.applicant_address, Dossier.applicant_phone, Dossier.received_at,
    Dossier.due_at, Dossier.original_due_at, Dossier.finished_at, Dossier.returned_at, Dossier.result_way,
    Dossier.state, Dossier.agency_id, Dossier.procedure_id,
)  # fmt: skip


def control_slip_pdf(session: Session, code: str, actor: Actor) -> bytes:
    """Return the control slip with every handover up to now. Raises NotFound."""
    dossier = load_page(session, code, actor)
    issued = [letter.number for letter in dossier.letters if letter.kind == "control_slip" and not letter.cancelled_at]
    with officially():
        data = letter_data(session, dossier, "control_slip", actor, number=issued[0] if issued else None)
    return render("control_slip", worded(session, "control_slip", data))


def desks(session: Session, actor: Actor) -> Sequence[Agency]:
    """Return the one-stop desks in the actor's part of the tree, and those that serve it."""
    paths = {post.path for post in actor.positions_as(DOSSIER_READERS)}
    if not paths:
        return []
    serving = sa.select(Agency.desk_id).where(Agency.desk_id.is_not(None))
    here = agencies_under(paths)
    query = sa.select(Agency).where(
        Agency.id.in_(serving), sa.or_(Agency.id.in_(here), Agency.id.in_(serving.where(Agency.id.in_(here))))
    )
    return session.scalars(query.order_by(in_order(Agency.name), Agency.id)).all()


def check_period(first: date | None, last: date | None) -> tuple[date, date]:
    """Return the period, both days included. Raises Invalid naming the field."""
    if first is None or last is None:
        field = "from" if first is None else "to"
        raise _wrong(field, _("Please give both days of the period."))
    if last < first:
        raise _wrong("to", _("The last day lies before the first."))
    if (last - first).days >= MOST_DAYS:
        raise _wrong("to", _("A period has at most %(days)d days.", days=MOST_DAYS))
    return first, last


def _wrong(field: str, message: str) -> Invalid:
    return Invalid(message, {field: message})


def register_count(session: Session, desk_id: int, first: date, last: date, actor: Actor) -> int:
    """Return how many dossiers stand in the register of a desk for a period."""
    query = sa.select(sa.func.count()).select_from(Dossier).where(*_rules(desk_id, first, last, actor))
    return session.scalar(query) or 0


def register_pdf(
    session: Session, desk_id: int, first: date, last: date, actor: Actor, *, part: int = 1
) -> bytes:
    """Return one part (from 1) of the register of a desk: the dossiers received from ``first`` to ``last``.

    The reading is kept in the history of the desk. Raises NotFound for a desk or part that is not there.
    """
    desk = session.get(Agency, desk_id)
    rows = _dossiers(session, desk_id, first, last, actor, part)
    if desk is None or part < 1 or (part > 1 and not rows):
        raise NotFound(_("There is no such register."))
    history.record(session, ("agency", desk.id), "read_register",
                   changes={"register": [None, f"{first:%d/%m/%Y} – {last:%d/%m/%Y} ({part})"]})  # fmt: skip
    with officially():
        data = _register(session, desk, first, last, rows, (part - 1) * MOST_ROWS)
    return render("register", worded(session, "register", data))


def _rules(desk_id: int, first: date, last: date, actor: Actor) -> list[Any]:
    rules: list[Any] = [
        Dossier.desk_id == desk_id, Dossier.received_at >= midnight(first),
        Dossier.received_at < midnight(last + timedelta(days=1)),
    ]  # fmt: skip
    condition = dossiers_of(actor)
    return rules if condition is None else [*rules, condition]


def _dossiers(
    session: Session, desk_id: int, first: date, last: date, actor: Actor, part: int
) -> Sequence[Dossier]:
    query = (
        sa.select(Dossier)
        .where(*_rules(desk_id, first, last, actor))
        .options(load_only(*_COLUMNS, raiseload=True), joinedload(Dossier.procedure), joinedload(Dossier.agency))
        .order_by(Dossier.received_at, Dossier.id).offset((max(part, 1) - 1) * MOST_ROWS).limit(MOST_ROWS)
    )  # fmt: skip
    return session.scalars(query).all()


def _register(
    session: Session, desk: Agency, first: date, last: date, rows: Sequence[Dossier], before: int
) -> dict[str, Any]:
    ids = [row.id for row in rows]
    passed, signed = _passed_on(session, ids), _signed(session, ids)
    data = {
        "agency": desk.name, "parent_agency": desk.parent.name if desk.parent else None, "place": place_of(desk),
        "issued_on": today().isoformat(), "hotline": desk.hotline or desk.phone,
        "form_set": profile_value(session, "form_set"), "from_on": first.isoformat(), "to_on": last.isoformat(),
        "rows": [_line(row, before + n, passed.get(row.id), signed.get(row.id)) for n, row in enumerate(rows, 1)],
    }  # fmt: skip
    return {key: value for key, value in data.items() if value not in (None, "")}


def _passed_on(session: Session, ids: Sequence[int]) -> dict[int, datetime]:
    """Return when each dossier first went to the agency that handles it; what was taken back had not gone."""
    query = (
        sa.select(Movement.dossier_id, Movement.transition, Movement.at)
        .where(Movement.dossier_id.in_(ids), Movement.transition.in_(("start", "take_back_start")))
        .order_by(Movement.dossier_id, Movement.id)
    )
    found: dict[int, datetime] = {}
    for dossier_id, transition, at in session.execute(query):
        if transition == "start":
            found.setdefault(dossier_id, at)
        else:
            found.pop(dossier_id, None)
    return found


def _signed(session: Session, ids: Sequence[int]) -> dict[int, str]:
    """Return who received each result and how that is proved; the drawn signature itself stays in the receipt."""
    given = Dossier.delivery
    has_signature = sa.func.length(sa.func.coalesce(given["signature"].as_string(), "")) > 0
    query = (
        sa.select(Dossier.id, given["receiver"].as_string(), given["way"].as_string(), has_signature)
        .where(Dossier.id.in_(ids), Dossier.returned_at.is_not(None), given["receiver"].as_string().is_not(None))
    )  # fmt: skip
    return {number: _receipt(receiver, way, bool(drawn)) for number, receiver, way, drawn in session.execute(query)}


def _receipt(receiver: str, way: str | None, is_drawn: bool) -> str:
    if way == "online":
        return _("Received online")
    if way == "post":
        return _("By post: %(name)s", name=receiver)
    return _("Signed: %(name)s", name=receiver) if is_drawn else _("Signed the receipt: %(name)s", name=receiver)


def _line(row: Dossier, serial: int, passed_at: datetime | None, signed: str | None) -> dict[str, Any]:
    contact = ", ".join(part for part in (row.applicant_address, row.applicant_phone) if part)
    line = {
        "serial": str(serial), "code": row.code, "procedure": row.procedure.name, "applicant": row.applicant_name,
        "sets": 1, "contact": contact, "lead_agency": row.agency.name, "received_on": _day(row.received_at),
        "due_on": _day(row.due_at), "transferred_on": _day(passed_at), "result_on": _day(row.finished_at),
        "returned_on": _day(row.returned_at), "return_way": _(RESULT_WAYS[row.result_way]),
        "signature": signed,
        "note": _("New due date") if row.original_due_at and row.original_due_at != row.due_at else None,
    }  # fmt: skip
    return {key: value for key, value in line.items() if value}


def _day(instant: datetime | None) -> str | None:
    return to_local(instant).date().isoformat() if instant is not None else None
