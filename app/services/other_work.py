"""What waits for an officer beside the steps of dossiers: refunds to decide, delays to explain."""

from collections.abc import Iterable, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session

from app.models import Account, Dossier, Explanation, Procedure, Refund, Task
from app.models.scope import dossiers_of
from app.models.task import TaskState
from app.permissions import Actor, Position, Role
from app.services.standing import DESK_ROLES
from app.services.task_rights import persons
from app.types import UtcDateTime
from app.workflows.explanation import EXPLANATION, ExplanationState
from app.workflows.refund import APPROVERS, RefundState

MOST = 20  # named one by one
_HEADS = frozenset({Role.division_head, Role.agency_head})
_DECIDERS = frozenset(Role(name) for name in APPROVERS)
_EXPLAINERS = frozenset(Role(name) for name in EXPLANATION.find("explain").roles)


def find_other_work(session: Session, actor: Actor) -> Sequence[Any]:
    """Return the first MOST lines, the nearest time limit first, those without one last; one statement.

    A line: kind ("refund" or "explanation"), code, procedure, applicant_name, amount in đồng, due_at, and
    of_kind: how many of its kind wait. Rules as ``refund_rights.deciding_post`` and who is told of a
    question by ``explanations.answerers``: never one's own dossier, nor what oneself entered or asked.
    """
    parts = [*_refunds(actor), *_explanations(actor)]
    if not parts:
        return []
    lines = sa.union_all(*parts).subquery()
    of_kind = sa.func.count().over(partition_by=lines.c.kind).label("of_kind")
    order = (lines.c.due_at.is_(None), lines.c.due_at, lines.c.kind, lines.c.code)
    return session.execute(sa.select(lines, of_kind).order_by(*order).limit(MOST)).all()


def _refunds(actor: Actor) -> list[sa.Select[Any]]:
    rules = [
        sa.and_((Dossier.desk_id if post.role in DESK_ROLES else Dossier.agency_id) == post.agency_id,
                *_not_theirs(actor, post, Refund.cashier_id, Refund.entered_for_id))
        for post in actor.positions_as(_DECIDERS)
    ]  # fmt: skip
    query = _line("refund", Refund.amount, sa.cast(sa.null(), UtcDateTime))
    query = query.join(Refund, Refund.dossier_id == Dossier.id).where(Refund.state == RefundState.asked)
    return _of(query, actor, rules)


def _explanations(actor: Actor) -> list[sa.Select[Any]]:
    rules = [
        sa.and_(_holds(actor, post), *_not_theirs(actor, post, Explanation.asked_by_id, Explanation.asked_for_id))
        for post in actor.positions_as(_EXPLAINERS)
    ]  # fmt: skip
    query = _line("explanation", sa.cast(sa.null(), sa.BigInteger), Explanation.due_at)
    query = query.join(Explanation, Explanation.dossier_id == Dossier.id)
    return _of(query.where(Explanation.state == ExplanationState.asked), actor, rules)


def _line(kind: str, amount: Any, due_at: Any) -> sa.Select[Any]:
    columns = [sa.literal(kind).label("kind"), Dossier.code, Procedure.name.label("procedure"),
               Dossier.applicant_name, amount.label("amount"), due_at.label("due_at")]  # fmt: skip
    return sa.select(*columns).join(Procedure, Procedure.id == Dossier.procedure_id)


def _of(query: sa.Select[Any], actor: Actor, rules: list[ColumnElement[bool]]) -> list[sa.Select[Any]]:
    """Return the query of what one of the rules lets through, within what the actor may see; [] without a rule."""
    if not rules:
        return []
    query, seen = query.where(sa.or_(*rules)), dossiers_of(actor)
    if actor.own_accounts:
        query = query.where(Dossier.account_id.not_in(sorted(actor.own_accounts)))
    return [query if seen is None else query.where(seen)]


def _holds(actor: Actor, post: Position) -> ColumnElement[bool]:
    """Who heads the agency, has or did a step there by this post, or may take one nobody has."""
    here = Dossier.agency_id == post.agency_id
    if post.role in _HEADS:
        return here
    given = sa.and_(Task.assignee_id.in_(sorted(persons(actor, post))), Task.is_current)
    free = sa.and_(Task.assignee_id.is_(None), Task.state == TaskState.open)
    step = sa.exists().where(
        Task.dossier_id == Dossier.id, Task.role == str(post.role), Task.agency_id == post.agency_id,
        Task.asked_by_id.is_(None), sa.or_(given, free),
    )  # fmt: skip
    return sa.and_(here, step)


def _not_theirs(actor: Actor, post: Position, *columns: Any) -> Iterable[ColumnElement[bool]]:
    """Neither begun by who stands behind the post, nor of an applicant in whose place one would decide."""
    for column in columns:
        yield sa.or_(column.is_(None), column.not_in(sorted(persons(actor, post))))
    if post.delegator_id is not None:
        is_his = sa.or_(Account.user_id == post.delegator_id, Account.officer_id == post.delegator_id)
        yield Dossier.account_id.not_in(sa.select(Account.id).where(is_his))
