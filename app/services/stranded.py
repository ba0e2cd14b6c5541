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
from sqlalchemy import ColumnElement
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.clock import VIETNAM, now, today
from app.models import (
    Absence,
    Account,
    Agency,
    Delegation,
    Dossier,
    OfficerPosition,
    ProcedureVersion,
    Process,
    Task,
    User,
)
from app.models.task import STRANDED, TaskState
from app.official import officially
from app.permissions import Actor, Role
from app.services import lifecycle
from app.services.assigning import candidates_of
from app.services.feedback_notices import nearest
from app.services.notices import notice_users, tell_tasks
from app.services.opening import show_place
from app.services.post_holders import holders_of
from app.services.process_graphs import kept_graph
from app.services.profiles import profile_value
from app.services.task_rights import HEADS, SUPERIOR
from app.transactions import locked
from app.workflows.states import State

_MOST = 5000  # steps marked at one look; the rest at the next
_AT_ONCE = 200  # of them in one transaction
_NAMED = 5  # codes that one notice names
_SYSTEM = Actor()
_TASK = Task.__table__.c
# Who is told: heads of the agency or centre, where none of them may act the heads of its divisions (``HEADS``).
_TIERS = (HEADS - {Role.division_head}, frozenset({Role.division_head}))


def stranded_steps(session: Session, most: int = _MOST) -> list[Sequence[int]]:
    """Return the ids of the open steps that are marked otherwise than they should be, for one transaction each.

    Those of one officer stand together.
    """
    ids = session.scalars(_changed(session).limit(most)).all()
    return [ids[start : start + _AT_ONCE] for start in range(0, len(ids), _AT_ONCE)]


def mark_stranded(session: Session, ids: Sequence[int]) -> int:
    """Mark those of these steps whose officer may not do them any more, and unmark those he may do again.

    As they are once they are held: what was given on or paused meanwhile is left in peace. Where the profile says so
    (``stranded_steps_go_on``) a step goes by its own rule to another; of the others who may give them on is told, or
    the control focal point above where nobody may. Returns how many were told of or given on now.
    """
    tasks = _held(session, ids)
    still = _changed(session).where(_TASK.id.in_(ids))
    reasons: dict[int, str | None] = {row.id: row.reason for row in session.execute(still)}
    wrong = [task for task in tasks if task.id in reasons]
    for task in wrong:
        task.stranded = reasons[task.id]
    session.flush()
    lost = [task for task in wrong if task.stranded is not None]
    with officially():  # stored text
        gone_on = _go_on(session, lost) if profile_value(session, "stranded_steps_go_on") else []
        _tell(session, [task for task in lost if task not in gone_on])
    return len(lost)


def _changed(session: Session) -> sa.Select[Any]:
    """Select the open steps in processing that are marked otherwise than they should be: (id, reason)."""
    reason = sa.case((sa.not_(_is_held()), "left"), (_is_own(), "own"), (_is_away(session), "away"), else_=sa.null())
    query = sa.select(_TASK.id, (named := reason.label("reason"))).where(
        _TASK.state == TaskState.open, _TASK.assignee_id.is_not(None), _TASK.dossier_state == State.processing,
        reason.is_distinct_from(_TASK.stranded),
    )  # fmt: skip
    return query.order_by(_TASK.agency_id, _TASK.assignee_id, named, _TASK.id)


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
    """Return tasks, held: their dossiers by id first, as all who hold many do."""
    wanted = sa.select(Task).where(Task.id.in_(ids))
    found = sa.select(Task.dossier_id).where(Task.id.in_(ids))
    session.execute(sa.select(Dossier.id).where(Dossier.id.in_(found)).order_by(Dossier.id).with_for_update())
    whole, version = contains_eager(Task.dossier), joinedload(Dossier.version)
    wanted = wanted.join(Task.dossier).options(
        whole.joinedload(Dossier.account), whole.joinedload(Dossier.agency), joinedload(Task.agency),
        whole.options(version.joinedload(ProcedureVersion.process).selectinload(Process.steps)),
    ).order_by(Task.id)  # fmt: skip
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


def _tell(session: Session, tasks: Iterable[Task]) -> None:
    """Tell of steps that wait for a head: of those of one officer at one agency, for one reason, once a day."""
    for _same, group in groupby(sorted(tasks, key=_alike), key=_alike):
        some = list(group)
        may = _who_may_give(session, some)
        for user_id in sorted(frozenset().union(*may.values())):
            _notice(session, user_id, [task for task in some if user_id in may[task]], _what_to_do())
        left = [task for task in some if not may[task]]
        for point in nearest(session, some[0].agency, Role.control_focal_point) if left else ():
            seen = [task for task in left if point not in task.dossier.account.people]
            if point is not None and seen:
                _notice(session, point, seen, _what_to_see_to(some[0].agency))


def _alike(task: Task) -> tuple[int, int, str]:
    return task.agency_id, task.assignee_id or 0, str(task.stranded)


def _who_may_give(session: Session, tasks: Sequence[Task]) -> dict[Task, frozenset[int]]:
    """Return who may give each step on: the heads, else the division heads, and who stands in for them.

    Not the officer himself, nor the applicant or who stands in for him (``task_rights.leading_post``).
    """
    agency_id = tasks[0].agency_id
    found = holders_of(session, frozenset((agency_id, str(role)) for role in HEADS))
    tiers = [
        [(person, one.user_id) for role in tier for one in found.get((agency_id, str(role)), ())
         for person in {one.user_id, *one.delegate_ids}] for tier in _TIERS
    ]  # fmt: skip
    return {task: next(filter(None, (_able(task, tier) for tier in tiers)), frozenset()) for task in tasks}


def _able(task: Task, ways: Iterable[tuple[int, int]]) -> frozenset[int]:
    """Return who of (person, in whose post) may give a step on."""
    people = task.dossier.account.people
    return frozenset(person for person, holder in ways if people.isdisjoint({person, holder})) - {task.assignee_id}


def _notice(session: Session, user_id: int, tasks: Sequence[Task], what: str) -> None:
    agency_id, assignee_id, reason = _alike(tasks[0])
    key = f"stranded:{assignee_id}:{agency_id}:{reason}:{today():%y%m%d}"
    dossier = tasks[0].dossier if len(tasks) == 1 else None
    notice_users(session, {user_id}, dossier, key, _title(tasks), f"{_body(tasks, reason)} {what}")


def _title(tasks: Sequence[Task]) -> str:
    """Return the title: no number, as more of the day are not told again."""
    if len(tasks) == 1:
        return _("To be given on: %(step)s (%(code)s)", step=tasks[0].name, code=tasks[0].dossier.code)
    return _("Steps of %(name)s to be given on", name=str(tasks[0].assignee))


def _body(tasks: Sequence[Task], reason: str) -> str:
    codes = ", ".join(task.dossier.code for task in tasks[:_NAMED]) + (", …" if len(tasks) > _NAMED else "")
    return _("%(reason)s: %(name)s.\nDossiers: %(codes)s.", name=str(tasks[0].assignee), reason=_(STRANDED[reason]),
             codes=codes)  # fmt: skip


def _what_to_do() -> str:
    return _("Give them to a colleague on the page of your work.")


def _what_to_see_to(agency: Agency) -> str:
    """What a focal point can do, who gives no step on himself."""
    return _("Please see to it that %(agency)s names somebody to do them.", agency=agency.name)
