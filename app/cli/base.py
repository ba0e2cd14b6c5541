"""What every command of ./manage shares: the application, the actor, and plain errors."""

import functools
import getpass
from collections.abc import Callable
from typing import Any

import click

import config


def in_app(command: Callable[..., None]) -> Callable[..., None]:
    """Run ``command`` inside the application, acting as the person at the terminal.

    What the user can mend comes out as one plain sentence and exit code 1.
    """

    @functools.wraps(command)
    def wrapper(*args: Any, **kwargs: Any) -> None:
        app = _application()
        from sqlalchemy.exc import OperationalError, ProgrammingError

        from app.errors import DomainError, Invalid
        from app.permissions import Actor, acting_as

        with app.app_context(), acting_as(Actor(name=f"{_user()} (./manage)")):
            try:
                command(*args, **kwargs)
            except Invalid as exc:
                details = "".join(f"\n  {name}: {text}" for name, text in exc.fields.items())
                raise click.ClickException(f"{exc}{details}") from exc
            except DomainError as exc:
                raise click.ClickException(str(exc)) from exc
            except (OperationalError, ProgrammingError) as exc:
                raise click.ClickException(_database_fault(exc)) from exc

    return wrapper


def _application() -> Any:
    from app import Unusable, create_app

    try:
        return create_app(config.load(fallback="demo"))
    except (config.ConfigError, Unusable) as exc:
        raise click.ClickException(f"{exc}. See docs/deploy.md.") from exc


def _user() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # a container's user may have no name
        return "root"


def _database_fault(exc: Exception) -> str:
    reason = str(getattr(exc, "orig", exc)).strip().splitlines()
    return (
        f"The database refused or does not answer: {reason[0] if reason else type(exc).__name__}. "
        "If it is new or older than the program: ./manage db upgrade"
    )
