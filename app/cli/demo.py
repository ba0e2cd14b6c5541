"""./manage demo, and the hidden ``prepare`` with which ./run gets everything ready."""

import json
import os
from collections.abc import Mapping
from pathlib import Path

import click
from flask import current_app

from app.cli import tables
from app.cli.base import in_app
from app.cli.database import upgrade_to
from app.cli.permissions import synchronise


@click.group()
def demo() -> None:
    """The demo data of Huế (dữ liệu minh họa)."""


@demo.command()
@in_app
def load() -> None:
    """Load the demo data unless they are there already (nạp dữ liệu)."""
    _load()


@demo.command()
@click.option("--json", "as_json", is_flag=True, help="A list of objects, for other programs.")
@in_app
def logins(as_json: bool) -> None:
    """List who can log in to the demo, by role (danh sách tài khoản)."""
    _refuse_outside_demo()
    found = _logins()
    if not found:
        raise click.ClickException("There are no demo log-ins yet: ./manage demo load")
    if as_json:
        click.echo(json.dumps(found, ensure_ascii=False, indent=2))
    else:
        click.echo(tables.logins(found, per_role=None))


@click.command(hidden=True)
@in_app
def prepare() -> None:
    """Migrate, synchronise the permissions, load the demo: what ./run does before it serves."""
    _refuse_outside_demo()
    click.echo("Cơ sở dữ liệu / Database…", err=True)
    upgrade_to()
    click.echo("Quyền / Permissions…", err=True)
    synchronise()
    click.echo("Dữ liệu minh họa / Demo data…", err=True)
    _load()
    _keep_logins(Path(current_app.config["MOTCUA_HOME"]) / "logins.json")


def _load() -> None:
    from app.packs.demo import load_demo
    from app.transactions import transaction

    _refuse_outside_demo()
    progress = tables.Progress()
    try:
        with transaction():  # all or nothing: a start that is killed here begins anew
            if not load_demo(progress):
                click.echo("  đã có sẵn, giữ nguyên / already there, left as it is", err=True)
    finally:
        progress.close()


def _refuse_outside_demo() -> None:
    if not current_app.config["DEMO"]:
        raise click.ClickException(
            "Demo data and known passwords do not belong in a real system. "
            "For a database that may be thrown away: MOTCUA_MODE=demo ./manage …"
        )


def _logins() -> list[dict[str, str]]:
    from app.packs.demo import demo_logins
    from app.permissions import ROLE_LABELS, Role
    from app.services.official import official

    return [{**row, "role_label": official(ROLE_LABELS[Role(row["role"])])} for row in demo_logins()]


def _keep_logins(path: Path) -> None:
    rows: list[Mapping[str, str]] = list(_logins())
    part = path.with_suffix(".part")
    handle = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(rows, file, ensure_ascii=False)
    part.replace(path)
