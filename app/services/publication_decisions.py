"""Publication decisions: gathering procedures, and publishing all of them at once (HCM24 Đ8.1).

What the decision changes is put in force in one transaction, all or nothing; one with a day of
effect to come is scheduled, and the beat publishes it once on that day, or as soon after as a
worker runs again.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import timedelta

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import now, today
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.history import because
from app.i18n import N_
from app.models import ProcedureVersion, PublicationDecision, PublicationItem
from app.models.procedure import VersionState
from app.models.publication import ItemKind
from app.permissions import Actor, Role
from app.services.official import official
from app.services.publication import COMING, approve, check_version, end, put_in_force, whole
from app.services.publication_findings import Findings, findings, in_force_of
from app.services.reasons import given_reason
from app.transactions import locked, one_at_a_time
from app.workflows.publication import DECISION, DecisionState
from app.workflows.table import Transition

OPEN = (DecisionState.draft, DecisionState.scheduled)


@dataclass(frozen=True)
class Added:
    """What became of one version that was to be added: its item, or why not."""

    version: ProcedureVersion
    refusal: str = ""


def get_decision(session: Session, number: int, *, to_change: bool = False) -> PublicationDecision:
    """Return a decision with its procedures and all their checks ask for; raises NotFound."""
    decision, item = PublicationDecision, PublicationItem
    version = [selectinload(decision.items).joinedload(item.version).options(*whole())]
    query = sa.select(decision).where(decision.id == number).options(
        joinedload(decision.agency), joinedload(decision.file), *version,
        selectinload(decision.items).joinedload(item.procedure),
    )  # fmt: skip
    if to_change:
        query = locked(query, decision)
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotFound(_("There is no such publication decision."))
    return found


def offered(decision: PublicationDecision, actor: Actor) -> list[Transition[DecisionState]]:
    """Return the acts open to ``actor`` now: publishing on or after the day, else scheduling."""
    rows = DECISION.allowed(DecisionState(decision.state), actor.roles)
    is_to_come = decision.effective_on is not None and decision.effective_on > today()
    unfit = "publish" if is_to_come else "schedule"
    return [row for row in rows if row.name != unfit]


def add_versions(
    session: Session, decision: PublicationDecision, version_ids: Iterable[int], actor: Actor
) -> list[Added]:
    """Add versions to a decision being prepared; returns what became of each, in their order.

    A version being prepared is published by it (new, or amended when one is in force); a version
    in force is repealed by it. A procedure stands in one open decision only.
    """
    _allowed_to_change(decision, actor)
    one_at_a_time(session, "publication.items")
    wanted = list(dict.fromkeys(version_ids))
    query = sa.select(ProcedureVersion).where(ProcedureVersion.id.in_(wanted))
    rows = {row.id: row for row in session.scalars(query.options(joinedload(ProcedureVersion.procedure)))}
    versions = [rows[number] for number in wanted if number in rows]
    procedures = {version.procedure_id for version in versions}
    running, taken = in_force_of(session, procedures), _taken(session, procedures)
    return [_add(session, decision, version, version.procedure_id in running, taken) for version in versions]


def _add(
    session: Session, decision: PublicationDecision, version: ProcedureVersion, is_running: bool,
    taken: dict[int, str],
) -> Added:  # fmt: skip
    if version.procedure_id in taken:
        return Added(version, _("It stands in a decision already: %(name)s",
                               name=taken[version.procedure_id]))  # fmt: skip
    if version.state not in {*COMING, VersionState.published}:
        return Added(version, _("This version is no longer in force."))
    coming = ItemKind.amended if is_running else ItemKind.new
    kind = coming if version.state in COMING else ItemKind.repealed
    decision.items.append(PublicationItem(kind=kind, procedure=version.procedure, version=version))
    session.flush()
    taken[version.procedure_id] = str(decision)
    return Added(version)


def _taken(session: Session, procedures: set[int]) -> dict[int, str]:
    item, decision = PublicationItem, PublicationDecision
    query = sa.select(item.procedure_id, decision).join(item.decision).where(
        item.procedure_id.in_(procedures), decision.state.in_(OPEN)
    )
    return {number: str(found) for number, found in session.execute(query)}


def remove_item(session: Session, decision: PublicationDecision, item_id: int, actor: Actor) -> None:
    """Take a procedure out of a decision being prepared; raises NotFound."""
    _allowed_to_change(decision, actor)
    item = next((item for item in decision.items if item.id == item_id), None)
    if item is None:
        raise NotFound(_("This procedure does not stand in the decision."))
    decision.items.remove(item)
    session.flush()


def schedule(session: Session, decision: PublicationDecision, actor: Actor) -> None:
    """Let the decision be published by itself on its day of effect; its versions are frozen.

    Raises Invalid with all faults, or when the day is not to come.
    """
    row = _allowed(decision, "schedule", actor)
    if decision.effective_on is not None and decision.effective_on <= today():
        raise Invalid(_("The day of effect is not to come. Publish the decision now."))
    refuse_faults(findings(session, decision))
    _prepare(session, decision, actor)
    _enter(session, decision, row, decision.number)


def unschedule(session: Session, decision: PublicationDecision, reason: str, actor: Actor) -> None:
    """Take a scheduled decision back to preparation. Raises Invalid (field "reason") without one."""
    row = _allowed(decision, "unschedule", actor)
    reason = given_reason(reason)
    decision.fault = None
    _enter(session, decision, row, reason)


def publish(session: Session, decision: PublicationDecision, actor: Actor) -> None:
    """Put everything of the decision in force in this one act.

    Raises NotAllowed for the wrong role or state, Invalid with all faults of all procedures.
    """
    _allowed(decision, "publish", actor)
    if decision.effective_on is not None and decision.effective_on > today():
        raise Invalid(_("The day of effect has not come yet. Schedule the decision."))
    refuse_faults(findings(session, decision))
    _prepare(session, decision, actor)
    _put_in_force(session, decision)


def due_decisions(session: Session) -> list[int]:
    """Return the ids of scheduled decisions whose day has come, in the order of their days."""
    decision = PublicationDecision
    query = sa.select(decision.id).where(
        decision.state == DecisionState.scheduled, decision.effective_on <= today()
    )
    return list(session.scalars(query.order_by(decision.effective_on, decision.id)))


def publish_scheduled(session: Session, number: int) -> PublicationDecision | None:
    """Publish a scheduled decision whose day has come; None if that was done or taken back.

    Nobody acts: the order was given when it was scheduled. Raises Invalid with all faults.
    """
    decision = get_decision(session, number, to_change=True)
    is_due = decision.effective_on is not None and decision.effective_on <= today()
    if decision.state != DecisionState.scheduled or not is_due:
        return None
    refuse_faults(findings(session, decision))
    _put_in_force(session, decision)
    return decision


def refuse_faults(found: Findings) -> None:
    """Raise Invalid with every fault, procedure by procedure."""
    if found.has_faults:
        raise Invalid(_("This decision cannot be published yet: %(faults)s",
                        faults="; ".join(found.fault_texts())))  # fmt: skip


def _prepare(session: Session, decision: PublicationDecision, actor: Actor) -> None:
    """Bring every version up to "approved" under the decision's number, dates and validity."""
    for item in decision.items:
        version = item.version
        if item.kind == ItemKind.repealed:
            continue
        version.decision_number, version.decision_on = decision.number, decision.decided_on
        version.valid_from = decision.effective_on
        session.flush()
        if version.state == VersionState.draft:
            check_version(session, version, actor)
        if version.state == VersionState.checked:
            approve(session, version, actor)


