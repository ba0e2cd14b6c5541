"""After an incident: whether its time is given back to running dossiers, and giving it back.

An outage never stops a clock by itself. Once it has ended an authorised person decides, with
clause and reason, having seen whose due dates move. What officers held meanwhile becomes a
segment "outage"; time that did not count anyway is not given back twice.
"""

from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import now
from app.errors import Conflict, Invalid, NotAllowed
from app.history import because
from app.lowcode.values import plain_text
from app.models import Agency, ClockSegment, Dossier, IncidentNotice, OutageDecision, Task, User
from app.permissions import Actor
from app.services import outage_questions
from app.services.actors import build_actor
from app.services.calendar_changes import SHOWN, Effect
from app.services.chunks import go_on
from app.services.in_place import acted_name, stand_by
from app.services.incidents import DECIDERS, get_incident, may_decide, scope_of
from app.services.ledger import part_of, parts_of
from app.services.lifecycle import change_due, open_tasks
from app.services.notices import tell_applicant
from app.services.outage_steps import move_steps, tell_holders
from app.services.timing import calendar_of, prepare_calendars
from app.transactions import enqueue
from app.workflows.ledger import WORKING, Part, credit, cut
from app.workflows.states import CLOCK_OVER, State
from app.workflows.working_time import add_minutes, minutes_between

_RUNNING = tuple(int(state) for state in frozenset(State) - CLOCK_OVER)


def decision_of(session: Session, incident: IncidentNotice) -> OutageDecision | None:
    """Return what was decided about an incident's time."""
    return session.scalar(sa.select(OutageDecision).where(OutageDecision.incident_id == incident.id))


def decisions_of(session: Session, incidents: Iterable[IncidentNotice]) -> dict[int, OutageDecision]:
    """Return what was decided, by the id of the incident."""
    ids = [incident.id for incident in incidents]
    rows = session.scalars(sa.select(OutageDecision).where(OutageDecision.incident_id.in_(ids)))
    return {row.incident_id: row for row in rows}


def effect_of(session: Session, incident: IncidentNotice) -> Effect:
    """Return whose due dates would move; nothing is written. Statements: a fixed number."""
    effect = Effect()
    agencies = {row.id: row for row in session.scalars(sa.select(Agency))}
    prepare_calendars(session, agencies.values())
    since, until = _window(incident)
    rows = session.execute(_touched(session, incident, since, until))
    for _pk, pieces in groupby(rows, key=lambda row: row.dossier_id):
        effect.looked_at += 1
        first, *more = pieces
        agency = agencies[first.agency_id if first.received_at else first.desk_id]
        calendar = calendar_of(session, agency)
        parts = [Part(row.holder, row.started_at, row.ended_at) for row in (first, *more)]
        minutes = credit(calendar, parts, cut(parts, since, until, ""), first.received_at or first.submitted_at)
        due = first.due_at if first.received_at else first.reception_due_at
        if minutes and due is not None:
            effect.by_agency[agency.name] += 1
            if len(effect.rows) < SHOWN:
                effect.rows.append((first.code, agency.name, due, add_minutes(calendar, due, minutes)))
    effect.steps = outage_questions.number_that_move(session, incident, (since, until))
    return effect


def _window(incident: IncidentNotice) -> tuple[datetime, datetime]:
    return incident.starts_at, incident.ended_at or now()


