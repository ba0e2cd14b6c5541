"""Files kept by their content, and the malware scanner's door."""

import hashlib
import io
import os
import random
import socket
import threading
import time
import tracemalloc
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import ClassVar

import pytest

from app.errors import NotFound
from app.storage import Storage, scan, storage_at

EICAR_FILE = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$" + b"EICAR-STANDARD-ANTIVIRUS-TEST-FILE!$H+H*"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 20


class Bucket(BaseHTTPRequestHandler):
    """As much of S3 as a store needs: whole objects under their path."""

    protocol_version = "HTTP/1.1"
    objects: ClassVar[dict[str, bytes]] = {}

    def do_PUT(self) -> None:  # noqa: N802 - the name http.server calls
        self.objects[self.path] = self.rfile.read(int(self.headers["Content-Length"]))
        self._answer(200, b"")

    def do_GET(self) -> None:  # noqa: N802
        self._answer(200 if self.path in self.objects else 404, self.objects.get(self.path, b""))

    do_HEAD = do_GET  # noqa: N815

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("ETag", '"1"')
        self.send_header("Last-Modified", "Fri, 27 Nov 2026 01:00:00 GMT")
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def log_message(self, *args: object) -> None:
        """Say nothing."""


@pytest.fixture(scope="module")
def bucket() -> Iterator[dict[str, str]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Bucket) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield {
            "endpoint": f"http://127.0.0.1:{server.server_port}", "region": "us-east-1",
            "access_key_id": "key", "secret_access_key": "secret",
        }  # fmt: skip
        server.shutdown()
        thread.join()


@pytest.fixture(params=["folder", "s3"])
def store(
    request: pytest.FixtureRequest, tmp_path: Path, bucket: dict[str, str]
) -> Iterator[Storage]:
    if request.param == "folder":
        yield Storage(f"file://{tmp_path}/kho tệp")
    else:
        Bucket.objects.clear()
        yield Storage("s3://kho/tep", **bucket)
        assert all(path.startswith("/kho/tep/") for path in Bucket.objects)


def test_content_is_kept_once_under_its_hash(store: Storage) -> None:
    stored = store.put(PDF)
    assert stored == (hashlib.sha256(PDF).hexdigest(), len(PDF), "application/pdf")
    assert store.put(io.BytesIO(PDF)) == store.put(iter([PDF[:100], PDF[100:]])) == stored
    assert store.open(stored.sha256) == PDF
    assert b"".join(store.stream(stored.sha256, chunk=1000)) == PDF
    assert store.exists(stored.sha256)
    assert store.size(stored.sha256) == len(PDF)


@pytest.mark.parametrize("address", ["0" * 64, "../../etc/passwd", "", "A" * 64, "0" * 63 + "/"])
def test_unknown_addresses_are_not_found(store: Storage, address: str) -> None:
    assert not store.exists(address)
    for read in (store.open, store.stream, store.size):
        with pytest.raises(NotFound):
            read(address)


def test_same_content_from_many_threads_is_one_whole_file(tmp_path: Path) -> None:
    store, data = Storage(str(tmp_path)), random.Random(1).randbytes(3_000_000)
    with ThreadPoolExecutor(12) as pool:
        kept = set(pool.map(lambda _: store.put(data), range(24)))
        others = set(pool.map(lambda n: store.put(data + bytes([n])), range(24)))
    assert len(kept) == 1
    assert len(others) == 24
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert len(files) == 25
    assert all(hashlib.sha256(path.read_bytes()).hexdigest() == path.name for path in files)


def test_local_content_reaches_the_disk_before_put_returns(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    synced: list[str] = []
    real = os.fsync

    def note(handle: int) -> None:
        synced.append(os.readlink(f"/proc/self/fd/{handle}"))
        real(handle)

    monkeypatch.setattr(os, "fsync", note)
    stored = Storage(str(tmp_path)).put(b"abc")
    assert "put-" in synced[0]
    assert synced[1:] == [
        f"{tmp_path}/{stored.sha256[:2]}/{stored.sha256[2:4]}",
        f"{tmp_path}/{stored.sha256[:2]}",
        str(tmp_path),
    ]


def test_a_broken_upload_leaves_nothing(tmp_path: Path) -> None:
    def torn() -> Iterator[bytes]:
        yield b"begin"
        raise ConnectionResetError

    store = Storage(str(tmp_path))
    with pytest.raises(ConnectionResetError):
        store.put(torn())
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []


def test_leftovers_of_killed_processes_are_swept(tmp_path: Path) -> None:
    (tmp_path / "tmp").mkdir()
    old, young = tmp_path / "tmp" / "put-old", tmp_path / "tmp" / "put-young"
    for path in (old, young):
        path.write_bytes(b"half")
    os.utime(old, (time.time() - 100_000,) * 2)
    Storage(str(tmp_path))
    assert not old.exists()
    assert young.exists()


def test_a_torn_file_is_written_again(tmp_path: Path) -> None:
    store = Storage(str(tmp_path))
    stored = store.put(b"whole content")
    path = tmp_path / stored.sha256[:2] / stored.sha256[2:4] / stored.sha256
    path.write_bytes(b"whole")
    store.put(b"whole content")
    assert path.read_bytes() == b"whole content"


def test_one_store_for_each_address(tmp_path: Path) -> None:
    assert storage_at(str(tmp_path)) is storage_at(str(tmp_path))


def test_large_streams_are_not_held_in_memory(tmp_path: Path) -> None:
    store, block = Storage(str(tmp_path)), bytes(1024 * 1024)
    tracemalloc.start()
    stored = store.put(block for _ in range(60))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert stored.size == 60 * 1024 * 1024
    assert peak < 10 * 1024 * 1024


def test_without_a_scanner_only_the_test_virus_is_found(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    path.write_bytes(b"before " + EICAR_FILE)
    assert scan(EICAR_FILE) == scan(path) == scan(str(path)) == "infected"
    assert scan(b"nothing") == "clean"


@pytest.mark.parametrize(
    ("reply", "verdict"),
    [(b"stream: OK\0", "clean"), (b"stream: Eicar FOUND\0", "infected"),
     (b"INSTREAM size limit exceeded. ERROR\0", "pending")],
)  # fmt: skip
def test_clamd_is_asked_over_its_socket(tmp_path: Path, reply: bytes, verdict: str) -> None:
    got = bytearray()

    def answer(server: socket.socket) -> None:
        link, _ = server.accept()
        with link:
            while not got.endswith(bytes(4)):
                got.extend(link.recv(65536))
            link.sendall(reply)

    with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as server:
        server.bind(str(tmp_path / "clamd"))
        server.listen()
        thread = threading.Thread(target=answer, args=(server,))
        thread.start()
        assert scan(b"content", f"unix://{tmp_path}/clamd") == verdict
        thread.join()
    assert bytes(got) == b"zINSTREAM\0" + (7).to_bytes(4, "big") + b"content" + bytes(4)


def test_a_silent_scanner_leaves_the_file_pending(tmp_path: Path) -> None:
    assert scan(b"content", f"unix://{tmp_path}/nobody") == "pending"
