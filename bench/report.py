"""The report as a table for people."""

from typing import Any

from app.cli.tables import grid
from bench import workflow
from bench.lists import Line, Report

_HEAD = ("screen", "median ms", "p95 ms", "CPU ms", "statements", "KB", "× floor", "× stock FAB")
_ACTS = ("request", "done", "a second", "CPU ms", "statements", "CPU × floor")


def as_text(report: Report) -> str:
    """Return the report as aligned columns and one line for each check."""
    table = grid(_HEAD, [_line(line) for line in report.lines])
    head = f"{report.rows} dossiers on {report.database}; Python {report.python}"
    how = f"built in {report.built_in} s; {report.rounds} rounds"
    return f"{head}; {how}\n\n{table}\n\n{_checks(report.checks)}"


def workflow_as_text(report: workflow.Report) -> str:
    """Return the report of submissions and steps in the same way."""
    lines = [[line.name, str(line.done), f"{line.a_second:.1f}", f"{line.cpu:.2f}", str(line.statements),
              _times(line.to_floor)] for line in report.lines]  # fmt: skip
    table = grid(_ACTS, lines)
    return f"{report.rows} dossiers on {report.database}; Python {report.python}\n\n{table}\n\n{_checks(report.checks)}"


def _checks(checks: list[dict[str, Any]]) -> str:
    marks = {True: "met   ", False: "MISSED"}
    return "\n".join(f"{marks[check['is_met']]} {check['name']}: {check['value']}" for check in checks)


def _line(line: Line) -> list[str]:
    return [
        line.name, f"{line.median:.2f}", f"{line.p95:.2f}", f"{line.cpu:.2f}", str(line.statements),
        f"{line.bytes / 1024:.0f}", _times(line.to_floor), _times(line.to_stock),
    ]  # fmt: skip


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
