"""The check of digital signatures beside each paper: made once per content, told in words (QN20 Đ12.2b)."""

from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from cryptography import x509
from flask import current_app
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.clock import now
from app.contents import storage
from app.errors import NotFound
from app.i18n import N_
from app.integrations.pdf_signatures import read_signatures
from app.lowcode.values import plain_text
from app.models import Dossier, StoredFile
from app.models.attachment import ScanStatus
from app.transactions import enqueue

PDF = "application/pdf"
# verdict → (tone, words)
VERDICTS = {
    "valid": ("success", N_("Valid signature")),
    "unverified": ("warning", N_("Not changed since it was signed; who issued the certificate is not verified")),
    "partly": ("warning", N_("Valid signature, but the file was added to afterwards")),
    "weak": ("warning", N_("Signed with a digest that is no longer safe")),
    "expired": ("warning", N_("The certificate was not valid when it was signed")),
    "changed": ("danger", N_("The file was changed after it was signed")),
    "forged": ("danger", N_("The signature is not that of the certificate it names")),
    "unreadable": ("danger", N_("There is a signature that cannot be read")),
}


@dataclass(frozen=True)
class Told:
    """One line beside a paper: how it looks, the verdict, and what it rests on."""

    tone: str
    verdict: str
    details: list[str] = field(default_factory=list)


def check_file(session: Session, file_id: int) -> None:
    """Look at the signatures of a stored PDF and keep what they prove; a second run changes nothing.

    A file that did not pass the scan is left for later. Never raises for what is inside a file.
    """
    stored = session.get(StoredFile, file_id)
    if stored is None or stored.media_type != PDF or stored.scan_status != ScanStatus.clean:
        return
    found = read_signatures(storage().open(stored.sha256), _trusted())
    stored.signatures = [asdict(one) for one in found]
    stored.signatures_at = now()
    session.flush()


def ask_check(session: Session, dossier: Dossier, file_id: int) -> None:
    """Have the signatures of one file of a dossier looked at again. Raises NotFound for another's."""
    if file_id not in {one.file_id for one in dossier.attachments if one.file.media_type == PDF}:
        raise NotFound(_("This file does not exist, or you may not see it."))
    enqueue("signatures.check", file_id=file_id)


def _trusted() -> list[x509.Certificate]:
    """Return the issuers the operator trusts: a bundle of PEM certificates, none by default."""
    path = current_app.config["TRUSTED_CERTIFICATES"]
    return x509.load_pem_x509_certificates(Path(path).read_bytes()) if path else []


def is_unchecked(stored: StoredFile) -> bool:
    """Return whether a PDF still waits for the check."""
    return stored.media_type == PDF and stored.signatures is None


def tell(stored: StoredFile) -> list[Told]:
    """Return what to say of each signature of a file; [] for one without."""
    rows = stored.signatures or []
    whole = any(one["covers"] and one["verdict"] == "valid" for one in rows)
    return [_tell(one, signed_on=whole and not one["covers"]) for one in rows]


def _tell(one: dict[str, Any], *, signed_on: bool) -> Told:
    tone, words = VERDICTS[_verdict(one)]
    details = []
    if one["signer"]:
        details.append(_("Signer: %(name)s", name=one["signer"]))
    if one["signed_at"]:
        at = plain_text(datetime.fromisoformat(one["signed_at"]))
        details.append(_("Time stamp: %(at)s", at=at) if one["stamped"] else _("By the signer's clock: %(at)s", at=at))
    if one["issuer"]:
        details.append(_("Certificate issued by: %(name)s", name=one["issuer"]) if one["trust"] == "trusted" else
                       _("Issuer of the certificate not verified: %(name)s", name=one["issuer"]))  # fmt: skip
    if signed_on:
        details.append(_("Signed again by somebody else, whose signature covers the whole file"))
    return Told(tone, _(words), details)


def _verdict(one: dict[str, Any]) -> str:
    verdict: str = one["verdict"]
    if verdict == "valid" and one["signed_at"] and not one["in_time"]:
        return "expired"
    if verdict == "valid" and not one["covers"]:
        return "partly"
    return "unverified" if verdict == "valid" and one["trust"] != "trusted" else verdict
