"""./manage bench: how fast screens and acts are on a large database of their own."""

import json
from collections.abc import Callable
from typing import Any

import click

import config
from app.cli import tables


@click.group()
def bench() -> None:
    """Speed on many dossiers, in a database of its own (đo tốc độ)."""


@bench.command()
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(100, 10_000_000))
@click.option("--rounds", default=30, show_default=True, type=click.IntRange(1, 1000))
@click.option("--database", default="", help="Its name must contain 'bench'; default: DATABASE_URL, "
              "else a temporary SQLite file that is kept for the next run.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
def lists(rows: int, rounds: int, database: str, as_json: bool) -> None:
    """Lists, record pages, API and look-up, as each role sees them (danh sách).

    Exit code 1 if a check is missed. See docs/developers-bench.md.
    """
    from bench import lists as work
    from bench.report import as_text

    _run(lambda address, say: work.run(rows, address, rounds, say), database, as_text, as_json=as_json)


@bench.command()
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(100, 10_000_000))
@click.option("--rounds", default=5, show_default=True, type=click.IntRange(1, 1000))
@click.option("--seconds", default=4.0, show_default=True, type=click.FloatRange(0.2, 60), help="Of each turn.")
@click.option("--users", default=200, show_default=True, type=click.IntRange(2, 1000), help="Officers at work.")
@click.option("--database", default="", help="As for lists.")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
def workflow(rows: int, rounds: int, seconds: float, users: int, database: str, as_json: bool) -> None:
    """Submissions and steps over HTTP, each exactly once (nộp hồ sơ, bước xử lý).

    Exit code 1 if a check is missed. See docs/developers-bench.md.
    """
    from bench import workflow as work
    from bench.report import workflow_as_text

    _run(lambda address, say: work.run(rows, address, rounds, seconds, users, say), database, workflow_as_text,
         as_json=as_json)  # fmt: skip


def _run(
    measure: Callable[[str, tables.Progress], Any], database: str, as_text: Callable[[Any], str], *, as_json: bool
) -> None:
    """Measure on the database named, print the report, leave with exit code 1 if a check is missed."""
    from bench.target import Refused

    progress = tables.Progress()
    try:
        report = measure(database or config.environment().get("DATABASE_URL", ""), progress)
    except Refused as exc:
        raise click.ClickException(str(exc)) from exc
    finally:
        progress.close()
    click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if as_json else as_text(report))
    if not all(check["is_met"] for check in report.checks):
        raise SystemExit(1)


@bench.command()
@click.option("--rows", default=100_000, show_default=True, type=click.IntRange(100, 199_000))
@click.option("--database", default="", help="As for lists.")
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
def excel(rows: int, database: str, as_json: bool) -> None:
    """A workbook of many rows in and out, and the memory it takes (Excel).

    Exit code 1 if a check is missed. See docs/developers-bench.md.
    """
    from bench import excel as work

    _run(lambda address, say: work.run(rows, address, say), database, lambda report: report.as_text(),
         as_json=as_json)  # fmt: skip


@bench.command("time")
@click.option("--count", default=1_000_000, show_default=True, type=click.IntRange(1, 100_000_000))
@click.option("--compared", default=2_000, show_default=True, type=click.IntRange(1, 1_000_000),
              help="How many are also found minute by minute.")  # fmt: skip
@click.option("--json", "as_json", is_flag=True, help="For other programs.")
def due_dates(count: int, compared: int, as_json: bool) -> None:
    """Due dates on one core, against a count minute by minute (tính hạn trả).

    Exit code 1 if a check is missed. No database is used.
    """
    from bench.due_dates import run

    report = run(count, compared)
    click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2) if as_json else report.as_text())
    if not all(check["is_met"] for check in report.checks):
        raise SystemExit(1)
