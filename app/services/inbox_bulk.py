"""One act on many lines of the inbox: what is common to all of them, what it does to each.

A line is named by its key, "dossier-task" (task 0: the dossier as a whole).
"""

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.errors import Invalid, NotFound
from app.i18n import N_
from app.models import Account, Dossier, ProcedureVersion, Process, Task
from app.models.scope import dossiers_of
from app.permissions import Actor, Role
from app.services import dossier_offers, handing, processing, reception
from app.services.dossiers import get_dossier
from app.services.finish_checks import why_not_together
from app.services.inbox import Row, find_rows
from app.services.kept import mark
from app.services.post_holders import holders_of
from app.services.task_rights import heads, holds, is_given
from app.services.timing import prepare_calendars
from app.workflows.states import State

MAX_LINES = 50
_KEY = re.compile(r"([0-9]{1,9})-([0-9]{1,9})")
Key = tuple[int, int]  # dossier, task or 0
Givers = Mapping[int, frozenset[int]]  # account → users who are this person


@dataclass(frozen=True)
class Given:
    """What was typed on the page that asks: a remark, the colleague who gets the tasks."""

    remark: str | None = None
    user_id: int = 0


@dataclass(frozen=True)
class BulkAct:
    """An act that many lines may share; ``asks`` is what else it needs: remark, person or nothing."""

    label: str
    consequence: str
    icon: str
    asks: str
    clause: str
    do: Callable[[Session, Key, Actor, Given], None]


def _task(session: Session, key: Key, actor: Actor) -> Task:
    task = handing.get_task(session, key[1], actor)
    if task.dossier_id != key[0]:
        raise NotFound(_("There is no such task, or you may not see it."))
    return task


def _finish(session: Session, key: Key, actor: Actor, given: Given) -> None:
    task = _task(session, key, actor)
    reason = why_not_together(session, {task: processing.ahead_of(task)}).get(task.id)
    if reason:
        raise Invalid(reason)
    processing.finish_task(session, task, actor, given.remark)


def _claim(session: Session, key: Key, actor: Actor, _given: Given) -> None:
    handing.claim(session, _task(session, key, actor), actor)


def _hand(session: Session, key: Key, actor: Actor, given: Given) -> None:
    handing.hand_to(session, _task(session, key, actor), given.user_id, actor)


def _start(session: Session, key: Key, actor: Actor, _given: Given) -> None:
    code = session.scalar(sa.select(Dossier.code).where(Dossier.id == key[0])) or ""
    reception.pass_on(session, get_dossier(session, code, actor, to_change=True), actor)


ACTS: dict[str, BulkAct] = {
    "finish_step": BulkAct(
        N_("Finish the step"), N_("Each step is finished and the next one opens; what cannot be finished stays."),
        "check", "remark", "HUE25 Đ16", _finish,
    ),
    "start": BulkAct(
        N_("Pass on for processing"), N_("Each dossier goes to the agency that handles it; control slips are made."),
        "send", "", "HUE25 Đ15", _start,
    ),
    "claim": BulkAct(
        N_("Take these tasks"), N_("The tasks are yours; colleagues see that you have them."),
        "user-check", "", "HUE25 Đ16", _claim,
    ),
    "hand_to": BulkAct(
        N_("Give to a colleague"), N_("The tasks are theirs from now on; they are told."),
        "user-plus", "person", "HUE25 Đ16", _hand,
    ),
}  # fmt: skip


def givers_of(session: Session, actor: Actor) -> Givers:
    """Return whom the actor stands for, by account; no statement for who stands for nobody."""
    givers = {post.delegator_id for post in actor.positions if post.delegator_id is not None}
    if not givers:
        return {}
    is_one = sa.or_(Account.user_id.in_(givers), Account.officer_id.in_(givers))
    return {account.id: account.people for account in session.scalars(sa.select(Account).where(is_one))}


