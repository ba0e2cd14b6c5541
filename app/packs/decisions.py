"""Publication decisions in packs: their signed files are named by content, their states only go on."""

from collections.abc import Iterable
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.models import PublicationDecision, StoredFile
from app.models.attachment import ScanStatus
from app.packs.comparing import ADD, CHANGE, Change
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


def missing_files(found: Iterable[tuple[Change, Any]]) -> list[str]:
    """Say of which decisions the signed file is named and not here; asked after ``link_files``."""
    return [
        _("The signed file of decision %(number)s is not in this system: add it on the page of the decision.",
          number=row.number)
        for change, row in found
        if change.act in {ADD, CHANGE} and row.file_digest and row.file_id is None
    ]  # fmt: skip
