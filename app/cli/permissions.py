"""./manage permissions: roles and what they may do."""

import click

from app.cli.base import in_app


@click.group()
def permissions() -> None:
    """Roles and what they may do (quyền)."""


@permissions.command()
@in_app
def sync() -> None:
    """Write the rights that the screens declare into the database (đồng bộ quyền).

    Give it after every `db upgrade`; the web processes never do it by themselves.
    """
    synchronise()
    click.echo("Roles and permissions are up to date.")


def synchronise() -> None:
    """Bring roles and permissions in line with the declarations, in one transaction."""
    from app.lowcode.sync import sync_permissions
    from app.transactions import transaction

    with transaction() as session:
        sync_permissions(session)
