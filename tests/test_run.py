"""./run as a whole: killed at any moment, it starts again with nothing lost and nothing left."""

import json
import signal
import socket
import subprocess
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

import config
from app.cli.processes import strays, sweep

pytestmark = pytest.mark.timeout(1200)
PATIENCE = 420  # seconds; on a machine with nothing else to do the demo loads in a quarter of it


class Run:
    """One ``./run`` in a home and on a port of its own."""

    def __init__(self, home: Path) -> None:
        self.home = home
        with socket.create_server(("127.0.0.1", 0)) as probe:
            self.port = probe.getsockname()[1]
        self.env = config.environment(
            MOTCUA_HOME=str(home), PORT=str(self.port), MOTCUA_MODE="demo", NO_COLOR="1"
        )
        self.output = home.with_suffix(".out")
        self.process: subprocess.Popen[bytes] | None = None

    def start(self, *arguments: str) -> None:
        with self.output.open("wb") as output:
            self.process = subprocess.Popen(
                ["./run", *arguments], cwd=config.ROOT, env=self.env, stdout=output, stderr=output
            )

    def wait_for(self, text: str) -> None:
        """Wait until ``text`` was printed; fail with the whole output if it never is."""
        assert self.process is not None
        end = time.monotonic() + PATIENCE
        while text not in self.output.read_text():
            assert self.process.poll() is None, self.output.read_text()
            assert time.monotonic() < end, self.output.read_text()
            time.sleep(0.1)

    def end(self, number: int) -> int:
        """Send a signal and return the exit code."""
        assert self.process is not None
        self.process.send_signal(number)
        return self.process.wait(30)

    def manage(self, *arguments: str, answer: str = "") -> str:
        done = subprocess.run(
            ["./manage", *arguments], cwd=config.ROOT, env=self.env, input=answer,
            capture_output=True, text=True, check=False, timeout=60,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr
        return done.stdout

    def get(self, path: str) -> int:
        with urllib.request.urlopen(f"http://127.0.0.1:{self.port}{path}", timeout=10) as answer:
            return answer.status


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    started = Run(tmp_path / "home")
    yield started
    if started.process is not None and started.process.poll() is None:
        started.process.kill()
        started.process.wait()
    sweep(started.home)


def test_run_survives_kill_9_and_stops_everything_when_asked(run: Run) -> None:
    run.start()
    run.wait_for("Demo data")
    run.end(signal.SIGKILL)  # while the demo is being loaded
    assert "Ready" not in run.output.read_text()

    run.start()
    run.wait_for(f"Ready: http://127.0.0.1:{run.port}")
    assert run.get("/healthz") == 200
    assert run.get("/") == 200
    logins = json.loads(run.manage("demo", "logins", "--json"))
    assert {"role", "username", "password"} <= set(logins[0])
    assert logins[0]["username"] in run.output.read_text()
    run.manage(
        *("user", "create", "kept", "--name", "Lê Thị Giữ", "--email", "kept@example.vn"),
        *("--role", "auditor", "--password-stdin"),
        answer="mat-khau-thu-1\n",
    )
    run.end(signal.SIGKILL)  # while it serves

    run.start()
    run.wait_for("Ready")
    assert "can log in again" in run.manage("user", "unlock", "kept")
    assert json.loads(run.manage("demo", "logins", "--json")) == logins

    assert run.end(signal.SIGTERM) == 0
    assert strays(run.home) == []
    assert "Stopped" in run.output.read_text()
    with pytest.raises(OSError, match=r"refused"):
        run.get("/healthz")
