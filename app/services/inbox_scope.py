"""Whose work is listed in the inbox: open tasks, and dossiers that wait for a post without one.

Each source selects the same columns: dossier, open task (NULL: the dossier as a whole), the limit of
that step, who has it, and the dossier's state and dates. A dossier with several open tasks of mine
has a line for each. ``more``: what else a dossier must fulfil (the filters of the page).
"""

from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement

from app.models import Apology, Charge, Dossier, Extension, ProcedureVersion, Task
from app.models.money import ChargeState
from app.models.scope import dossiers_of
from app.models.task import TaskState
from app.models.task_copies import FACTS
from app.permissions import OVERSEERS, PROCESSING, Actor, Role
from app.services.task_rights import HEADS, SUPERIOR
from app.types import UtcDateTime
from app.workflows.apology import SIGNERS, ApologyState
from app.workflows.extension import APPROVERS, PENDING
from app.workflows.states import OPEN, PAUSING, State

TASK_ROLES = PROCESSING | {Role.cashier, Role.centre_director}
_DESK = frozenset({Role.desk_officer, Role.cashier, Role.centre_director})
_HEAD = frozenset({Role.agency_head})
Source = sa.Select[Any]


_OPEN_STATES = Dossier.state.in_(sorted(OPEN))  # as the partial indexes of models/dossier.py say it


def _facts() -> list[Any]:
    return [getattr(Dossier, fact) for fact in FACTS]


def _tasks(condition: ColumnElement[bool], *more: ColumnElement[bool]) -> Source:
    """Open tasks, each with what its dossier's order in the list depends on: of that, tasks carry a copy."""
    task = Task.__table__.c
    columns = [task.dossier_id, task.id.label("task_id"), task.due_at.label("step_due"), task.assignee_id]
    query = sa.select(*columns, *(task[f"dossier_{fact}"].label(fact) for fact in FACTS))
    query = query.where(task.state == TaskState.open, task.dossier_state.in_(sorted(OPEN)), condition)
    return query.join(Dossier, Dossier.id == task.dossier_id).where(*more) if more else query


def _whole(*conditions: ColumnElement[bool]) -> Source:
    """Dossiers as such, without a step of the reader's; who holds them is who has their step."""
    columns: list[ColumnElement[Any]] = [
        Dossier.id.label("dossier_id"), sa.cast(sa.null(), sa.Integer).label("task_id"),
        sa.cast(sa.null(), UtcDateTime).label("step_due"), Dossier.holder_id.label("assignee_id"),
    ]  # fmt: skip
    return sa.select(*columns, *_facts()).where(_OPEN_STATES, *conditions)


def _one(parts: list[Source]) -> Source:
    """The rows of several sources that may overlap, each once."""
    if len(parts) < 2:
        return parts[0] if parts else _whole(sa.false())
    both = sa.union(*parts).subquery()
    return sa.select(*both.c)


def mine(actor: Actor, *more: ColumnElement[bool]) -> list[Source]:
    """Given to me, or nobody's in one of my roles at my agency; what only my post decides; and steps at an agency I
    head whose officer may not do them any more."""
    task = Task.__table__.c
    given = _given(actor)
    free = sa.and_(task.assignee_id.is_(None), _at_posts(actor))
    whole = _one([part.where(*more) for part in _without_task(actor, sa.or_(given, free))])
    found = [_tasks(given, *more), _tasks(free, *more), whole]
    headed = _places(actor, HEADS)
    if headed:  # nobody does these before their head gives them on
        lost = sa.and_(task.stranded.is_not(None), task.agency_id.in_(headed), sa.not_(sa.or_(given, free)))
        found.append(_tasks(lost, *more))
    return found


def _given(actor: Actor) -> ColumnElement[bool]:
    """Tasks given to me, or to whom I stand for in the post they are of."""
    task = Task.__table__.c
    lent = [
        sa.and_(task.assignee_id == post.delegator_id, task.agency_id == post.agency_id,
                task.role == str(post.role))
        for post in actor.positions_as(TASK_ROLES) if post.delegator_id is not None
    ]  # fmt: skip
    return sa.or_(task.assignee_id == actor.user_id, *lent)


def _at_posts(actor: Actor) -> ColumnElement[bool]:
    by_role: dict[Role, list[int]] = {}
    for post in actor.positions_as(TASK_ROLES):
        by_role.setdefault(post.role, []).append(post.agency_id)
    task = Task.__table__.c
    at = [sa.and_(task.role == str(role), task.agency_id.in_(sorted(set(places))))
          for role, places in sorted(by_role.items())]  # fmt: skip
    return sa.or_(*at) if at else sa.false()


