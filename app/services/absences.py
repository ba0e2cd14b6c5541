"""Absences: who is away, and to whom his open tasks go meanwhile; seen before, done on the first day."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, contains_eager, joinedload

from app.clock import now, today
from app.errors import Invalid, NotFound
from app.history import because
from app.models import Absence, Delegation, Dossier, OfficerPosition, Task, User
from app.models.delegation import ABSENCE_KINDS
from app.models.task import TaskState
from app.official import officially
from app.permissions import Actor
from app.services import lifecycle
from app.services.delegating import day_faults, may_arrange
from app.services.notices import tell_tasks
from app.services.opening import show_place
from app.services.reasons import given_reason
from app.services.task_rights import askers
from app.transactions import enqueue, locked, one_at_a_time

_SYSTEM = Actor()
MOST = 500  # open tasks given away in one transaction, and shown before
After = tuple[datetime, int]  # limit and id of the task after which to go on


class Way(StrEnum):
    """To whom the open tasks go."""

    delegate = "delegate"
    colleagues = "colleagues"
    pool = "pool"
    keep = "keep"


@dataclass(frozen=True)
class Line:
    """One open task, and whose it becomes: ``user_id`` None is nobody's; is_left: it stays his."""

    task: Task
    user_id: int | None
    name: str
    is_left: bool


def get_officer(session: Session, number: int, actor: Actor) -> tuple[User, int]:
    """Return (officer, his agency) for whom the actor may enter an absence. Raises NotFound."""
    post, day = OfficerPosition, today()
    is_held = sa.and_(post.valid_from <= day, sa.or_(post.valid_to.is_(None), post.valid_to >= day))
    query = sa.select(post.agency_id).where(post.user_id == number, is_held).order_by(post.id)
    places = [agency_id for agency_id in session.scalars(query) if may_arrange(actor, number, agency_id)]
    user = session.get(User, number)
    if user is None or not places:
        raise NotFound(_("There is no such officer, or his absence is not yours to enter."))
    return user, places[0]


def plan(session: Session, user_id: int, way: str) -> list[Line]:
    """Return what would become of the first open tasks of an officer, in five statements whatever their number."""
    return _plan(session, user_id, way, session.scalars(_open_tasks(user_id)).unique().all())


def _plan(session: Session, user_id: int, way: str, tasks: Sequence[Task]) -> list[Line]:
    asked_by = _askers(session, tasks)
    if way in {Way.keep, Way.delegate}:
        names = _delegates(session, user_id) if way == Way.delegate else {}
        return [_left(task, names.get((task.agency_id, task.role), "")) for task in tasks]
    fit = _colleagues(session, user_id, {(task.agency_id, task.role) for task in tasks})
    loads = _loads(session, {number for some in fit.values() for number in some})
    lines = []
    for task in tasks:
        some = {n: name for n, name in fit.get((task.agency_id, task.role), {}).items()
                if n not in {*task.dossier.account.people, *asked_by.get(task.id, ())}}  # fmt: skip
        lines.append(_line(task, some, loads, way))
    return lines


def count_more(session: Session, user_id: int, lines: Sequence[Line]) -> int:
    """Return how many open tasks an officer has beyond those planned."""
    if len(lines) < MOST:
        return 0
    query = sa.select(sa.func.count()).where(Task.assignee_id == user_id, Task.state == TaskState.open)
    return (session.scalar(query) or 0) - len(lines)


def _askers(session: Session, tasks: Sequence[Task]) -> dict[int, frozenset[int]]:
    """Return by id of the question who asked it; one statement for all."""
    wanted = {task.asked_by_id for task in tasks if task.asked_by_id is not None}
    found = session.scalars(sa.select(Task).where(Task.id.in_(wanted))).unique() if wanted else ()
    held = {task.id: task for task in found}  # so that none of them is asked for again
    return {task.id: askers(task) for task in tasks if task.asked_by_id in held}


def _line(task: Task, some: dict[int, str], loads: Counter[int], way: str) -> Line:
    if not some:
        return _left(task, "")
    if way == Way.pool:
        return Line(task, None, _("Everybody of this role"), False)
    chosen = min(some, key=lambda number: (loads[number], number))
    loads[chosen] += 1
    return Line(task, chosen, some[chosen], False)


def _left(task: Task, delegate: str) -> Line:
    name = _("Stays; %(name)s does it in his place", name=delegate) if delegate else _("Stays: nobody else may do it")
    return Line(task, task.assignee_id, name, True)


