"""Files that come with a form, as a browser without scripts sends them."""

from collections.abc import Callable
from typing import Any

from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage, MultiDict

from app.errors import Invalid
from app.filetypes import EXTENSIONS, MEBIBYTE
from app.models import Attachment
from app.permissions import Actor
from app.services.files import attach, max_upload_mb, store_upload

_SUFFIX = "_file"


def accepted() -> str:
    """Return the endings offered when choosing a file."""
    return ",".join(f".{ending}" for endings in EXTENSIONS.values() for ending in endings)


def upload_limits(session: Session) -> dict[str, Any]:
    """Return what ``ui.upload`` must know: largest size in MB, accepted endings."""
    return {"max_mb": max_upload_mb(session), "accept": accepted(), "mebibyte": MEBIBYTE}


def take_plain_files(
    session: Session, sent: MultiDict[str, FileStorage],
    place: Callable[[str], dict[str, Any]], actor: Actor, max_mb: int,
) -> list[Attachment]:  # fmt: skip
    """Keep each chosen file of inputs named "<name>_file" where ``place(name)`` says.

    Raises Invalid with the message at ``name`` for the first file that is refused.
    """
    kept = []
    for field, chosen in sent.items(multi=True):
        if not chosen.filename or not field.endswith(_SUFFIX):
            continue
        name = field.removesuffix(_SUFFIX)
        target = place(name)
        try:
            stored = store_upload(session, chosen.filename, chosen.stream, max_mb=max_mb)
            kept.append(attach(session, stored, chosen.filename, actor, **target))
        except Invalid as exc:
            raise Invalid(str(exc), {name: str(exc)}) from exc
    return kept
