"""The contents of the store beside the records that name them: kept and removed so that neither overtakes the other.

Who keeps content names it in the same transaction; who removes it looks for records first. Both hold the content
meanwhile, so that nothing is removed between the look for it and the record.
"""

import contextlib
from typing import BinaryIO

import sqlalchemy as sa
from flask import current_app
from flask_appbuilder import Model
from sqlalchemy.orm import Session

from app.errors import NotFound
from app.storage import Storage, Stored, storage_at
from app.transactions import one_at_a_time


def storage() -> Storage:
    """Return the store that the configuration names."""
    return storage_at(current_app.config["STORAGE_URL"], **current_app.config["STORAGE_OPTIONS"])


def keep(session: Session, data: bytes | BinaryIO, name: str = "") -> Stored:
    """Keep ``data`` for a record that this transaction writes; nobody removes it until that is there.

    name: as in ``Storage.put``.
    """
    return keep_put(session, storage().put(data, name), data, name)


def keep_put(session: Session, stored: Stored, data: bytes | BinaryIO, name: str = "") -> Stored:
    """Keep what was put into the store before this transaction began: a large file, while nothing was held.

    stored: what ``Storage.put`` said of ``data``.
    """
    _hold(session, stored.sha256)
    if not storage().exists(stored.sha256):  # it was there already, and was removed while we waited
        if not isinstance(data, bytes):
            data.seek(0)
        storage().put(data, name)
    return stored


def discard(session: Session, sha256: str) -> bool:
    """Remove content that no record names any more; returns whether it is gone. Safe to run twice."""
    _hold(session, sha256)
    for table in Model.metadata.tables.values():
        if "sha256" in table.c and session.scalar(sa.select(table.c.sha256).where(table.c.sha256 == sha256).limit(1)):
            return False
    with contextlib.suppress(NotFound):
        storage().remove(sha256)
    return True


def _hold(session: Session, sha256: str) -> None:
    one_at_a_time(session, f"content:{sha256}")
