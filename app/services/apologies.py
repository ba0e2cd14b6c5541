"""Apologies: written by who handles, signed by who answers for it, sent (TTH17 Đ13.2, Đ14.1, Đ22.7)."""

from datetime import date, datetime, timedelta

from flask_babel import gettext as _
from sqlalchemy.orm import Session, object_session

from app.clock import now, to_local
from app.errors import Invalid, NotAllowed
from app.history import act_by
from app.i18n import N_
from app.lowcode.values import plain_text
from app.models import Apology, Dossier
from app.official import officially
from app.permissions import Actor, Position, Role
from app.services import lifecycle
from app.services.letters import issue_letter
from app.services.notices import holders, notice_users, tell_applicant
from app.services.official import official
from app.services.pauses import is_overdue
from app.services.profiles import profile_value
from app.services.reasons import given_reason
from app.services.standing import handling_post
from app.services.task_rights import is_own, persons
from app.services.timing import CalendarEnds, closing_of
from app.workflows.apology import APOLOGY, OPEN_APOLOGY, ApologyState
from app.workflows.states import CLOCK_OVER, State
from app.workflows.table import Transition

OVERDUE = "overdue"
_FARTHEST = timedelta(days=366)
Row = Transition[ApologyState]


def is_late(dossier: Dossier) -> bool:
    """Return whether processing took, or takes, longer than promised."""
    state = State(dossier.state)
    if dossier.due_at is None or state in {State.refused, State.stopped}:
        return False
    if state in CLOCK_OVER:
        return (dossier.finished_at or now()) > dossier.due_at
    session = object_session(dossier)
    return session is not None and is_overdue(session, dossier)


def find(dossier: Dossier, cause: str) -> Apology | None:
    """Return the apology for ``cause``, None if nobody owes one yet."""
    return next((one for one in dossier.apologies if one.cause == cause), None)


def to_write(dossier: Dossier) -> list[tuple[str, Apology | None]]:
    """Return what an apology is to be written for: (cause, the one already required)."""
    owed: list[tuple[str, Apology | None]] = [
        (one.cause, one) for one in dossier.apologies if one.state == ApologyState.owed
    ]
    if is_late(dossier) and find(dossier, OVERDUE) is None:
        owed.append((OVERDUE, None))
    return owed


