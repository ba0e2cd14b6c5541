"""Agencies report wrong, missing and expired procedures; the Office answers (HCM24 Đ17.6h)."""

from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.errors import Invalid, NotAllowed
from app.history import because
from app.models import Agency, Procedure, ProcedureReport
from app.models.procedure_report import ReportKind
from app.permissions import Actor
from app.services.in_place import acted_name, stand_by
from app.services.move_notices import tell_move
from app.services.profiles import profile_value
from app.services.timing import calendar_of, explained_due
from app.transactions import one_at_a_time
from app.workflows.online import REPORT, REPORT_DAYS, REPORTERS, ReportState
from app.workflows.table import Transition
from app.workflows.working_time import add_days

MAX_TITLE, MAX_CONTENT = 500, 5000


@dataclass(frozen=True, kw_only=True)
class NewReport:
    """What an officer found; ``procedure_code`` is empty for a procedure not published."""

    kind: str
    content: str
    procedure_code: str = ""
    title: str = ""


def send_report(session: Session, given: NewReport, actor: Actor) -> ProcedureReport:
    """Return the report of an officer's agency, with the day by which it is to be answered.

    The same report sent again while it waits returns the first. Raises NotAllowed without a
    post that reports, Invalid naming the fields at fault.
    """
    post = stand_by(session, actor, REPORTERS)
    if post is None:
        raise NotAllowed(_("Only an officer of an agency may report a procedure."))
    procedure = _procedure(session, given)
    title = procedure.name[:MAX_TITLE] if procedure is not None else given.title.strip()
    _refuse_faults(given, title)
    one_at_a_time(session, f"procedure_report:{actor.user_id}")
    known = _known(session, given, title, actor)
    return known or _create(session, given, title, procedure, session.get_one(Agency, post.agency_id), actor)


def _procedure(session: Session, given: NewReport) -> Procedure | None:
    if not given.procedure_code:
        return None
    found = session.scalar(sa.select(Procedure).where(Procedure.code == given.procedure_code))
    if found is None:
        message = _("There is no procedure with this code.")
        raise Invalid(message, {"procedure_code": message})
    return found


def _refuse_faults(given: NewReport, title: str) -> None:
    found = {}
    if given.kind not in set(ReportKind):
        found["kind"] = _("Please say what is the matter.")
    if given.kind in {ReportKind.wrong, ReportKind.expired} and not given.procedure_code:
        found["procedure_code"] = _("Please give the code of the procedure.")
    elif not title:
        found["title"] = _("Please name the procedure that is missing.")
    if not given.content.strip():
        found["content"] = _("Please say what was found.")
    if len(title) > MAX_TITLE:
        found["title"] = _("At most %(limit)d characters.", limit=MAX_TITLE)
    if len(given.content) > MAX_CONTENT:
        found["content"] = _("At most %(limit)d characters.", limit=MAX_CONTENT)
    if found:
        raise Invalid(_("Please correct the marked fields."), found)


def _known(session: Session, given: NewReport, title: str, actor: Actor) -> ProcedureReport | None:
    report = ProcedureReport
    query = sa.select(report).where(
        report.author_id == actor.user_id, report.state == ReportState.sent, report.title == title,
        report.kind == given.kind, report.content == given.content.strip(),
    )  # fmt: skip
    return session.scalar(query.limit(1))


def _create(
    session: Session, given: NewReport, title: str, procedure: Procedure | None, agency: Agency,
    actor: Actor,
) -> ProcedureReport:  # fmt: skip
    step = REPORT.find("send")
    days = int(profile_value(session, "procedure_report_days", REPORT_DAYS))
    due = explained_due(add_days, calendar_of(session, agency), now(), days)
    report = ProcedureReport(
        kind=given.kind, title=title, content=given.content.strip(), procedure=procedure,
        agency=agency, author_id=actor.user_id, author_name=acted_name(session, actor), sent_at=now(), due_at=due,
        state=REPORT.outcome(step, None),
    )  # fmt: skip
    because(session, action=step.name)
    session.add(report)
    session.flush()
    tell_move(session, report, step, report.content)
    return report


def keep_answer(
    session: Session, report: ProcedureReport, step: Transition[Any], actor: Actor, remark: str
) -> None:
    """Keep the answer, or why the report is not followed, with who gave it."""
    if step.needs_reason:
        report.answer, report.answered_at, report.answered_by = remark, now(), acted_name(session, actor)
