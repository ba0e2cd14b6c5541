"""Moving every running dossier to a newer process, by the worker: each in a transaction of its own, with a result.

What became of each dossier is kept, whatever it was; after a stop the worker goes on behind the last one.
"""

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now
from app.errors import Conflict, DomainError, NotFound
from app.history import record
from app.models import Dossier, Process, ProcessMove, ProcessMoveLine, User
from app.permissions import Actor, acting_as
from app.services.actors import build_actor
from app.services.chunks import go_on
from app.services.paging import Slice, slice_of
from app.services.process_moves import accepted, move, running_on
from app.services.process_transfer import Ways
from app.transactions import enqueue, one_at_a_time

LINES = 50  # on a page
_SHOWN = 20


def begin(session: Session, source: Process, target: Process, mapping: Ways, reason: str, actor: Actor) -> ProcessMove:
    """Leave every running dossier of ``source`` to the worker; asked twice while it works, it is one act.

    Raises NotAllowed, Invalid (no reason, bad mapping), Conflict when no dossier runs on ``source`` any more.
    """
    reason = accepted(session, source, target, mapping, reason, actor)[0]
    one_at_a_time(session, f"process-move:{source.id}:{target.id}")
    same = ProcessMove.source_id == source.id, ProcessMove.target_id == target.id, ProcessMove.done_at.is_(None)
    known = session.scalar(sa.select(ProcessMove).where(*same).order_by(ProcessMove.id).limit(1))
    if known is not None:
        return known
    wanted = session.scalar(sa.select(sa.func.count()).select_from(running_on(source, target).subquery())) or 0
    if not wanted:
        raise Conflict(_("None of these dossiers runs on this process any more."))
    act = ProcessMove(source=source, target=target, mapping=dict(mapping), reason=reason, at=now(),
                      user_id=actor.user_id, actor_name=actor.name, wanted=wanted)  # fmt: skip
    session.add(act)
    record(session, ("process", target.id), "move_process", reason=f"{source.code}: {reason}")
    session.flush()
    enqueue("processes.move", move_id=act.id)
    return act


def move_next(session: Session, move_id: int) -> bool:
    """Move the next dossier of an act, or keep why it stays; returns whether others are left."""
    act = session.get(ProcessMove, move_id, with_for_update={"of": ProcessMove})
    if act is None or act.done_at is not None:
        return False
    actor = build_actor(session, session.get(User, act.user_id))

    def move_each(ids: list[int]) -> None:
        for number in ids:
            hindrance = _moved(session, act, number, actor)
            session.add(ProcessMoveLine(move_id=act.id, dossier_id=number, hindrance=hindrance))
            act.moved, act.stayed = act.moved + (not hindrance), act.stayed + bool(hindrance)

    with acting_as(actor):
        return go_on(session, act, running_on(act.source, act.target).with_only_columns(Dossier.id), move_each, size=1)


def _moved(session: Session, act: ProcessMove, number: int, actor: Actor) -> str:
    """Move one dossier as it stands now; returns why it stays, "" when it was moved."""
    try:
        with session.begin_nested():
            _done, left = move(session, act.source, act.target, act.mapping, [number], act.reason, actor)
    except DomainError as exc:
        return str(exc)
    return left[0].hindrance if left else ""


def get_act(session: Session, number: int) -> ProcessMove:
    """Return an act; raises NotFound."""
    act = session.get(ProcessMove, number)
    if act is None:
        raise NotFound(_("There is no such act."))
    return act


def acts_on(session: Session, target: Process) -> list[ProcessMove]:
    """Return the latest acts that moved dossiers to a process, the newest first."""
    query = sa.select(ProcessMove).where(ProcessMove.target_id == target.id).options(joinedload(ProcessMove.source))
    return list(session.scalars(query.order_by(ProcessMove.id.desc()).limit(_SHOWN)))


def lines_of(session: Session, act: ProcessMove, page: int) -> Slice[ProcessMoveLine]:
    """Return one page of what became of each dossier, those that stay first."""
    line = ProcessMoveLine
    query = sa.select(line).where(line.move_id == act.id).options(joinedload(line.dossier))
    return slice_of(session, query.order_by(line.hindrance == "", line.dossier_id), page, LINES)
