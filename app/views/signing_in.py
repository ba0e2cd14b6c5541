"""Checking a password that somebody typed or sent, whatever way he came."""

from hashlib import sha256

from limits import parse
from werkzeug.exceptions import TooManyRequests

from app.models import User, UserSetting
from app.services.users import LOCK_MINUTES, check_login, settings_of
from app.transactions import transaction
from app.views import rates

# Wrong passwords for one name, from whatever addresses, whether or not anybody has that name.
_GUESSES = parse(f"20 per {LOCK_MINUTES} minutes")


def sign_in(username: str, password: str) -> tuple[User, UserSetting] | str:
    """Return (user, his settings) for the right password, else why not, in the same words for every name.

    Raises TooManyRequests after many wrong passwords for the name.
    """
    refuse_many_guesses(username)
    with transaction() as unit:
        user, why = check_login(unit, username, password)
        settings = settings_of(unit, user) if user is not None else None
    if user is not None and settings is not None:
        return user, settings
    count_guess(username)
    return why


def refuse_many_guesses(username: str) -> None:
    """Raise TooManyRequests after many wrong passwords for the name."""
    if not rates.is_free(_GUESSES, "login", _hashed(username)):
        raise TooManyRequests(retry_after=LOCK_MINUTES * 60)


def count_guess(username: str) -> None:
    """Count one more wrong password for the name."""
    rates.count(_GUESSES, "login", _hashed(username))


def _hashed(username: str) -> str:
    return sha256(username.lower().encode(errors="replace")).hexdigest()
