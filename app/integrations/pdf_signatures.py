"""What the digital signatures inside a PDF prove (QN20 Đ12.2b; Luật Giao dịch điện tử 2023 Đ22–23).

PDFium finds them, asn1crypto reads them, cryptography does the arithmetic. Nothing is asked over the
network: whether a certificate was revoked since is not known here, and who issued it is believed only
as far as the certificates the operator trusts. Files come from strangers: whatever is wrong with one
is an answer ("unreadable"), never an error.
"""

import ctypes
import hashlib
import hmac
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from asn1crypto import cms, tsp
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from app.filetypes import PDFIUM_LOCK

MAX_SIGNATURES = 20  # of one file; more are not looked at
_MAX_CONTENTS = 1 << 20
_DIGESTS = frozenset({"sha256", "sha384", "sha512"})
_WEAK = frozenset({"md5", "sha1"})
_DETACHED = frozenset({"adbe.pkcs7.detached", "ETSI.CAdES.detached"})
_MAX_CHAIN = 6
_FIRST_YEAR, _LAST_YEAR = 1990, 2200


@dataclass(frozen=True)
class Signature:
    """One signature.

    verdict: "valid", "changed" (the bytes are not those signed), "forged" (the signature is not of
    the named certificate), "weak" (valid by a digest no longer safe) or "unreadable". covers: it
    covers the whole file. signed_at: ISO; stamped: told by a time stamp, not by the signer's clock.
    in_time: the certificate was valid then. trust: "trusted" or "unknown" issuer.
    """

    verdict: str
    signer: str = ""
    issuer: str = ""
    serial: str = ""
    signed_at: str = ""
    stamped: bool = False
    covers: bool = False
    in_time: bool = False
    trust: str = "unknown"


UNREADABLE = Signature("unreadable")


@dataclass(frozen=True)
class _Found:
    contents: bytes
    ranges: tuple[int, ...]
    kind: str


def read_signatures(data: bytes, trusted: Sequence[x509.Certificate] = ()) -> list[Signature]:
    """Return what each signature of a PDF proves, in the order of the file; [] if it has none.

    trusted: certificates of issuers the operator believes.
    """
    try:
        found = _find(data)
    except Exception:  # a file made to break readers; which way it breaks them says nothing more
        return [UNREADABLE]
    if not found and b"/ByteRange" in data:
        return [UNREADABLE]  # something is there that PDFium does not take for a signature
    return [_judge(data, one, trusted) for one in found]


def _find(data: bytes) -> list[_Found]:
    import pypdfium2 as pdfium

    with PDFIUM_LOCK, pdfium.PdfDocument(data) as document:
        count = min(pdfium.raw.FPDF_GetSignatureCount(document), MAX_SIGNATURES)
        objects = (pdfium.raw.FPDF_GetSignatureObject(document, number) for number in range(count))
        return [_read(pdfium.raw, one) for one in objects if one]


def _read(raw: Any, one: Any) -> _Found:
    size = raw.FPDFSignatureObj_GetContents(one, None, 0)
    if not 0 < size <= _MAX_CONTENTS:
        return _Found(b"", (), "")
    contents = ctypes.create_string_buffer(size)
    raw.FPDFSignatureObj_GetContents(one, contents, size)
    amount = raw.FPDFSignatureObj_GetByteRange(one, None, 0)
    numbers = (ctypes.c_int * 4)()
    if amount == len(numbers):
        raw.FPDFSignatureObj_GetByteRange(one, numbers, amount)
    kind = ctypes.create_string_buffer(64)
    raw.FPDFSignatureObj_GetSubFilter(one, kind, len(kind))
    return _Found(contents.raw, tuple(numbers) if amount == len(numbers) else (), kind.value.decode("ascii", "replace"))


def _judge(data: bytes, found: _Found, trusted: Sequence[x509.Certificate]) -> Signature:
    try:
        signed = _signed_bytes(data, found)
        if signed is None or found.kind not in _DETACHED:
            return UNREADABLE
        return _verify(signed, found, trusted, covers=found.ranges[2] + found.ranges[3] == len(data))
    except Exception:  # hostile ASN.1 breaks readers in a hundred ways
        return UNREADABLE


