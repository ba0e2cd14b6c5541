"""Wrong passwords for one name or at one open session, from whatever addresses: how many, and how long that shuts."""

from hashlib import sha256

from limits import parse

from app.models import User
from app.services import rates

LOCK_MINUTES = 15
_LIMIT = parse(f"20 per {LOCK_MINUTES} minutes")
Place = tuple[str, str]


def at_sign_in(username: str) -> Place:
    """Return where guesses for a name are counted, whether or not anybody has that name."""
    return "login", sha256(username.lower().encode(errors="replace")).hexdigest()


def at_change(user_id: int) -> Place:
    """Return where a user's guesses are counted who is signed in: who only knows his name counts nothing here."""
    return "password", str(user_id)


def count(place: Place) -> None:
    """Count one more wrong password."""
    rates.count(_LIMIT, *place)


def seconds_shut(place: Place) -> int:
    """Return for how many seconds no password is looked at any more; 0 while guesses are free."""
    return rates.seconds_left(_LIMIT, *place)


def forget(user: User) -> None:
    """Let ``user`` sign in and change his password at once, however many guesses there were."""
    for place in (at_sign_in(user.username), at_change(user.id)):
        rates.clear(_LIMIT, *place)
