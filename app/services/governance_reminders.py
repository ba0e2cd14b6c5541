"""Warnings ahead: trials that end, reports on procedures that wait for their answer."""

from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now, today
from app.lowcode.values import plain_text
from app.models import Notice, OnlineService, ProcedureReport
from app.official import officially
from app.permissions import Role
from app.services.feedback_notices import nearest
from app.services.notices import holders, notice_users
from app.services.users import root_agency
from app.workflows.online import ReportState, ServiceState

TRIAL_AHEAD = timedelta(days=7)
REPORT_AHEAD = timedelta(days=1)


def remind_governance(session: Session) -> int:
    """Tell the Office, and the agency of a trial, of what ends soon or is over; once each.

    Returns how many records were told of now.
    """
    with officially():
        office = set(holders(session, root_agency(session).id, Role.catalog_admin))
        return _trials(session, office) + _reports(session, office)


def _untold(session: Session, keys: dict[str, int]) -> dict[str, int]:
    known = set(session.scalars(sa.select(Notice.key).where(Notice.key.in_(keys)))) if keys else set()
    return {key: number for key, number in keys.items() if key not in known}


def _trials(session: Session, office: set[int]) -> int:
    service, day = OnlineService, today()
    query = sa.select(service).where(
        service.state == ServiceState.trial, service.trial_to <= day + TRIAL_AHEAD
    )
    rows = list(session.scalars(query.options(joinedload(service.procedure), joinedload(service.agency))))
    keys = {_trial_key(row): row.id for row in rows}
    waiting = set(_untold(session, keys).values())
    for row in [row for row in rows if row.id in waiting]:
        is_over = row.trial_to is not None and row.trial_to < day
        title = (_("Over: trial of %(name)s", name=row.procedure.name) if is_over
                 else _("Nearly over: trial of %(name)s", name=row.procedure.name))  # fmt: skip
        body = _("The trial ends on %(day)s. Launch the service or end the trial (QN20 Đ23.2c).",
                 day=plain_text(row.trial_to))  # fmt: skip
        heads = {user for user in nearest(session, row.agency, Role.agency_head) if user is not None}
        notice_users(session, office | heads, None, _trial_key(row), title, body)
    return len(waiting)


def _trial_key(row: OnlineService) -> str:
    """A trial begun anew has another last day, and so is told of again."""
    which = "over" if row.trial_to is not None and row.trial_to < today() else "soon"
    return f"trial:{row.id}:{row.trial_to}:{which}"


def _reports(session: Session, office: set[int]) -> int:
    report, at = ProcedureReport, now()
    query = sa.select(report).where(
        report.state.in_([ReportState.sent, ReportState.accepted]), report.due_at <= at + REPORT_AHEAD
    )
    rows = {f"report:{row.id}:{'late' if row.due_at <= at else 'soon'}": row
            for row in session.scalars(query)}  # fmt: skip
    waiting = _untold(session, {key: row.id for key, row in rows.items()})
    for key in waiting:
        row = rows[key]
        title = (_("Report on a procedure overdue: %(name)s", name=row.title[:150]) if key.endswith("late")
                 else _("Report on a procedure nearly due: %(name)s", name=row.title[:150]))  # fmt: skip
        notice_users(session, office, None, key, title, _("Due: %(at)s", at=plain_text(row.due_at)))
    return len(waiting)
