"""The product's real processes on a test's database, to be killed one by one or all at once."""

import contextlib
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable
from html import unescape
from http.client import HTTPException
from http.cookiejar import CookieJar
from pathlib import Path
from typing import Any

import config
from app.cli.processes import strays, sweep

PATIENCE = 90  # seconds for a start on a busy machine
_HIDDEN = re.compile(r'<input[^>]*type="hidden"[^>]*>')
_ATTRIBUTE = re.compile(r'(name|value)="([^"]*)"')


class System:
    """``./run`` without its launcher, on the given database, in a home of its own."""

    def __init__(self, home: Path, database: str, redis: str) -> None:
        home.mkdir(parents=True, exist_ok=True)
        self.home, self.log = home, home / "supervisor.out"
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.env = config.environment(
            MOTCUA_MODE="demo", MOTCUA_HOME=str(home), PORT=str(self.port), DATABASE_URL=database,
            REDIS_URL=redis, WORKER_PROCESSES="1", LOG_LEVEL="WARNING",
        )  # fmt: skip
        self.has_own_broker = not redis
        self.supervisor: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start everything and wait until it serves."""
        with self.log.open("wb") as output:
            self.supervisor = subprocess.Popen(
                [sys.executable, "-m", "app.cli.serve"], cwd=config.ROOT, env=self.env,
                stdin=subprocess.DEVNULL, stdout=output, stderr=output,
            )  # fmt: skip
        supervisor = self.supervisor
        ready = lambda: "Ready" in self.log.read_text() or supervisor.poll() is not None  # noqa: E731
        assert wait_until(ready, PATIENCE), self.log.read_text()
        assert supervisor.poll() is None, self.log.read_text()

    def pids(self, *words: str) -> list[int]:
        """Return the processes of this system whose command line holds every word."""
        found = []
        for pid in strays(self.home):
            with contextlib.suppress(OSError):
                line = Path(f"/proc/{pid}/cmdline").read_bytes().replace(b"\0", b" ").decode()
                if all(word in line for word in words):
                    found.append(pid)
        return found

    def parent(self, pids: list[int]) -> int:
        """Return the one of ``pids`` that started the others."""
        return next(pid for pid in pids if _ppid(pid) not in pids)

    def kill(self, pids: list[int]) -> None:
        """End processes of this system the hard way."""
        for pid in pids:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)

    def kill_supervisor(self) -> None:
        """End the supervisor; what it started must not outlive it."""
        assert self.supervisor is not None
        self.supervisor.kill()
        self.supervisor.wait()
        assert wait_until(lambda: not strays(self.home), 15), self.pids()

    def kill_everything(self) -> None:
        """End all processes at once, the queue included."""
        assert self.supervisor is not None
        self.kill([self.supervisor.pid, *self.pids()])
        self.supervisor.wait()

    def stop(self) -> int:
        """Stop in good order; returns the exit code."""
        assert self.supervisor is not None
        self.supervisor.terminate()
        return self.supervisor.wait(60)

    def clean_up(self) -> None:
        """Leave no process behind, whatever happened."""
        if self.supervisor is not None and self.supervisor.poll() is None:
            self.supervisor.kill()
            self.supervisor.wait()
        sweep(self.home)

    def logs(self) -> str:
        """Return the ends of all logs, for a failed assertion."""
        parts = [self.log, *sorted((self.home / "log").glob("*.log"))]
        return "\n".join(f"== {p.name}\n{p.read_text(errors='replace')[-3000:]}" for p in parts if p.exists())


class Browser:
    """A citizen's browser: cookies, hidden fields, no following of redirects, great patience."""

    def __init__(self, port: int) -> None:
        self.base = f"http://127.0.0.1:{port}"
        jar = urllib.request.HTTPCookieProcessor(CookieJar())
        self.opener = urllib.request.build_opener(jar, _NoRedirect())
        self.failures = 0

    def ask(self, path: str, fields: dict[str, str] | None = None) -> tuple[int, str, str]:
        """Return (status, where to go next, body); asks again until the server answers."""
        data = urllib.parse.urlencode(fields).encode() if fields is not None else None
        end = time.monotonic() + PATIENCE
        while True:
            try:
                answer = self._open(path, data)
                if answer[0] < 500:
                    return answer
                why = str(answer)
            except (OSError, HTTPException) as exc:
                why = repr(exc)
            self.failures += 1
            assert time.monotonic() < end, f"no answer from {path}: {why[-1500:]}"
            time.sleep(0.3)

    def _open(self, path: str, data: bytes | None) -> tuple[int, str, str]:
        request = urllib.request.Request(self.base + path, data, {"Referer": self.base + path})
        try:
            with self.opener.open(request, timeout=20) as answer:
                return answer.status, "", answer.read().decode()
        except urllib.error.HTTPError as exc:
            with exc:
                return exc.code, exc.headers.get("Location") or "", exc.read().decode()

    def log_in(self, username: str, password: str) -> None:
        """Log in through the page."""
        fields = hidden_fields(self.ask("/login/")[2])
        status, place, body = self.ask("/login/", fields | {"username": username, "password": password})
        assert status in (302, 303), body
        assert place.endswith("/my"), place

    def send_draft(self, key: str) -> str:
        """Send a finished draft from its review page; returns the code that was acknowledged."""
        path = f"/nop-ho-so/{key}/xem-lai"
        status, place, body = self.ask(path)
        if status == 200:
            status, place, body = self.ask(path, hidden_fields(body) | {"result_way": "desk", "consent": "1"})
        assert "/xong/" in place, (status, place, body[-2000:])
        return place.rpartition("/")[2]


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    def redirect_request(self, *_args: Any, **_kwargs: Any) -> None:
        return None


def hidden_fields(page: str) -> dict[str, str]:
    """Return the hidden inputs of a page, the CSRF token among them."""
    tags = (dict(_ATTRIBUTE.findall(tag)) for tag in _HIDDEN.findall(page))
    return {tag["name"]: unescape(tag.get("value", "")) for tag in tags if "name" in tag}


def wait_until(question: Callable[[], bool], patience: float) -> bool:
    """Return whether ``question`` came true within ``patience`` seconds."""
    end = time.monotonic() + patience
    while time.monotonic() < end:
        if question():
            return True
        time.sleep(0.2)
    return False


def _ppid(pid: int) -> int:
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0
