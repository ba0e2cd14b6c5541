"""Dossiers received on paper while the system was down, entered later with their true time.

A desk officer enters them within a declared incident of the desk where he stood then; the centre director, who is
somebody else, agrees before they count. Code, due date, letters and course then carry the true
time; the history tells when they were entered and by whom (HUE25 Đ23.3, TTH17 Đ21.3).
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import acting_at, entering_late, now, to_local
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.history import act_by, acting_post, because
from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Account, Agency, Dossier, IncidentNotice, PaperReception, ProcedureVersion, User
from app.models.incident import PaperState
from app.permissions import Actor, Position, Role, acting_for
from app.services import lifecycle
from app.services.actors import build_actor
from app.services.catalog import was_in_force
from app.services.catch_up_scans import attach_scans
from app.services.channels import refuse_without_address
from app.services.counter import desks_of, tidy_phone
from app.services.eforms import data_problems
from app.services.fees import Counts, uncounted
from app.services.guards import is_shared
from app.services.incidents import covering
from app.services.notices import holders, notice_users
from app.services.official import official
from app.services.opening import show_place
from app.services.reasons import given_reason
from app.services.reception import NO_PAPER, CounterReception, receive_at_counter
from app.services.submission import paper_problem
from app.services.task_rights import find_post, persons
from app.services.timing import beyond_calendar
from app.transactions import locked, one_at_a_time
from app.workflows.fee_rules import Count

SHOWN = 100
_DESK = frozenset({Role.desk_officer})
_READERS = _DESK | {Role.centre_director}


def enter(
    session: Session, given: CounterReception, actor: Actor, *, received_at: datetime | None, paper_number: str
) -> PaperReception:
    """Keep what was received on paper until it is approved; the same key finds the first one.

    Raises NotAllowed for anyone but a desk officer, Invalid (fields "paper_received_at",
    "paper_number" and those of the form).
    """
    post = next(iter(actor.positions_as(_DESK)), None)
    if post is None or actor.user_id is None:
        raise NotAllowed(_("Only a desk officer receives dossiers at the counter."))
    one_at_a_time(session, f"catch-up:{given.key}")
    known = session.scalar(sa.select(PaperReception).where(PaperReception.key == given.key))
    if known is not None:
        return known
    at = _true_time(received_at)
    faults = _faults(given, paper_number)
    if not was_in_force(given.version, to_local(at).date()):
        faults["paper_received_at"] = _("Version %(number)d of this procedure was not in force on that day. Choose the "
                                        "version of that day below.", number=given.version.number)  # fmt: skip
    where = _where(session, actor.user_id, at, faults)
    if faults or where is None:
        raise Invalid(_("Please correct the marked fields."), faults)
    desk, incident = where
    given = replace(given, contact={**given.contact, "phone": tidy_phone(given.contact.get("phone")) or ""})
    _refuse_twice(session, desk, incident, paper_number.strip()[:60])
    act_by(session, actor, find_post(actor, (Role.desk_officer,), desk.id) or post)
    lent = acting_post(session, actor)
    row = PaperReception(
        key=given.key, incident=incident, desk=desk, account=given.account, procedure_name=given.version.name,
        received_at=at, paper_number=paper_number.strip()[:60], given=_stored(given),
        entered_by_id=actor.user_id, entered_by_name=actor.name, entered_at=now(), state=PaperState.pending,
        entered_for_id=lent.delegator_id if lent else None,
    )  # fmt: skip
    session.add(row)
    session.flush()
    _tell_director(session, row)
    return row


def _refuse_twice(session: Session, desk: Agency, incident: IncidentNotice, number: str) -> None:
    """Raise Invalid if this number of the desk's paper book stands for another entry of the incident, not refused."""
    one_at_a_time(session, f"catch-up:{desk.id}:{incident.id}:{_bare(number)}")
    query = sa.select(PaperReception.paper_number, PaperReception.entered_by_name).where(
        PaperReception.desk_id == desk.id, PaperReception.incident_id == incident.id,
        PaperReception.state != PaperState.refused,
    )  # fmt: skip
    rows = session.execute(query.order_by(PaperReception.id))
    known = next((row for row in rows if _bare(row.paper_number) == _bare(number)), None)
    if known is not None:
        message = _("%(name)s has entered number %(number)s of the paper book already, for this incident.",
                    name=known.entered_by_name, number=known.paper_number)  # fmt: skip
        raise Invalid(message, {"paper_number": message})


def _bare(number: str) -> str:
    return "".join(number.split()).casefold()