def acts_of(row: Row, actor: Actor, givers: Givers) -> list[str]:
    """Return the acts of ACTS open to ``actor`` on a line; no right: services check again.

    givers: of ``givers_of``; by a post lent by the applicant nobody acts.
    """
    facts = row.facts
    if facts.account_id in givers:
        posts = (post for post in actor.positions if post.delegator_id not in givers[facts.account_id])
        actor = replace(actor, positions=tuple(posts))
    if facts.account_id in actor.own_accounts:
        return []
    if row.state is State.accepted:
        return ["start"] if holds(actor, Role.desk_officer, facts.desk_id) else []
    if facts.task_id is None or row.state is not State.processing:
        return []
    is_mine = is_given(actor, Role(facts.role), facts.task_agency_id, facts.assignee_id)
    found = ["finish_step"] if is_mine and facts.asked_by_id is None else []  # a question is answered, not finished
    if is_mine and facts.assignee_id is None:
        found.append("claim")
    return [*found, "hand_to"] if is_mine or heads(actor, facts.task_agency_id) else found


def common_acts(rows: Iterable[Row], actor: Actor, givers: Givers) -> list[str]:
    """Return the acts open on every one of ``rows``, in the order of ACTS."""
    each = [set(acts_of(row, actor, givers)) for row in rows]
    return [name for name in ACTS if each and all(name in acts for acts in each)]


def read_keys(texts: Iterable[str]) -> list[Key]:
    """Return the lines named in a form, each once; what is no key is dropped.

    Raises Invalid for none or too many.
    """
    matches = [_KEY.fullmatch(text) for text in texts]
    found = list(dict.fromkeys((int(match[1]), int(match[2])) for match in matches if match))
    if not 0 < len(found) <= MAX_LINES:
        raise Invalid(_("Please choose from 1 to %(most)d dossiers.", most=MAX_LINES))
    return found


def chosen_rows(session: Session, actor: Actor, keys: list[Key]) -> list[Row]:
    """Return the chosen lines the actor may see and that are still open, in their order."""
    return find_rows(session, [(dossier, task or None) for dossier, task in keys], dossiers_of(actor))


def act_called(name: str) -> BulkAct:
    """Return the act; raises Invalid for a forged name."""
    if name not in ACTS:
        raise Invalid(_("There is no such action."))
    return ACTS[name]


def what_follows(session: Session, keys: Iterable[Key]) -> tuple[dict[int, str], dict[int, str]]:
    """Return (what opens when each task is finished, why others cannot be finished together), by task id.

    Statements do not grow with them.
    """
    mark(session, "processes")  # before the steps are read: what is kept is never older than its mark
    version = joinedload(Task.dossier).joinedload(Dossier.version)
    query = sa.select(Task).where(Task.id.in_([task for _dossier, task in keys if task])).options(
        version.joinedload(ProcedureVersion.process).selectinload(Process.steps),
        joinedload(Task.dossier).joinedload(Dossier.desk), joinedload(Task.dossier).joinedload(Dossier.agency),
        joinedload(Task.agency), joinedload(Task.dossier).selectinload(Dossier.tasks).joinedload(Task.assignee),
        joinedload(Task.dossier).selectinload(Dossier.results), joinedload(Task.dossier).selectinload(Dossier.charges),
    )  # fmt: skip
    tasks = session.scalars(query).unique().all()
    places = [place for t in tasks for place in (t.agency, t.dossier.desk, t.dossier.agency)]
    prepare_calendars(session, places)
    ways = {task: processing.ahead_of(task) for task in tasks}
    kept_back = why_not_together(session, ways)
    fit = {task: ahead for task, ahead in ways.items() if task.id not in kept_back}
    return {task.id: dossier_offers.what_next(session, task, ahead) for task, ahead in fit.items()}, kept_back


def receivers(session: Session, rows: Iterable[Row]) -> list[int]:
    """Return who may do every one of the chosen tasks: users' ids."""
    posts = frozenset((row.facts.task_agency_id, row.facts.role) for row in rows if row.facts.task_id is not None)
    held = holders_of(session, posts) if posts else {}
    sets = [{one.user_id for one in held.get(post, ())} for post in posts]
    return sorted(set.intersection(*sets)) if sets else []

