"""Scans chosen at the counter: kept while the page comes back, so that nobody chooses them twice.

A file is stored as soon as it arrives; the form carries a signed mark of it, which holds for one officer, one
reception and one day. What is never received hangs on no dossier, nobody can open it, and it is removed after
some days (``services/kept_scans.py``).
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import IO

from flask import current_app, request
from itsdangerous import BadData, URLSafeTimedSerializer
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from app.errors import Invalid
from app.lowcode.values import as_id
from app.models import KeptScan, StoredFile
from app.permissions import current_actor
from app.services import files
from app.views.officers.base import sent

_AGE = 24 * 3600  # seconds
_MOST = 60
# Proofs and buttons of the page, not what is asked for.
_PROOFS = frozenset({"csrf_token", "key", "do", "kept", "login_check"})
_PREFIX, _SUFFIX = "scan-", "_file"


@dataclass(frozen=True)
class Scan:
    """A stored scan of one paper (0: of none in particular), and the mark by which the form names it."""

    component_id: int
    file: StoredFile
    name: str
    mark: str


def content_print() -> str:
    """Return the fingerprint of what the form holds: all that was typed and ticked, and the files chosen."""
    held = sorted((name, text) for name, text in sent().items(multi=True) if name not in _PROOFS and text.strip())
    chosen = sorted((str(place), one.filename or "", _digest(one.stream)) for place, one in chosen_scans())
    return sha256(json.dumps([held, chosen]).encode()).hexdigest()


def _digest(stream: IO[bytes]) -> str:
    stream.seek(0)
    found = sha256(stream.read()).hexdigest()
    stream.seek(0)
    return found


def keep_scans(session: Session, key: str, former: str) -> list[Scan]:
    """Return the scans kept before and those chosen now, which are stored; without those that are refused.

    key: of the form from now on; former: the one its marks were made for.
    """
    most = files.max_upload_mb(session)
    found = [Scan(one.component_id, one.file, one.name, _mark(key, one.component_id, one.file, one.name))
             for one in kept_scans(session, former)]  # fmt: skip
    for component_id, chosen in chosen_scans():
        chosen.stream.seek(0)  # receiving may have read it already
        try:
            stored = files.store_upload(session, chosen.filename or "", chosen.stream, max_mb=most)
        except Invalid:
            continue
        session.add(KeptScan(file_id=stored.id))  # cleaned up if it is never received
        name = files.safe_name(chosen.filename or "")
        found.append(Scan(component_id, stored, name, _mark(key, component_id, stored, name)))
    return found[:_MOST]


def _mark(key: str, component_id: int, stored: StoredFile, name: str) -> str:
    return _signer().dumps([key, current_actor().user_id, component_id, stored.id, name])


def kept_scans(session: Session, key: str) -> Iterator[Scan]:
    """Yield the scans that the form names by their marks; what is not signed for this officer and form is not there."""
    for mark in sent().getlist("kept")[:_MOST]:
        try:
            of_key, user_id, component_id, file_id, name = _signer().loads(mark, max_age=_AGE)
        except BadData:
            continue
        stored = session.get(StoredFile, file_id)
        if stored is not None and (of_key, user_id) == (key, current_actor().user_id):
            yield Scan(component_id, stored, name, mark)


def chosen_scans() -> Iterator[tuple[int, FileStorage]]:
    """Yield (id of the paper, 0 for none; the file) of every file chosen in the form."""
    for field, chosen in request.files.items(multi=True):
        place = field.removeprefix(_PREFIX).removesuffix(_SUFFIX)
        if chosen.filename and field == f"{_PREFIX}{place}{_SUFFIX}":
            yield as_id(place) or 0, chosen


def _signer() -> URLSafeTimedSerializer:
    return URLSafeTimedSerializer(current_app.secret_key or "", salt="counter-scan")
