"""Digital signatures in PDFs: what is proved, what is forged, and files made to break the reader."""

import io
import random
from datetime import UTC, datetime

import pypdfium2 as pdfium
import pytest

from app.integrations.pdf_signatures import read_signatures
from app.models import OutboxEvent, StoredFile
from app.services import files, signatures
from app.tasks.outbox import run_waiting
from tests.services.signing import SIGNED_AT, Signer, later, signed_pdf


@pytest.fixture(scope="module")
def root():
    return Signer("Root CA", is_ca=True)


@pytest.fixture(scope="module")
def signer(root):
    return Signer("Nguyễn Văn An", root)


@pytest.fixture(scope="module")
def pdf(signer):
    return signed_pdf(signer)


def only(pdf, *trusted):
    (found,) = read_signatures(pdf, [one.certificate for one in trusted])
    return found


def test_a_signature_tells_who_and_when_and_that_nothing_was_changed(pdf, root):
    found = only(pdf, root)
    assert (found.verdict, found.covers, found.in_time, found.trust) == ("valid", True, True, "trusted")
    assert (found.signer, found.issuer) == ("Nguyễn Văn An", "Root CA")
    assert (found.signed_at, found.stamped) == (SIGNED_AT.isoformat(), False)


@pytest.mark.parametrize("digest", ["sha256", "sha384", "sha512"])
@pytest.mark.parametrize("curve", [False, True])
def test_the_usual_keys_and_digests_are_known(root, digest, curve):
    assert only(signed_pdf(Signer("An", root, curve=curve), digest=digest)).verdict == "valid"


def test_a_time_that_no_page_can_tell_is_left_out(signer, root):
    found = only(signed_pdf(signer, at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)), root)
    assert (found.verdict, found.signed_at, found.in_time) == ("valid", "", False)


def test_a_name_carries_only_what_a_database_keeps(root):
    assert only(signed_pdf(Signer("A\x00B\u202e", root)), root).signer == "AB"


def test_an_issuer_nobody_named_is_not_believed(pdf, root):
    assert only(pdf).trust == "unknown"
    stranger = Signer("Root CA", is_ca=True)  # the same name, another key
    assert only(pdf, stranger).trust == "unknown"
    no_authority = Signer("Root CA", is_ca=False)
    assert only(signed_pdf(Signer("An", no_authority)), no_authority).trust == "unknown"


def test_one_letter_changed_shows(pdf):
    assert only(pdf.replace(b"Giay xac nhan", b"Giay xac nhaN")).verdict == "changed"


def test_what_was_added_behind_shows(pdf):
    found = only(pdf + b"\n% another revision\n")
    assert (found.verdict, found.covers) == ("valid", False)


def test_a_digest_no_longer_safe_shows(signer):
    assert only(signed_pdf(signer, digest="sha1")).verdict == "weak"


def test_a_certificate_that_had_ended_shows(root):
    assert only(signed_pdf(Signer("An", root, end=later(-1)))).in_time is False


def test_a_signature_by_another_key_is_forged(root):
    honest, other = Signer("An", root), Signer("An", root)
    honest.key = other.key
    assert only(signed_pdf(honest)).verdict == "forged"


def test_a_gap_that_holds_more_than_the_signature_is_not_believed(pdf):
    start = pdf.index(b"/ByteRange[0 ") + len(b"/ByteRange[0 ")
    before = int(pdf[start : start + 10])
    wider = pdf[:start] + b"%-10d" % (before - 30) + pdf[start + 10 :]
    assert only(wider).verdict == "unreadable"


def test_a_file_without_signatures_has_none():
    out = io.BytesIO()
    with pdfium.PdfDocument.new() as bare:
        bare.new_page(200, 100)
        bare.save(out)
    assert read_signatures(out.getvalue()) == []


def test_whatever_a_stranger_sends_is_an_answer(pdf):
    chance = random.Random(7)
    for _round in range(120):
        broken = bytearray(pdf)
        for _place in range(chance.randrange(1, 40)):
            broken[chance.randrange(len(broken))] = chance.randrange(256)
        found = read_signatures(bytes(broken[: chance.randrange(len(broken))] if _round % 3 == 0 else broken))
        assert all(one.verdict in signatures.VERDICTS for one in found)
    for text in (b"", b"%PDF-1.7", b"/ByteRange" * 50):
        assert {one.verdict for one in read_signatures(text)} <= {"unreadable"}


def kept(session, pdf):
    stored = files.store_upload(session, "don.pdf", pdf, max_mb=5)
    session.flush()
    return stored


def test_an_upload_is_looked_at_once_and_told_in_words(app, session, pdf):
    with app.test_request_context():
        stored = kept(session, pdf)
        assert signatures.is_unchecked(stored)
        session.commit()
        run_waiting()
        session.expire_all()
        stored = session.get_one(StoredFile, stored.id)
        (told,) = signatures.tell(stored)
        assert (told.tone, "chưa xác minh" in told.verdict) == ("warning", True)  # nobody vouches for the issuer
        stored.signatures = [dict(stored.signatures[0], trust="trusted")]
        assert signatures.tell(stored)[0].tone == "success"
        assert "Nguyễn Văn An" in told.details[0]
        kept(session, pdf)
        session.commit()
        assert session.query(OutboxEvent).filter_by(name="signatures.check", done_at=None).count() == 0
