"""./manage form: what stands in electronic forms and needs a look."""

import click

from app.cli import tables
from app.cli.base import in_app

_HEAD = ("Mẫu đơn, danh mục", "Trường", "Mẫu ký tự")


@click.group()
def form() -> None:
    """Electronic forms and shared catalogs (mẫu đơn điện tử, danh mục dùng chung)."""


@form.command("patterns")
@in_app
def list_patterns() -> None:
    """List the fields whose pattern has no ^…$ (mẫu ký tự không có ^…$).

    Up to revision 0043 such a pattern was looked for within the answer; now the whole answer must
    match. Where a part was meant, write .* before or behind it.
    """
    tell_loose_patterns()


def tell_loose_patterns(*, is_quiet: bool = False) -> None:
    """Print the table; is_quiet: nothing at all if there is no such field."""
    from app.extensions import db
    from app.services.pattern_notes import loose_patterns

    lines = loose_patterns(db.session())
    if lines:
        click.echo("These patterns have no ^…$ and must match the whole answer (phải khớp cả câu trả lời):")
        click.echo(tables.grid(_HEAD, ([line.place, line.label, line.pattern] for line in lines)))
    elif not is_quiet:
        click.echo("Every pattern has ^…$ (mọi mẫu ký tự đều có ^…$).")