def _where(
    session: Session, user_id: int, at: datetime, faults: dict[str, str]
) -> tuple[Agency, IncidentNotice] | None:
    """Return the desk at which an officer received at ``at``, and the incident that went on there; else a fault."""
    desks = [session.get_one(Agency, number) for number in desks_of(_as_of(session, user_id, at))]
    found = next(((desk, one) for desk in desks for one in covering(session, desk, at)), None)
    if not desks:
        faults["paper_received_at"] = _(
            "You held no post at a reception desk at %(at)s: who received it then enters it.", at=plain_text(at))
    elif found is not None and beyond_calendar(session, found[0], at, 0):
        faults["paper_received_at"] = _("The working calendar does not know that day.")
    elif found is None:
        faults["paper_received_at"] = _("No incident was declared for your desk at %(at)s.", at=plain_text(at))
    return found


def _as_of(session: Session, user_id: int | None, at: datetime) -> Actor:
    """Return who an officer was at ``at``: the posts of that day."""
    with acting_at(at):
        return build_actor(session, session.get(User, user_id))


def _receiver(session: Session, row: PaperReception) -> Actor:
    """Return who received it, as he stood at that desk then; or stands there today, where desks were merged since."""
    people = (_as_of(session, row.entered_by_id, at) for at in (row.received_at, now()))
    found = next((one for one in people if row.desk_id in desks_of(one)), None)
    if found is None:
        raise Invalid(_("%(name)s held no post at %(desk)s at that time: refuse the entry, and let who received it "
                        "enter it.", name=row.entered_by_name, desk=row.desk.name))  # fmt: skip
    return found


def _leave_to_colleagues(session: Session, row: PaperReception, dossier: Dossier) -> None:
    """Give the reception step to nobody where who received it stands at that desk no longer."""
    if row.desk_id in desks_of(_as_of(session, row.entered_by_id, now())):
        return
    for task in lifecycle.open_tasks(dossier):
        task.assignee_id = None
    show_place(session, dossier)


def _true_time(given: datetime | None) -> datetime:
    message = ""
    if given is None:
        message = _("Give the day and time written on the paper receipt.")
    elif given > now():
        message = _("The time on the paper receipt lies in the future.")
    if given is None or message:
        raise Invalid(message, {"paper_received_at": message})
    return given


def _faults(given: CounterReception, paper_number: str) -> dict[str, str]:
    """Return what would refuse the reception later, while the officer can still put it right."""
    faults: dict[str, str] = {}
    if not paper_number.strip():
        faults["paper_number"] = _("Give the number under which it stands in the paper book.")
    form = given.version.form
    if form is not None and given.data:
        faults |= data_problems(form, given.data, officer=True)
    for component in given.version.components:
        kind, quantity = given.papers.get(component.id, ("", 0))
        if component.id in given.papers:
            problem = paper_problem(kind, quantity)
        else:
            is_missing = component.is_required and not is_shared(component)
            problem = _("Not ticked as handed in: %(paper)s", paper=component.name) if is_missing else None
        if problem:
            faults[f"component-{component.id}"] = problem
    is_told = bool(given.papers) or given.is_without_papers or any(name.startswith("component-") for name in faults)
    if not is_told and any(not is_shared(component) for component in given.version.components):
        faults["without_papers"] = _(NO_PAPER)
    try:
        refuse_without_address(given.result_way, given.contact.get("address") or given.account.address)
    except Invalid as exc:
        faults |= exc.fields
    return faults | uncounted(given.version, given.fees or {}, given.data)


def _stored(given: CounterReception) -> dict[str, Any]:
    return {
        "version": given.version.id, "agency": given.agency.id if given.agency else None, "data": given.data,
        "papers": [[pk, kind, quantity] for pk, (kind, quantity) in given.papers.items()],
        "channel": given.channel, "result_way": given.result_way, "contact": given.contact,
        "fees": None if given.fees is None else [[pk, _count(count)] for pk, count in given.fees.items()],
        "fee_subject": given.fee_subject, "is_without_papers": given.is_without_papers,
    }  # fmt: skip


def _count(count: Count | int | None) -> list[int] | None:
    if count is None:
        return None
    return [count.units, count.pieces] if isinstance(count, Count) else [count, 1]


def _tell_director(session: Session, row: PaperReception) -> None:
    people = set(holders(session, row.desk_id, Role.centre_director, with_delegates=True)) - {row.entered_by_id}
    title = official(N_("To be approved: a dossier received on paper, number %(number)s"), number=row.paper_number)
    notice_users(session, people, None, f"catch-up:{row.key}", title, row.procedure_name)


