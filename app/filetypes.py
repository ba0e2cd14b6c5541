"""What a file really is, by its content, and whether it may be uploaded."""

import io
import lzma
import re
import struct
import threading
import zipfile
import zlib
from collections.abc import Collection
from pathlib import PurePosixPath
from typing import BinaryIO

import filetype
from flask_babel import gettext as _
from PIL import Image, UnidentifiedImageError

from app.errors import Invalid

MEBIBYTE = 1024 * 1024
MAX_BYTES = 20 * MEBIBYTE
MAX_PIXELS = 50_000_000  # an A4 page scanned at 600 dpi has 35 million
MAX_UNPACKED = 300 * MEBIBYTE
HEAD = 64 * 1024
UNKNOWN = "application/octet-stream"
ZIP, OLE = "application/zip", "application/x-ole-storage"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
PPTX = "application/vnd.openxmlformats-officedocument.presentationml.presentation"
ODT = "application/vnd.oasis.opendocument.text"
ODS = "application/vnd.oasis.opendocument.spreadsheet"
MACROS = "application/vnd.ms-office.macroEnabled"

# Type → the endings that may carry it; the first is the usual one.
EXTENSIONS: dict[str, tuple[str, ...]] = {
    "application/pdf": ("pdf",),
    "image/jpeg": ("jpg", "jpeg", "jfif"),
    "image/png": ("png",),
    "image/tiff": ("tif", "tiff"),
    "image/webp": ("webp",),
    DOCX: ("docx",),
    XLSX: ("xlsx",),
    ODT: ("odt",),
    ODS: ("ods",),
    "application/msword": ("doc",),
    "application/vnd.ms-excel": ("xls",),
    "text/csv": ("csv",),
    "text/plain": ("txt",),
}
DEFAULT_ALLOWED = frozenset(EXTENSIONS)
PICTURES = frozenset(kind for kind in EXTENSIONS if kind.startswith("image/"))
PACKED = frozenset({DOCX, XLSX, ODT, ODS})
# What reading a damaged, cut off, encrypted or strange zip raises.
DAMAGED_ZIP = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, struct.error, EOFError, OSError, RuntimeError,
               ValueError, NotImplementedError)  # fmt: skip
# Whatever a browser or a machine would run.
ACTIVE = frozenset({
    "text/html", "image/svg+xml", "text/xml", "text/x-script", MACROS,
    "application/x-msdownload", "application/x-executable", "application/wasm",
    "application/x-shockwave-flash", "application/x-google-chrome-extension",
})  # fmt: skip
# PDFium keeps global state: one call at a time in a process.
PDFIUM_LOCK = threading.Lock()

_OLE_MAGIC = bytes.fromhex("D0CF11E0A1B11AE1")
_OLE_KINDS = (("WordDocument", "application/msword"), ("Workbook", "application/vnd.ms-excel"),
              ("Book", "application/vnd.ms-excel"))  # fmt: skip
_SCRIPT = re.compile(r"^\s*(#!|<\?php|<%)|javascript:|vbscript:", re.IGNORECASE)
_HTML = re.compile(
    r"<(!doctype\s+html|html|head|body|script|iframe|object|embed|form|meta|img|link|style|a)\b",
    re.IGNORECASE,
)
_SVG = re.compile(r"<svg\b", re.IGNORECASE)


def sniff(head: bytes, name: str = "") -> str:
    """Return the media type of content that begins with ``head``; UNKNOWN if none fits.

    name only tells csv from other plain text. With the first bytes alone an office file may
    stay "application/zip" or OLE; ``media_type_of`` looks at the whole.
    """
    return media_type_of(io.BytesIO(head), name)


def media_type_of(stream: BinaryIO, name: str = "") -> str:
    """Return the media type of a seekable stream by its content; the stream is rewound."""
    stream.seek(0)
    head = stream.read(HEAD)
    if head.startswith(b"PK\x03\x04"):
        kind = _packed_kind(stream, head)
    elif head.startswith(_OLE_MAGIC):
        kind = _ole_kind(stream)
    else:
        guess = filetype.guess(head) if head else None
        kind = guess.mime if guess else _text_kind(head, name)
    stream.seek(0)
    return kind


def check_upload(
    name: str,
    data: bytes | BinaryIO,
    allowed: Collection[str] = DEFAULT_ALLOWED,
    max_bytes: int = MAX_BYTES,
) -> str:
    """Return the media type of an upload that may be kept; a stream is rewound.

    allowed: media types. Raises Invalid with a message that names the file and the rule.
    """
    stream = io.BytesIO(data) if isinstance(data, bytes) else data
    _check_size(name, stream, max_bytes)
    kind = media_type_of(stream, name)
    _check_kind(name, kind, allowed)
    if kind == "application/pdf":
        _check_pdf(name, stream)
    elif kind in PICTURES:
        _check_picture(name, stream)
    elif kind in PACKED:
        _check_packed(name, stream)
    stream.seek(0)
    return kind


def _check_size(name: str, stream: BinaryIO, max_bytes: int) -> None:
    size = stream.seek(0, io.SEEK_END)
    if not size:
        raise Invalid(_("The file %(name)s is empty.", name=name))
    if size > max_bytes:
        raise Invalid(_(
            "The file %(name)s is too large: %(size)s MB. The limit is %(limit)s MB.",
            name=name, size=_megabytes(size), limit=_megabytes(max_bytes),
        ))  # fmt: skip