def _open_tasks(user_id: int) -> sa.Select[Task]:
    query = sa.select(Task).join(Task.dossier).options(contains_eager(Task.dossier).joinedload(Dossier.account))
    is_open = sa.and_(Task.assignee_id == user_id, Task.state == TaskState.open)
    return query.where(is_open).order_by(Task.due_at, Task.id).limit(MOST)


def _held_tasks(session: Session, user_id: int, after: After | None) -> tuple[Sequence[Task], After | None]:
    """Return an officer's next open tasks, held, by their limits; and after which to go on if there may be more.

    Dossiers are held by their ids, as all who hold many do, then the tasks: two such acts would wait in a ring else.
    """
    query = _open_tasks(user_id)
    if after is not None:
        due_at, number = after
        query = query.where(sa.or_(Task.due_at > due_at, sa.and_(Task.due_at == due_at, Task.id > number)))
    found = session.execute(query.with_only_columns(Task.due_at, Task.id, Task.dossier_id)).all()
    ids = {row.dossier_id for row in found}
    session.execute(sa.select(Dossier.id).where(Dossier.id.in_(ids)).order_by(Dossier.id).with_for_update())
    wanted = _open_tasks(user_id).where(Task.id.in_([row.id for row in found]))  # others may have been done meanwhile
    tasks = session.scalars(locked(wanted, Task)).unique().all()
    return tasks, (found[-1].due_at, found[-1].id) if len(found) == MOST else None


def _colleagues(
    session: Session, user_id: int, posts: set[tuple[int, str]]
) -> dict[tuple[int, str], dict[int, str]]:
    """Return by (agency, role) who else holds it and is there today: {user id: name}."""
    post, day = OfficerPosition, today()
    query = (
        sa.select(post.agency_id, post.role, User).join(User, User.id == post.user_id)
        .where(post.agency_id.in_({agency for agency, _role in posts}), post.role.in_({role for _a, role in posts}))
        .where(User.active.is_(True), User.id != user_id, post.valid_from <= day)
        .where(sa.or_(post.valid_to.is_(None), post.valid_to >= day))
        .where(~sa.exists().where(Absence.user_id == User.id, Absence.on(day)))
    )  # fmt: skip
    found: dict[tuple[int, str], dict[int, str]] = {}
    for agency_id, role, user in session.execute(query).unique():
        found.setdefault((agency_id, role), {})[user.id] = user.get_full_name()
    return found


def _loads(session: Session, ids: Iterable[int]) -> Counter[int]:
    query = sa.select(Task.assignee_id, sa.func.count()).where(
        Task.assignee_id.in_(set(ids)), Task.state == TaskState.open).group_by(Task.assignee_id)  # fmt: skip
    return Counter({int(user_id): int(count) for user_id, count in session.execute(query) if user_id})


def _delegates(session: Session, user_id: int) -> dict[tuple[int, str], str]:
    """Return by (agency, role) who stands in for an officer now or later."""
    query = sa.select(Delegation).options(joinedload(Delegation.position), joinedload(Delegation.delegate))
    is_open = sa.and_(Delegation.valid_to >= today(), Delegation.is_withdrawn.is_(False))
    query = query.where(Delegation.user_id == user_id, is_open)
    return {(row.agency_id, row.position.role): str(row.delegate) for row in session.scalars(query).unique()}


def enter(
    session: Session, number: int, actor: Actor, *, kind: str, valid_from: date | None, valid_to: date | None,
    reason: str, way: str,
) -> Absence:  # fmt: skip
    """Enter an absence; the officer's open tasks are given away today, or on its first day by ``begin``.

    Twice is once. Raises NotFound, or Invalid naming field and rule.
    """
    user, agency_id = get_officer(session, number, actor)
    one_at_a_time(session, f"absence:{user.id}")
    faults = day_faults(valid_from, valid_to)
    if kind not in ABSENCE_KINDS:
        faults["kind"] = _("Please choose.")
    if way not in set(Way):
        faults["way"] = _("Please choose.")
    if not reason.strip():
        faults["reason"] = _("Please give the reason.")
    if faults or valid_from is None or valid_to is None:
        raise Invalid(_("Please correct the marked fields."), faults)
    known = _overlapping(session, user.id, valid_from, valid_to)
    if known is not None:
        if (known.valid_from, known.valid_to, known.kind) == (valid_from, valid_to, kind):
            return known
        message = _("An absence is already entered for some of these days.")
        raise Invalid(message, {"valid_from": message})
    row = Absence(user=user, agency_id=agency_id, kind=kind, valid_from=valid_from, valid_to=valid_to,
                  reason=reason.strip(), is_withdrawn=False, given_away=0, way=way)  # fmt: skip
    session.add(row)
    session.flush()
    if valid_from <= today():
        _begin(session, row, actor)
    return row


