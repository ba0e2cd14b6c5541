"""Scans of the papers of a late entry: attached before the approval, so that who approves sees them.

Whoever stands at the desk may add them while the entry waits; they become files of the dossier with it.
"""

from collections.abc import Sequence
from typing import Any, BinaryIO

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.history import act_by, because, record
from app.models import Component, Dossier, PaperReception, ProcedureVersion, StoredFile
from app.models.incident import PaperState
from app.permissions import Actor, Position, Role
from app.services import files
from app.services.task_rights import find_post
from app.transactions import locked

MOST = 20
DESK_SCAN = 3  # digitised at the one-stop desk (TTH17 Đ8)
_READERS = frozenset({Role.centre_director, Role.desk_officer})


def papers_of(session: Session, row: PaperReception) -> list[Component]:
    """Return the papers that a scan may show."""
    return list(session.get_one(ProcedureVersion, row.given["version"]).components)


def handed_in(session: Session, rows: Sequence[PaperReception]) -> dict[int, list[tuple[str, str, int]]]:
    """Return (name, kind, quantity) of the papers handed in, by the id of the entry; one statement for all."""
    wanted = {pk for row in rows for pk, _kind, _quantity in row.given["papers"]}
    found = session.execute(sa.select(Component.id, Component.name).where(Component.id.in_(wanted))) if wanted else ()
    names = {one.id: one.name for one in found}
    return {row.id: [(names[pk], kind, quantity) for pk, kind, quantity in row.given["papers"] if pk in names]
            for row in rows}  # fmt: skip


def may_add(row: PaperReception, actor: Actor) -> bool:
    """Return whether the actor receives at that desk and the entry still waits."""
    return row.state == PaperState.pending and _adding_post(row, actor) is not None


def _adding_post(row: PaperReception, actor: Actor) -> Position | None:
    """Return the post by which the actor adds scans: at that desk, or at any if he entered it himself."""
    own = actor.positions_as(frozenset({Role.desk_officer})) if row.entered_by_id == actor.user_id else ()
    return find_post(actor, (Role.desk_officer,), row.desk_id) or next(iter(own), None)


def add_scan(
    session: Session, number: int, actor: Actor, *, name: str, data: bytes | BinaryIO, component_id: int | None
) -> PaperReception:
    """Keep a scan with a late entry that waits; the same file at the same paper is kept once.

    Raises NotFound, NotAllowed for who does not receive at that desk, Conflict once it is decided,
    Invalid for a file that is refused, a foreign paper, or too many files.
    """
    query = sa.select(PaperReception).where(PaperReception.id == number)
    row = session.scalar(locked(query, PaperReception))
    if row is None or not _may_read(row, actor):
        raise NotFound(_("There is no such entry."))
    if row.state != PaperState.pending:
        raise Conflict(_("%(name)s has decided this already.", name=row.decided_by_name))
    post = _adding_post(row, actor)
    if post is None:
        raise NotAllowed(_("Only a desk officer of this desk attaches its scans."))
    if component_id is not None and component_id not in {one.id for one in papers_of(session, row)}:
        raise Invalid(_("A marked item does not belong to this dossier."))
    if len(row.scans) >= MOST:
        raise Invalid(_("At most %(limit)d files can be attached.", limit=MOST))
    stored = files.store_upload(session, name, data, max_mb=files.max_upload_mb(session))
    act_by(session, actor, post)
    because(session, action="scan_catch_up", reason=row.paper_number)
    scan = [stored.id, files.safe_name(name), component_id]
    if scan not in row.scans:
        row.scans = [*row.scans, scan]
    session.flush()
    return row


def scan_of(session: Session, number: int, place: int, actor: Actor) -> tuple[bytes, str, str]:
    """Return content, name and type of one scan for those of the desk; raises NotFound for others.

    That it was read is kept with the applicant, whose paper it is, as for the papers of a dossier (HUE25 Đ21-22).
    """
    row = session.get(PaperReception, number)
    if row is None or not _may_read(row, actor) or not 0 <= place < len(row.scans):
        raise NotFound(_("This file does not exist, or you may not see it."))
    stored = files.ensure_scanned(session, session.get_one(StoredFile, row.scans[place][0]))
    record(session, ("account", row.account_id), "read", reason=row.scans[place][1])
    return files.file_bytes(stored), row.scans[place][1], stored.media_type


def _may_read(row: PaperReception, actor: Actor) -> bool:
    is_theirs = row.desk_id in {post.agency_id for post in actor.positions_as(_READERS)}
    return is_theirs or _adding_post(row, actor) is not None


def attach_scans(session: Session, row: PaperReception, dossier: Dossier, officer: Actor) -> None:
    """Make the scans files of the dossier that the entry became."""
    papers: dict[Any, Component] = {one.id: one for one in dossier.version.components}
    for file_id, name, component_id in row.scans:
        files.attach(session, session.get_one(StoredFile, file_id), name, officer, dossier=dossier,
                     component=papers.get(component_id), source_class=DESK_SCAN)  # fmt: skip
