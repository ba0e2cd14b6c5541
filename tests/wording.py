"""What the catalogue says: officials may reword it, and no test should break when they do."""

from functools import cache
from typing import Any

from babel.messages.pofile import read_po

from app.i18n import TRANSLATIONS


@cache
def _catalogue() -> Any:
    with (TRANSLATIONS / "vi" / "LC_MESSAGES" / "messages.po").open("rb") as source:
        return read_po(source, locale="vi")


def vi(msgid: str, **values: Any) -> str:
    """Return the Vietnamese for ``msgid``, filled in; raises LookupError if there is none."""
    message = _catalogue().get(msgid)
    if message is None or not message.string:
        raise LookupError(f"no Vietnamese for {msgid!r}")
    return message.string % values if values else message.string
