"""./manage bench: how fast the screens are on a large database of their own."""

import json

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
    from bench.target import Refused

    progress = tables.Progress()
    try:
        report = work.run(rows, database or config.environment().get("DATABASE_URL", ""), rounds, progress)
    except Refused as exc:
        raise click.ClickException(str(exc)) from exc
    finally:
        progress.close()
    if as_json:
        click.echo(json.dumps(report.as_json(), ensure_ascii=False, indent=2))
    else:
        click.echo(as_text(report))
    if not all(check["is_met"] for check in report.checks):
        raise SystemExit(1)


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
