"""Rehearsing a process with any number of finished dossiers, by the worker: some hundred at a time, added up.

Nothing of the dossiers is written; what came out is kept, so that who asked may come back to it.
"""

from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, undefer

from app.clock import now
from app.errors import Conflict, DomainError, NotFound
from app.models import Dossier, ProcedureVersion, Process, ProcessRehearsal
from app.official import officially
from app.permissions import Actor
from app.services.chunks import go_on
from app.services.process_design import revision
from app.services.rehearsal import (
    ENDED,
    Stage,
    cases_of,
    finished,
    play_all,
    prepare,
    told,
    versions_of,
)
from app.services.rehearsal_report import Tally
from app.transactions import enqueue, one_at_a_time

KEPT = timedelta(days=90)
_SHOWN = 10
_LONGEST = timedelta(days=1)  # one that stands still after it, by a fault, keeps nobody from another


def finished_number(session: Session, process: Process) -> int:
    """Return how many finished dossiers could be played through a process."""
    return _number(session, finished(versions_of(session, process)))


def _number(session: Session, query: sa.Select[Any]) -> int:
    inner = query.with_only_columns(Dossier.id).order_by(None).subquery()
    return session.scalar(sa.select(sa.func.count()).select_from(inner)) or 0


def begin(session: Session, process: Process, count: int | None, actor: Actor) -> ProcessRehearsal:
    """Leave the last ``count`` finished dossiers (None: all there are) to the worker; asked twice meanwhile, once.

    Raises Conflict when there is none, DomainError for a process without steps, or in itself.
    """
    versions = prepare(session, process).versions
    one_at_a_time(session, f"rehearsal:{process.id}")
    known: ProcessRehearsal | None = session.scalar(_unfinished(process).limit(1))
    if known is not None:
        return known
    since = _since(session, finished(versions), count) if count is not None else None
    act = ProcessRehearsal(process=process, edition=revision(process), at=now(), since=since, played=0,
                           user_id=actor.user_id, actor_name=actor.name, wanted=0, last_dossier_id=0)  # fmt: skip
    act.wanted = _number(session, _of(act, versions))
    if not act.wanted:
        raise Conflict(_("No dossier of these procedures is finished yet."))
    session.add(act)
    session.flush()
    enqueue("processes.rehearse", rehearsal_id=act.id)
    return act


def _unfinished(process: Process) -> sa.Select[Any]:
    act = ProcessRehearsal
    query = sa.select(act).where(act.process_id == process.id, act.edition == revision(process), act.done_at.is_(None))
    return query.where(act.at > now() - _LONGEST).order_by(act.id)


def _since(session: Session, query: sa.Select[Any], count: int) -> datetime | None:
    """Return when the ``count``-th last dossier was finished; None where there are no more, and all are meant."""
    ends = query.with_only_columns(ENDED).limit(2).offset(count - 1)
    found = session.scalars(ends).all()
    return found[0] if len(found) > 1 else None


def _of(act: ProcessRehearsal, versions: list[ProcedureVersion]) -> sa.Select[Any]:
    """Return a query of the dossiers of an act: those finished until it began."""
    query = finished(versions).with_only_columns(Dossier.id).where(act.at >= ENDED)
    return query.where(act.since <= ENDED) if act.since is not None else query


def rehearse_waiting(session: Session, rehearsal_id: int) -> None:
    """Play the next dossiers of an act; enqueues itself until it is done.

    Statements: a fixed number, however many dossiers there are.
    """
    query = sa.select(ProcessRehearsal).where(ProcessRehearsal.id == rehearsal_id).options(
        undefer(ProcessRehearsal.tally))  # fmt: skip
    act = session.scalar(query.with_for_update(of=ProcessRehearsal))
    if act is None or act.done_at is not None:
        return
    with officially():
        try:
            if act.edition != revision(act.process):
                raise Conflict(_("The process was changed meanwhile. Please rehearse it again."))
            is_more = _play_some(session, act, prepare(session, act.process))
        except DomainError as exc:
            act.fault, act.done_at, is_more = str(exc), now(), False
    if is_more:
        enqueue("processes.rehearse", rehearsal_id=act.id)


def _play_some(session: Session, act: ProcessRehearsal, stage: Stage) -> bool:
    tally = Tally.read(act.tally)

    def play_each(ids: list[int]) -> None:
        query = sa.select(Dossier).where(Dossier.id.in_(ids)).order_by(Dossier.id)
        play_all(stage, cases_of(session, stage, query), tally)
        act.tally, act.played = tally.stored(), tally.played

    is_more = go_on(session, act, _of(act, stage.versions), play_each, writes=False)
    if not is_more:
        act.report = told(session, stage, tally, is_invented=False).stored()
    return is_more


def get_act(session: Session, number: int) -> ProcessRehearsal:
    """Return a rehearsal with its report; raises NotFound."""
    act = session.get(ProcessRehearsal, number, options=[undefer(ProcessRehearsal.report)])
    if act is None:
        raise NotFound(_("There is no such act."))
    return act


def acts_of(session: Session, process: Process) -> list[ProcessRehearsal]:
    """Return the latest rehearsals of a process, the newest first."""
    query = sa.select(ProcessRehearsal).where(ProcessRehearsal.process_id == process.id)
    return list(session.scalars(query.order_by(ProcessRehearsal.id.desc()).limit(_SHOWN)))


def forget(session: Session) -> int:
    """Remove the rehearsals begun longer than KEPT ago, with their reports; returns how many."""
    gone = session.execute(sa.delete(ProcessRehearsal).where(ProcessRehearsal.at < now() - KEPT))
    return int(getattr(gone, "rowcount", 0))
