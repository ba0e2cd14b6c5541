"""Where the clock of a dossier stands still, since when, and which dossiers are overdue: one answer for all.

QĐ 766/QĐ-TTg 2022 judges what still waits for its applicant at the moment it was asked: who asks after the due
date is late until the answer and after it. Inbox, dashboard, statistics, look-up and escalation ask here.
"""

from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.clock import now
from app.models import Dossier, Movement
from app.services.profiles import profile_value
from app.workflows.states import CLOCK_OVER, PAUSING, State, pauses_clock

_IN_PROGRESS = sorted(int(state) for state in State if state not in CLOCK_OVER)


def paused_states(session: Session) -> frozenset[State]:
    """Return the states in which the time of handling stands still; of payment the profile decides (domain D)."""
    payment = profile_value(session, "payment_pauses_clock")
    return frozenset(state for state in PAUSING if pauses_clock(state, payment_pauses=payment))


def stands_still(session: Session, row: Any) -> bool:
    """Return whether the clock of ``row`` (state, received_at) stands still; the desk's begins anew afterwards."""
    return State(row.state) in (PAUSING if row.received_at is None else paused_states(session))


def still(session: Session, row: Any = Dossier) -> ColumnElement[bool]:
    """Return the condition of ``stands_still`` on the columns of ``row``."""
    return still_in(paused_states(session), row)


def still_in(paused: frozenset[State], row: Any) -> ColumnElement[bool]:
    """Return the condition of ``still`` where the states of ``paused`` stand still; it may be kept."""
    unreceived = sa.and_(row.state.in_(sorted(PAUSING)), row.received_at.is_(None))
    return sa.or_(row.state.in_(sorted(paused)), unreceived)


def paused_since(dossier: Dossier) -> datetime | None:
    """Return when the dossier came to the state it waits in; None if its course does not say.

    What is noted in between (a reorganisation) has this state on both sides and began no pause.
    A dossier closed while it waited and opened again has waited all the time.
    """
    return entered(dossier, State(dossier.state))


def entered(dossier: Dossier, state: State) -> datetime | None:
    """Return when the dossier last came to ``state``, as ``paused_since`` counts it."""
    found = (m.at for m in reversed(dossier.movements)
             if m.target == state and m.source not in {None, state} and m.transition != "reopen")  # fmt: skip
    return next(found, None)


def since(number: Any, state: Any) -> sa.ScalarSelect[datetime]:
    """Return ``paused_since`` as a column; number, state: the columns of the dossier's id and state."""
    query = sa.select(sa.func.max(Movement.at)).where(Movement.dossier_id == number, Movement.target == state)
    query = query.where(Movement.source != state, Movement.transition != "reopen")
    return query.correlate_except(Movement).scalar_subquery()


def is_overdue(session: Session, dossier: Dossier) -> bool:
    """Return whether an accepted dossier in progress runs past its due date, or did when it came to wait."""
    if dossier.due_at is None or State(dossier.state) in CLOCK_OVER:
        return False
    until = paused_since(dossier) if stands_still(session, dossier) else now()
    return until is not None and until > dossier.due_at


def overdue(session: Session, row: Any = Dossier, number: Any = Dossier.id) -> ColumnElement[bool]:
    """Return the condition of ``is_overdue`` on the columns of ``row``; number: the column of the dossier's id."""
    return overdue_at(now(), paused_states(session), row, number)


def overdue_at(at: Any, paused: frozenset[State], row: Any, number: Any) -> ColumnElement[bool]:
    """Return the condition of ``overdue`` at an instant or at a parameter for one; then it may be kept."""
    begun = sa.func.coalesce(since(number, row.state), row.due_at)
    runs_on = sa.or_(sa.not_(still_in(paused, row)), begun > row.due_at)
    return sa.and_(row.state.in_(_IN_PROGRESS), row.due_at < at, runs_on)
