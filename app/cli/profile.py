"""./manage profile: what the regulation in force still lacks."""

import sys

import click

from app.cli import tables
from app.cli.base import in_app

_HEAD = ("Tham số", "Văn bản", "Giá trị dự phòng")


@click.group()
def profile() -> None:
    """The regulation profile in force (quy chế)."""


@profile.command()
@in_app
def check() -> None:
    """List the parameters that nobody has entered yet (tham số chưa có giá trị).

    Give it before going live; exit code 1 if there are any, or no profile is in force.
    """
    from app.extensions import db
    from app.official import officially
    from app.services.profile_page import unset_now
    from app.services.profiles import active_profile

    with officially():
        present = active_profile(db.session())
        if present is None:
            raise click.ClickException("No profile is in force (chưa áp dụng quy chế nào).")
        lines = unset_now(db.session())
        click.echo(present.name)
        if lines:
            click.echo(tables.grid(_HEAD, ([line.key, line.source or "–", line.value] for line in lines)))
            sys.exit(1)
    click.echo("Every parameter has its value (đủ giá trị).")
