"""What a file really is, and which uploads are refused."""

import io
import random
import zipfile
import zlib
from pathlib import Path

import pytest
from PIL import Image

from app.errors import Invalid
from app.filetypes import DOCX, MACROS, ODT, XLSX, check_upload, media_type_of, sniff


def picture(kind: str = "PNG", size: tuple[int, int] = (60, 40), **options: object) -> bytes:
    out = io.BytesIO()
    noise = random.Random(7).randbytes(size[0] * size[1] * 3)
    Image.frombytes("RGB", size, noise).save(out, format=kind, **options)
    return out.getvalue()


def pack(*names: str, mimetype: str = "", padding: int = 0) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        if mimetype:
            target.writestr("mimetype", mimetype, zipfile.ZIP_STORED)
        for name in names:
            target.writestr(name, bytes(padding) or b"<x/>")
    return out.getvalue()


def ole(entry: str) -> bytes:
    return bytes.fromhex("D0CF11E0A1B11AE1") + bytes(2000) + entry.encode("utf-16-le") + bytes(60)


KINDS = [
    (picture("PNG"), "a.png", "image/png"),
    (picture("JPEG"), "a.jpg", "image/jpeg"),
    (picture("TIFF"), "a.tif", "image/tiff"),
    (picture("WEBP"), "a.webp", "image/webp"),
    (pack("[Content_Types].xml", "word/document.xml"), "a.docx", DOCX),
    (pack("[Content_Types].xml", "_rels/.rels", "xl/workbook.xml"), "a.xlsx", XLSX),
    (pack("content.xml", mimetype=ODT), "a.odt", ODT),
    (pack("word/document.xml", "word/vbaProject.bin"), "a.docx", MACROS),
    (pack("readme.txt"), "a.zip", "application/zip"),
    (ole("WordDocument"), "a.doc", "application/msword"),
    (ole("Workbook"), "a.xls", "application/vnd.ms-excel"),
    (ole("MsiStuff"), "a.msi", "application/x-ole-storage"),
    ("mã,tên\n1,Hạnh\n".encode(), "a.csv", "text/csv"),
    ("mã,tên\n".encode("utf-16"), "a.csv", "text/csv"),
    ("Kính gửi ông/bà".encode(), "a.txt", "text/plain"),
    (b"\xef\xbb\xbf  <!DOCTYPE html><p>", "a.txt", "text/html"),
    (b"name\n<script>alert(1)</script>", "a.csv", "text/html"),
    (b'<?xml version="1.0"?><svg xmlns="x">', "a.svg", "image/svg+xml"),
    (b"#!/bin/sh\nrm -rf /", "a.txt", "text/x-script"),
    (b"MZ\x90\x00" + bytes(100), "a.exe", "application/x-msdownload"),
    (b"\x00\x01\x02\x03" * 20, "a.pdf", "application/octet-stream"),
    (b"", "a.pdf", "application/octet-stream"),
]


@pytest.mark.parametrize(("data", "name", "kind"), KINDS, ids=[f"{n}-{k}" for _, n, k in KINDS])
def test_type_comes_from_the_content(data: bytes, name: str, kind: str) -> None:
    assert media_type_of(io.BytesIO(data), name) == kind
    assert sniff(data, name) == kind


def test_office_files_are_known_from_their_first_bytes() -> None:
    whole = pack("[Content_Types].xml", "word/document.xml", *(f"word/m{n}" for n in range(2000)))
    assert len(whole) > 70_000
    assert sniff(whole[:65536], "a.docx") == DOCX
    assert sniff("Huế".encode()[:-1]) == "text/plain"  # cut inside a letter


@pytest.mark.parametrize(
    ("data", "name", "kind"), [row for row in KINDS if row[2] in (
        "image/png", "image/jpeg", "image/tiff", "image/webp", DOCX, XLSX, ODT, "text/csv",
        "application/msword", "text/plain")],
)  # fmt: skip
def test_good_files_pass_and_streams_are_rewound(data: bytes, name: str, kind: str) -> None:
    stream = io.BytesIO(data)
    assert check_upload(name, stream) == kind
    assert stream.tell() == 0
    assert check_upload(name.upper(), data) == kind


def one_page_pdf(trailer: bytes = b"") -> bytes:
    return b"".join([
        b"%PDF-1.4\n1 0 obj<</Type/Catalog/Pages 2 0 R>>endobj\n",
        b"2 0 obj<</Type/Pages/Kids[3 0 R]/Count 1>>endobj\n",
        b"3 0 obj<</Type/Page/Parent 2 0 R/MediaBox[0 0 9 9]>>endobj\n",
        trailer or b"trailer<</Root 1 0 R/Size 4>>\n%%EOF", b" " * 1500,
    ])  # fmt: skip


