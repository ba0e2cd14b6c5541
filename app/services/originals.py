"""Originals shown when asked: the request with its appointment, and what the comparison found."""

from datetime import datetime, timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed
from app.history import act_by, because
from app.lowcode.values import plain_text
from app.models import Component, Dossier, OriginalCheck
from app.models.dossier import PAPER_KINDS
from app.official import officially
from app.permissions import Actor, Role
from app.services import lifecycle
from app.services.guards import is_shared
from app.services.notices import notice_users, tell_applicant
from app.services.reasons import given_reason
from app.services.standing import handling_post
from app.workflows.originals import ASKERS, ORIGINAL, OriginalState
from app.workflows.states import CLOCK_OVER, State
from app.workflows.table import Transition

_ROLES = frozenset(Role(name) for name in ASKERS)
_FARTHEST = timedelta(days=90)
# result of the comparison → the act of the table
FINDINGS = {"agrees": "original_agrees", "differs": "original_differs", "dropped": "drop_originals"}


def checks_of(session: Session, dossier: Dossier) -> list[OriginalCheck]:
    """Return every comparison of a dossier, the latest first."""
    query = sa.select(OriginalCheck).where(OriginalCheck.dossier_id == dossier.id)
    return list(session.scalars(query.options(joinedload(OriginalCheck.place)).order_by(OriginalCheck.id.desc())))


def waiting(session: Session, dossier: Dossier) -> list[OriginalCheck]:
    """Return what the applicant is asked to show now, the next appointment first."""
    found = [one for one in checks_of(session, dossier) if one.state == OriginalState.asked]
    return sorted(found, key=lambda one: (one.appointment_at, one.id))


def may_ask(dossier: Dossier, actor: Actor) -> bool:
    """Return whether the actor handles the dossier or received it, and its result is not handed over yet."""
    is_open = State(dossier.state) not in CLOCK_OVER - {State.finished}
    return is_open and lifecycle.handles(dossier, actor, _ROLES)


def askable(dossier: Dossier, checks: list[OriginalCheck]) -> list[Component]:
    """Return the papers whose original may be asked for: handed in or to be, and not asked for now."""
    waiting = {one.component_id for one in checks if one.state == OriginalState.asked}
    return [c for c in dossier.version.components if c.id not in waiting and not is_shared(c)]


def ask(
    session: Session, dossier: Dossier, actor: Actor, *, component_ids: list[int], reason: str, at: datetime | None
) -> list[OriginalCheck]:
    """Ask the applicant to show the originals of these papers at the desk, at an appointment.

    Raises NotAllowed for who does not handle the dossier, Invalid (fields "component", "reason",
    "appointment_at"). Source: HUE25 Đ10.4, TTH17 Đ11.3.
    """
    row = _refuse_unless_handling(dossier, actor, "ask_originals")
    reason = given_reason(reason)
    papers = [c for c in askable(dossier, checks_of(session, dossier)) if c.id in component_ids]
    if not papers or len(papers) != len(set(component_ids)):
        message = _("Mark at least one paper whose original is not asked for already.")
        raise Invalid(message, {"component": message})
    appointment = _appointment(at)
    act_by(session, actor, handling_post(dossier, actor, _ROLES))
    made = [OriginalCheck(
        dossier=dossier, component_id=paper.id, paper_name=paper.name[:1000], reason=reason, place=dossier.desk,
        appointment_at=appointment, asked_at=now(), asked_by_id=actor.user_id, asked_by_name=actor.name,
        state=ORIGINAL.outcome(row, None),
    ) for paper in papers]  # fmt: skip
    session.add_all(made)
    names = "; ".join(paper.name for paper in papers)
    lifecycle.note_step(session, dossier, row.name, actor, f"{names}. {reason}", row.clause)
    session.flush()  # the notice is named by its number
    with officially():
        text = _("Please show the original (or a certified copy) of: %(papers)s. When: %(at)s. Where: %(place)s. "
                 "Reason: %(reason)s", papers=names, at=plain_text(appointment), place=_place(dossier),
                 reason=reason)  # fmt: skip
        tell_applicant(session, dossier, f"originals:{made[0].id}", text)
    return made


def _appointment(at: datetime | None) -> datetime:
    if at is None or not now() <= at <= now() + _FARTHEST:
        message = _("Give the day and time of the appointment: from now on, at most 90 days ahead.")
        raise Invalid(message, {"appointment_at": message})
    return at


def _place(dossier: Dossier) -> str:
    return ", ".join(filter(None, (dossier.desk.name, dossier.desk.address)))


def record(
    session: Session, check: OriginalCheck, actor: Actor, *, found: str, finding: str, shown: str = "original"
) -> OriginalCheck:
    """Keep what the comparison found: who, when, which paper, agrees or not.

    found: a key of FINDINGS; shown: a key of PAPER_KINDS. A second record of the same raises
    Conflict; Invalid (fields "found", "shown", "reason"), NotAllowed as ``ask``.
    """
    if found not in FINDINGS:
        message = _("Say what the comparison found.")
        raise Invalid(message, {"found": message})
    dossier = check.dossier
    row = _refuse_unless_handling(dossier, actor, FINDINGS[found])
    if OriginalState(check.state) not in row.sources:
        raise Conflict(_("%(name)s has recorded this comparison already.", name=check.done_by_name))
    if shown not in PAPER_KINDS:
        message = _("Say what was shown.")
        raise Invalid(message, {"shown": message})
    finding = given_reason(finding) if row.needs_reason else finding.strip()
    act_by(session, actor, handling_post(dossier, actor, _ROLES))
    because(session, action=row.name, reason=finding or check.reason)
    check.state = ORIGINAL.outcome(row, OriginalState(check.state))
    check.shown = None if check.state == OriginalState.dropped else shown
    check.done_at, check.done_by_id, check.done_by_name = now(), actor.user_id, actor.name
    check.finding = finding or None
    remark = f"{check.paper_name}. {finding}" if finding else check.paper_name
    lifecycle.note_step(session, dossier, row.name, actor, remark, row.clause)
    _tell(session, check)
    return check


def _tell(session: Session, check: OriginalCheck) -> None:
    dossier = check.dossier
    with officially():
        if check.state == OriginalState.dropped:
            text = _("You need not show the original of: %(paper)s.", paper=check.paper_name)
            tell_applicant(session, dossier, f"originals-dropped:{check.id}", text)
        elif check.state == OriginalState.differs:
            title = _("A copy differs from the original: %(code)s", code=dossier.code)
            people = {task.assignee_id for task in lifecycle.open_tasks(dossier)} | {check.asked_by_id}
            told = {one for one in people if one} - {check.done_by_id}
            notice_users(session, told, dossier, f"original-differs:{check.id}", title, check.finding or "")


def _refuse_unless_handling(dossier: Dossier, actor: Actor, name: str) -> Transition[OriginalState]:
    if not may_ask(dossier, actor):
        lifecycle.refuse_own(dossier, actor)
        raise NotAllowed(_("Only who handles the dossier, before its result is handed over, compares originals."))
    return ORIGINAL.find(name)
