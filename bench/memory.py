"""What a web process weighs after it has answered everything: its proportional set size."""

import logging
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

MOST = 150.0  # MB, the budget of a web process
_ROLLUP = Path("/proc/self/smaps_rollup")


def measured(url: str, log_in: Callable[..., Any], asked: Mapping[str, Sequence[str]], rounds: int) -> float | None:
    """Return the PSS in MB of a process of its own that answered ``asked`` ``rounds`` times; None but on Linux.

    asked: {who: addresses}.
    """
    if not _ROLLUP.exists():
        return None
    context = multiprocessing.get_context("spawn")
    link, other = context.Pipe()
    process = context.Process(target=_answer, args=(other, url, log_in, dict(asked), rounds), daemon=True)
    process.start()
    other.close()
    try:
        weight: float = link.recv()
    finally:
        process.join(10)
        process.kill()
    return weight


def _answer(link: Any, url: str, log_in: Callable[..., Any], asked: Mapping[str, Sequence[str]], rounds: int) -> None:
    """Start as ``app/wsgi.py`` does, answer, and tell the weight."""
    import gc

    from app import create_app
    from bench.target import settings_of

    app = create_app(settings_of(url))
    gc.freeze()
    logging.disable(logging.CRITICAL)
    with app.app_context():
        clients = {who: log_in(app, who) for who in asked}
    for _number in range(rounds):
        for who, paths in asked.items():
            for path in paths:
                clients[who].get(path)
    link.send(pss())


def pss() -> float:
    """Return this process's proportional set size, MB: what it shares is counted in parts."""
    line = next(one for one in _ROLLUP.read_text().splitlines() if one.startswith("Pss:"))
    return int(line.split()[1]) / 1024
