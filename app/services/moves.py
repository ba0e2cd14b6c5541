"""Records that follow a small life cycle of their own: which acts are open, and making one.

For kinds without a service of their own; each names its table of transitions, what its guards
ask, and which acts are the province's head's. Places: the Office acts from the province, an
agency's heads for the record's agency or one below theirs.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from enum import Enum
from functools import partial
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowed
from app.history import because
from app.lowcode.rows import visible
from app.models import OnlineService, ProcedureReport, ProcessApproval
from app.models.scope import sees_province
from app.permissions import Actor, Position, Role
from app.services import approvals, online_services, procedure_reports
from app.services.in_place import refuse_self_approval, stand_by
from app.services.move_notices import tell_move
from app.services.reasons import asked_words, given_reason
from app.workflows.governance import APPROVAL
from app.workflows.online import ONLINE_SERVICE, REPORT
from app.workflows.table import Transition, Workflow

Guard = Callable[[Session, Any], bool]
After = Callable[[Session, Any, Transition[Any], Actor, str], None]
_OFFICE = frozenset({Role.catalog_admin, Role.control_focal_point, Role.system_admin})


def _nothing(*_given: Any) -> None:
    """What follows a move of most records: nothing more."""


@dataclass(frozen=True, kw_only=True)
class Cycle:
    """One kind's life cycle. path: the states of a smooth course, for the bar of steps.

    chairman: acts that an agency's head may make only as head of the province.
    """

    model: type[Any]
    workflow: Workflow[Any]
    path: tuple[Enum, ...]
    guards: Mapping[str, Guard] = field(default_factory=dict)
    chairman: frozenset[str] = frozenset()
    after: After = _nothing


CYCLES: dict[str, Cycle] = {
    cycle.model.__tablename__: cycle
    for cycle in (
        Cycle(
            model=ProcessApproval, workflow=APPROVAL, path=tuple(APPROVAL.states),
            guards=approvals.GUARDS, chairman=frozenset({"approve", "refuse"}),
            after=approvals.keep_stage,
        ),
        Cycle(
            model=ProcedureReport, workflow=REPORT, path=tuple(REPORT.states)[:3],
            after=procedure_reports.keep_answer,
        ),
        Cycle(
            model=OnlineService, workflow=ONLINE_SERVICE, path=tuple(ONLINE_SERVICE.states)[:5],
            guards=online_services.GUARDS, chairman=frozenset({"decide", "refuse"}),
        ),
    )
}  # fmt: skip


def cycle_of(row: Any) -> Cycle | None:
    """Return the life cycle that ``row`` follows, None if its kind has none of these."""
    return CYCLES.get(row.__tablename__)


def offered(row: Any, actor: Actor) -> list[Transition[Any]]:
    """Return the acts open to ``actor`` now, the main one first; guards not asked."""
    cycle = CYCLES[row.__tablename__]
    rows = cycle.workflow.allowed(cycle.workflow.states(row.state), actor.roles)
    return [one for one in rows if may_make(cycle, row, one, actor)]


def coming(row: Any) -> list[Transition[Any]]:
    """Return every act that the record waits for, whoever may make it."""
    cycle = CYCLES[row.__tablename__]
    state = cycle.workflow.states(row.state)
    return [one for one in cycle.workflow.transitions if state in one.sources]


def lacking(session: Session, row: Any, step: Transition[Any]) -> str:
    """Return what ``step`` still asks of the record, in words; "" if nothing is missing."""
    cycle = CYCLES[row.__tablename__]
    if not step.guard or cycle.guards[step.guard](session, row):
        return ""
    return _(cycle.workflow.guards[step.guard])


def may_make(cycle: Cycle, row: Any, step: Transition[Any], actor: Actor) -> bool:
    """Return whether a post of the actor opens ``step`` at the place it must stand."""
    return any(_opens(cycle, row, step, post) for post in actor.positions)


def _opens(cycle: Cycle, row: Any, step: Transition[Any], post: Position) -> bool:
    if post.role not in step.roles:
        return False
    from_province = post.role in _OFFICE or (post.role is Role.agency_head and step.name in cycle.chairman)
    return sees_province({post.path}) if from_province else row.agency.path.startswith(post.path)


def make_move(session: Session, row: Any, name: str, actor: Actor, remark: str) -> None:
    """Make the act ``name``: the state changes, it is kept who, when and why, people are told.

    row: locked against others. Raises LookupError for an unknown act, NotAllowed for the wrong
    role, place or state, Invalid (field "reason") without a needed reason or for a guard.
    """
    cycle = CYCLES[row.__tablename__]
    step = cycle.workflow.find(name)
    state = cycle.workflow.states(row.state)
    if state not in step.sources or not may_make(cycle, row, step, actor):
        raise NotAllowed(_("You may not do this now: “%(step)s”.", step=_(step.label)))
    post = stand_by(session, actor, step.roles, partial(_opens, cycle, row, step))
    if step.name in cycle.chairman:
        drawn = [("process", row.process_id)] if isinstance(row, ProcessApproval) else []
        refuse_self_approval(session, [(row.__tablename__, row.id), *drawn], actor, post)
    remark = given_reason(remark, message=asked_words(step)) if step.needs_reason else remark.strip()
    if lack := lacking(session, row, step):
        raise Invalid(lack)
    row.state = cycle.workflow.outcome(step, state)
    with session.no_autoflush:  # the act names one flush: what it changes is told under its name
        cycle.after(session, row, step, actor, remark)
    because(session, action=step.name, reason=remark or None)
    session.flush()
    tell_move(session, row, step, remark)


@dataclass(frozen=True)
class Waiting:
    """How many records of one kind stand in ``state``, where the Office makes the next act."""

    model: type[Any]
    state: Any
    count: int


def waiting_at_office(session: Session, actor: Actor) -> list[Waiting]:
    """Return what waits for an act of the Office that the actor may make, kind by kind, in the order of its states."""
    roles = {post.role for post in actor.positions if post.role in _OFFICE and sees_province({post.path})}
    found = []
    for cycle in CYCLES.values():
        acts = [one for one in cycle.workflow.transitions if one.roles & roles]
        states = [state for state in cycle.workflow.states if any(state in one.sources for one in acts)]
        if not states or not actor.may("can_read", cycle.model.__name__):
            continue
        query = visible(cycle.model, actor).where(cycle.model.state.in_(states))
        query = query.with_only_columns(cycle.model.state, sa.func.count()).group_by(cycle.model.state)
        counts: dict[str, int] = dict(session.execute(query).all())
        found += [Waiting(cycle.model, state, counts[state]) for state in states if state in counts]
    return found
