"""Files people send: checked, scanned, kept once, attached, and given out again by right only."""

import io
import re
from datetime import timedelta
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import sqlalchemy as sa
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session, joinedload

from app import history
from app.clock import now
from app.contents import keep, storage
from app.errors import Conflict, Invalid, NotAllowed, NotFound
from app.filetypes import MEBIBYTE
from app.models import (
    Attachment,
    Component,
    Dossier,
    Draft,
    Letter,
    StoredFile,
    SupplementRequest,
)
from app.models.attachment import ScanStatus
from app.models.scope import dossiers_of, through_dossier
from app.official import officially
from app.permissions import Actor
from app.services.profiles import profile_value
from app.storage import check_upload, scan
from app.transactions import enqueue
from app.workflows.states import State

MAX_FILES = 60  # of one draft or dossier answer; a dossier has some five papers
MAX_NAME = 200
MOST_SCANNED = 500  # waiting files looked at in one go
SAME_READING = timedelta(minutes=10)
# Handovers between officers: no paper of the applicant's.
INNER_LETTERS = frozenset({"control_slip"})
_UNSAFE = re.compile(r'[\x00-\x1f\x7f<>:"/\\|?*\u202a-\u202e\u2066-\u2069]')
_INSERTS: dict[str, Any] = {"sqlite": sqlite.insert, "postgresql": postgresql.insert}


def max_upload_mb(session: Session) -> int:
    """Return the largest accepted file in mebibytes, as the profile says."""
    return int(profile_value(session, "max_upload_mb"))


def store_upload(session: Session, name: str, data: bytes | BinaryIO, *, max_mb: int) -> StoredFile:
    """Return the stored file of an upload: checked by content, scanned, kept once.

    Raises Invalid naming the file and the rule (empty, too large, wrong type, damaged, malware).
    """
    shown = safe_name(name)
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    media_type = check_upload(shown, stream, max_bytes=max_mb * MEBIBYTE)
    content = stream.read()
    status = scan(content, current_app.config.get("CLAMD_URL", ""))
    if status == ScanStatus.infected:
        raise Invalid(_("%(name)s contains malware and was not accepted.", name=shown))
    stored = keep(session, content, shown)
    values = {"sha256": stored.sha256, "size": stored.size, "media_type": media_type,
              "scan_status": status, "created_at": now(), "row_version": 1}  # fmt: skip
    row = _keep_row(session, values)
    _ask_signatures(row)
    return row


def _keep_row(session: Session, values: dict[str, Any]) -> StoredFile:
    """Two uploads of the same content at once meet here: the second finds the first's row."""
    session.flush()
    insert = _INSERTS[session.get_bind().dialect.name](StoredFile)
    query = sa.select(StoredFile).where(StoredFile.sha256 == values["sha256"])
    row = None
    while row is None:  # a clean-up may take away the row that was there: then it is inserted
        session.execute(insert.values(**values).on_conflict_do_nothing(index_elements=["sha256"]))
        row = session.scalar(query.with_for_update(read=True, key_share=True))
    if row.scan_status == ScanStatus.pending and values["scan_status"] == ScanStatus.clean:
        row.scan_status = ScanStatus.clean
    return row


def safe_name(name: str) -> str:
    """Return a file name that is only a name: no folders, no control or direction characters."""
    last = PurePosixPath((name or "").replace("\\", "/")).name.encode("utf-8", "ignore").decode()
    bare = " ".join(_UNSAFE.sub(" ", last).split()).strip(". ")
    stem, dot, ending = bare.rpartition(".")
    short = f"{stem[: MAX_NAME - len(ending) - 1]}.{ending}" if dot and len(ending) < 10 else bare
    return short[:MAX_NAME] or _("file")


def attach(
    session: Session, stored: StoredFile, name: str, actor: Actor, *, draft: Draft | None = None,
    dossier: Dossier | None = None, component: Component | None = None,
    field_key: str | None = None, source_class: int = 2,
) -> Attachment:  # fmt: skip
    """Return the new attachment of a stored file to a draft or dossier, at a paper or a field.

    Raises Invalid when the owner has too many files already.
    """
    owner = Attachment.draft_id == draft.id if draft is not None else Attachment.dossier_id == (
        dossier.id if dossier is not None else None)  # fmt: skip
    sums = sa.select(sa.func.count(Attachment.id), sa.func.coalesce(sa.func.sum(StoredFile.size), 0))
    count, size = session.execute(sums.join(StoredFile, Attachment.file_id == StoredFile.id).where(owner)).one()
    if count >= MAX_FILES:
        raise Invalid(_("At most %(limit)d files can be attached.", limit=MAX_FILES))
    most = int(profile_value(session, "max_dossier_mb"))
    if size + stored.size > most * MEBIBYTE:
        raise Invalid(_("All files of a dossier together may have %(limit)d MB at most.", limit=most))
    attachment = Attachment(
        draft=draft, dossier=dossier, component=component, field_key=field_key, file=stored,
        name=safe_name(name), source_class=source_class, author_name=actor.name, created_at=now(),
    )  # fmt: skip
    session.add(attachment)
    session.flush()
    return attachment


def get_attachment(session: Session, pk: int, actor: Actor) -> Attachment:
    """Return an attachment the actor may open; an officer's reading is recorded.

    Applicants: of their own drafts and dossiers. Officers: of the dossiers in their scope.
    Raises NotFound otherwise, whether or not it exists.
    """
    query = sa.select(Attachment).where(Attachment.id == pk).options(joinedload(Attachment.file))
    attachment = session.scalar(query.where(_visible(actor)))
    if attachment is None:
        raise NotFound(_("This file does not exist, or you may not see it."))
    if attachment.dossier_id is not None and not _is_own(session, attachment, actor):
        _record_read(session, attachment.dossier_id, attachment.name, actor)
    return attachment


