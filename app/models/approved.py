"""What the Chairman approved stays: steps, order, hours and ways change by another approval (HUE25 Đ16.3).

The agency configures the electronic process within it: which agency, who gets a step, who is asked.
"""

from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import event, inspect
from sqlalchemy.orm import Session

from app.errors import Invalid
from app.models.process import Process, ProcessStep
from app.models.process_approval import ProcessApproval
from app.workflows.governance import DECIDED

CONFIGURABLE = frozenset({"place", "agency", "agency_id", "assign", "assign_value", "consulted"})


def is_approved(session: Session, process: Process) -> bool:
    """Return whether the Chairman approved the process: only its configuration is open."""
    query = sa.select(ProcessApproval.id).where(
        ProcessApproval.process_id == process.id, ProcessApproval.state.in_(DECIDED)
    )
    return session.scalar(query.limit(1)) is not None


def refuse_approved(session: Session, touched: dict[int, str]) -> None:
    """Raise Invalid if one of the processes, {id: what would change}, was approved as it is."""
    query = sa.select(Process.id, Process.name).join(ProcessApproval, ProcessApproval.process_id == Process.id).where(
        Process.id.in_(touched), ProcessApproval.state.in_(DECIDED)
    )  # fmt: skip
    found = session.execute(query.order_by(Process.id).limit(1)).first()
    if found is not None:
        message = _("“%(process)s” was approved as it is. Agencies, who gets a step and the agencies asked can be "
                    "set; for anything else copy it as a new draft and have that approved (HUE25 Đ16.3).",
                    process=found.name)  # fmt: skip
        raise Invalid(message, {touched[found.id]: message})


def _changed(row: Any) -> str:
    """Return the attribute of a step or process that would change and is no configuration, or ""."""
    wanted = {"name"} if isinstance(row, Process) else None
    names = [attr.key for attr in inspect(row).attrs if attr.history.has_changes()]
    return next((n for n in names if n not in CONFIGURABLE | {"row_version", "search_text"}
                 and (wanted is None or n in wanted)), "")  # fmt: skip


@event.listens_for(Session, "before_flush")
def _refuse_every_way(session: Session, _context: object, _instances: object) -> None:
    """No path changes what was approved: not the designer, a form, a workbook, a pack."""
    touched: dict[int, str] = {}
    for row in [*session.new, *session.deleted]:
        if isinstance(row, ProcessStep) and row.process is not None and row.process.id is not None:
            touched.setdefault(row.process.id, "name")
    for row in session.dirty:
        if isinstance(row, Process | ProcessStep) and (name := _changed(row)):
            touched.setdefault(row.id if isinstance(row, Process) else row.process_id, name)
    if touched:
        with session.no_autoflush:
            refuse_approved(session, touched)

