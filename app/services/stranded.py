"""Open steps whose officer may not do them any more: marked, given on where the profile says so, else told of once.

He left the agency or lost the post, the dossier turned out to be his own, or he is away beyond the step's limit and
nobody stands in for him. A step given to one person is open to nobody else: without this it would wait in silence
for a head to find it (QN20 Đ4.2; NĐ 61/2018 Đ18).
"""

from collections.abc import Iterable, Sequence
from datetime import date, datetime, time, timedelta
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.clock import VIETNAM, now, today
from app.models import Absence, Account, Delegation, Dossier, OfficerPosition, ProcedureVersion, Process, Task, User
from app.models.task import STRANDED, TaskState
from app.official import officially
from app.permissions import Actor, Role
from app.services import lifecycle
from app.services.assigning import candidates_of
from app.services.feedback_notices import nearest
from app.services.notices import holders, notice_users, tell_tasks
from app.services.opening import show_place
from app.services.post_holders import holders_of
from app.services.process_graphs import kept_graph
from app.services.profiles import profile_value
from app.services.task_rights import SUPERIOR
from app.transactions import locked
from app.workflows.states import State

_MOST = 200  # steps looked at in one transaction; the rest at the next look
_NAMED = 5  # codes that one notice names
_SYSTEM = Actor()
_TASK = Task.__table__.c


def mark_stranded(session: Session) -> int:
    """Mark the open steps whose officer may not do them any more, and unmark those he may do again.

    Where the profile says so (``stranded_steps_go_on``) a step goes by its own rule to another; of the others the
    head is told once, or the control focal point above where the agency has no head. Returns how many were told of or
    given on now.
    """
    reasons: dict[int, str | None] = {row.id: row.reason for row in session.execute(_changed(session).limit(_MOST))}
    if not reasons:
        return 0
    tasks = _held(session, list(reasons))
    for task in tasks:
        task.stranded = reasons[task.id]
    session.flush()
    lost = [task for task in tasks if task.stranded is not None]
    with officially():  # stored text
        gone_on = _go_on(session, lost) if profile_value(session, "stranded_steps_go_on") else []
        _tell(session, [task for task in lost if task not in gone_on])
    return len(lost)


def _changed(session: Session) -> sa.Select[Any]:
    """Select the open steps in processing that are marked otherwise than they should be: (id, reason)."""
    reason = sa.case((sa.not_(_is_held()), "left"), (_is_own(), "own"), (_is_away(session), "away"), else_=sa.null())
    query = sa.select(_TASK.id, reason.label("reason")).where(
        _TASK.state == TaskState.open, _TASK.assignee_id.is_not(None), _TASK.dossier_state == State.processing,
        reason.is_distinct_from(_TASK.stranded),
    )  # fmt: skip
    return query.order_by(_TASK.id)


def _fitting() -> ColumnElement[bool]:
    """A post of the step's officer by which he may do it: its role, or the superior's, at its agency."""
    post = OfficerPosition
    above = [sa.and_(_TASK.role == str(role), post.role == str(over)) for role, over in SUPERIOR.items()]
    is_there = sa.and_(post.user_id == _TASK.assignee_id, post.agency_id == _TASK.agency_id)
    return sa.and_(is_there, sa.or_(post.role == _TASK.role, *above))


def _is_held() -> ColumnElement[bool]:
    post, day = OfficerPosition, today()
    is_valid = sa.and_(post.valid_from <= day, sa.or_(post.valid_to.is_(None), post.valid_to >= day))
    is_active = sa.and_(User.id == post.user_id, User.active.is_(True))
    return sa.exists().where(_fitting(), is_valid, is_active).correlate(Task.__table__)


def _is_own() -> ColumnElement[bool]:
    """Nobody decides, as an officer, on his own dossier: by his login, or as the officer with its number."""
    is_he = sa.or_(Account.user_id == _TASK.assignee_id, Account.officer_id == _TASK.assignee_id)
    return sa.exists().where(Dossier.id == _TASK.dossier_id, Account.id == Dossier.account_id, is_he).correlate(
        Task.__table__)  # fmt: skip


def _is_away(session: Session) -> ColumnElement[bool]:
    """Away until after the limit of the step, and nobody stands in for him in a post by which he does it."""
    day = today()
    ends = session.scalars(sa.select(Absence.valid_to).where(Absence.on(day)).distinct()).all()
    late = [sa.and_(Absence.valid_to == end, _TASK.due_at < _end_of(end)) for end in ends]
    away = sa.exists().where(Absence.user_id == _TASK.assignee_id, Absence.on(day), sa.or_(sa.false(), *late))
    lent = sa.exists().where(Delegation.position_id == OfficerPosition.id, Delegation.in_force(day), _fitting())
    return sa.and_(away.correlate(Task.__table__), sa.not_(lent.correlate(Task.__table__)))


