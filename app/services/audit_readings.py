"""That the history was read is itself kept, as soon as it tells of a citizen's personal data."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import Session

from app import history
from app.history import HistoryEntry
from app.i18n import N_
from app.lowcode.history_titles import kept_models
from app.models import OfficerPosition, User
from app.permissions import Actor
from app.services.audit import AuditWanted, EntryPage
from app.services.official import official


def _is_personal(session: Session, entries: Sequence[HistoryEntry]) -> bool:
    """Return whether any entry tells of a record with a citizen's personal data, or of a part of one.

    So does that of an applicant's login: his user name is his personal number. Officers' logins are no such record.
    """
    if any(_is_personal_kind(entry) for entry in entries):
        return True
    logins = {entry.aggregate_id for entry in entries if entry.aggregate == User.__tablename__}
    posted = sa.select(OfficerPosition.user_id).where(OfficerPosition.user_id.in_(logins)).distinct()
    return bool(logins) and not logins <= set(session.scalars(posted))


def _is_personal_kind(entry: HistoryEntry) -> bool:
    model: Any = kept_models().get(entry.aggregate)
    screen = getattr(model, "screen", None)
    return screen is not None and screen.is_personal


def note_list(session: Session, actor: Actor, wanted: AuditWanted, page: EntryPage, **cursor: str) -> None:
    """Keep, in one entry at the reader's, that he is shown this page, if any of it is personal.

    As entries are never changed or removed, the filter and the numbers of the first and the last entry say for
    good whose data he saw.
    """
    if not _is_personal(session, page.rows):
        return
    shown = f"{page.rows[-1].id}–{page.rows[0].id}"
    said = {"filter": [None, wanted.args(**cursor)], "rows": [None, len(page.rows)], "entries": [None, shown]}
    history.record(session, ("ab_user", actor.user_id or 0), "read_history", changes=said)


def note_entry(session: Session, entry: HistoryEntry) -> None:
    """Keep with the record an entry tells of that its history was read, if that is personal."""
    if _is_personal(session, [entry]):
        key = entry.aggregate, entry.aggregate_id
        history.record(session, key, "read", reason=official(N_("Reading the history")))
