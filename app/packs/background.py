"""Large packs are planned and applied by the worker; small ones at once.

The page asks again until the run has left its waiting state.
"""

from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.models import User
from app.models.pack_run import PackRun, RunState
from app.packs import runs
from app.permissions import Actor, acting_as
from app.services.actors import build_actor
from app.tasks.handlers import HANDLERS
from app.transactions import enqueue

AT_ONCE = 150  # files; a second or two of one processor


def is_large(run: PackRun) -> bool:
    """Return whether the run is the worker's to do."""
    return len(run.content) > AT_ONCE


def plan_soon(session: Session, run: PackRun, actor: Actor) -> None:
    """Plan the run: now, or by the worker if it is large."""
    if is_large(run):
        run.state = RunState.waiting
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
    enqueue("packs.apply", number=run.id, user_id=actor.user_id)


def _plan(session: Session, number: int, user_id: int) -> None:
    run = runs.get_run(session, number, to_change=True)
    if run.state != RunState.waiting:
        return
    with force_locale("vi"), acting_as(build_actor(session, session.get(User, user_id))) as actor:
        runs.plan(session, run, actor)


def _apply(session: Session, number: int, user_id: int) -> None:
    run = runs.get_run(session, number, to_change=True)
    if run.state != RunState.applying:
        return
    with force_locale("vi"), acting_as(build_actor(session, session.get(User, user_id))) as actor:
        runs.carry_out(session, run, actor)


HANDLERS["packs.plan"] = _plan
HANDLERS["packs.apply"] = _apply
