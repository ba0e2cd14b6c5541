"""Child processes that stop with us, whichever way we end, and start again when they fail.

Each child leads a process group of its own: Ctrl-C in the terminal reaches the supervisor
only, which then stops the children in order, their own children included.
"""

import contextlib
import ctypes
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO

MARK = "MOTCUA_SUPERVISED"
_PR_SET_PDEATHSIG = 1
_LIBC = ctypes.CDLL(None, use_errno=True) if sys.platform == "linux" else None
_LOG_LIMIT = 5 * 1024 * 1024  # bytes; a longer log is set aside at the next start
_FIRST_PAUSE, _LONGEST_PAUSE = 1.0, 30.0  # seconds between two starts
_STEADY = 60.0  # seconds after which a start counts as a success


def die_with_parent(parent: int | None = None) -> None:
    """Have the kernel kill this process when its parent ends, even by ``kill -9`` (Linux).

    parent: the parent's id, where known; it may have ended before this call.
    """
    if _LIBC is None:
        return
    _LIBC.prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if parent is not None and os.getppid() != parent:
        os._exit(1)


@dataclass
class Child:
    """One supervised program. ``home`` marks it as ours, to be found by ``sweep``."""

    name: str
    command: Sequence[str]
    home: Path
    env: Mapping[str, str]
    log: Path | None = None  # None: the terminal
    cwd: Path | None = None
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    starts_at: float = 0.0  # earliest moment of the next start, monotonic
    failures: int = field(default=0)

    def start(self) -> None:
        """Start the program in its own process group."""
        parent = os.getpid()
        with contextlib.ExitStack() as stack:
            output = stack.enter_context(_open_log(self.log)) if self.log else None
            self.process = subprocess.Popen(
                self.command,
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT if output else None,
                cwd=self.cwd,
                env={**self.env, MARK: str(self.home)},
                start_new_session=True,
                # Safe here: the supervisor has no threads, and libc is loaded already.
                preexec_fn=lambda: die_with_parent(parent),
            )
        self.started_at = time.monotonic()

    def is_alive(self) -> bool:
        """Return whether the program runs."""
        return self.process is not None and self.process.poll() is None

    def exit_code(self) -> int | None:
        """Return how the program ended: its code, minus a signal number, None if it runs."""
        return self.process.poll() if self.process else None

    def note_failure(self) -> float:
        """Return the seconds to wait before the next start, longer after each failure."""
        if time.monotonic() - self.started_at > _STEADY:
            self.failures = 0
        pause = min(_FIRST_PAUSE * 2**self.failures, _LONGEST_PAUSE)
        self.failures += 1
        self.starts_at = time.monotonic() + pause
        self.kill()  # what its end left behind must not meet its successor
        self.process = None
        return pause

    def kill(self) -> None:
        """End the program and all it started, now."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()

    def ask_to_stop(self) -> None:
        """Ask the program to end in good order; it brings its own children home."""
        if self.process is not None and self.process.poll() is None:
            self.process.terminate()

    def last_lines(self, count: int = 15) -> str:
        """Return the end of the log, for a message about a failed start."""
        if self.log is None or not self.log.exists():
            return ""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-count:])


def _open_log(path: Path) -> IO[bytes]:
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.exists() and path.stat().st_size > _LOG_LIMIT:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")


def strays(home: Path) -> list[int]:
    """Return the ids of processes that an earlier supervisor of ``home`` left running (Linux)."""
    mark = f"{MARK}={home}".encode()
    found = []
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            environment = (entry / "environ").read_bytes().split(b"\0")
        except OSError:
            continue  # ended meanwhile, or another user's
        if mark in environment and int(entry.name) != os.getpid():
            found.append(int(entry.name))
    return found


def sweep(home: Path, patience: float = 5.0) -> int:
    """End what an earlier supervisor of ``home`` left running; return how many there were."""
    first = strays(home)
    for pid in first:
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    end = time.monotonic() + patience
    while strays(home) and time.monotonic() < end:
        time.sleep(0.05)
    return len(first)


def remove(path: Path) -> None:
    """Remove a file or a whole folder; absent is fine."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