def _touched(
    session: Session, incident: IncidentNotice, since: datetime, until: datetime
) -> sa.Select[Any]:
    """Select the pieces of time that officers within the scope held during the incident."""
    path = scope_of(session, incident).path
    columns: tuple[Any, ...] = (
        ClockSegment.dossier_id, ClockSegment.holder, ClockSegment.started_at, ClockSegment.ended_at,
        Dossier.code, Dossier.agency_id, Dossier.desk_id, Dossier.submitted_at, Dossier.received_at,
        Dossier.due_at, Dossier.reception_due_at,
    )  # fmt: skip
    return (
        sa.select(*columns)
        .join(Dossier, Dossier.id == ClockSegment.dossier_id)
        .join(Agency, Agency.id == ClockSegment.agency_id)
        .where(Agency.path.startswith(path), Dossier.state.in_(_RUNNING))
        .where(ClockSegment.holder.in_([str(holder) for holder in WORKING]), ClockSegment.started_at < until)
        .where(sa.or_(ClockSegment.ended_at.is_(None), ClockSegment.ended_at > since))
        # Before acceptance the limit begins anew after every pause: only the running piece counts.
        .where(sa.or_(Dossier.received_at.is_not(None), ClockSegment.ended_at.is_(None)))
        .order_by(ClockSegment.dossier_id, ClockSegment.started_at)
    )


def decide(
    session: Session, number: int, actor: Actor, *, is_credited: bool, reason: str, clause: str
) -> OutageDecision:
    """Decide about an ended incident's time; given back by the worker. Flushed, not committed.

    Raises NotAllowed for who does not answer for all its agencies, Conflict if it goes on or was
    decided already, Invalid (fields "reason", "clause").
    """
    incident = get_incident(session, number, to_change=True)
    if not may_decide(session, incident, actor):
        raise NotAllowed(_("Only who answers for every agency of this incident decides about its time."))
    if incident.ended_at is None:
        raise Conflict(_("The incident goes on: its time is decided upon once it has ended."))
    if decision_of(session, incident) is not None:
        raise Conflict(_("The time of this incident has been decided upon already."))
    _refuse(reason, clause)
    path = scope_of(session, incident).path
    stand_by(session, actor, DECIDERS, lambda post: path.startswith(post.path))
    because(session, action="decide_outage", reason=f"{reason.strip()}; {clause.strip()}")
    decision = OutageDecision(
        incident=incident, at=now(), user_id=actor.user_id, actor_name=acted_name(session, actor),
        is_credited=is_credited,
        reason=reason.strip(), clause=clause.strip()[:120], done_at=None if is_credited else now(),
    )  # fmt: skip
    session.add(decision)
    session.flush()
    if is_credited:
        enqueue("outages.credit", decision_id=decision.id)
    return decision


def _refuse(reason: str, clause: str) -> None:
    faults = {}
    if not reason.strip():
        faults["reason"] = _("Say why the time is given back or not.")
    if not clause.strip():
        faults["clause"] = _("Name the clause or the document that the decision rests on.")
    if faults:
        raise Invalid(_("Please correct the marked fields."), faults)


def credit_waiting(session: Session, decision_id: int) -> None:
    """Give the next chunk of dossiers its time back; enqueues itself until none is left."""
    query = sa.select(OutageDecision).where(OutageDecision.id == decision_id).with_for_update()
    decision = session.scalar(query)
    if decision is None or decision.done_at is not None:
        return
    window = _window(decision.incident)
    held = _touched(session, decision.incident, *window).subquery()
    asked = outage_questions.asked_during(scope_of(session, decision.incident).path, window)
    either = sa.union(sa.select(held.c.dossier_id), asked.with_only_columns(Task.dossier_id)).subquery()
    touched = sa.select(either.c.dossier_id)
    earlier = outage_questions.credited_before(session, decision)
    actor = build_actor(session, session.get(User, decision.user_id) if decision.user_id else None)

    def give_back(ids: list[int]) -> None:
        steps, answers = list[Task](), list[Dossier]()
        for dossier in _loaded(session, ids):
            outage_questions.give_back(session, dossier, decision, window, earlier)
            if _give_back(session, dossier, decision, window, actor, steps):
                decision.moved += 1
                answers += [] if dossier.received_at else [dossier]
        tell_holders(session, decision, steps, answers)

    if go_on(session, decision, touched, give_back):
        enqueue("outages.credit", decision_id=decision.id)


