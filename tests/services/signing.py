"""PDFs signed in tests: small, whole, with certificates made here."""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from asn1crypto import algos, cms, core
from asn1crypto import x509 as asn1_x509
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa
from cryptography.x509.oid import NameOID

ROOM = 8192  # hex digits kept for the signature
BEGIN, END = datetime(2025, 1, 1, tzinfo=UTC), datetime(2028, 1, 1, tzinfo=UTC)
SIGNED_AT = datetime(2026, 3, 2, 1, 30, tzinfo=UTC)


class Signer:
    """Somebody with a key and a certificate, issued by ``above`` or by himself."""

    def __init__(self, name: str, above: "Signer | None" = None, *, is_ca: bool = False, curve: bool = False,
                 begin: datetime = BEGIN, end: datetime = END) -> None:  # fmt: skip
        self.key: Any = ec.generate_private_key(ec.SECP256R1()) if curve else rsa.generate_private_key(65537, 2048)
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        self.above = above or self
        self.certificate = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(self.above.name)
            .public_key(self.key.public_key()).serial_number(x509.random_serial_number())
            .not_valid_before(begin).not_valid_after(end)
            .add_extension(x509.BasicConstraints(ca=is_ca, path_length=None), critical=True)
            .sign(self.above.key, hashes.SHA256())
        )  # fmt: skip

    def sign(self, message: bytes, digest: str = "sha256") -> bytes:
        """Return the bare signature over ``message``."""
        known = getattr(hashes, digest.upper())()
        if isinstance(self.key, ec.EllipticCurvePrivateKey):
            return self.key.sign(message, ec.ECDSA(known))
        return self.key.sign(message, padding.PKCS1v15(), known)

    def cms(self, signed: bytes, digest: str = "sha256", at: datetime = SIGNED_AT) -> bytes:
        """Return the detached CMS signature over ``signed``."""
        own = asn1_x509.Certificate.load(self.certificate.public_bytes(serialization.Encoding.DER))
        attributes = cms.CMSAttributes([
            cms.CMSAttribute({"type": "content_type", "values": ["data"]}),
            cms.CMSAttribute({"type": "message_digest", "values": [hashlib.new(digest, signed).digest()]}),
            cms.CMSAttribute({"type": "signing_time", "values": [_time(at)]}),
        ])
        way = f"{digest}_ecdsa" if isinstance(self.key, ec.EllipticCurvePrivateKey) else "rsassa_pkcs1v15"
        info = cms.SignerInfo({
            "version": "v1",
            "sid": cms.SignerIdentifier({"issuer_and_serial_number": cms.IssuerAndSerialNumber(
                {"issuer": own.issuer, "serial_number": own.serial_number})}),
            "digest_algorithm": algos.DigestAlgorithm({"algorithm": digest}), "signed_attrs": attributes,
            "signature_algorithm": algos.SignedDigestAlgorithm({"algorithm": way}),
            "signature": self.sign(attributes.dump(), digest),
        })  # fmt: skip
        data = cms.SignedData({
            "version": "v1", "digest_algorithms": [algos.DigestAlgorithm({"algorithm": digest})],
            "encap_content_info": {"content_type": "data"}, "certificates": [own], "signer_infos": [info],
        })  # fmt: skip
        return cms.ContentInfo({"content_type": "signed_data", "content": data}).dump()


def _time(at: datetime) -> cms.Time:
    late = at.year >= 2050  # a short form knows two digits
    return cms.Time({"generalized_time": core.GeneralizedTime(at)} if late else {"utc_time": core.UTCTime(at)})


def signed_pdf(signer: Signer, text: str = "Giay xac nhan", digest: str = "sha256", at: datetime = SIGNED_AT) -> bytes:
    """Return a PDF of one page, signed."""
    return _fill(_assemble(text), signer, digest, at)


def _assemble(text: str) -> bytes:
    hole = b"<" + b"0" * ROOM + b">"
    place = b"[0 AAAAAAAAAA BBBBBBBBBB CCCCCCCCCC]"
    objects = [
        b"<</Type/Catalog/Pages 2 0 R/AcroForm<</Fields[4 0 R]/SigFlags 3>>>>",
        b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 300 200]/Annots[4 0 R]/Contents 6 0 R>>",
        b"<</Type/Annot/Subtype/Widget/FT/Sig/T(Chu ky)/Rect[0 0 0 0]/P 3 0 R/V 5 0 R>>",
        b"<</Type/Sig/Filter/Adobe.PPKLite/SubFilter/adbe.pkcs7.detached/ByteRange" + place + b"/Contents" + hole
        + b">>",
        b"<</Length %d>>stream\n%s\nendstream" % (len(text.encode()), text.encode()),
    ]
    out, offsets = b"%PDF-1.7\n", []
    for number, body in enumerate(objects, 1):
        offsets.append(len(out))
        out += b"%d 0 obj\n%s\nendobj\n" % (number, body)
    table = b"".join(b"%010d 00000 n \n" % offset for offset in offsets)
    return out + b"xref\n0 7\n0000000000 65535 f \n" + table + (
        b"trailer\n<</Size 7/Root 1 0 R>>\nstartxref\n%d\n%%%%EOF\n" % len(out))  # fmt: skip


def _fill(pdf: bytes, signer: Signer, digest: str, at: datetime) -> bytes:
    start = pdf.index(b"/Contents<") + len(b"/Contents")
    end = start + ROOM + 2
    for mark, number in ((b"AAAAAAAAAA", start), (b"BBBBBBBBBB", end), (b"CCCCCCCCCC", len(pdf) - end)):
        pdf = pdf.replace(mark, b"%-10d" % number)
    proof = signer.cms(pdf[:start] + pdf[end:], digest, at).hex().encode()
    return pdf[:start] + b"<" + proof.ljust(ROOM, b"0") + b">" + pdf[end:]


def later(days: int) -> datetime:
    """Return an instant ``days`` after the usual signing."""
    return SIGNED_AT + timedelta(days=days)
