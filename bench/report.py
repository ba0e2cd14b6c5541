"""The report as a table for people."""

from app.cli.tables import grid
from bench.lists import Line, Report

_HEAD = ("screen", "median ms", "p95 ms", "CPU ms", "statements", "KB", "× floor", "× stock FAB")


def as_text(report: Report) -> str:
    """Return the report as aligned columns and one line for each check."""
    table = grid(_HEAD, [_line(line) for line in report.lines])
    marks = {True: "met   ", False: "MISSED"}
    checks = "\n".join(
        f"{marks[check['is_met']]} {check['name']}: {check['value']}" for check in report.checks
    )
    head = f"{report.rows} dossiers on {report.database}"
    how = f"built in {report.built_in} s; {report.rounds} rounds"
    return f"{head}; {how}\n\n{table}\n\n{checks}"


def _line(line: Line) -> list[str]:
    return [
        line.name, f"{line.median:.2f}", f"{line.p95:.2f}", f"{line.cpu:.2f}", str(line.statements),
        f"{line.bytes / 1024:.0f}", _times(line.to_floor), _times(line.to_stock),
    ]  # fmt: skip


def _times(ratio: float | None) -> str:
    return "" if ratio is None else f"{ratio:.2f}"