def _check_kind(name: str, kind: str, allowed: Collection[str]) -> None:
    ending = PurePosixPath(name.lower().rstrip(". ")).suffix.removeprefix(".")
    if kind in ACTIVE:
        raise Invalid(_("The file %(name)s can run commands and is not accepted.", name=name))
    if kind not in allowed:
        endings = ", ".join(sorted(f".{EXTENSIONS[k][0]}" for k in allowed if k in EXTENSIONS))
        raise Invalid(_(
            "Files of this type are not accepted: %(name)s. Send one of: %(endings)s.",
            name=name, endings=endings,
        ))  # fmt: skip
    if ending not in EXTENSIONS.get(kind, (ending,)):
        raise Invalid(_(
            "The name of %(name)s does not match its content, which is of type %(kind)s. "
            "Save the file again in the right format.",
            name=name, kind=EXTENSIONS[kind][0].upper(),
        ))  # fmt: skip


def _check_pdf(name: str, stream: BinaryIO) -> None:
    stream.seek(0)
    import pypdfium2 as pdfium  # a tenth of the start-up; few requests look into a PDF

    try:
        with PDFIUM_LOCK, pdfium.PdfDocument(stream.read()) as document:
            pages = len(document)
    except pdfium.PdfiumError as exc:
        if exc.err_code == pdfium.raw.FPDF_ERR_PASSWORD:
            raise Invalid(_(
                "The file %(name)s is protected by a password. Remove the password first.",
                name=name,
            )) from exc  # fmt: skip
        raise _damaged(name) from exc
    if not pages:
        raise _damaged(name)


def _check_picture(name: str, stream: BinaryIO) -> None:
    """Decode small: a JPEG is read at a fraction of its size, which still finds a torn one."""
    stream.seek(0)
    try:
        with Image.open(stream, formats=("JPEG", "PNG", "TIFF", "WEBP")) as picture:
            if picture.width * picture.height > MAX_PIXELS:
                raise Image.DecompressionBombError
            picture.draft("RGB", (800, 800))
            picture.load()
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise Invalid(_(
            "The picture %(name)s has too many points; the limit is %(limit)d million.",
            name=name, limit=MAX_PIXELS // 10**6,
        )) from exc  # fmt: skip
    except (UnidentifiedImageError, OSError, ValueError, SyntaxError) as exc:
        raise _damaged(name) from exc


def _check_packed(name: str, stream: BinaryIO) -> None:
    stream.seek(0)
    try:
        with zipfile.ZipFile(stream) as pack:
            is_bomb = sum(entry.file_size for entry in pack.infolist()) > MAX_UNPACKED
            is_torn = not is_bomb and pack.testzip() is not None
    except DAMAGED_ZIP as exc:
        raise _damaged(name) from exc
    if is_bomb or is_torn:
        raise _damaged(name)


def _damaged(name: str) -> Invalid:
    return Invalid(_("The file %(name)s is damaged and cannot be opened.", name=name))


def _megabytes(size: int) -> str:
    """Return mebibytes with a comma, no needless decimals: 20971520 → "20"."""
    return f"{size / MEBIBYTE:.1f}".removesuffix(".0").replace(".", ",")


def _packed_kind(stream: BinaryIO, head: bytes) -> str:
    try:
        with zipfile.ZipFile(stream) as pack:
            names = pack.namelist()
            mimetype = _mimetype_entry(pack)
    except DAMAGED_ZIP:
        # Cut off: the names of the first entries stand in the head.
        names = [found.decode("ascii", "replace") for found in re.findall(rb"[\w/.\[\]]{3,}", head)]
        mimetype = next((kind for kind in (ODT, ODS) if kind.encode() in head[:200]), "")
    if any(name.endswith("vbaProject.bin") for name in names):
        return MACROS
    if mimetype in (ODT, ODS):
        return mimetype
    for folder, kind in (("word/", DOCX), ("xl/", XLSX), ("ppt/", PPTX)):
        if any(name.startswith(folder) for name in names):
            return kind
    return ZIP


def _mimetype_entry(pack: zipfile.ZipFile) -> str:
    """Return what an OpenDocument says of itself, or nothing."""
    if "mimetype" not in pack.namelist() or pack.getinfo("mimetype").file_size > 100:
        return ""
    return pack.read("mimetype").decode("ascii", "replace").strip()


def _ole_kind(stream: BinaryIO) -> str:
    stream.seek(0)
    content = stream.read(MAX_BYTES)
    for entry, kind in _OLE_KINDS:
        # Directory entries are 64 bytes of UTF-16, padded with zeros.
        if entry.encode("utf-16-le") + b"\0\0" in content:
            return kind
    return OLE


def _text_kind(head: bytes, name: str) -> str:
    text = _decoded(head)
    if text is None:
        return UNKNOWN
    if _SVG.search(text):
        return "image/svg+xml"
    if _HTML.search(text):
        return "text/html"
    if _SCRIPT.search(text):
        return "text/x-script"
    if text.lstrip("\ufeff \r\n\t").startswith("<?xml"):
        return "text/xml"
    return "text/csv" if name.lower().endswith(".csv") else "text/plain"


def _decoded(head: bytes) -> str | None:
    if head.startswith((b"\xff\xfe", b"\xfe\xff")):
        return head.decode("utf-16", "ignore")
    if b"\0" in head or not head:
        return None
    try:
        return head.decode("utf-8")
    except UnicodeDecodeError as exc:
        # Only a character cut at the end of the head is forgiven.
        return head[: exc.start].decode() if exc.start > len(head) - 4 else None
