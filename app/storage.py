"""Files kept by their content: one store, local or S3, and the checks before anything enters it."""

import contextlib
import functools
import hashlib
import io
import os
import re
import socket
import tempfile
import time
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO, Literal, NamedTuple, cast
from urllib.parse import unquote, urlsplit

import obstore
from flask_babel import gettext as _
from obstore.store import ObjectStore, S3Store, from_url

from app.errors import NotFound
from app.filetypes import check_upload, media_type_of, sniff

if TYPE_CHECKING:
    from obstore.store import S3Config

__all__ = ["Storage", "Stored", "check_upload", "scan", "sniff", "storage_at"]

CHUNK = 1024 * 1024
STALE_SECONDS = 24 * 3600
SCAN_TIMEOUT_SECONDS = 30
# The harmless test file of the anti-virus industry (eicar.org), split so that this source file
# is not itself reported.
EICAR = rb"X5O!P%@AP[4\PZX54(P^)7CC)7}$EICAR-" + b"STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
_SHA256 = re.compile(r"[0-9a-f]{64}")
Data = bytes | BinaryIO | Iterable[bytes]
Verdict = Literal["clean", "infected", "pending"]


class Stored(NamedTuple):
    """What was kept: SHA-256 in hex, bytes, type by content."""

    sha256: str
    size: int
    media_type: str


@functools.cache
def storage_at(url: str, **options: str) -> "Storage":
    """Return the one Storage of this process for ``url`` (config STORAGE_URL, STORAGE_OPTIONS)."""
    return Storage(url, **options)


class Storage:
    """A store addressed by content; putting the same bytes twice keeps them once.

    url: a folder (``file:///var/lib/motcua`` or a plain path) or a bucket
    (``s3://bucket/prefix``). options: obstore's names for S3: endpoint, region,
    access_key_id, secret_access_key; what is not given comes from AWS_* variables.
    """

    def __init__(self, url: str, **options: str) -> None:
        parts = urlsplit(url)
        is_local = parts.scheme in ("", "file")
        self.url, self._options = url, options
        self.root = Path(unquote(parts.path)).resolve() if is_local else None
        if self.root:
            self.root.mkdir(parents=True, exist_ok=True)
            _sweep(self.root / "tmp")

    @functools.cached_property
    def _store(self) -> ObjectStore:
        # Opened at first use: obstore's threads do not survive the fork of a worker process.
        if self.root:
            return from_url(self.root.as_uri())
        if not self.url.startswith("s3://"):
            return from_url(self.url)
        # A store inside the server room may speak plain HTTP; elsewhere only HTTPS is spoken.
        is_plain = self._options.get("endpoint", "").startswith("http://")
        return S3Store.from_url(
            self.url,
            config=cast("S3Config", self._options),
            client_options={"allow_http": is_plain} if self._options else None,
        )

    def put(self, data: Data, name: str = "") -> Stored:
        """Keep ``data`` and return its address; it is on disk, or in the bucket, on return.

        data: bytes, a binary stream (read from where it stands) or an iterable of bytes.
        name: the file's name, used only where content leaves a choice (csv or plain text).
        """
        folder = self.root / "tmp" if self.root else None
        if folder:
            folder.mkdir(exist_ok=True)
        handle, path = tempfile.mkstemp(dir=folder, prefix="put-")
        partial = Path(path)
        try:
            with os.fdopen(handle, "w+b") as target:
                digest, size = _copy(data, target)
                stored = Stored(digest, size, media_type_of(target, name))
                if not self._has(stored):
                    self._keep(partial, target, stored.sha256)
        finally:
            partial.unlink(missing_ok=True)
        return stored

    def open(self, sha256: str) -> bytes:
        """Return the whole content. Raises NotFound."""
        with _not_found():
            return bytes(obstore.get(self._store, _key(sha256)).bytes())

    def stream(self, sha256: str, chunk: int = CHUNK) -> Iterator[bytes]:
        """Return the content in pieces of at least ``chunk`` bytes. Raises NotFound at once."""
        with _not_found():
            found = obstore.get(self._store, _key(sha256))
        return (bytes(piece) for piece in found.stream(min_chunk_size=chunk))

    def size(self, sha256: str) -> int:
        """Return the size in bytes. Raises NotFound."""
        with _not_found():
            return int(obstore.head(self._store, _key(sha256))["size"])

    def exists(self, sha256: str) -> bool:
        """Tell whether the content is here."""
        with contextlib.suppress(NotFound):
            return self.size(sha256) >= 0
        return False

    def remove(self, sha256: str) -> None:
        """Remove the content; the caller knows that nothing else refers to it. Raises NotFound."""
        with _not_found():
            obstore.delete(self._store, _key(sha256))

    def _has(self, stored: Stored) -> bool:
        """Whole and present: a torn file of an earlier disk fault would be written again."""
        return self.exists(stored.sha256) and self.size(stored.sha256) == stored.size

    def _keep(self, partial: Path, target: BinaryIO, sha256: str) -> None:
        target.flush()
        if not self.root:
            target.seek(0)
            obstore.put(self._store, _key(sha256), target)
            return
        # obstore's local put does not reach the disk before it returns; an acknowledged
        # upload must survive a power cut, so the local write is ours.
        os.fsync(target.fileno())
        final = self.root / _key(sha256)
        final.parent.mkdir(parents=True, exist_ok=True)
        partial.replace(final)
        for folder in (final.parent, final.parent.parent, self.root):
            _sync_folder(folder)


