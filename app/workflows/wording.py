"""Pieces of an explanation that a caller translates."""

from datetime import datetime, timedelta, timezone
from typing import NamedTuple

# Vietnam has kept UTC+7 without summer time since 1975, so a fixed offset is exact for every
# dossier and needs no time zone files; a test compares it with Asia/Ho_Chi_Minh.
VIETNAM = timezone(timedelta(hours=7), "Asia/Ho_Chi_Minh")


class Phrase(NamedTuple):
    """A msgid and the values of its placeholders: ``_(phrase.msgid, **phrase.params)``."""

    msgid: str
    params: dict[str, str | int] = {}  # read only; a NamedTuple has no factory

    def text(self) -> str:
        """Return the English text, for logs and tests."""
        return self.msgid % self.params


def day_text(at: datetime) -> str:
    """Return the Vietnamese civil date of ``at`` as dd/MM/yyyy."""
    return at.astimezone(VIETNAM).strftime("%d/%m/%Y")


def time_text(at: datetime) -> str:
    """Return the Vietnamese clock time of ``at`` as HH:mm."""
    return at.astimezone(VIETNAM).strftime("%H:%M")
