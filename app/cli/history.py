"""./manage history: proof that the record of what happened was not altered."""

import sys

import click

from app.cli.base import in_app


@click.group()
def history() -> None:
    """The history of all records (nhật ký)."""


@history.command()
@in_app
def verify() -> None:
    """Check the hash chain of every record (kiểm tra tính toàn vẹn).

    Prints the first broken link of each record's chain; exit code 1 if there is any.
    """
    from app.services.history import verify_history

    count = 0
    for count, fault in enumerate(verify_history(), 1):  # noqa: B007 - the last number counts
        click.echo(str(fault))
    if count:
        click.echo(f"The history was altered: {count} records.", err=True)
        sys.exit(1)
    click.echo("The history is intact (nhật ký toàn vẹn).")
