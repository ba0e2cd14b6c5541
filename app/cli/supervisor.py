"""Starts children, watches over them, and stops them in order when asked to."""

import signal
import time
from collections.abc import Callable, Iterable
from types import FrameType

from app.cli.processes import Child

_TICK = 0.1  # seconds between two looks
STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Stopped(Exception):
    """Somebody asked us to stop."""


class Supervisor:
    """A group of children that live until a stop signal comes."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.say = say
        self.children: list[Child] = []
        self.requests = 0

    def listen(self) -> None:
        """Take stop signals from now on: the first asks kindly, the second insists."""
        for number in STOP_SIGNALS:
            signal.signal(number, self._on_signal)

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        self.requests += 1

    def add(self, child: Child) -> None:
        """Start ``child`` and keep it running."""
        self.children.append(child)
        child.start()

    def run(self, child: Child) -> int:
        """Run ``child`` once to its end and return its exit code. Raises Stopped."""
        self.children.append(child)
        child.start()
        while child.is_alive():
            self._pause()
        self.children.remove(child)
        child.kill()
        return child.exit_code() or 0

    def wait_until(self, is_done: Callable[[], bool], patience: float, failures: int = 3) -> bool:
        """Return whether ``is_done`` came true in ``patience`` seconds. Raises Stopped.

        failures: give up earlier when any child failed that often.
        """
        end = time.monotonic() + patience
        while time.monotonic() < end and all(c.failures < failures for c in self.children):
            if is_done():
                return True
            self.tend()
            self._pause()
        return False

    def watch(self) -> None:
        """Restart what ends, for ever. Raises Stopped."""
        while True:
            self.tend()
            self._pause()

    def tend(self) -> None:
        """Look at each child once: report one that ended, start it again when its time comes."""
        for child in self.children:
            if child.process is None:
                if time.monotonic() >= child.starts_at:
                    child.start()
            elif not child.is_alive():
                code = child.exit_code()
                pause = child.note_failure()
                log = f"; see {child.log}" if child.log else ""
                self.say(f"{child.name}: ended ({_cause(code)}), restart in {pause:g} s{log}")

    def stop(self, order: Iterable[Iterable[Child]], grace: float) -> None:
        """End the groups of ``order`` one after the other, each within ``grace`` seconds."""
        self.requests = min(self.requests, 1)
        for group in order:
            self._stop_group(list(group), grace)

    def _stop_group(self, group: list[Child], grace: float) -> None:
        for child in group:
            child.ask_to_stop()
        end = time.monotonic() + grace
        while any(child.is_alive() for child in group):
            if time.monotonic() > end or self.requests > 1:
                break
            time.sleep(_TICK)
        for child in group:
            if child.is_alive():
                self.say(f"{child.name}: did not stop by itself, ended by force")
            child.kill()

    def _pause(self) -> None:
        if self.requests:
            raise Stopped
        time.sleep(_TICK)


def _cause(code: int | None) -> str:
    if code is not None and code < 0:
        return signal.Signals(-code).name
    return f"exit code {code}"
