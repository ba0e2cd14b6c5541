"""Taking turns: every case once a round, so that a busy moment falls on all alike."""

import platform
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import event
from sqlalchemy.engine import Engine

_SILENT = ("BEGIN", "SAVEPOINT", "RELEASE", "ROLLBACK", "COMMIT", "PRAGMA")


@dataclass(frozen=True)
class Answer:
    """One request measured."""

    status: int
    size: int  # bytes
    ms: float
    cpu: float  # ms of the process that answered: not PostgreSQL's
    statements: int = 0


@dataclass
class Case:
    """One screen asked for in one way."""

    name: str
    ask: Callable[[], Answer]
    floor: str = ""  # the case it is compared with
    stock: str = ""
    path: str = ""  # where it is asked of us by who sees all: what memory is measured with
    times: list[float] = field(default_factory=list)  # ms
    cpu: list[float] = field(default_factory=list)  # ms
    statements: int = 0
    size: int = 0  # bytes

    @property
    def median(self) -> float:
        """Median of the measured requests, ms."""
        return statistics.median(self.times)

    @property
    def quiet(self) -> float:
        """Lower quartile, ms: what ratios are taken from, for other work disturbs it least."""
        return sorted(self.times)[len(self.times) // 4]

    @property
    def p95(self) -> float:
        """95th percentile of the measured requests, ms."""
        ordered = sorted(self.times)
        return ordered[min(len(ordered) - 1, int(len(ordered) * 0.95))]


def timed(send: Callable[[], Any]) -> Answer:
    """Return the measures of the request that ``send`` makes."""
    started, used = time.perf_counter(), time.process_time()
    response = send()
    cpu, ms = time.process_time() - used, time.perf_counter() - started
    return Answer(response.status_code, len(response.data), ms * 1000, cpu * 1000)


def measure(cases: Sequence[Case], rounds: int, say: Callable[[int, int], None]) -> None:
    """Ask each case ``rounds`` times in turns, after two times that are not counted."""
    for case in cases:
        _ask(case)  # what a first request prepares is no cost of the others
        with counting() as seen:
            answer = _ask(case)
        case.statements, case.size = answer.statements or len(seen), answer.size
    for number in range(1, rounds + 1):
        for case in cases:
            answer = _ask(case)
            case.times.append(answer.ms)
            case.cpu.append(answer.cpu)
        say(number, rounds)


def _ask(case: Case) -> Answer:
    answer = case.ask()
    if answer.status != 200:
        raise RuntimeError(f"{case.name}: HTTP {answer.status}")
    return answer


def python_build() -> str:
    """Return which Python measures: builds of one version differ by a fifth."""
    return f"{platform.python_version()} ({platform.python_compiler()})"


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