def _put_in_force(session: Session, decision: PublicationDecision) -> None:
    day = decision.effective_on or today()
    number = decision.number or ""
    # Always in one order, so that two decisions at once cannot wait for each other.
    for item in sorted(decision.items, key=lambda item: item.procedure_id):
        if item.kind == ItemKind.repealed:
            end(session, item.version, day - timedelta(days=1), official(N_("Repealed by %(number)s"), number=number))
        else:
            put_in_force(session, item.version, day, number)
    decision.published_at, decision.fault = now(), None
    _enter(session, decision, DECISION.find("publish"), number)


def note_fault(session: Session, number: int, text: str) -> PublicationDecision | None:
    """Keep why a scheduled decision could not be published; None if it no longer waits."""
    decision = session.scalar(
        sa.select(PublicationDecision).where(
            PublicationDecision.id == number, PublicationDecision.state == DecisionState.scheduled
        )
    )
    if decision is not None and decision.fault != text:
        decision.fault = text
        session.flush()
    return decision


def _allowed(
    decision: PublicationDecision, name: str, actor: Actor
) -> Transition[DecisionState]:
    row = DECISION.find(name)
    _refuse_role(row, actor)
    if decision.state not in row.sources:
        raise NotAllowed(_("The decision is no longer in the state you saw."))
    return row


def _refuse_role(row: Transition[DecisionState], actor: Actor) -> None:
    if not actor.roles & {Role(role) for role in row.roles}:
        raise NotAllowed(_("You may not do this: “%(step)s”.", step=_(row.label)))


def _allowed_to_change(decision: PublicationDecision, actor: Actor) -> None:
    _refuse_role(DECISION.find("draft"), actor)
    if decision.state != DecisionState.draft:
        raise Conflict(_("Only a decision being prepared can be changed."))


def _enter(
    session: Session, decision: PublicationDecision, row: Transition[DecisionState],
    reason: str | None,
) -> None:  # fmt: skip
    because(session, action=row.name, reason=reason)
    decision.state = DECISION.outcome(row, DecisionState(decision.state))
    session.flush()


__all__ = ["Added", "add_versions", "due_decisions", "get_decision", "note_fault", "offered",
           "publish", "publish_scheduled", "remove_item", "schedule", "unschedule"]  # fmt: skip
