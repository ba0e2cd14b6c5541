"""A procedure version from draft to its end, by the VERSION table (HUE25 Đ16, A12.1).

Only a draft can be changed; dossiers pin the version in force. Publishing ends the version
before it; dossiers received under that one go on under it.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy import inspect
from sqlalchemy.orm import Session, joinedload, selectinload

from app.clock import today
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.history import because
from app.i18n import N_
from app.models import (
    Component,
    Form,
    FormSection,
    Procedure,
    ProcedureVersion,
    Process,
    PublicationDecision,
    PublicationItem,
)
from app.models.procedure import VersionState
from app.models.scope import sees_province
from app.permissions import Actor, Position, Role
from app.services.in_place import refuse_self_approval, stand_by
from app.services.official import official
from app.services.publication_checks import Check, checks, checks_of, faults
from app.services.reasons import given_reason
from app.services.version_copies import copy_fee, copy_form, copy_process
from app.text import like_pattern
from app.transactions import locked, one_at_a_time
from app.workflows.publication import VERSION, DecisionState
from app.workflows.table import Transition

PAGE_SIZE = 50
# What a new draft does not take over: it is another version, not yet decided on.
_OWN = frozenset({"id", "row_version", "number", "state", "valid_from", "valid_to",
                  "decision_number", "decision_on", "search_text", "form_id", "process_id"})  # fmt: skip
# The states of a version on its way to publication.
_HEADS = frozenset({Role.agency_head})
COMING = (VersionState.draft, VersionState.checked, VersionState.approved)


@dataclass(frozen=True)
class Published:
    """What publishing did: the version now in force, and the one it ended."""

    version: ProcedureVersion
    ended: ProcedureVersion | None


def list_versions(
    session: Session, state: str, q: str, after: int | None = None
) -> tuple[list[ProcedureVersion], int | None]:
    """Return (versions in ``state`` whose name or code has ``q``, newest first; next cursor)."""
    query = sa.select(ProcedureVersion).join(ProcedureVersion.procedure)
    query = query.options(joinedload(ProcedureVersion.procedure))
    if state in set(VersionState):
        query = query.where(ProcedureVersion.state == state)
    if q:
        query = query.where(Procedure.search_text.like(like_pattern(q[:200]), escape="\\"))
    if after is not None:
        query = query.where(ProcedureVersion.id < after)
    rows = list(session.scalars(query.order_by(ProcedureVersion.id.desc()).limit(PAGE_SIZE + 1)))
    return rows[:PAGE_SIZE], rows[PAGE_SIZE - 1].id if len(rows) > PAGE_SIZE else None


def count_versions(session: Session) -> dict[str, int]:
    """Return how many versions are in each state."""
    query = sa.select(ProcedureVersion.state, sa.func.count()).group_by(ProcedureVersion.state)
    return {row[0]: row[1] for row in session.execute(query)}


def whole() -> list[Any]:
    """Return the loader options for versions with what their checks ask for."""
    version = ProcedureVersion
    return [
        joinedload(version.procedure), joinedload(version.agency),
        joinedload(version.form).selectinload(Form.sections).selectinload(FormSection.fields),
        joinedload(version.process).selectinload(Process.steps),
        selectinload(version.components), selectinload(version.fees),
    ]  # fmt: skip


def get_version(session: Session, number: int, *, to_change: bool = False) -> ProcedureVersion:
    """Return a version with what its checks ask for; raises NotFound."""
    version = ProcedureVersion
    query = sa.select(version).where(version.id == number).options(*whole())
    if to_change:
        query = locked(query, version)
    found = session.scalars(query).unique().one_or_none()
    if found is None:
        raise NotFound(_("There is no such procedure version."))
    return found


def siblings(session: Session, version: ProcedureVersion) -> list[ProcedureVersion]:
    """Return the other versions of the same procedure, newest first."""
    query = sa.select(ProcedureVersion).where(
        ProcedureVersion.procedure_id == version.procedure_id, ProcedureVersion.id != version.id
    )
    return list(session.scalars(query.order_by(ProcedureVersion.number.desc())))


def decisions_of(session: Session, version: ProcedureVersion) -> list[PublicationDecision]:
    """Return the decisions in which the version stands, newest first."""
    query = sa.select(PublicationDecision).join(PublicationDecision.items)
    query = query.where(PublicationItem.version_id == version.id)
    return list(session.scalars(query.order_by(PublicationDecision.id.desc())))


def offered(version: ProcedureVersion, actor: Actor) -> list[Transition[VersionState]]:
    """Return the acts open to ``actor`` on the version now, the main one first."""
    rows = VERSION.allowed(VersionState(version.state), actor.roles)
    return [row for row in rows if _may(actor, row)]


def check_version(session: Session, version: ProcedureVersion, actor: Actor) -> None:
    """Confirm that form and content were examined; the version can no longer be changed.

    Raises Invalid naming what is missing. Source: HUE25 Đ16.2.
    """
    row = _allowed(version, "check", actor)
    day = max(version.valid_from or today(), today())
    points = checks_of(session, [version], day=day)[version.id]
    _refuse_faults(faults(points))
    _enter(session, version, row)


def approve(session: Session, version: ProcedureVersion, actor: Actor) -> None:
    """Approve a checked version. Raises Invalid without a decision number. Source: HUE25 Đ16.2."""
    row = _allowed(version, "approve", actor)
    parts = (("procedure_version", version.id), ("process", version.process_id), ("form", version.form_id))
    keys = [(name, number) for name, number in parts if number is not None]
    refuse_self_approval(session, keys, actor, stand_by(session, actor, row.roles, _opens))
    if not (version.decision_number or "").strip():
        missing = VERSION.guards["decided"]
        raise Invalid(_(missing))
    _enter(session, version, row)


def send_back(session: Session, version: ProcedureVersion, reason: str, actor: Actor) -> None:
    """Make a checked or approved version a draft again; it must be checked anew.

    Raises Invalid (field "reason") without a reason.
    """
    row = _allowed(version, "return", actor)
    stand_by(session, actor, row.roles, _opens)
    reason = given_reason(reason)
    waiting = session.scalar(
        sa.select(PublicationDecision).join(PublicationDecision.items).where(
            PublicationItem.version_id == version.id,
            PublicationDecision.state == DecisionState.scheduled,
        )
    )  # fmt: skip
    if waiting is not None:
        raise Conflict(_("It waits for its day in the decision %(name)s. Take the decision back to "
                         "preparation first.", name=waiting))  # fmt: skip
    _enter(session, version, row, reason)


def publish(session: Session, version: ProcedureVersion, actor: Actor) -> Published:
    """Put a version in force today and end the one before it; flushed, not committed.

    A version not yet checked or approved is so in the same act, each recorded.
    Raises NotAllowed for the wrong role or state, Invalid naming what is still missing.
    """
    if version.state not in COMING:
        raise _gone(version)
    _refuse_role(VERSION.find("publish"), actor)
    _refuse_faults(faults(checks(session, version)))
    if version.state == VersionState.draft:
        _enter(session, version, _allowed(version, "check", actor))
    if version.state == VersionState.checked:
        approve(session, version, actor)
    return put_in_force(session, version, version.valid_from or today(), version.decision_number or "")


def put_in_force(session: Session, version: ProcedureVersion, first: date, reason: str) -> Published:
    """Publish an approved version from day ``first``; the one before it ends the day before.

    Who may do it, and the checks, are the caller's business.
    """
    one_at_a_time(session, f"publish:{version.procedure_id}")
    ended = _in_force(session, version)
    if ended is not None:
        end(session, ended, first - timedelta(days=1),
            official(N_("Replaced by version %(number)d"), number=version.number))  # fmt: skip
    version.valid_from = first
    _enter(session, version, VERSION.find("publish"), reason)
    return Published(version, ended)


def end(session: Session, version: ProcedureVersion, last_day: date, reason: str) -> None:
    """End a version in force with ``last_day``, or with its first day if that came later."""
    last = max(last_day, version.valid_from or last_day)
    version.valid_to = min(last, version.valid_to or last)
    _enter(session, version, VERSION.find("retire"), reason)


def retire(session: Session, version: ProcedureVersion, reason: str, actor: Actor) -> None:
    """End the version in force today, so that no new dossier can be made with it.

    Raises NotAllowed for the wrong role or state, Invalid (field "reason") without a reason.
    """
    _allowed(version, "retire", actor)
    reason = given_reason(reason, message=_("Please give the reason, the number of the decision for instance."))
    end(session, version, today(), reason)


def draft_from(session: Session, version: ProcedureVersion, actor: Actor) -> ProcedureVersion:
    """Return a new draft with everything of ``version``: content, components, fees, and copies
    of its form and process, for what is in force never changes.

    Raises NotAllowed for the wrong role, Conflict when the procedure already has a draft.
    """
    _refuse_role(VERSION.find("draft"), actor)
    others = siblings(session, version)
    coming = next((v for v in [version, *others] if v.state in COMING), None)
    if coming is not None:
        raise Conflict(_("Version %(number)d of this procedure is still being prepared. Finish that "
                         "one first.", number=coming.number))  # fmt: skip
    number = max(v.number for v in [version, *others]) + 1
    draft = ProcedureVersion(**_copied(version, _OWN), number=number, state=VersionState.draft)
    own = frozenset({"id", "row_version", "version_id"})
    draft.components = [Component(**_copied(row, own)) for row in version.components]
    draft.fees = [copy_fee(row) for row in version.fees]
    draft.form = copy_form(session, version.form) if version.form is not None else None
    draft.process = copy_process(session, version.process) if version.process is not None else None
    session.add(draft)
    session.flush()
    return draft


def _copied(row: Any, left_out: frozenset[str]) -> dict[str, Any]:
    names = inspect(type(row)).column_attrs.keys()
    return {name: getattr(row, name) for name in names if name not in left_out}


def _in_force(session: Session, version: ProcedureVersion) -> ProcedureVersion | None:
    query = sa.select(ProcedureVersion).where(
        ProcedureVersion.procedure_id == version.procedure_id,
        ProcedureVersion.state == VersionState.published,
    )
    return session.scalar(query.with_for_update())


def _enter(
    session: Session, version: ProcedureVersion, row: Transition[VersionState],
    reason: str | None = None,
) -> None:  # fmt: skip
    because(session, action=row.name, reason=reason)
    version.state = VERSION.outcome(row, VersionState(version.state))
    session.flush()  # before the next one: at most one version of a procedure is in force


def _may(actor: Actor, row: Transition[VersionState]) -> bool:
    """Return whether one of the actor's roles opens ``row``; an agency's head only the province's."""
    held = actor.roles & {Role(role) for role in row.roles}
    return bool(held - _HEADS) or any(_opens(post) for post in actor.positions_as(frozenset(held)))


def _opens(post: Position) -> bool:
    return post.role not in _HEADS or sees_province({post.path})


def _refuse_role(row: Transition[VersionState], actor: Actor) -> None:
    if not _may(actor, row):
        raise NotAllowed(_("You may not do this: “%(step)s”.", step=_(row.label)))


def _allowed(version: ProcedureVersion, name: str, actor: Actor) -> Transition[VersionState]:
    row = VERSION.find(name)
    _refuse_role(row, actor)
    if version.state not in row.sources:
        raise _gone(version)
    return row


def _gone(version: ProcedureVersion) -> NotAllowed:
    return NotAllowed(_("Version %(number)d is no longer in the state you saw.", number=version.number))


def _refuse_faults(missing: list[Check]) -> None:
    if missing:
        raise Invalid(_("This version cannot be published yet: %(faults)s",
                        faults="; ".join(check.text for check in missing)))  # fmt: skip


__all__ = ["COMING", "Check", "Published", "approve", "check_version", "checks", "count_versions",
           "decisions_of", "draft_from", "end", "get_version", "list_versions", "offered", "publish",
           "put_in_force", "retire", "send_back", "siblings", "whole"]  # fmt: skip
