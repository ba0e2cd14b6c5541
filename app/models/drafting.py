"""Whose process it is: the agency draws its own until it hands it in (HUE25 Đ16.1)."""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from app.permissions import Actor, Role
from app.workflows.governance import AGENCYS_TURN, APPROVAL

# Those who may begin an approval draw what is approved.
DRAFTERS = frozenset(Role(role) for role in APPROVAL.find("draft").roles)


def drawn_by(actor: Actor) -> ColumnElement[bool] | None:
    """Return the condition that the actor may change a process; None = every one.

    The catalog administrator changes all. An agency changes its own, not those of agencies
    below it and none of the whole province, as long as no version that was checked rests on it
    and it is the agency's turn: until it is handed in, and after the approval to configure it and to
    name its officers, within what was approved (``approved.py``).
    """
    from app.models.procedure import ProcedureVersion
    from app.models.procedure_words import VersionState
    from app.models.process import Process
    from app.models.process_approval import ProcessApproval

    if actor.has(Role.catalog_admin):
        return None
    places = {post.agency_id for post in actor.positions_as(DRAFTERS)}
    if not places:
        return sa.false()
    handed_in: Any = sa.select(ProcessApproval.process_id).where(
        ProcessApproval.state.not_in(AGENCYS_TURN)
    )
    settled: Any = sa.select(ProcedureVersion.process_id).where(
        ProcedureVersion.process_id.is_not(None), ProcedureVersion.state != VersionState.draft
    )
    return sa.and_(
        Process.agency_id.in_(places), Process.id.not_in(handed_in), Process.id.not_in(settled)
    )


def steps_drawn_by(actor: Actor) -> ColumnElement[bool] | None:
    """Return the condition that the actor may change a step: its process is his to change."""
    from app.models.process import Process, ProcessStep

    condition = drawn_by(actor)
    return None if condition is None else ProcessStep.process_id.in_(sa.select(Process.id).where(condition))
