"""Large packs are read, planned, applied and undone by the worker; small ones at once.

The page asks again until the run has left its waiting state.
"""

import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app.extensions import db
from app.lowcode import beside
from app.models import User
from app.models.pack_run import PackProgress, PackRun, RunState
from app.official import officially
from app.packs import archive, runs, undoing, uploads
from app.packs.applying import Report
from app.permissions import Actor, acting_as
from app.services.actors import build_actor
from app.tasks.handlers import HANDLERS
from app.transactions import enqueue

AT_ONCE = 300  # records with their parts; measured: half a second of one processor
_TOLD_EVERY = 1.0  # seconds between two reports


def is_large(run: PackRun) -> bool:
    """Return whether the run is the worker's to do: one file may hold a catalog of many thousand items."""
    return sum(map(_records, run.content.values())) > AT_ONCE


def _records(document: Any) -> int:
    """Return how many records a document holds, itself and its parts."""
    lists = [value for value in document.values() if isinstance(value, list)]
    return 1 + sum(_records(part) for parts in lists for part in parts if isinstance(part, dict))


def take_in_soon(session: Session, name: str, content: bytes, actor: Actor, *, is_replacing: bool) -> PackRun:
    """Return the run of an uploaded zip: read and planned, or left to the worker if it is large.

    Raises Refused or Invalid for what is wrong with the pack itself, as far as it is read at once.
    """
    if archive.is_large(content):
        run = uploads.take_later(session, name, content, is_replacing=is_replacing)
        _begin(session, run)
        enqueue("packs.read", number=run.id, user_id=actor.user_id)
        return run
    run = runs.take_in(session, archive.unzipped(content), is_replacing=is_replacing)
    plan_soon(session, run, actor)
    return run


def plan_soon(session: Session, run: PackRun, actor: Actor) -> None:
    """Plan the run: now, or by the worker if it is large."""
    if is_large(run):
        run.state = RunState.waiting
        _begin(session, run)
        enqueue("packs.plan", number=run.id, user_id=actor.user_id)
    else:
        runs.plan(session, run, actor)


def apply_soon(session: Session, run: PackRun, actor: Actor) -> None:
    """Apply the run: now, or by the worker if it is large. Raises Conflict as ``runs.carry_out``."""
    if not is_large(run):
        runs.carry_out(session, run, actor)
        return
    runs.refuse_unless_planned(run)
    run.state = RunState.applying
    _begin(session, run)
    enqueue("packs.apply", number=run.id, user_id=actor.user_id)


def undo_soon(session: Session, run: PackRun, actor: Actor) -> None:
    """Undo the run: now, or by the worker if it touched much. Raises as ``undoing.undo``."""
    olds = [one["document"] for one in run.before or [] if one["document"] is not None]
    if not is_large(run) and sum(map(_records, olds)) <= AT_ONCE:
        undoing.undo(session, run, actor)
        return
    undoing.refuse_unless_applied(run)
    run.state, run.faults = RunState.undoing, []
    _begin(session, run)
    enqueue("packs.undo", number=run.id, user_id=actor.user_id)


def _work(awaited: RunState, work: Callable[[Session, PackRun, Actor, Report], object]) -> Callable[..., None]:
    """Return the worker's part of a run: ``work`` as who asked for it, once, while the run is ``awaited``."""

    def handle(session: Session, number: int, user_id: int) -> None:
        run = runs.get_run(session, number, to_change=True)
        if run.state != awaited:
            return
        with officially(), acting_as(build_actor(session, session.get(User, user_id))) as actor:
            work(session, run, actor, _reporter(number))
        beside.forget(_name(number))

    return handle


def percent_of(session: Session, run: PackRun) -> int:
    """Return how far the worker is with a run, in percent."""
    known = beside.told(_name(run.id))
    if known is not None:
        return known[0]
    return session.scalar(sa.select(PackProgress.percent).where(PackProgress.run_id == run.id)) or 0


def _name(number: int) -> str:
    return f"pack-{number}"


def _begin(session: Session, run: PackRun) -> None:
    beside.forget(_name(run.id))
    progress = session.scalar(sa.select(PackProgress).where(PackProgress.run_id == run.id))
    if progress is None:
        session.add(PackProgress(run_id=run.id, percent=0))
    else:
        progress.percent = 0


def _reporter(number: int) -> Report:
    """Return what keeps the percent, seen at once by others.

    SQLite has one writer: there a small file beside the database tells it.
    """
    last, in_file = [time.monotonic()], db.engine.dialect.name == "sqlite"

    def report(percent: int) -> None:
        if time.monotonic() - last[0] < _TOLD_EVERY:
            return
        last[0] = time.monotonic()
        if in_file:
            beside.tell(_name(number), percent, 100)
            return
        with db.engine.begin() as connection:
            values = sa.update(PackProgress).where(PackProgress.run_id == number).values(percent=percent)
            connection.execute(values)

    return report


HANDLERS["packs.read"] = _work(RunState.waiting, uploads.read_and_plan)
HANDLERS["packs.plan"] = _work(RunState.waiting, runs.plan)
HANDLERS["packs.apply"] = _work(RunState.applying, runs.carry_out)
HANDLERS["packs.undo"] = _work(RunState.undoing, undoing.carry_back)
