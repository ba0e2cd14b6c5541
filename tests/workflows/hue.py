"""Huế's working hours and the days off of 2025–2027, for the examples of this folder."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

from app.workflows.calendars import Calendar
from bench import vietnam

TZ = ZoneInfo("Asia/Ho_Chi_Minh")


def calendar(*sessions: tuple[str, str]) -> Calendar:
    """Return the 2025–2027 calendar with the same ``sessions`` from Monday to Friday."""
    return vietnam.calendar(*sessions, first=2025, last=2027)


HUE = calendar(("07:30", "11:30"), ("13:30", "17:30"))
EARLY = calendar(("07:00", "11:30"), ("13:30", "17:00"))
CALENDARS = {"hue": HUE, "early": EARLY}


def at(text: str) -> datetime:
    """Return the UTC instant of a Vietnamese clock reading ``YYYY-MM-DD HH:MM[:SS]``."""
    return datetime.fromisoformat(text).replace(tzinfo=TZ).astimezone(UTC)


def local(instant: datetime) -> str:
    """Return an instant as it is written in the examples."""
    assert instant.utcoffset() == timedelta(0), "results are UTC"
    return instant.astimezone(TZ).strftime("%Y-%m-%d %H:%M")