def _without_task(actor: Actor, my_tasks: ColumnElement[bool]) -> list[Source]:
    """Dossiers that wait for a post though no step is open for it."""
    parts: list[Source] = []
    none_mine = _no_open_task(my_tasks)
    desks = _places(actor, frozenset({Role.desk_officer}))
    if desks:
        before = Dossier.state.in_(list(PAUSING)) & Dossier.received_at.is_(None)
        parts.append(_whole(Dossier.desk_id.in_(desks), (Dossier.state == State.registered) | before))
        parts.append(_whole(Dossier.desk_id.in_(desks), Dossier.state == State.withdrawal_requested, none_mine))
    tills = _places(actor, frozenset({Role.cashier}))
    if tills:
        owes = sa.exists().where(Charge.dossier_id == Dossier.id, is_due())
        states = [State.accepted, State.payment_requested, State.finished]
        parts.append(_whole(Dossier.desk_id.in_(tills), Dossier.state.in_(states), owes, none_mine))
        parts.append(_whole(Dossier.desk_id.in_(tills), Dossier.state == State.processing, owes_now(), none_mine))
    heads = _places(actor, _HEAD)
    if heads:
        asked = Dossier.state == State.withdrawal_requested
        parts.append(_whole(Dossier.agency_id.in_(heads), asked, none_mine))
    decided = [*waiting_extensions(actor), *waiting_apologies(actor)]
    if decided:
        parts.append(_whole(Dossier.id.in_(sa.union_all(*decided)), none_mine))
    return parts


def is_due() -> ColumnElement[bool]:
    """Whether a charge is still to be paid; told in the statement itself, so that any plan kept of it may go by
    ``ix_charge_due``."""
    return Charge.state == sa.literal(ChargeState.due, literal_execute=True)


def owes_now() -> ColumnElement[bool]:
    """Whether a dossier owes something at its state already, as ``guards.owed_now`` says of one (QN20 Đ14.2)."""
    moment = sa.func.coalesce(Charge.due, ProcedureVersion.fee_due)
    is_asked = sa.and_(moment == "supplement", Dossier.supplement_count > 0)
    has_come = sa.and_(Dossier.received_at.is_not(None), sa.or_(moment == "reception", is_asked))
    due = sa.exists().where(
        Charge.dossier_id == Dossier.id, is_due(), Charge.amount > 0,
        ProcedureVersion.id == Dossier.version_id,
        sa.or_(Dossier.state.in_([State.payment_requested, State.finished]), has_come),
    )  # fmt: skip
    return due.correlate(Dossier)


def waiting_extensions(actor: Actor) -> list[sa.Select[int]]:
    """Dossiers whose extension waits for a post of the actor: his own requests never do."""
    parts, pending = [], Extension.state.in_(list(PENDING))
    for role in (Role(name) for name in APPROVERS):
        places = _places(actor, frozenset({role, SUPERIOR.get(role, role)}))
        if places:
            here = Dossier.desk_id if role in _DESK else Dossier.agency_id
            query = sa.select(Extension.dossier_id).join(Dossier, Dossier.id == Extension.dossier_id)
            query = query.where(Extension.waits_for == str(role), pending, here.in_(places))
            parts.append(query.where(Extension.asked_by_id.is_distinct_from(actor.user_id)))
    return parts


def waiting_apologies(actor: Actor) -> list[sa.Select[int]]:
    """Dossiers whose apology waits to be signed by a post of the actor."""
    parts = []
    for role in (Role(name) for name in SIGNERS):
        places = _places(actor, frozenset({role}))
        if places:
            here = Dossier.desk_id if role in _DESK else Dossier.agency_id
            query = sa.select(Apology.dossier_id).join(Dossier, Dossier.id == Apology.dossier_id)
            submitted = Apology.state == ApologyState.submitted
            parts.append(query.where(submitted, Apology.signer_role == str(role), here.in_(places)))
    return parts


def _no_open_task(condition: ColumnElement[bool]) -> ColumnElement[bool]:
    task = Task.__table__
    known = sa.select(sa.literal(1)).select_from(task)
    return ~known.where(task.c.dossier_id == Dossier.id, task.c.state == TaskState.open, condition).exists()


def team(actor: Actor, *more: ColumnElement[bool]) -> list[Source]:
    """Open at my agencies or desks; for those who watch, everything open in their scope."""
    if actor.has(*OVERSEERS) or not actor.positions_as(TASK_ROLES):
        condition = dossiers_of(actor)
        return [_whole(*more) if condition is None else _whole(condition, *more)]
    here = Task.__table__.c.agency_id.in_(_places(actor, TASK_ROLES))
    desks = _places(actor, _DESK)
    at_desk = [_whole(Dossier.desk_id.in_(desks), _no_open_task(here), *more)] if desks else []
    return [_tasks(here, *more), *at_desk]


def reception(actor: Actor, *more: ColumnElement[bool]) -> list[Source]:
    """Registered at my desks and not answered yet."""
    desks = _places(actor, frozenset({Role.desk_officer, Role.centre_director}))
    return [_whole(Dossier.desk_id.in_(desks), Dossier.state == State.registered, *more)]


def _places(actor: Actor, roles: frozenset[Role]) -> list[int]:
    return sorted({post.agency_id for post in actor.positions_as(roles)})
