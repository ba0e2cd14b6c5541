"""Checking a password that somebody typed or sent, whatever way he came."""

from math import ceil

from flask_babel import ngettext
from werkzeug.exceptions import TooManyRequests

from app.models import User, UserSetting
from app.services import guesses
from app.services.users import check_login, settings_of
from app.transactions import transaction


def sign_in(username: str, password: str) -> tuple[User, UserSetting] | str:
    """Return (user, his settings) for the right password, else why not, in the same words for every name.

    Raises TooManyRequests after many wrong passwords for the name.
    """
    place = guesses.at_sign_in(username)
    refuse_many_guesses(place)
    with transaction() as unit:
        user, why = check_login(unit, username, password)
        settings = settings_of(unit, user) if user is not None else None
    if user is not None and settings is not None:
        return user, settings
    guesses.count(place)
    return why


def refuse_many_guesses(place: guesses.Place) -> None:
    """Raise TooManyRequests, saying how long to wait, after many wrong passwords there."""
    seconds = guesses.seconds_shut(place)
    if seconds:
        message = ngettext(
            "Too many wrong passwords. Please wait %(num)d minute, then try again.",
            "Too many wrong passwords. Please wait %(num)d minutes, then try again.", ceil(seconds / 60),
        )  # fmt: skip
        raise TooManyRequests(message, retry_after=seconds)
