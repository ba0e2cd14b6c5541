"""Publication decisions in packs: their signed files are named by content, their states only go on."""

from collections.abc import Iterable, Mapping
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from flask_babel import ngettext
from sqlalchemy.orm import Session

from app.lowcode.rows import visible
from app.models import PublicationDecision, StoredFile
from app.models.attachment import ScanStatus
from app.packs.comparing import ADD, CHANGE, Change
from app.permissions import Actor
from app.workflows.publication import DECISION_STATES, DecisionState

TABLE = PublicationDecision.__tablename__
_GOING_ON = frozenset({"state", "published_at", "file_name", "file_digest"})
_ORDER = [str(state) for state in DECISION_STATES]


def problem(change: Change) -> str | None:
    """Return why a decision that is there may not take this change, or None."""
    old = str((change.old or {}).get("state", DecisionState.draft))
    new = str((change.new or {}).get("state", DecisionState.draft))
    if _ORDER.index(new) < _ORDER.index(old):
        return _("A decision cannot go back from “%(old)s” to “%(new)s”.",
                 old=_(DECISION_STATES[DecisionState(old)]), new=_(DECISION_STATES[DecisionState(new)]))  # fmt: skip
    if old != DecisionState.draft and not is_going_on(change):
        return _("Only a decision being prepared can be changed.")
    return None


def is_going_on(change: Change) -> bool:
    """Return whether a decision only passes to a later state, or is given its signed file."""
    is_file_new = "file_digest" not in change.values or change.values["file_digest"][0] is None
    has_parts = any(part.is_change for part in change.all_parts())
    return set(change.values) <= _GOING_ON and is_file_new and not has_parts


def link_files(session: Session, found: list[tuple[Change, Any]]) -> None:
    """Give decisions the signed files they name, as far as this system holds such content."""
    rows = [row for change, row in found if change.act == ADD or "file_digest" in change.values]
    digests = {row.file_digest for row in rows} - {None}
    query = sa.select(StoredFile).where(
        StoredFile.sha256.in_(digests), StoredFile.scan_status != ScanStatus.infected
    )
    files = {one.sha256: one for one in session.scalars(query)} if digests else {}
    for row in rows:
        row.file = files.get(row.file_digest)


def left_out(session: Session, documents: Mapping[str, Any], actor: Actor | None) -> list[str]:
    """Say what of publication decisions an export of all of them leaves here, and why.

    documents: the decisions by their file in the pack. actor: who reads; None for the operator at the terminal.
    """
    told = []
    query = sa.select(PublicationDecision) if actor is None else visible(PublicationDecision, actor)
    drafts = query.where(sa.or_(PublicationDecision.number.is_(None), PublicationDecision.decided_on.is_(None)))
    number = session.scalar(drafts.with_only_columns(sa.func.count()).order_by(None)) or 0
    if number:
        told.append(ngettext(
            "%(num)d publication decision without number and date stays here: by them a decision is known where the "
            "pack is applied.",
            "%(num)d publication decisions without number and date stay here: by them a decision is known where the "
            "pack is applied.", number))  # fmt: skip
    number = sum(1 for document in documents.values() if document.get("file_digest"))
    if number:
        told.append(ngettext(
            "The signed file of %(num)d decision stays here: a pack is text and carries no scans. It is added on the "
            "page of the decision where the pack is applied.",
            "The signed files of %(num)d decisions stay here: a pack is text and carries no scans. They are added on "
            "the pages of the decisions where the pack is applied.", number))  # fmt: skip
    return told


def missing_files(found: Iterable[tuple[Change, Any]]) -> list[str]:
    """Say of which decisions the signed file is named and not here; asked after ``link_files``."""
    return [
        _("The signed file of decision %(number)s is not in this system: add it on the page of the decision.",
          number=row.number)
        for change, row in found
        if change.act in {ADD, CHANGE} and row.file_digest and row.file_id is None
    ]  # fmt: skip