def _signed_bytes(data: bytes, found: _Found) -> bytes | None:
    """Return the bytes said to be signed: all before and after the one gap that holds the signature.

    None for any other shape: a gap that holds more than the signature is how signed files are forged.
    """
    if len(found.ranges) != 4:
        return None
    start, before, after, rest = found.ranges
    if start != 0 or not 0 < before < after or rest < 0 or after + rest > len(data):
        return None
    gap = data[before:after]
    if gap[:1] != b"<" or gap[-1:] != b">":
        return None
    if not hmac.compare_digest(bytes.fromhex(gap[1:-1].decode("ascii")), found.contents):
        return None
    return data[:before] + data[after : after + rest]


def _verify(signed: bytes, found: _Found, trusted: Sequence[x509.Certificate], *, covers: bool) -> Signature:
    content = cms.ContentInfo.load(found.contents)
    if content["content_type"].native != "signed_data":
        return UNREADABLE
    data = content["content"]
    (info,) = data["signer_infos"]
    raw, others = _certificates(data, info)
    certificate = x509.load_der_x509_certificate(raw.dump())
    verdict = _verdict(info, certificate, signed)
    at, stamped = _time(info, trusted)
    return Signature(
        verdict=verdict, signer=_name(raw.subject), issuer=_name(raw.issuer), serial=f"{certificate.serial_number:x}",
        signed_at=at.isoformat() if at else "", stamped=stamped, covers=covers,
        in_time=at is not None and certificate.not_valid_before_utc <= at <= certificate.not_valid_after_utc,
        trust="trusted" if _leads_to(certificate, others, trusted, at) else "unknown",
    )  # fmt: skip


def _certificates(data: Any, info: Any) -> tuple[Any, list[x509.Certificate]]:
    """Return the signer's certificate as asn1crypto reads it, and the others sent along."""
    given = [one.chosen for one in data["certificates"] if one.name == "certificate"]
    wanted = info["sid"]
    if wanted.name == "issuer_and_serial_number":
        name, number = wanted.chosen["issuer"], wanted.chosen["serial_number"].native
        own = next(one for one in given if one.issuer == name and one.serial_number == number)
    else:
        own = next(one for one in given if one.key_identifier == wanted.native)
    return own, [x509.load_der_x509_certificate(one.dump()) for one in given if one is not own][:_MAX_CHAIN]


def _verdict(info: Any, certificate: x509.Certificate, signed: bytes) -> str:
    digest = info["digest_algorithm"]["algorithm"].native
    if digest not in _DIGESTS | _WEAK:
        return "unreadable"
    attributes = _attributes(info["signed_attrs"])
    told = attributes.get("message_digest")
    if told is None or attributes.get("content_type") != "data":
        return "unreadable"
    if not hmac.compare_digest(told, hashlib.new(digest, signed).digest()):
        return "changed"
    if not _is_by(certificate, info, info["signed_attrs"].untag().dump(force=True), digest):
        return "forged"
    return "weak" if digest in _WEAK else "valid"


def _attributes(given: Any) -> dict[str, Any]:
    return {one["type"].native: one["values"][0].native for one in given} if given.native else {}


def _is_by(certificate: x509.Certificate, info: Any, message: bytes, digest: str) -> bool:
    """Return whether the signature over ``message`` is that of the certificate's key."""
    key, signature = certificate.public_key(), info["signature"].native
    known: hashes.HashAlgorithm = getattr(hashes, digest.upper())()
    try:
        if isinstance(key, rsa.RSAPublicKey):
            is_pss = info["signature_algorithm"]["algorithm"].native == "rsassa_pss"
            way: Any = padding.PSS(padding.MGF1(known), padding.PSS.AUTO) if is_pss else padding.PKCS1v15()
            key.verify(signature, message, way, known)
        elif isinstance(key, ec.EllipticCurvePublicKey):
            key.verify(signature, message, ec.ECDSA(known))
        else:
            return False
    except Exception:  # InvalidSignature, or a key or length the library refuses: in no case is it his
        return False
    return True


