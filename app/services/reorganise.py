"""Merging, splitting, renaming and closing agencies: preview, one transaction, undo.

The order of the two-tier government re-homes officers, running dossiers and what they rest
on in one act under one decision (NĐ 118/2025). Promised due dates and codes never change.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, time

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload

from app.clock import now, today
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.history import because
from app.i18n import N_
from app.models import Agency, Reorganisation, User
from app.models.calendar_use import unrefused
from app.models.reorganisation import REORGANISATION_KINDS, ReorganisationKind, ReorganisationState
from app.official import officially
from app.permissions import Actor, Role, acting_as
from app.services.actors import build_actor
from app.services.official import official
from app.services.reorganise_bulk import Route, carry, count_dossiers, extent
from app.services.reorganise_faults import TO_COME, faults_of, refuse_twin
from app.services.reorganise_images import image_of, put_back, refuse_used, value_of
from app.services.reorganise_moves import Change, Wish, changes_of
from app.services.reorganise_wishes import as_data, as_wish
from app.services.reorganise_words import digest_of, effects_of, turn_words
from app.services.timing import calendar_of
from app.transactions import enqueue, locked
from app.workflows.wording import VIETNAM

# More running dossiers than this are re-homed by the worker, not while the browser waits.
IN_THE_REQUEST = 200


@dataclass(frozen=True)
class Plan:
    """What an act would do: changes, and what follows in any number; [text, count] to read, what
    forbids it, what to know."""

    changes: list[Change]
    routes: list[Route]
    effects: list[tuple[str, int]]
    kept: list[tuple[str, int]]  # the effects as they are kept, in the official language
    faults: dict[str, str]
    notes: list[str]
    digest: str
    dossiers: int  # how many running ones are re-homed


def plan_of(session: Session, wish: Wish) -> Plan:
    """Return what ``wish`` would change, without writing anything."""
    faults = dict(faults_of(session, wish))
    found = [] if faults else list(changes_of(session, wish))
    changes = [one for one in found if isinstance(one, Change)]
    extents = {one: extent(session, one) for one in found if isinstance(one, Route)}
    routes = [route for route, (count, *_ids) in extents.items() if count]
    if not faults and not changes and not routes:
        faults["source"] = _("Nothing would change.")
    with officially():
        kept = effects_of(changes, extents)
        turns = list(turn_words(session, wish)) if not faults else []
    return Plan(
        changes, routes, effects_of(changes, extents), kept, faults,
        list(_notes(session, wish)) if not faults else [], digest_of(changes, extents, turns),
        count_dossiers(session, routes),
    )  # fmt: skip


def reorganise(session: Session, wish: Wish, actor: Actor, seen: str | None = None) -> Reorganisation:
    """Carry out ``wish``, or leave it to the worker if many dossiers move; flushed, not committed.

    seen: the digest of the preview that was confirmed. Raises NotAllowed for the wrong role,
    Invalid with fields for what forbids it, Conflict when something changed since the preview.
    """
    _refuse_role(actor)
    plan = _checked_plan(session, wish, seen)
    refuse_twin(session, wish)
    act = Reorganisation(
        kind=wish.kind, state=ReorganisationState.waiting, source=wish.source, target=wish.target,
        decision_number=wish.decision_number, decision_on=wish.decision_on, wish=as_data(wish),
        effects=[list(line) for line in plan.kept], actor_name=actor.name, user_id=actor.user_id,
        done_at=now(), effective_on=wish.effective_on,
    )  # fmt: skip
    session.add(act)
    if wish.effective_on is not None and wish.effective_on > today():
        return _plan_ahead(session, act, wish.effective_on)
    if plan.dossiers <= IN_THE_REQUEST:
        _carry_out(session, act, wish, plan, actor)
    session.flush()
    if act.state == ReorganisationState.waiting:
        enqueue("agencies.reorganise", act_id=act.id)
    return act


def reorganise_waiting(session: Session, act_id: int) -> None:
    """Carry out an act left to the worker; a second run finds it done.

    One planned for a later day waits for it. What forbids it now is kept on the act for the
    office to read.
    """
    act = session.get(Reorganisation, act_id, with_for_update=True)
    if act is None or act.state not in TO_COME:
        return
    if act.effective_on is not None and act.effective_on > today():
        _plan_ahead(session, act, act.effective_on)
        return
    actor = build_actor(session, session.get(User, act.user_id) if act.user_id else None)
    try:
        with acting_as(actor):
            _refuse_role(actor)
            wish = as_wish(session, act.wish)
            _carry_out(session, act, wish, _checked_plan(session, wish, None), actor)
    except DomainError as exc:
        act.state, act.fault = ReorganisationState.refused, str(exc)


def _plan_ahead(session: Session, act: Reorganisation, day: date) -> Reorganisation:
    """Leave the act to the worker, from the first minute of its day on."""
    act.state = ReorganisationState.planned
    session.flush()
    enqueue("agencies.reorganise", due_at=datetime.combine(day, time(), VIETNAM).astimezone(UTC), act_id=act.id)
    return act


def cancel(session: Session, act_id: int, actor: Actor) -> Reorganisation:
    """Call off an act whose day has not come; raises Conflict once it is carried out."""
    _refuse_role(actor)
    act = session.get(Reorganisation, act_id, with_for_update=True)
    if act is None:
        raise NotFound(_("There is no such act."))
    if act.state != ReorganisationState.planned:
        raise Conflict(_("Only a planned act can be cancelled."))
    with officially():
        because(session, action="cancel_reorganisation", reason=str(act))
    act.state, act.undone_at = ReorganisationState.cancelled, now()
    session.flush()
    return act


def undo(session: Session, act_id: int, actor: Actor) -> Reorganisation:
    """Put back what an act changed, or leave it to the worker if many dossiers move back.

    Raises Conflict naming what was used or changed since.
    """
    _refuse_role(actor)
    act = session.get(Reorganisation, act_id, with_for_update=True)
    if act is None:
        raise NotFound(_("There is no such act."))
    if act.state != ReorganisationState.applied:
        raise Conflict(_("This act is not in force: it cannot be undone."))
    if len(refuse_used(session, act)) > IN_THE_REQUEST:
        act.state, act.fault = ReorganisationState.undoing, None
        enqueue("agencies.undo", act_id=act.id, user_id=actor.user_id)
    else:
        _take_back(session, act, actor)
    session.flush()
    return act


def undo_waiting(session: Session, act_id: int, user_id: int) -> None:
    """Undo an act left to the worker; why it cannot be is kept on it, and it stays in force."""
    act = session.get(Reorganisation, act_id, with_for_update=True)
    if act is None or act.state != ReorganisationState.undoing:
        return
    actor = build_actor(session, session.get(User, user_id))
    try:
        with acting_as(actor), session.begin_nested():
            _refuse_role(actor)
            _take_back(session, act, actor)
    except DomainError as exc:
        act.state, act.fault = ReorganisationState.applied, str(exc)
        session.flush()


def _take_back(session: Session, act: Reorganisation, actor: Actor) -> None:
    with officially():
        reason = _("Undone: %(what)s (decision %(number)s)", what=str(act), number=act.decision_number)
    with unrefused(session):
        put_back(session, act, actor, reason)
    because(session, action="undo_reorganisation", reason=reason)
    act.state, act.undone_at, act.fault = ReorganisationState.undone, now(), None
    session.flush()


def _refuse_role(actor: Actor) -> None:
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("Only a catalog administrator may reorganise agencies."))


def _checked_plan(session: Session, wish: Wish, seen: str | None) -> Plan:
    _lock(session, wish)
    plan = plan_of(session, wish)
    if plan.faults:
        raise Invalid(next(iter(plan.faults.values())), plan.faults)
    if seen is not None and seen != plan.digest:
        raise Conflict(_("Something changed since the preview. Look at it again, then confirm."))
    return plan


def _carry_out(session: Session, act: Reorganisation, wish: Wish, plan: Plan, actor: Actor) -> None:
    reason = reason_of(wish)
    # Everything that may refuse lies behind us: from here on the act is written whole.
    olds = [(change, value_of(change.row, change.name) if change.name else None) for change in plan.changes]
    old_code = wish.source.code if wish.code and wish.kind == ReorganisationKind.rename else None
    for change in plan.changes:
        if change.name is None:
            session.add(change.row)
        else:
            setattr(change.row, change.name, change.new)
    because(session, action="reorganise", reason=reason)
    with unrefused(session):  # due dates already promised stay
        session.flush()
        moved = carry(session, plan.routes, actor, reason)
    made = next((c.row for c in plan.changes if c.name is None and isinstance(c.row, Agency)), None)
    act.target, act.old_code = wish.target or made, old_code
    act.images = [*(image_of(change, old) for change, old in olds), *moved]
    act.state, act.done_at = ReorganisationState.applied, now()
    session.flush()


def reason_of(wish: Wish) -> str:
    """Return the sentence that stands in the history of everything touched."""
    return official(N_("%(act)s: %(agency)s (decision %(number)s)"), act=official(REORGANISATION_KINDS[wish.kind]),
                    agency=wish.source.name, number=wish.decision_number)  # fmt: skip


def _notes(session: Session, wish: Wish) -> Iterable[str]:
    if wish.kind == ReorganisationKind.merge and wish.target is not None:
        if calendar_of(session, wish.source) != calendar_of(session, wish.target):
            yield _("The two agencies keep different working calendars. Due dates already promised stay.")
        yield _("Published procedures that name the old agency lead to its successor by themselves.")
    yield from turn_words(session, wish)
    yield _("Codes of dossiers and due dates already promised do not change; look-up by old codes goes on.")


def _lock(session: Session, wish: Wish) -> None:
    ids = [agency.id for agency in (wish.source, wish.target) if agency is not None]
    query = sa.select(Agency).where(Agency.id.in_(ids)).order_by(Agency.id)
    session.scalars(locked(query)).all()


def list_acts(session: Session, limit: int = 100) -> list[Reorganisation]:
    """Return the latest acts with their agencies, the newest first."""
    query = sa.select(Reorganisation).options(
        joinedload(Reorganisation.source), joinedload(Reorganisation.target))  # fmt: skip
    return list(session.scalars(query.order_by(Reorganisation.id.desc()).limit(limit)))
