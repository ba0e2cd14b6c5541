"""Plain text for terminals: the table of demo log-ins and the progress of long work."""

import sys
import time
from collections.abc import Iterable, Mapping, Sequence

_HEAD = ("Vai trò / Role", "Tên đăng nhập / Login", "Mật khẩu / Password", "Họ tên", "Cơ quan")
_KEYS = ("role_label", "username", "password", "name", "agency")
_PER_ROLE = 3
_EVERY = 5.0  # seconds between two lines where the output is a file


def logins(rows: Iterable[Mapping[str, str]], per_role: int | None = _PER_ROLE) -> str:
    """Return a table of log-ins grouped by role in their order, at most ``per_role`` of each."""
    groups: dict[str, list[Mapping[str, str]]] = {}
    for row in rows:
        groups.setdefault(row["role"], []).append(row)
    shown = [row for members in groups.values() for row in members[:per_role]]
    left_out = sum(map(len, groups.values())) - len(shown)
    text = grid(_HEAD, ([row.get(key) or "" for key in _KEYS] for row in shown))
    if left_out:
        text += f"\n… và {left_out} tài khoản khác / more: ./manage demo logins"
    return text


def grid(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    """Return ``rows`` under ``head`` in aligned columns."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(len(line[i]) for line in table) for i in range(len(head))]
    rule = ["-" * width for width in widths]
    lines = [table[0], rule, *table[1:]]
    return "\n".join(
        "  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip()
        for line in lines
    )


class Progress:
    """Shows how far long work has come; on a terminal in one line that changes."""

    def __init__(self) -> None:
        self._is_terminal = sys.stderr.isatty()
        self._label = ""
        self._shown_at = 0.0

    def __call__(self, label: str, done: int = 0, total: int = 0) -> None:
        """Say that ``done`` of ``total`` parts of ``label`` are done."""
        is_last = total > 0 and done >= total
        is_new = label != self._label
        pause = 0.1 if self._is_terminal else _EVERY
        if not (is_new or is_last or time.monotonic() - self._shown_at > pause):
            return
        if is_new:
            self.close()
        self._label, self._shown_at = label, time.monotonic()
        count = f" {done}/{total}" if total else ""
        if self._is_terminal:
            print(f"\r\033[K  {label}{count}", end="", file=sys.stderr, flush=True)
        else:
            print(f"  {label}{count}", file=sys.stderr, flush=True)

    def close(self) -> None:
        """End the changing line."""
        if self._is_terminal and self._label:
            print(file=sys.stderr, flush=True)
        self._label = ""
