"""The real web server for a bench: gunicorn with several processes, and clients that keep connections."""

import multiprocessing
import os
import socket
import time
from collections.abc import Callable
from http.client import HTTPConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from bench.workflow_world import Person

_TICKS = os.sysconf("SC_CLK_TCK")
_PATIENCE = 120  # seconds for the processes to start on a busy machine
Wsgi = Callable[..., Any]


class Server:
    """An application served by ``workers`` processes of 4 threads on a free port of this machine."""

    def __init__(self, app: Wsgi, workers: int) -> None:
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        # Forked: what stands beside the application (its database, its secret) comes along.
        self._process = multiprocessing.get_context("fork").Process(target=_serve, args=(app, self.port, workers))
        self._process.start()
        end = time.monotonic() + _PATIENCE
        while not self._answers():
            if time.monotonic() > end or not self._process.is_alive():
                raise RuntimeError("the web server did not start")
            time.sleep(0.1)

    def _answers(self) -> bool:
        try:
            return ask(HTTPConnection("127.0.0.1", self.port, timeout=5), "/healthz") == 200
        except OSError:
            return False

    def cpu(self) -> float:
        """Return the seconds of CPU its processes have used so far."""
        master = self._process.pid
        return sum(_used(pid) for pid in [master, *_children(master)] if pid)

    def close(self) -> None:
        """End its processes."""
        self._process.terminate()
        self._process.join(20)
        self._process.kill()


def ask(link: HTTPConnection, path: str, person: Person | None = None, **fields: Any) -> int:
    """Return the status of a GET, or of a POST of ``fields`` by ``person`` as his browser sends it."""
    headers = {"Cookie": person.cookie} if person else {}
    body = None
    if fields and person:
        body = urlencode(fields | {"csrf_token": person.token})
        headers["Content-Type"] = "application/x-www-form-urlencoded"
    link.request("POST" if body else "GET", path, body, headers)
    answer = link.getresponse()
    answer.read()
    return answer.status


def _serve(app: Wsgi, port: int, workers: int) -> None:
    from gunicorn.app.base import BaseApplication

    class Web(BaseApplication):  # type: ignore[misc]
        """gunicorn without a command line."""

        def load_config(self) -> None:
            """The settings of deploy/gunicorn.conf.py that matter here."""
            wanted = {"bind": f"127.0.0.1:{port}", "workers": workers, "threads": 4, "timeout": 60, "keepalive": 30,
                      "worker_class": "gthread", "loglevel": "critical", "control_socket_disable": True}  # fmt: skip
            for name, value in wanted.items():
                self.cfg.set(name, value)

        def load(self) -> Wsgi:
            """The application itself."""
            return app

    Web().run()


def _children(pid: int | None) -> list[int]:
    try:
        return [int(text) for text in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]
    except OSError:
        return []


def _used(pid: int) -> float:
    try:
        parts = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(parts[11]) + int(parts[12])) / _TICKS
