"""How far long work is, told in small files beside the database.

SQLite has one writer: while the work itself writes, nobody else can; there all processes share one machine.
"""

import contextlib
from datetime import UTC, datetime
from pathlib import Path

from flask import current_app


def tell(name: str, done: int, total: int) -> None:
    """Keep how far the work ``name`` is."""
    path = _place(name)
    with contextlib.suppress(OSError):  # a full disk stops the work itself soon enough
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".new")
        draft.write_text(f"{done} {total}", encoding="ascii")
        draft.replace(path)


def told(name: str) -> tuple[int, int, datetime] | None:
    """Return (done, total, when it was told) of the work ``name``, None if nothing was told."""
    with contextlib.suppress(OSError, ValueError):
        path = _place(name)
        done, total = map(int, path.read_text(encoding="ascii").split())
        return done, total, datetime.fromtimestamp(path.stat().st_mtime, UTC)
    return None


def forget(name: str) -> None:
    """Remove what was told: the work has ended, or begins anew."""
    _place(name).unlink(missing_ok=True)


def _place(name: str) -> Path:
    return Path(current_app.config["MOTCUA_HOME"]) / "progress" / name
