"""Whose work is listed in the inbox, as conditions on dossiers."""

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import aliased

from app.models import Charge, Dossier, Task
from app.models.money import ChargeState
from app.models.scope import dossiers_of
from app.models.task import TaskState
from app.permissions import OVERSEERS, PROCESSING, Actor, Role
from app.workflows.states import OPEN, PAUSING, State

TASK_ROLES = PROCESSING | {Role.cashier, Role.centre_director}
_DESK = frozenset({Role.desk_officer, Role.cashier, Role.centre_director})
_HEAD = frozenset({Role.agency_head})


def _any_of(parts: list[sa.Select[int]]) -> ColumnElement[bool]:
    """Dossiers of one of several small sets: a union, so that each part uses its own index."""
    return Dossier.id.in_(sa.union(*parts)) if parts else sa.false()


def mine(actor: Actor) -> ColumnElement[bool]:
    """Given to me, or nobody's in one of my roles at my agency; and what only my post decides."""
    task = aliased(Task)
    tasks = sa.select(task.dossier_id).where(task.state == TaskState.open)
    parts = [tasks.where(task.assignee_id == actor.user_id)]
    for post in actor.positions_as(TASK_ROLES):
        at_post = tasks.where(task.agency_id == post.agency_id, task.role == str(post.role))
        parts.append(at_post.where(task.assignee_id.is_(None)))
    return _any_of(parts + _without_task(actor))


def _without_task(actor: Actor) -> list[sa.Select[int]]:
    """Dossiers that wait for a post though no step is open for it."""
    dossier, parts = aliased(Dossier), []
    ids = sa.select(dossier.id)
    desks = _places(actor, frozenset({Role.desk_officer}))
    if desks:
        before = dossier.state.in_(list(PAUSING)) & dossier.received_at.is_(None)
        decides = dossier.state.in_([State.registered, State.withdrawal_requested])
        parts.append(ids.where(dossier.desk_id.in_(desks), before | decides))
    tills = _places(actor, frozenset({Role.cashier}))
    if tills:
        owes = sa.exists().where(Charge.dossier_id == dossier.id, Charge.state == ChargeState.due)
        states = [State.accepted, State.payment_requested, State.finished]
        parts.append(ids.where(dossier.desk_id.in_(tills), dossier.state.in_(states), owes))
    heads = _places(actor, _HEAD)
    if heads:
        asked = dossier.state == State.withdrawal_requested
        parts.append(ids.where(dossier.agency_id.in_(heads), asked))
    return parts


def team(actor: Actor) -> ColumnElement[bool]:
    """Open at my agencies or desks; for those who watch, everything open in their scope."""
    if actor.has(*OVERSEERS) or not actor.positions_as(TASK_ROLES):
        condition = dossiers_of(actor)
        is_open = Dossier.state.in_(list(OPEN))
        return is_open if condition is None else sa.and_(is_open, condition)
    task, dossier, parts = aliased(Task), aliased(Dossier), []
    agencies = _places(actor, TASK_ROLES)
    parts.append(
        sa.select(task.dossier_id).where(task.agency_id.in_(agencies), task.state == TaskState.open)
    )
    desks = _places(actor, _DESK)
    if desks:
        is_open = dossier.state.in_(list(OPEN))
        parts.append(sa.select(dossier.id).where(dossier.desk_id.in_(desks), is_open))
    return _any_of(parts)


def reception(actor: Actor) -> ColumnElement[bool]:
    """Registered at my desks and not answered yet."""
    desks = _places(actor, frozenset({Role.desk_officer, Role.centre_director}))
    return sa.and_(Dossier.desk_id.in_(desks), Dossier.state == State.registered)


def _places(actor: Actor, roles: frozenset[Role]) -> list[int]:
    return sorted({post.agency_id for post in actor.positions_as(roles)})
