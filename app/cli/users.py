"""./manage user: people who log in."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import click

from app.cli import tables
from app.cli.base import in_app

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from app.models import Agency


@click.group()
def user() -> None:
    """People who log in (người dùng)."""


@user.command("tidy-numbers")
@in_app
def tidy_numbers() -> None:
    """Keep applicants' numbers without dots, spaces and hyphens (số định danh không dấu chấm, gạch nối).

    Since 2026 they are tidied on entry; what was kept before is rewritten once, at upgrading or by this command.
    A number that another applicant has, or that is not valid, stays and is listed.
    """
    tidy_kept_numbers()


def tidy_kept_numbers(*, is_quiet: bool = False) -> None:
    """Rewrite them in parts, tell how many and which stay; is_quiet: nothing at all if there is none."""
    from app.services import account_numbers
    from app.transactions import transaction

    done, left, after = 0, [], 0
    while after is not None:
        with transaction() as session:
            some, stay, after = account_numbers.tidy_numbers(session, after)
        done, left = done + some, [*left, *stay]
    if done or not is_quiet:
        click.echo(f"Numbers rewritten (đã viết lại số định danh): {done}")
    if left:
        click.echo("These stay and need a look (cần xem lại):")
        click.echo(tables.grid(("Mã", "Số", "Lý do"), ([str(one.account_id), one.number, one.why] for one in left)))


@user.command()
@click.argument("username")
@click.option("--name", required=True, help="Full name: 'Nguyễn Văn An'.")
@click.option("--email", required=True)
@click.option("--role", "roles", multiple=True, required=True, help="May be given repeatedly.")
@click.option("--agency", help="Identifier code, e.g. H57.19753; by default the root agency.")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_app
def create(password_stdin: bool, roles: tuple[str, ...], **values: Any) -> None:
    """Add an officer who can log in, with posts at one agency (thêm người dùng).

    The first one of a new system, whose root agency is made with it:

    \b
    ./manage user create quantri --name 'Quản trị hệ thống' --email quantri@example.vn \\
        --role system_admin --role catalog_admin
    """
    from app.models.officer import OFFICER_ROLES

    unknown = [role for role in roles if role not in OFFICER_ROLES]
    if unknown:
        known = ", ".join(OFFICER_ROLES)
        raise click.ClickException(f"Unknown role: {', '.join(unknown)}. There are: {known}")
    _create(roles=roles, password=_read_password(password_stdin), **values)
    click.echo(f"{values['username']} can log in now.")


@user.command()
@click.argument("username")
@in_app
def unlock(username: str) -> None:
    """Let a person in again who was locked out after wrong passwords (mở khóa)."""
    from app.services.users import get_user, unlock_user
    from app.transactions import transaction

    with transaction() as session:
        unlock_user(session, get_user(session, username))
    click.echo(f"{username} can log in again.")


@user.command()
@click.argument("username")
@click.option("--password-stdin", is_flag=True, help="Read the password from standard input.")
@in_app
def password(username: str, password_stdin: bool) -> None:
    """Give a person a new password, to be changed at the next log-in (đặt lại mật khẩu)."""
    from app.services.users import get_user, set_password
    from app.transactions import transaction

    text = _read_password(password_stdin)
    with transaction() as session:
        set_password(session, get_user(session, username), text, is_temporary=True)
    click.echo(f"{username} has a new password; sessions that were open have ended.")


def _read_password(from_stdin: bool) -> str:
    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n")
    return str(click.prompt("Password (mật khẩu)", hide_input=True, confirmation_prompt=True))


def _create(*, agency: str | None, roles: tuple[str, ...], **values: str) -> None:
    from app.permissions import Role
    from app.services.users import create_user
    from app.transactions import transaction

    with transaction() as session:
        place = _agency(session, agency) if agency else None
        posts = tuple(Role(role) for role in roles)
        create_user(session, agency=place, roles=posts, **values)


def _agency(session: Session, code: str) -> Agency:
    import sqlalchemy as sa

    from app.models import Agency

    found = session.scalar(sa.select(Agency).where(Agency.code == code))
    if found is None:
        raise click.ClickException(f"There is no agency {code}.")
    return found