def encrypted_pdf() -> bytes:
    """A PDF that opens only with a password (standard handler, RC4 40 bit)."""
    identity, hidden = bytes(16).hex().encode(), bytes(range(32)).hex().encode()
    return one_page_pdf(
        b"4 0 obj<</Filter/Standard/V 1/R 2/P -4/O<" + hidden + b">/U<" + hidden + b">>>endobj\n"
        b"trailer<</Root 1 0 R/Size 5/Encrypt 4 0 R/ID[<" + identity + b"><" + identity + b">]>>\n"
    )


REFUSED = [
    ("empty", "a.pdf", b"", "is empty"),
    ("picture named pdf", "a.pdf", picture("PNG"), "does not match its content"),
    ("no ending", "giay-khai-sinh", picture("PNG"), "does not match its content"),
    ("html named pdf", "a.pdf", b"<html><script>x</script>", "can run commands"),
    ("svg", "a.svg", b"<svg onload='x'/>", "can run commands"),
    ("program named pdf", "a.pdf", b"MZ\x90\x00" + bytes(99), "can run commands"),
    ("script", "a.txt", b"#!/bin/sh", "can run commands"),
    ("macros", "a.docx", pack("word/document.xml", "word/vbaProject.bin"), "can run commands"),
    ("zip", "a.zip", pack("a.exe"), "type are not accepted"),
    ("noise named pdf", "a.pdf", b"\x00\x01" * 99, "type are not accepted"),
    ("broken pdf", "a.pdf", b"%PDF-1.7\nnothing here", "is damaged"),
    ("encrypted pdf", "a.pdf", encrypted_pdf(), "protected by a password"),
    ("torn png", "a.png", picture("PNG", (300, 300))[:-5000], "is damaged"),
    ("torn jpeg", "a.jpg", picture("JPEG", (300, 300))[:9000], "is damaged"),
    ("bomb", "a.png", picture("PNG", (10, 10)), "too many points"),
    ("zip bomb", "a.docx", pack("word/document.xml", padding=301 * 2**20), "is damaged"),
    ("torn docx", "a.docx", pack("word/document.xml", "word/b.xml")[:-30], "is damaged"),
]


@pytest.mark.parametrize(("name", "data", "rule"), [r[1:] for r in REFUSED],
                         ids=[r[0] for r in REFUSED])  # fmt: skip
def test_bad_files_are_refused_by_a_named_rule(name: str, data: bytes, rule: str) -> None:
    if rule == "too many points":
        # A true bomb: the header of a small file announces 25,000 × 25,000 points.
        header = data[:16] + (25_000).to_bytes(4, "big") * 2 + data[24:29]
        data = header + zlib.crc32(header[12:29]).to_bytes(4, "big") + data[33:]
    with pytest.raises(Invalid) as caught:
        check_upload(name, data)
    assert rule in str(caught.value)
    assert name in str(caught.value)


def test_sixty_megabytes_are_refused_without_reading_them(tmp_path: Path) -> None:
    path = tmp_path / "lon.pdf"
    with path.open("wb") as target:
        target.write(b"%PDF-1.7")
        target.truncate(60 * 1024 * 1024)
    with path.open("rb") as stream, pytest.raises(Invalid) as caught:
        check_upload("lon.pdf", stream)
    assert "60 MB" in str(caught.value)
    assert "20 MB" in str(caught.value)


def test_limits_can_be_narrowed() -> None:
    pdf = one_page_pdf()
    assert check_upload("a.pdf", pdf) == "application/pdf"
    with pytest.raises(Invalid, match=r"\.jpg, \.png"):
        check_upload("a.pdf", pdf, allowed={"image/png", "image/jpeg"})
    with pytest.raises(Invalid, match="too large"):
        check_upload("a.pdf", pdf, max_bytes=1000)


def test_a_packed_file_damaged_anywhere_is_refused_never_a_fault(app: object) -> None:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as target:
        target.writestr("word/document.xml", "".join(map(str, range(300))))
    whole, refused = out.getvalue(), 0
    for place in range(len(whole)):
        torn = bytearray(whole)
        torn[place] ^= 0xFF
        try:
            check_upload("a.docx", bytes(torn), frozenset({DOCX}))
        except Invalid:
            refused += 1
    assert refused > 100