def _begin(session: Session, row: Absence, actor: Actor) -> None:
    row.given_away, row.given_at = 0, now()
    _give_next(session, row, actor, None)


def go_on(session: Session, absence_id: int, limit_at: str, task_id: int) -> None:
    """Give away the next tasks of an officer who has many, after the one named: the handler of the outbox."""
    row = session.scalar(locked(sa.select(Absence).where(Absence.id == absence_id), Absence))
    if row is not None and not row.is_withdrawn:
        _give_next(session, row, _SYSTEM, (datetime.fromisoformat(limit_at), task_id))


def _give_next(session: Session, row: Absence, actor: Actor, after: After | None) -> None:
    with officially():  # stored text
        tasks, last = _held_tasks(session, row.user_id, after)
        row.given_away += _give_away(session, row, actor, tasks)
    if last is not None:
        enqueue("absences.give", absence_id=row.id, limit_at=last[0].isoformat(), task_id=last[1])
    session.flush()


def due_absences(session: Session, limit: int = 50) -> Sequence[int]:
    """Return the ids of absences that have begun and of which nothing was given away yet, the longest begun first.

    After a standstill an absence that is over already is none of them.
    """
    query = sa.select(Absence.id).where(_is_due()).order_by(Absence.valid_from, Absence.id).limit(limit)
    return session.scalars(query).all()


def _is_due() -> sa.ColumnElement[bool]:
    return sa.and_(Absence.given_at.is_(None), Absence.on(today()))


def begin(session: Session, number: int) -> int:
    """Give away the open tasks of one whose absence has begun; returns 1, or 0 if that is done or withdrawn.

    Each in a transaction of its own: of two, the second would hold dossiers before those of the first.
    """
    row = session.scalar(locked(sa.select(Absence).where(Absence.id == number, _is_due()), Absence))
    if row is None:
        return 0
    _begin(session, row, _SYSTEM)
    return 1


def _overlapping(session: Session, user_id: int, valid_from: date, valid_to: date) -> Absence | None:
    query = sa.select(Absence).where(Absence.user_id == user_id, Absence.is_withdrawn.is_(False))
    return session.scalar(query.where(Absence.valid_from <= valid_to, Absence.valid_to >= valid_from).limit(1))


def _give_away(session: Session, row: Absence, actor: Actor, tasks: Sequence[Task]) -> int:
    """Give the tasks away; why he is away (he may be ill) stays with the absence, not with the dossiers."""
    user = row.user
    moved = [line for line in _plan(session, user.id, row.way, tasks) if not line.is_left]
    for line in moved:
        task = line.task
        task.assignee_id = line.user_id
        lifecycle.note_step(session, task.dossier, "hand_over_absence", actor,
                            f"{task.name}: {user.get_full_name()} → {line.name}")  # fmt: skip
        session.expire(task, ["assignee"])
        if task.asked_by_id is None:
            show_place(session, task.dossier)
    told = {line.task: [line.user_id] for line in moved if line.user_id is not None}
    tell_tasks(session, told, again=f":absence:{row.id}")
    return len(moved)


def end(session: Session, number: int, actor: Actor, reason: str) -> Absence:
    """End an absence early: the officer is back. Raises NotFound, Invalid (field "reason")."""
    query = sa.select(Absence).where(Absence.id == number)
    row = session.scalar(locked(query, Absence))
    if row is None or not may_arrange(actor, row.user_id, row.agency_id):
        raise NotFound(_("There is no such absence."))
    if row.is_withdrawn:
        return row
    reason = given_reason(reason)
    because(session, action="end_absence", reason=reason)
    row.is_withdrawn = True
    session.flush()
    return row


def absences_of(session: Session, actor: Actor) -> Sequence[Absence]:
    """Return the absences of today and later that the actor may know of."""
    condition = Absence.screen.rows(actor) if Absence.screen.rows else None
    query = sa.select(Absence).where(Absence.valid_to >= today(), Absence.is_withdrawn.is_(False))
    query = query if condition is None else query.where(condition)
    return session.scalars(query.options(joinedload(Absence.user)).order_by(Absence.valid_from)).unique().all()