def scan(source: Path | str | bytes, clamd_url: str = "") -> Verdict:
    """Return whether malware was found; "pending" when the scanner cannot be asked now.

    source: a path or the bytes. clamd_url: ``unix:///run/clamav/clamd.ctl`` or
    ``tcp://host:3310``. Without one there is NO virus scanner: only the EICAR test file is
    recognised and everything else passes as "clean".
    """
    with io.BytesIO(source) if isinstance(source, bytes) else Path(source).open("rb") as data:
        if not clamd_url:
            return "infected" if EICAR in data.read(CHUNK) else "clean"
        try:
            reply = _ask_clamd(data, clamd_url)
        except OSError:
            return "pending"
    if reply.endswith(b"FOUND"):
        return "infected"
    return "clean" if reply.endswith(b"OK") else "pending"


def _ask_clamd(data: BinaryIO, url: str) -> bytes:
    """Return clamd's answer to INSTREAM: length-prefixed pieces, closed by an empty one."""
    parts = urlsplit(url)
    family = socket.AF_UNIX if parts.scheme == "unix" else socket.AF_INET
    address = parts.path if parts.scheme == "unix" else (parts.hostname, parts.port or 3310)
    with socket.socket(family, socket.SOCK_STREAM) as link:
        link.settimeout(SCAN_TIMEOUT_SECONDS)
        link.connect(address)
        link.sendall(b"zINSTREAM\0")
        for piece in iter(lambda: data.read(CHUNK), b""):
            link.sendall(len(piece).to_bytes(4, "big") + piece)
        link.sendall(bytes(4))
        return b"".join(iter(lambda: link.recv(4096), b"")).rstrip(b"\0\n ")


def _copy(data: Data, target: BinaryIO) -> tuple[str, int]:
    digest, size = hashlib.sha256(), 0
    for piece in _pieces(data):
        digest.update(piece)
        size += target.write(piece)
    target.flush()
    return digest.hexdigest(), size


def _pieces(data: Data) -> Iterator[bytes]:
    if isinstance(data, bytes):
        yield data
    elif hasattr(data, "read"):
        yield from iter(lambda: data.read(CHUNK), b"")
    else:
        yield from data


def _key(sha256: str) -> str:
    """Return the place of an address; anything else, such as ``../``, is no address."""
    if not _SHA256.fullmatch(sha256):
        raise NotFound(_("This file does not exist."))
    return f"{sha256[:2]}/{sha256[2:4]}/{sha256}"


@contextlib.contextmanager
def _not_found() -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as exc:
        raise NotFound(_("This file does not exist.")) from exc


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _sweep(folder: Path) -> None:
    """Remove what killed processes left half-written a day ago or earlier."""
    if not folder.is_dir():
        return
    for path in folder.glob("put-*"):
        with contextlib.suppress(FileNotFoundError):
            if time.time() - path.stat().st_mtime > STALE_SECONDS:
                path.unlink()
