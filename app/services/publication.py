"""Putting a procedure version in force, ending it, and drafting the next one (HUE25 Đ16, A12.1).

A published version never changes: dossiers pin it. Publishing ends the version before it;
dossiers received under that one go on under it.
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
from app.models import Component, Fee, Procedure, ProcedureVersion
from app.models.procedure import VersionState
from app.permissions import Actor, Role
from app.services.publication_checks import Check, checks
from app.services.version_copies import copy_form, copy_process
from app.text import like_pattern

PAGE_SIZE = 50
# What a new draft does not take over: it is another version, not yet decided on.
_OWN = frozenset({"id", "row_version", "number", "state", "valid_from", "valid_to",
                  "decision_number", "decision_on", "search_text", "form_id", "process_id"})  # fmt: skip


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


def get_version(session: Session, number: int, *, to_change: bool = False) -> ProcedureVersion:
    """Return a version with what its checks ask for; raises NotFound."""
    version = ProcedureVersion
    query = sa.select(version).where(version.id == min(number, 2**31 - 1)).options(
        joinedload(version.procedure), joinedload(version.agency), joinedload(version.form),
        joinedload(version.process), selectinload(version.components), selectinload(version.fees),
    )  # fmt: skip
    if to_change:
        query = query.with_for_update(of=version).execution_options(populate_existing=True)
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


def publish(session: Session, version: ProcedureVersion, actor: Actor) -> Published:
    """Put a draft in force and end the version before it; flushed, not committed.

    Raises NotAllowed for the wrong role or state, Invalid naming what is still missing.
    """
    _refuse_unless(version, VersionState.draft, actor)
    missing = [check for check in checks(session, version) if check.is_fault]
    if missing:
        raise Invalid(_("This version cannot be published yet: %(faults)s",
                        faults="; ".join(check.text for check in missing)))  # fmt: skip
    first = version.valid_from or today()
    ended = _in_force(session, version)
    if ended is not None:
        _end(session, ended, max(ended.valid_from or date.min, first - timedelta(days=1)),
             _("Replaced by version %(number)d", number=version.number))  # fmt: skip
    because(session, action="publish", reason=version.decision_number)
    version.valid_from, version.state = first, VersionState.published
    session.flush()
    return Published(version, ended)


def retire(session: Session, version: ProcedureVersion, reason: str, actor: Actor) -> None:
    """End the version in force today, so that no new dossier can be made with it.

    Raises NotAllowed for the wrong role or state, Invalid (field "reason") without a reason.
    """
    _refuse_unless(version, VersionState.published, actor)
    if not reason.strip():
        message = _("Please give the reason, the number of the decision for instance.")
        raise Invalid(message, {"reason": message})
    _end(session, version, today(), reason.strip())


def draft_from(session: Session, version: ProcedureVersion, actor: Actor) -> ProcedureVersion:
    """Return a new draft with everything of ``version``: content, components, fees, and copies
    of its form and process, for what is in force never changes.

    Raises NotAllowed for the wrong role, Conflict when the procedure already has a draft.
    """
    _refuse_role(actor)
    others = siblings(session, version)
    open_draft = next((v for v in [version, *others] if v.state == VersionState.draft), None)
    if open_draft is not None:
        raise Conflict(_("Version %(number)d of this procedure is still a draft. Finish that one "
                         "first.", number=open_draft.number))  # fmt: skip
    number = max(v.number for v in [version, *others]) + 1
    draft = ProcedureVersion(**_copied(version, _OWN), number=number, state=VersionState.draft)
    own = frozenset({"id", "row_version", "version_id"})
    draft.components = [Component(**_copied(row, own)) for row in version.components]
    draft.fees = [Fee(**_copied(row, own)) for row in version.fees]
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


def _end(session: Session, version: ProcedureVersion, last_day: date, reason: str) -> None:
    because(session, action="retire", reason=reason)
    version.state = VersionState.retired
    version.valid_to = min(last_day, version.valid_to or last_day)
    session.flush()  # before the next one: at most one version of a procedure is in force


def _refuse_role(actor: Actor) -> None:
    if not actor.has(Role.catalog_admin):
        raise NotAllowed(_("Only a catalog administrator may publish procedures."))


def _refuse_unless(version: ProcedureVersion, state: VersionState, actor: Actor) -> None:
    _refuse_role(actor)
    if version.state != state:
        raise NotAllowed(_("Version %(number)d is no longer in the state you saw.",
                           number=version.number))  # fmt: skip


__all__ = ["Check", "Published", "checks", "count_versions", "draft_from", "get_version",
           "list_versions", "publish", "retire", "siblings"]  # fmt: skip
