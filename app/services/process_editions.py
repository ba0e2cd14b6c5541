"""Processes and their drafts: which there are, begun anew, or copied from one that must not change."""

import re
from dataclasses import dataclass, field

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Invalid, NotAllowed
from app.lowcode.collation import in_order
from app.lowcode.rows import find_row, visible
from app.models import Agency, ProcedureVersion, Process, ProcessStep
from app.models.drafting import DRAFTERS
from app.models.procedure_words import VersionState
from app.permissions import Actor, Role
from app.services.process_design import draws_by, refuse_unless_may
from app.services.version_copies import copy_process
from app.text import fold, like_pattern

_CODE = re.compile(r"[a-z0-9][a-z0-9_-]{1,59}")
PAGE = 50


@dataclass
class ProcessRow:
    """One process of the list: how many steps, how long all of them take, what rests on it."""

    process: Process
    steps: int = 0
    minutes: int = 0
    used_by: list[ProcedureVersion] = field(default_factory=list)

    @property
    def is_frozen(self) -> bool:
        """Whether a version that is no draft rests on it."""
        return any(v.state != VersionState.draft for v in self.used_by)


def list_processes(
    session: Session, actor: Actor, q: str = "", after: int = 0
) -> tuple[list[ProcessRow], int | None]:
    """Return a page of the processes the actor may see, by name, and where the next page begins."""
    query = visible(Process, actor).order_by(in_order(Process.name), Process.code, Process.id)
    for word in fold(q).split()[:8]:
        query = query.where(Process.search_text.like(like_pattern(word), escape="\\"))
    found = list(session.scalars(query.offset(after).limit(PAGE + 1)))
    return rows_of(session, found[:PAGE]), after + PAGE if len(found) > PAGE else None


def rows_of(session: Session, processes: list[Process]) -> list[ProcessRow]:
    """Return what the list says of each process. Statements: two, whatever their number."""
    rows = {process.id: ProcessRow(process) for process in processes}
    counted = sa.select(ProcessStep.process_id, sa.func.count(), sa.func.sum(ProcessStep.working_minutes))
    for pk, count, minutes in session.execute(
        counted.where(ProcessStep.process_id.in_(rows)).group_by(ProcessStep.process_id)
    ):
        rows[pk].steps, rows[pk].minutes = count, minutes or 0
    query = sa.select(ProcedureVersion).where(ProcedureVersion.process_id.in_(rows))
    for version in session.scalars(query.order_by(ProcedureVersion.id)):
        rows[version.process_id or 0].used_by.append(version)
    return list(rows.values())


def create(session: Session, code: str, name: str, actor: Actor) -> Process:
    """Return a new process without steps; raises NotAllowed, Invalid (fields "code", "name")."""
    refuse_unless_may("add", actor)
    code, name = code.strip().lower(), name.strip()
    faults = {}
    if not _CODE.fullmatch(code):
        faults["code"] = _("A code has 2 to 60 small letters, digits, _ or -.")
    elif session.scalar(sa.select(Process.id).where(Process.code == code)) is not None:
        faults["code"] = _("There is a process with this code already.")
    if not 0 < len(name) <= 500:
        faults["name"] = _("Please write the process's name, in at most 500 characters.")
    if faults:
        raise Invalid(_("Please correct what is marked."), faults)
    process = Process(code=code, name=name, agency_id=own_agency(actor))
    return keep(session, process, actor)


def copy_of(session: Session, process: Process, actor: Actor) -> Process:
    """Return a copy of ``process`` that may be changed; drafts that rest on it take the copy over."""
    refuse_unless_may("add", actor)
    fresh = copy_process(session, process)
    if not actor.has(Role.catalog_admin):
        fresh.agency_id = own_agency(actor)
        return keep(session, fresh, actor)
    keep(session, fresh, actor)
    drafts = sa.select(ProcedureVersion).where(
        ProcedureVersion.process_id == process.id, ProcedureVersion.state == VersionState.draft
    )
    for version in session.scalars(drafts):
        version.process = fresh
    session.flush()
    return fresh


def own_agency(actor: Actor) -> int | None:
    """Return the agency for which the actor draws: None for the whole province."""
    if actor.has(Role.catalog_admin):
        return None
    return next((post.agency_id for post in actor.positions_as(DRAFTERS)), None)


def keep(session: Session, process: Process, actor: Actor) -> Process:
    """Store a new process; raises NotAllowed, Invalid when the actor may not keep it there."""
    draws_by(session, actor)
    process.agency = session.get(Agency, process.agency_id) if process.agency_id else None
    process.check(actor)
    session.add(process)
    session.flush()
    if find_row(session, Process, process.id, action="add") is None:
        raise NotAllowed(_("You may not keep a record there: it lies outside your agencies."))
    return process
