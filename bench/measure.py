"""Taking turns: every case once a round, so that a busy moment falls on all alike."""

import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_SILENT = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")


@dataclass
class Case:
    """One screen asked for in one way; ``ask`` sends the request and returns the response."""

    name: str
    ask: Callable[[], Any]
    floor: str = ""  # the case it is compared with
    stock: str = ""
    status: int = 200
    times: list[float] = field(default_factory=list)  # ms
    cpu: list[float] = field(default_factory=list)  # ms of this process: not PostgreSQL's
    statements: int = 0
    size: int = 0  # bytes of the answer

    @property
    def median(self) -> float:
        """Median of the measured requests, ms."""
        return statistics.median(self.times)

    @property
    def p95(self) -> float:
        """95th percentile of the measured requests, ms."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def measure(cases: Sequence[Case], rounds: int, say: Callable[[int, int], None]) -> None:
    """Ask each case ``rounds`` times in turns, after a first time that is not counted."""
    for case in cases:
        with counting() as seen:
            answer = case.ask()
        if answer.status_code != case.status:
            raise RuntimeError(f"{case.name}: HTTP {answer.status_code}")
        case.statements, case.size = len(seen), len(answer.data)
        with counting() as seen:
            case.ask()
        case.statements = len(seen)  # once more: what the first request prepared is no cost
    for number in range(1, rounds + 1):
        for case in cases:
            started, used = time.perf_counter(), time.process_time()
            answer = case.ask()
            case.cpu.append((time.process_time() - used) * 1000)
            case.times.append((time.perf_counter() - started) * 1000)
            if answer.status_code != case.status:
                raise RuntimeError(f"{case.name}: HTTP {answer.status_code}")
        say(number, rounds)


@contextmanager
def counting() -> Iterator[list[str]]:
    """Yield a list that grows by every statement sent to any database meanwhile."""
    seen: list[str] = []

    def note(_conn: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        if not statement.lstrip().upper().startswith(_SILENT):
            seen.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield seen
    finally:
        event.remove(Engine, "before_cursor_execute", note)
