"""That the history was read is itself kept, as soon as it tells of a citizen's personal data."""

from typing import Any

from sqlalchemy.orm import Session

from app import history
from app.history import HistoryEntry
from app.i18n import N_
from app.lowcode.history_titles import kept_models
from app.permissions import Actor
from app.services.audit import AuditWanted, EntryPage
from app.services.official import official


def is_personal(entry: HistoryEntry) -> bool:
    """Return whether an entry tells of a record with a citizen's personal data, or of a part of one."""
    model: Any = kept_models().get(entry.aggregate)
    screen = getattr(model, "screen", None)
    return screen is not None and screen.is_personal


def note_list(session: Session, actor: Actor, wanted: AuditWanted, page: EntryPage, **cursor: str) -> None:
    """Keep, in one entry at the reader's, that he is shown this page, if any of it is personal.

    As entries are never changed or removed, the filter and the numbers of the first and the last entry say for
    good whose data he saw.
    """
    if not any(is_personal(row) for row in page.rows):
        return
    shown = f"{page.rows[-1].id}–{page.rows[0].id}"
    said = {"filter": [None, wanted.args(**cursor)], "rows": [None, len(page.rows)], "entries": [None, shown]}
    history.record(session, ("ab_user", actor.user_id or 0), "read_history", changes=said)


def note_entry(session: Session, entry: HistoryEntry) -> None:
    """Keep with the record an entry tells of that its history was read, if that is personal."""
    if is_personal(entry):
        key = entry.aggregate, entry.aggregate_id
        history.record(session, key, "read", reason=official(N_("Reading the history")))
