"""What a web process weighs after it has answered everything: its proportional set size."""

import logging
import multiprocessing
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

from flask import Flask

WORKERS = 2
MOST = 150.0  # MB, the budget of a web process
_ROLLUP = Path("/proc/self/smaps_rollup")


def measured(url: str, log_in: Callable[..., Any], asked: Mapping[str, Sequence[str]], rounds: int) -> float | None:
    """Return the PSS in MB of a web process that answered ``asked`` ``rounds`` times; None but on Linux.

    As served: ``WORKERS`` processes forked from one that has loaded everything. asked: {who: addresses}.
    """
    if not _ROLLUP.exists():
        return None
    context = multiprocessing.get_context("spawn")
    link, other = context.Pipe()
    process = context.Process(target=_serve, args=(other, url, log_in, dict(asked), rounds))
    process.start()
    other.close()
    try:
        weight: float = link.recv()
    finally:
        process.join(10)
        process.kill()
    return weight


def _serve(link: Any, url: str, log_in: Callable[..., Any], asked: Mapping[str, Sequence[str]], rounds: int) -> None:
    """Start as ``app/wsgi.py`` does, fork as ``deploy/gunicorn.conf.py`` says, and tell the heaviest."""
    import gc

    from app import create_app
    from bench.target import settings_of

    app = create_app(settings_of(url))
    gc.freeze()
    logging.disable(logging.CRITICAL)
    context = multiprocessing.get_context("fork")
    all_done, ends = context.Barrier(WORKERS), []
    for _number in range(WORKERS):
        end, other = context.Pipe()
        context.Process(target=_answer, args=(other, all_done, app, log_in, asked, rounds), daemon=True).start()
        ends.append(end)
    link.send(max(end.recv() for end in ends))


def _answer(link: Any, all_done: Any, app: Flask, log_in: Callable[..., Any], asked: Mapping[str, Sequence[str]],
            rounds: int) -> None:  # fmt: skip
    with app.app_context():
        clients = {who: log_in(app, who) for who in asked}
    for _number in range(rounds):
        for who, paths in asked.items():
            for path in paths:
                clients[who].get(path)
    all_done.wait()  # weighed while the others stand: what they share is counted in parts
    link.send(pss())
    all_done.wait()


def pss() -> float:
    """Return this process's proportional set size, MB: what it shares is counted in parts."""
    line = next(one for one in _ROLLUP.read_text().splitlines() if one.startswith("Pss:"))
    return int(line.split()[1]) / 1024