def may_write(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor handles the dossier or received it at its desk."""
    return lifecycle.handles(dossier, actor, {Role(name) for name in APOLOGY.find("write_apology").roles})


def _handling_post(dossier: Dossier, actor: Actor) -> Position | None:
    return handling_post(dossier, actor, {Role(name) for name in APOLOGY.find("write_apology").roles})


def may_sign(apology: Apology, actor: Actor) -> bool:
    """Return whether the actor holds the signing post where this dossier is."""
    return _signing_post(apology, actor) is not None


def _signing_post(apology: Apology, actor: Actor) -> Position | None:
    """By which post he signs; nobody signs as a delegate what he, or the officer himself, wrote."""
    if ApologyState(apology.state) not in OPEN_APOLOGY or is_own(apology.dossier, actor):
        return None
    post = lifecycle.post_over(apology.dossier, actor, Role(apology.signer_role))
    is_lent = post is not None and post.delegation_id is not None
    return None if is_lent and apology.written_by_id in persons(actor, post) else post


def require(session: Session, dossier: Dossier, *, kind: str, cause: str) -> Apology:
    """Return the apology owed for ``cause``, recorded now unless it already was."""
    known = find(dossier, cause)
    if known is not None:
        return known
    apology = Apology(
        kind=kind, cause=cause, state=ApologyState.owed, required_at=now(),
        signer_role=signer_role(session, dossier, kind),
    )  # fmt: skip
    dossier.apologies.append(apology)
    session.flush()
    return apology


def signer_role(session: Session, dossier: Dossier, kind: str) -> str:
    """Return who signs: as the profile says; the head of the agency where that post is empty."""
    key = "overdue_apology_signer" if kind == OVERDUE else "desk_apology_signer"
    wanted = Role(profile_value(session, key))
    return str(wanted if holders(session, _place(dossier, wanted), wanted) else Role.agency_head)


def _place(dossier: Dossier, role: Role) -> int:
    return dossier.desk_id if role in lifecycle.DESK_ROLES else dossier.agency_id


def write(
    session: Session, dossier: Dossier, actor: Actor, *, cause: str, reason: str, new_due_on: date | None = None
) -> Apology:
    """Write the apology for ``cause`` and hand it to its signer.

    new_due_on: the day a late result is promised now; not asked once it is finished. Raises
    NotAllowed for others, Invalid (fields "reason", "new_due_on") naming the rule.
    """
    if not may_write(dossier, actor):
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only who handles the dossier writes its apology."))
    if cause not in {one for one, _known in to_write(dossier)}:
        raise Invalid(_("No apology is to be written now, or it is already written."))
    row = APOLOGY.find("write_apology")
    promised = _promised(session, dossier, new_due_on) if cause == OVERDUE else None
    reason = given_reason(reason)
    act_by(session, actor, _handling_post(dossier, actor))
    apology = require(session, dossier, kind=OVERDUE, cause=cause)
    submit(session, apology, actor, reason, promised, row)
    return apology


def submit(
    session: Session, apology: Apology, actor: Actor, reason: str, promised: datetime | None, row: Row
) -> None:
    """Hand a written apology to its signer; the caller has checked who writes."""
    apology.state = APOLOGY.outcome(row, ApologyState(apology.state))
    apology.reason, apology.new_due_at, apology.answer = reason, promised, None
    apology.written_by_id, apology.written_by_name, apology.written_at = actor.user_id, actor.name, now()
    lifecycle.note_step(session, apology.dossier, row.name, actor, reason, row.clause)
    title = official(N_("Apology to sign: %(code)s"), code=apology.dossier.code)
    role = Role(apology.signer_role)
    people = holders(session, _place(apology.dossier, role), role, with_delegates=True)
    notice_users(session, people, apology.dossier, _key(apology, "sign"), title, reason)


def _promised(session: Session, dossier: Dossier, day: date | None) -> datetime:
    """Return by when a late result is promised now: it is there once processing has ended."""
    if dossier.finished_at is not None:
        return now()
    today = to_local(now()).date()
    if day is None or not today <= day <= today + _FARTHEST:
        message = _("Give the day on which the result will be there: today or later.")
        raise Invalid(message, {"new_due_on": message})
    try:
        return closing_of(session, dossier.agency, day)
    except CalendarEnds as exc:
        raise Invalid(str(exc), {"new_due_on": str(exc)}) from exc


def sign(session: Session, apology: Apology, actor: Actor) -> None:
    """Sign the apology: the letter (form 04, or a letter without a form) is made and sent."""
    row = _row(session, apology, actor, "sign_apology")
    dossier = apology.dossier
    _decide(session, apology, actor, row, "")
    _send_request(session, apology)
    issue_letter(
        session, dossier, "apology", actor, cause=f"apology:{apology.cause}", why=apology.kind,
        reason=apology.reason, due_at=dossier.due_at, new_due_at=apology.new_due_at,
        signer_role=apology.signer_role,
    )  # fmt: skip
    with officially():
        text = _("We apologise. Reason: %(reason)s", reason=apology.reason)
        if apology.new_due_at is not None and dossier.finished_at is None:
            text += "\n" + _("The result is promised by %(at)s.", at=plain_text(apology.new_due_at))
        tell_applicant(session, dossier, _key(apology, "applicant"), text)


def send_back(session: Session, apology: Apology, actor: Actor, reason: str) -> None:
    """Send the apology back to who wrote it, with the reason."""
    row = _row(session, apology, actor, "send_back_apology")
    reason = given_reason(reason)
    _decide(session, apology, actor, row, reason)
    title = official(N_("Write the apology again: %(code)s"), code=apology.dossier.code)
    people = [apology.written_by_id] if apology.written_by_id else []
    notice_users(session, people, apology.dossier, _key(apology, "back"), title, reason)


def waive(session: Session, apology: Apology, actor: Actor, reason: str) -> None:
    """Decide that no officer is at fault, with the reason (TTH17 Đ22.7)."""
    row = _row(session, apology, actor, "waive_apology")
    reason = given_reason(reason)
    _decide(session, apology, actor, row, reason)
    _send_request(session, apology)


def _send_request(session: Session, apology: Apology) -> None:
    """Send the request for a supplement that waited for this decision (TTH17 Đ13.2: sent together)."""
    from app.services.supplements import send_prepared  # it needs this module first

    send_prepared(session, apology)


def take_back_request(session: Session, apology: Apology, actor: Actor, reason: str) -> None:
    """Take back a request that waits for its apology: neither is sent, the dossier goes on.

    Raises NotAllowed for who may not write apologies here or when nothing waits.
    """
    row = APOLOGY.find("take_back_request")
    if not apology.request or ApologyState(apology.state) not in row.sources or not may_write(apology.dossier, actor):
        lifecycle.refuse_own(apology.dossier, actor)
        raise NotAllowed(_("No request of yours waits for its apology."))
    act_by(session, actor, _handling_post(apology.dossier, actor))
    _decide(session, apology, actor, row, given_reason(reason))


def _row(session: Session, apology: Apology, actor: Actor, name: str) -> Row:
    row = APOLOGY.find(name)
    post = _signing_post(apology, actor)
    if ApologyState(apology.state) in row.sources and post is not None:
        act_by(session, actor, post)
    else:
        lifecycle.refuse_own(apology.dossier, actor)
        raise NotAllowed(_("This apology does not wait for you."))
    return row


def _decide(session: Session, apology: Apology, actor: Actor, row: Row, answer: str) -> None:
    apology.state = APOLOGY.outcome(row, ApologyState(apology.state))
    apology.decided_by_name, apology.decided_at, apology.answer = actor.name, now(), answer or None
    remark = answer or apology.reason or ""
    lifecycle.note_step(session, apology.dossier, row.name, actor, remark, row.clause)


def _key(apology: Apology, what: str) -> str:
    return f"apology:{apology.id}:{what}:{len(apology.dossier.movements)}"