def _time(info: Any, trusted: Sequence[x509.Certificate]) -> tuple[datetime | None, bool]:
    """Return when it was signed, and whether a trusted time stamp over this very signature says so."""
    for one in info["unsigned_attrs"] if info["unsigned_attrs"].native else ():
        if one["type"].native == "signature_time_stamp_token":
            at = _stamped_at(one["values"][0], info["signature"].native, trusted)
            if _is_sane(at):
                return at, True
    at = _attributes(info["signed_attrs"]).get("signing_time")
    return (at if _is_sane(at) else None), False


def _is_sane(at: Any) -> bool:
    """Return whether it is an instant somebody may have signed at: year 9999 cannot be told in local time."""
    return isinstance(at, datetime) and at.tzinfo is not None and _FIRST_YEAR <= at.year <= _LAST_YEAR


def _stamped_at(token: Any, signature: bytes, trusted: Sequence[x509.Certificate]) -> datetime | None:
    """Return the time of a stamp that is whole, of this signature and of a trusted authority, else None."""
    data = token["content"]
    inner = data["encap_content_info"]["content"]
    stamp = tsp.TSTInfo.load(inner.contents) if not isinstance(inner.parsed, tsp.TSTInfo) else inner.parsed
    imprint = stamp["message_imprint"]
    name = imprint["hash_algorithm"]["algorithm"].native
    if name not in _DIGESTS or hashlib.new(name, signature).digest() != imprint["hashed_message"].native:
        return None
    (info,) = data["signer_infos"]
    raw, others = _certificates(data, info)
    digest = info["digest_algorithm"]["algorithm"].native
    told = _attributes(info["signed_attrs"]).get("message_digest")
    if digest not in _DIGESTS or told != hashlib.new(digest, inner.parsed.dump()).digest():
        return None
    certificate = x509.load_der_x509_certificate(raw.dump())
    is_whole = _is_by(certificate, info, info["signed_attrs"].untag().dump(force=True), digest)
    at = stamp["gen_time"].native
    return at if is_whole and _stamps(certificate) and _leads_to(certificate, others, trusted, at) else None


def _stamps(certificate: x509.Certificate) -> bool:
    """Return whether a certificate was issued for time stamps."""
    try:
        uses = certificate.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    except (x509.ExtensionNotFound, ValueError):
        return False
    return x509.ExtendedKeyUsageOID.TIME_STAMPING in uses


def _leads_to(
    certificate: x509.Certificate, others: list[x509.Certificate], trusted: Sequence[x509.Certificate],
    at: datetime | None,
) -> bool:  # fmt: skip
    """Return whether issuers lead from the certificate to one that is trusted, all valid then."""
    here = certificate
    for _step in range(_MAX_CHAIN):
        if here in trusted:
            return True
        if at is None or not here.not_valid_before_utc <= at <= here.not_valid_after_utc:
            return False
        above = next((one for one in (*trusted, *others) if one != here and _issued(one, here)), None)
        if above is None:
            return False
        here = above
    return False


def _issued(above: x509.Certificate, below: x509.Certificate) -> bool:
    try:
        rules = above.extensions.get_extension_for_class(x509.BasicConstraints).value
        below.verify_directly_issued_by(above)
    except Exception:  # not the issuer, no authority, or a key the library does not know
        return False
    return rules.ca


def _name(name: asn1_x509.Name) -> str:
    """Return who it is, in a line: the common name and the organisation."""
    parts = name.native
    found = [parts.get("common_name", ""), parts.get("organization_name", "")]
    lines = [", ".join(map(str, one)) if isinstance(one, list) else str(one) for one in found]
    text = " – ".join(dict.fromkeys(line for line in lines if line))
    return "".join(sign for sign in text if sign.isprintable())[:250]  # no database keeps a NUL