def listed(session: Session, actor: Actor) -> Sequence[PaperReception]:
    """Return the late entries of the desks where the actor enters or approves, and his own; newest first."""
    desks = [post.agency_id for post in actor.positions_as(_READERS)]
    theirs = sa.or_(PaperReception.desk_id.in_(desks), PaperReception.entered_by_id == actor.user_id)
    query = sa.select(PaperReception).where(theirs).options(
        joinedload(PaperReception.incident), joinedload(PaperReception.dossier), joinedload(PaperReception.account)
    )  # fmt: skip
    return session.scalars(query.order_by(PaperReception.id.desc()).limit(SHOWN)).all()


def may_approve(row: PaperReception, actor: Actor) -> bool:
    """Return whether the actor heads that desk's centre and neither entered it nor applies for it."""
    return deciding_post(row, actor) is not None


def deciding_post(row: PaperReception, actor: Actor) -> Position | None:
    """Return the post by which the actor decides; nobody who entered it, applies, or stands for who did."""
    post = find_post(actor, (Role.centre_director,), row.desk_id)
    concerned = {row.entered_by_id, row.entered_for_id, *row.account.people}
    return post if actor.user_id is not None and concerned.isdisjoint(persons(actor, post)) else None


def approve(session: Session, number: int, actor: Actor) -> Dossier:
    """Receive the dossier as of its true time, in the name of who entered it.

    Raises NotAllowed, Conflict if it was decided already, Invalid for what no longer fits.
    """
    row = _open(session, number, actor)
    officer = _receiver(session, row)
    text = official(N_("Entered later from the paper book, number %(number)s; approved by %(name)s"),
                    number=row.paper_number, name=actor.name)  # fmt: skip
    with entering_late(row.received_at), acting_for(row.account.name):
        dossier = receive_at_counter(session, _given(session, row), officer)
    lifecycle.note_step(session, dossier, "catch_up", actor, text)
    _leave_to_colleagues(session, row, dossier)
    row.dossier = dossier
    attach_scans(session, row, dossier, officer)
    _decided(row, PaperState.approved, actor, None)
    because(session, action="approve_catch_up", reason=text)
    session.flush()
    return dossier


def refuse(session: Session, number: int, actor: Actor, reason: str) -> PaperReception:
    """Refuse a late entry with a reason; nothing is received. Raises as ``approve``."""
    row = _open(session, number, actor)
    reason = given_reason(reason)
    because(session, action="refuse_catch_up", reason=reason)
    _decided(row, PaperState.refused, actor, reason)
    title = official(N_("Not approved: the dossier received on paper, number %(number)s"), number=row.paper_number)
    notice_users(session, [row.entered_by_id], None, f"catch-up-refused:{row.id}", title, reason)
    session.flush()
    return row


def _open(session: Session, number: int, actor: Actor) -> PaperReception:
    query = sa.select(PaperReception).where(PaperReception.id == number)
    row = session.scalar(locked(query, PaperReception))
    if row is None or row.desk_id not in {post.agency_id for post in actor.positions_as(_READERS)}:
        raise NotFound(_("There is no such entry."))
    post = deciding_post(row, actor)
    if post is None:
        raise NotAllowed(_("The director of this centre approves, and nobody approves what he entered himself."))
    if row.state != PaperState.pending:
        raise Conflict(_("%(name)s has decided this already.", name=row.decided_by_name))
    act_by(session, actor, post)
    return row


def _decided(row: PaperReception, state: PaperState, actor: Actor, reason: str | None) -> None:
    row.state, row.reason = state, reason
    row.decided_by_id, row.decided_by_name, row.decided_at = actor.user_id, actor.name, now()


def _given(session: Session, row: PaperReception) -> CounterReception:
    known: dict[str, Any] = row.given
    agency = known["agency"]
    return CounterReception(
        key=f"catch-up:{row.id}", desk=row.desk, version=session.get_one(ProcedureVersion, known["version"]),
        account=session.get_one(Account, row.account_id), data=known["data"],
        agency=session.get(Agency, agency) if agency else None,
        papers={int(pk): (kind, quantity) for pk, kind, quantity in known["papers"]},
        channel=known["channel"], result_way=known["result_way"], contact=known["contact"],
        fees=_counts(known["fees"]), fee_subject=known["fee_subject"], is_late=True,
        is_without_papers=known.get("is_without_papers", True),  # kept before it was asked: the director decides
    )  # fmt: skip


def _counts(stored: list[Any] | None) -> Counts | None:
    return None if stored is None else {int(pk): Count(*count) if count else None for pk, count in stored}
