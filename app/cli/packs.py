"""./manage pack: configuration as files, out and in."""

import sys
from pathlib import Path
from typing import Any

import click

from app.cli.base import in_app
from app.lowcode.values import MAX_ID
from app.official import officially

_LAST = 95  # percent: nothing is told after it
_FOLDER = click.Path(path_type=Path, file_okay=False)


@click.group()
def pack() -> None:
    """Configuration as files (gói cấu hình)."""


@pack.command("export")
@click.argument("folder", type=_FOLDER)
@click.option("--procedure", metavar="CODE", help="A procedure with everything it rests on.")
@click.option("--sector", metavar="CODE", help="A sector with its procedures.")
@click.option("--kind", metavar="NAME", help="All records of one catalog, such as sector or agency.")
@click.option("--access", is_flag=True, help="Officers with their posts, and decided rights.")
@click.option("--all", "everything", is_flag=True, help="The whole configuration, officers included.")
@in_app
def export_pack(
    folder: Path, procedure: str | None, sector: str | None, kind: str | None, access: bool, everything: bool
) -> None:
    """Write configuration into FOLDER, which must be new, empty or hold a pack (xuất)."""
    from app.extensions import db
    from app.packs.archive import write_folder
    from app.packs.exporting import Chosen, export, left_out

    given = {"procedure": procedure, "sector": sector, "kind": kind,
             "access": "" if access else None, "all": "" if everything else None}
    chosen = [Chosen(scope, code) for scope, code in given.items() if code is not None]
    if len(chosen) != 1:
        raise click.UsageError("Give one of --procedure, --sector, --kind, --access, --all.")
    with officially():
        made = export(db.session(), chosen[0])
        write_folder(folder, made.files())
        for name, count in sorted(made.counts.items()):
            click.echo(f"{count:6}  {name}")
        for text in left_out(db.session(), made):
            click.echo(text)


@pack.command()
@click.argument("folder", type=_FOLDER)
@click.option("--replace", is_flag=True, help="Remove what the pack does not name.")
@in_app
def diff(folder: Path, replace: bool) -> None:
    """Tell what the pack in FOLDER would change; writes nothing (so sánh)."""
    _run(folder, is_replacing=replace, is_dry=True)


@pack.command()
@click.argument("folder", type=_FOLDER)
@click.option("--replace", is_flag=True, help="Remove what the pack does not name.")
@click.option("--dry-run", is_flag=True, help="As diff: tell, and write nothing.")
@in_app
def apply(folder: Path, replace: bool, dry_run: bool) -> None:
    """Apply the pack in FOLDER: everything or nothing (áp dụng)."""
    _run(folder, is_replacing=replace, is_dry=dry_run)


@pack.command()
@click.argument("run", type=click.IntRange(1, MAX_ID), required=False)
@in_app
def undo(run: int | None) -> None:
    """Undo pack number RUN, by default the last one (hoàn tác).

    Refuses, and says why, when what it brought was used or changed since.
    """
    from app.packs.runs import get_run, latest
    from app.packs.undoing import refuse_unless_applied
    from app.packs.undoing import undo as put_back
    from app.transactions import transaction

    with officially(), transaction() as session:
        found = latest(session) if run is None else get_run(session, run, to_change=True)
        refuse_unless_applied(found)  # nor one that the worker undoes
        put_back(session, found, None, _told_percent)
        click.echo(f"Đã hoàn tác gói số {found.id}: {found.name}")


def _run(folder: Path, *, is_replacing: bool, is_dry: bool) -> None:
    from app.packs import archive, runs
    from app.transactions import transaction

    files = archive.read_folder(folder)
    with officially(), transaction() as session:
        run = runs.take_in(session, files, is_replacing=is_replacing)
        runs.plan(session, run, None)
        _tell(run)
        if run.state == "refused":
            session.rollback()
            raise click.ClickException("The pack cannot be used; nothing was written.")
        if is_dry or not runs.has_changes(run):
            session.rollback()
            return
        runs.apply(session, run, None, _told_percent)
        click.echo(f"Đã áp dụng gói số {run.id} / Applied. ./manage pack undo {run.id}")


def _told_percent(percent: int) -> None:
    """Tell how far it is, on one line of a terminal that is looked at."""
    if sys.stderr.isatty():
        click.echo(f"\r{percent:3}%" + ("\n" if percent >= _LAST else ""), err=True, nl=False)


def _tell(run: Any) -> None:
    from app.packs.wording import plain_lines

    for line in [*run.remarks, *plain_lines(run.lines)]:
        click.echo(line)
    for where, text in run.faults:
        click.echo(f"! {where}: {text}" if where else f"! {text}", err=True)
    counts = run.counts
    if counts:
        click.echo(f"{counts['add']} thêm, {counts['change']} sửa, {counts['remove']} bỏ, "
                   f"{counts['same']} không đổi", err=True)  # fmt: skip
