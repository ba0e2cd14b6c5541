"""Letters and slips: issued once per cause, numbered, rendered to PDF and kept."""

from collections.abc import Container
from contextlib import nullcontext
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now, to_local
from app.contents import keep, storage
from app.documents.render import render
from app.documents.titles import form_number
from app.models import Dossier, Letter, StoredFile, next_number
from app.models.letter import LETTER_KINDS
from app.official import officially
from app.permissions import Actor
from app.services.letter_data import letter_data
from app.services.letter_templates import with_words, words_today
from app.services.profiles import profile_value
from app.transactions import enqueue

_ISSUED = "issued_letters"  # in the info of the session, until the transaction ends
_SYMBOLS = {"acknowledgement": "XN", "receipt_slip": "TNHS", "control_slip": "KSQT",
            "supplement": "HDHS", "refusal": "TCTN", "apology": "XL", "stop": "TBD",
            "charge_receipt": "BL", "refund_slip": "HT", "return_receipt": "TKQ", "guidance": "HD"}  # fmt: skip


def issue_letter(
    session: Session, dossier: Dossier, kind: str, actor: Actor, *, cause: str = "", number: str = "", **facts: Any
) -> Letter:
    """Return the letter of ``kind`` for this cause, issued now unless it already was.

    number: one it was given already, else the next of its kind. facts: what only the caller knows
    (reason, charges, receiver …); see letter_data.
    """
    cause = cause or f"{len(dossier.movements)}"
    known = _known(session, dossier, kind, cause)
    if known is not None:
        return known
    # A dossier that begins now has everything in memory: it is written with its letter, in one go.
    with session.no_autoflush if dossier.id is None else nullcontext():
        words = words_today(session, kind, facts.get("why"), str(profile_value(session, "form_set")))
        number = number or _number(session, dossier, kind)
        with officially():
            data = letter_data(session, dossier, kind, actor, number=number, **facts)
    letter = Letter(
        dossier=dossier, kind=kind, number=number, data=with_words(data, words), created_at=now(), cause=cause,
        edition=words.edition if words is not None else None,
    )  # fmt: skip
    session.add(letter)
    session.flush()
    session.info.setdefault(_ISSUED, []).append(letter)
    enqueue("letters.render", letter_id=letter.id)
    return letter


def issued_now(session: Session, dossier: Dossier) -> list[Letter]:
    """Return the letters of ``dossier`` that were issued in the present transaction."""
    return [letter for letter in session.info.get(_ISSUED, ()) if letter.dossier is dossier]


def _known(session: Session, dossier: Dossier, kind: str, cause: str) -> Letter | None:
    """Return the letter there is for this cause; a dossier not written yet has none."""
    if dossier.id is None:
        return None
    same = Letter.dossier_id == dossier.id, Letter.kind == kind, Letter.cause == cause
    return session.scalars(sa.select(Letter).where(*same)).one_or_none()


def _number(session: Session, dossier: Dossier, kind: str) -> str:
    year = to_local(now()).year
    serial = next_number(session, f"letter:{kind}:{dossier.desk_id}:{year}")
    return f"{serial:02d}/{_SYMBOLS[kind]}"


def cancel_letters(dossier: Dossier, causes: Container[tuple[str, str]]) -> None:
    """Keep the letters of these (kind, cause) under their numbers, as cancelled: issued again they are new ones."""
    for letter in dossier.letters:
        if (letter.kind, letter.cause) in causes:
            letter.cancelled_at, letter.cause = now(), f"{letter.cause}:{letter.id}"


def letter_pdf(session: Session, letter: Letter) -> bytes:
    """Return the PDF of a letter: the kept one, or made now from its data (always the same).

    A cancelled one is made with that written across it; the kept file stays as it was issued.
    """
    if letter.cancelled_at is not None:
        return render(letter.kind, letter.data | {"cancelled_at": letter.cancelled_at.isoformat()})
    if letter.file is not None:
        return storage().open(letter.file.sha256)
    return render(letter.kind, letter.data)


def keep_letter(session: Session, letter_id: int) -> None:
    """Render a letter and keep its file; a second run finds it done."""
    letter = session.get(Letter, letter_id)
    if letter is not None and letter.file_id is None:
        letter.file = keep_pdf(session, render(letter.kind, letter.data), f"{letter.kind}.pdf")
        session.flush()


def keep_pdf(session: Session, data: bytes, name: str) -> StoredFile:
    """Return the stored file of a PDF we made ourselves."""
    stored = keep(session, data, name)
    known = session.scalar(sa.select(StoredFile).where(StoredFile.sha256 == stored.sha256))
    if known is not None:
        return known
    row = StoredFile(
        sha256=stored.sha256, size=stored.size, media_type="application/pdf", scan_status="clean"
    )
    session.add(row)
    session.flush()
    return row


def letter_title(session: Session, letter: Letter) -> str:
    """Return the name of a letter with its form number, as officers know it."""
    form_set = letter.data.get("form_set") or profile_value(session, "form_set")
    number, name = form_number(letter.kind, form_set), _(LETTER_KINDS[letter.kind])
    name = _("%(name)s (Form %(number)s)", name=name, number=number) if number else name
    return _("%(name)s – cancelled", name=name) if letter.cancelled_at is not None else name