def _end_of(day: date) -> datetime:
    return datetime.combine(day + timedelta(days=1), time(), VIETNAM)


def _held(session: Session, ids: Sequence[int]) -> Sequence[Task]:
    """Return open tasks, held: their dossiers by id first, as all who hold many do."""
    wanted = sa.select(Task).where(Task.id.in_(ids), Task.state == TaskState.open)
    found = sa.select(Task.dossier_id).where(Task.id.in_(ids))
    session.execute(sa.select(Dossier.id).where(Dossier.id.in_(found)).order_by(Dossier.id).with_for_update())
    whole, version = contains_eager(Task.dossier), joinedload(Dossier.version)
    wanted = wanted.join(Task.dossier).options(
        whole.joinedload(Dossier.account), whole.joinedload(Dossier.agency), joinedload(Task.agency),
        whole.options(version.joinedload(ProcedureVersion.process).selectinload(Process.steps)),
    ).order_by(Task.agency_id, Task.assignee_id, Task.id)  # fmt: skip
    return session.scalars(locked(wanted, Task)).unique().all()


def _go_on(session: Session, tasks: Iterable[Task]) -> list[Task]:
    """Give steps by the rule of each to whom it gives now; returns those that went to another who is there."""
    given = [task for task in tasks if task.asked_by_id is None and _give_on(session, task)]
    session.flush()
    for task in given:
        session.expire(task, ["assignee"])
        show_place(session, task.dossier)
    told = {task: [task.assignee_id] for task in given if task.assignee_id is not None}
    tell_tasks(session, told, again=f":stranded:{now():%y%m%d%H%M}")
    return given


def _give_on(session: Session, task: Task) -> bool:
    dossier, had = task.dossier, task.assignee
    whole = kept_graph(dossier.process or dossier.version.process)
    if task.key not in whole:
        return False
    step, post = whole.find(task.key), (task.agency_id, task.role)
    chosen = candidates_of(session, dossier, [(task.agency_id, step)]).choose(dossier, step, task.agency_id)
    there = {one.user_id: one for one in holders_of(session, frozenset({post})).get(post, ()) if not one.is_away}
    if chosen is None or chosen == task.assignee_id or chosen not in there:
        return False
    reason = _(STRANDED[str(task.stranded)])
    task.assignee_id = chosen
    names = {user.id: user.get_full_name() for user in session.scalars(sa.select(User).where(User.id == chosen))}
    remark = f"{task.name}: {had.get_full_name() if had else ''} → {names[chosen]} ({reason})"
    lifecycle.note_step(session, dossier, "hand_over_stranded", _SYSTEM, remark)
    return True


def _tell(session: Session, tasks: Sequence[Task]) -> None:
    """Tell of steps that wait for a head: one notice for those of one officer at one agency, for one reason."""
    for (agency_id, _user_id, reason), group in groupby(tasks, key=lambda one: (one.agency_id, one.assignee_id,
                                                                               one.stranded)):  # fmt: skip
        some = list(group)
        people = _heads(session, agency_id, some)
        key = f"stranded:{some[0].id}:{now():%y%m%d%H%M}"
        first = some[0] if len(some) == 1 else None
        notice_users(session, people, first.dossier if first else None, key, _title(some), _body(some, str(reason)))


def _heads(session: Session, agency_id: int, tasks: Sequence[Task]) -> set[int]:
    """Return who gives the steps on: who heads the agency or the centre, else the focal point above it.

    Not the officer himself, nor the applicant of a single one.
    """
    barred = {tasks[0].assignee_id} | (tasks[0].dossier.account.people if len(tasks) == 1 else set())
    both = (holders(session, agency_id, role, with_delegates=True) for role in (Role.agency_head, Role.centre_director))
    heads = {number for some in both for number in some} - barred
    return heads or {number for number in nearest(session, tasks[0].agency, Role.control_focal_point) if number}


def _title(tasks: Sequence[Task]) -> str:
    if len(tasks) == 1:
        return _("To be given on: %(step)s (%(code)s)", step=tasks[0].name, code=tasks[0].dossier.code)
    return ngettext("%(num)d step of %(name)s to be given on", "%(num)d steps of %(name)s to be given on", len(tasks),
                    name=str(tasks[0].assignee))  # fmt: skip


def _body(tasks: Sequence[Task], reason: str) -> str:
    codes = ", ".join(task.dossier.code for task in tasks[:_NAMED]) + (", …" if len(tasks) > _NAMED else "")
    return _("%(reason)s: %(name)s.\nDossiers: %(codes)s. Give them to a colleague on the page of your work.",
             name=str(tasks[0].assignee), reason=_(STRANDED[reason]), codes=codes)  # fmt: skip