def _visible(actor: Actor) -> Any:
    rules: list[Any] = []
    if actor.account_id is not None:
        own = sa.select(Draft.id).where(Draft.account_id == actor.account_id)
        rules.append(Attachment.draft_id.in_(own) & Attachment.dossier_id.is_(None))
    condition = dossiers_of(actor)
    if condition is None:
        rules.append(Attachment.dossier_id.is_not(None))
    else:
        rules.append(Attachment.dossier_id.in_(sa.select(Dossier.id).where(condition)))
    return sa.or_(*rules)


def get_letter(session: Session, pk: int, actor: Actor) -> Letter:
    """Return a letter the actor may open; inner slips are for officers; their reading is kept.

    Raises NotFound otherwise.
    """
    query = sa.select(Letter).where(Letter.id == pk).options(joinedload(Letter.dossier))
    condition = through_dossier(Letter.dossier_id, actor)
    letter = session.scalar(query if condition is None else query.where(condition))
    is_own = letter is not None and letter.dossier.account_id in actor.own_accounts
    if letter is None or (is_own and letter.kind in INNER_LETTERS):
        raise NotFound(_("This file does not exist, or you may not see it."))
    with officially():  # stored text: what the applicant and auditors will read
        note_read(session, letter.dossier, str(letter), actor)
    return letter


def note_read(session: Session, dossier: Dossier, what: str, actor: Actor) -> None:
    """Record that someone else than the applicant opened a paper of a dossier."""
    if dossier.account_id != actor.account_id:
        _record_read(session, dossier.id, what, actor)


def _record_read(session: Session, dossier_id: int, what: str, actor: Actor) -> None:
    """Write a read entry; leafing through the pages of one file is one reading."""
    changes = {"attachment": [None, what]}
    entry = history.HistoryEntry
    lately = session.scalars(sa.select(entry.changes).where(
        entry.record == "dossier", entry.record_id == dossier_id, entry.action == "read_file",
        entry.actor_id == actor.user_id, entry.at > now() - SAME_READING,
    ))  # fmt: skip
    if changes not in lately.all():
        history.record(session, ("dossier", dossier_id), "read_file", changes=changes)


def _is_own(session: Session, attachment: Attachment, actor: Actor) -> bool:
    if actor.account_id is None:
        return False
    owner = sa.select(Dossier.account_id).where(Dossier.id == attachment.dossier_id)
    return session.scalar(owner) == actor.account_id


def remove(session: Session, pk: int, actor: Actor) -> None:
    """Take an attachment away: of one's unsent draft, or of a supplement not answered yet.

    The content stays: another draft may hold the same. Raises NotFound, NotAllowed once sent.
    """
    attachment = get_attachment(session, pk, actor)
    if not _is_removable(session, attachment, actor):
        raise NotAllowed(_("This file belongs to a dossier that was sent and stays with it."))
    session.delete(attachment)
    session.flush()


def _is_removable(session: Session, attachment: Attachment, actor: Actor) -> bool:
    if attachment.dossier_id is None:
        return True
    dossier = session.get_one(Dossier, attachment.dossier_id)
    request = open_request(dossier, actor)
    return request is not None and attachment.created_at >= request.asked_at


def open_request(dossier: Dossier, actor: Actor) -> SupplementRequest | None:
    """Return what the applicant is asked to supplement now, if ``actor`` is the applicant."""
    is_asked = dossier.state == State.supplement_requested
    request = dossier.supplements[-1] if dossier.supplements else None
    is_open = request is not None and request.answered_at is None
    return request if is_asked and is_open and dossier.account_id == actor.account_id else None


def ensure_scanned(session: Session, stored: StoredFile) -> StoredFile:
    """Return ``stored``, scanned now if the scanner could not be asked when it came."""
    if stored.scan_status == ScanStatus.pending:
        verdict = scan(storage().open(stored.sha256), current_app.config.get("CLAMD_URL", ""))
        if verdict != stored.scan_status:
            stored.scan_status = verdict
            session.flush()
            _ask_signatures(stored)
    return stored


def waiting_for_scan(session: Session) -> list[int]:
    """Return the ids of files whose scan is still to come, the newest first: somebody waits to send them."""
    query = sa.select(StoredFile.id).where(StoredFile.scan_status == ScanStatus.pending)
    return list(session.scalars(query.order_by(StoredFile.id.desc()).limit(MOST_SCANNED)))


def scan_again(session: Session, file_id: int) -> bool:
    """Ask the scanner about a file that waits; return whether it answered now."""
    stored = session.get(StoredFile, file_id)
    if stored is None or stored.scan_status != ScanStatus.pending:
        return False
    return ensure_scanned(session, stored).scan_status != ScanStatus.pending


def _ask_signatures(stored: StoredFile) -> None:
    """Promise the check of the signatures, which leaves alone what no scan has passed."""
    if stored.media_type == "application/pdf" and stored.signatures is None:
        enqueue("signatures.check", file_id=stored.id)


def file_bytes(stored: StoredFile) -> bytes:
    """Return the content of a file that passed the scan.

    Raises Conflict while it waits for the scan, NotAllowed if malware was found.
    """
    if stored.scan_status == ScanStatus.pending:
        raise Conflict(_("This file is still being checked for malware. Please try again later."))
    if stored.scan_status != ScanStatus.clean:
        raise NotAllowed(_("Malware was found in this file; it cannot be opened."))
    return storage().open(stored.sha256)