def _loaded(session: Session, ids: Iterable[int]) -> Iterable[Dossier]:
    query = sa.select(Dossier).where(Dossier.id.in_(list(ids))).order_by(Dossier.id).options(
        selectinload(Dossier.segments).joinedload(ClockSegment.agency),
        selectinload(Dossier.tasks).joinedload(Task.agency),
        joinedload(Dossier.agency), joinedload(Dossier.desk), joinedload(Dossier.version), joinedload(Dossier.account),
    )  # fmt: skip
    return session.scalars(query.execution_options(populate_existing=True)).unique().all()


def _give_back(
    session: Session, dossier: Dossier, decision: OutageDecision, window: tuple[datetime, datetime],
    actor: Actor, moved: list[Task],
) -> bool:  # fmt: skip
    """Cut the outage out of the dossier's segments and move what is due; return if anything moved.

    moved: takes the steps whose limits did.
    """
    if State(dossier.state) in CLOCK_OVER:  # finished while the worker came to it
        return False
    before = parts_of(dossier)
    opened = {task.id: task.opened_at for task in open_tasks(dossier)}
    _cut_segments(session, dossier, decision, window)
    after = parts_of(dossier)
    moved += move_steps(session, dossier, before, after, opened)
    return _move_due(session, dossier, decision, before, after, actor)


def _cut_segments(
    session: Session, dossier: Dossier, decision: OutageDecision, window: tuple[datetime, datetime]
) -> None:
    path = scope_of(session, decision.incident).path
    for row in list(dossier.segments):
        if row.agency is None or not row.agency.path.startswith(path):
            continue
        if dossier.received_at is None and row.ended_at is not None:
            continue
        first, *others = cut([part_of(row)], *window, decision.clause)
        if not others and first.holder == row.holder:
            continue
        place, user_id, ground = row.agency, row.user_id, row.ground
        _write(row, first)
        _flush(session, decision)  # one open segment per dossier: close before opening
        for piece in others:
            held = ClockSegment(agency=place, user_id=user_id, ground=ground, started_at=piece.started_at)
            _write(held, piece)
            dossier.segments.append(held)
        _flush(session, decision)


def _flush(session: Session, decision: OutageDecision) -> None:
    because(session, action="credit_outage", reason=f"{decision.reason}; {decision.clause}")
    session.flush()


def _write(row: ClockSegment, piece: Part) -> None:
    row.started_at, row.ended_at = piece.started_at, piece.ended_at
    if piece.holder != row.holder:
        row.holder = str(piece.holder)
        if piece.holder not in WORKING:
            row.user_id, row.ground = None, piece.ground[:120]


def _move_due(
    session: Session, dossier: Dossier, decision: OutageDecision, before: list[Part], after: list[Part],
    actor: Actor,
) -> bool:  # fmt: skip
    received = dossier.received_at
    calendar = calendar_of(session, dossier.agency if received else dossier.desk)
    minutes = credit(calendar, before, after, received or dossier.submitted_at)
    due = dossier.due_at if received else dossier.reception_due_at
    if not minutes or due is None:
        return False
    new = add_minutes(calendar, due, minutes)
    reason = _("Incident “%(title)s”: its working time is given back. %(reason)s",
               title=decision.incident.title, reason=decision.reason)  # fmt: skip
    if received:
        change_due(session, dossier, new, reason, decision.clause, actor)
        text = _("The result is now due at %(at)s. %(reason)s", at=plain_text(new), reason=reason)
        tell_applicant(session, dossier, f"outage:{decision.id}:{dossier.id}", text)
    else:
        dossier.reception_due_at = new
        text = _("You will have an answer by %(at)s.", at=plain_text(new))
        tell_applicant(session, dossier, f"outage:{decision.id}:{dossier.id}", f"{text} {reason}")
    _flush(session, decision)
    return minutes_between(calendar, due, new) > 0
