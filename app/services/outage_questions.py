"""Questions to agencies that an incident hit: the working time that was lost there is given back to them, too.

Who is asked does not hold the dossier; what counts is whether the agency asked was within the incident, by its own
calendar, and only time in which the dossier itself did not stand still.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.history import because
from app.models import Agency, Dossier, IncidentNotice, OutageDecision, Task
from app.models.calendar_use import RUNNING
from app.models.task import TaskState
from app.services.incidents import scope_of
from app.services.ledger import parts_of
from app.services.question_limits import move_limits
from app.services.standing import open_questions
from app.services.timing import calendar_of, prepare_calendars
from app.workflows.ledger import Holder, Part, credit, cut
from app.workflows.working_time import add_minutes

Window = tuple[datetime, datetime]


@dataclass(frozen=True)
class Lost:
    """Time given back earlier: of the agencies under ``path``."""

    path: str
    window: Window


def asked_during(path: str, window: Window) -> sa.Select[Any]:
    """Return a query of the open questions to agencies under ``path`` that were asked before its end."""
    return (
        sa.select(Task).join(Agency, Agency.id == Task.agency_id).join(Dossier, Dossier.id == Task.dossier_id)
        .where(Agency.path.startswith(path), Task.state == TaskState.open, Task.asked_by_id.is_not(None))
        .where(Task.opened_at < window[1], Dossier.state.in_(RUNNING), Dossier.received_at.is_not(None))
    )  # fmt: skip


def credited_before(session: Session, decision: OutageDecision | None) -> list[Lost]:
    """Return what was given back by decisions before this one (None: by any so far). Statements: at most two."""
    query = sa.select(OutageDecision).where(OutageDecision.is_credited).options(
        joinedload(OutageDecision.incident).joinedload(IncidentNotice.agency))  # fmt: skip
    if decision is not None:
        query = query.where(OutageDecision.id < decision.id)
    found = session.scalars(query.order_by(OutageDecision.id))
    return [Lost(scope_of(session, one.incident).path, (one.incident.starts_at, one.incident.ended_at))
            for one in found if one.incident.ended_at is not None]  # fmt: skip


def lost_minutes(session: Session, question: Task, window: Window, earlier: Sequence[Lost]) -> int:
    """Return the working minutes that a question lost in ``window``, but for what was given back earlier."""
    before = _without_outages(question.dossier)
    for one in earlier:
        if question.agency.path.startswith(one.path):
            before = cut(before, *one.window, "")
    after = cut(before, *window, "")
    return credit(calendar_of(session, question.agency), before, after, question.opened_at)


def _without_outages(dossier: Dossier) -> list[Part]:
    """Return a dossier's time as if no incident had been: one that hit who held it gave nothing to who was asked."""
    return [replace(part, holder=Holder.officer) if part.holder == Holder.outage else part
            for part in parts_of(dossier)]  # fmt: skip


def give_back(
    session: Session, dossier: Dossier, decision: OutageDecision, window: Window, earlier: Sequence[Lost]
) -> None:
    """Move the open questions of a dossier to agencies within the incident; call it before its own time is cut."""
    path = scope_of(session, decision.incident).path
    reason = _("Incident “%(title)s”: its working time is given back. %(reason)s",
               title=decision.incident.title, reason=decision.reason)  # fmt: skip
    is_running = dossier.received_at is not None and dossier.state in RUNNING
    asked = [one for one in open_questions(dossier) if one.agency.path.startswith(path)] if is_running else []
    lost = [(one, lost_minutes(session, one, window, earlier)) for one in asked]
    limits = [(one, add_minutes(calendar_of(session, one.agency), one.due_at, minutes)) for one, minutes in lost
              if minutes > 0]  # fmt: skip
    if not limits:
        return
    because(session, action="credit_outage", reason=f"{decision.reason}; {decision.clause}")
    move_limits(session, limits, reason, decision.clause)
    session.flush()


def number_that_move(session: Session, incident: IncidentNotice, window: Window) -> int:
    """Return how many questions would be moved; nothing is written. Statements: a fixed number."""
    loads = joinedload(Task.dossier).selectinload(Dossier.segments), joinedload(Task.agency)
    found = session.scalars(asked_during(scope_of(session, incident).path, window).options(*loads)).all()
    prepare_calendars(session, [one.agency for one in found])
    earlier = credited_before(session, None)
    return sum(lost_minutes(session, one, window, earlier) > 0 for one in found)
