"""Huế's working hours and the days off of 2025–2027, for the examples of this folder."""

from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from app.workflows.calendars import Calendar

TZ = ZoneInfo("Asia/Ho_Chi_Minh")

HOLIDAYS = {
    "Tết Dương lịch": ["2025-01-01", "2026-01-01", "2027-01-01"],
    "Tết Nguyên đán": [
        *("2025-01-27", "2025-01-28", "2025-01-29", "2025-01-30", "2025-01-31"),
        *("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"),
        *("2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"),
    ],
    "Giỗ Tổ Hùng Vương": ["2025-04-07", "2026-04-26", "2027-04-16"],
    "Ngày Chiến thắng": ["2025-04-30", "2026-04-30", "2027-04-30"],
    "Quốc tế Lao động": ["2025-05-01", "2026-05-01", "2027-05-01"],
    "Quốc khánh": [
        *("2025-09-01", "2025-09-02", "2026-09-01", "2026-09-02"),
        *("2027-09-02", "2027-09-03"),
    ],
    "Ngày Văn hóa Việt Nam": ["2026-11-24", "2027-11-24"],
}
COMPENSATORY = {
    "Nghỉ bù Giỗ Tổ": ["2026-04-27"],
    "Nghỉ bù Quốc tế Lao động": ["2027-05-03"],
    "Hoán đổi": ["2025-05-02", "2026-01-02", "2026-08-31"],
}
MAKE_UP = {"Làm bù": ["2025-04-26", "2026-01-10", "2026-08-22"]}


def days() -> list[tuple[date, str, str]]:
    """Return the special days as stored rows."""
    kinds = (("holiday", HOLIDAYS), ("compensatory", COMPENSATORY), ("make_up", MAKE_UP))
    return [
        (date.fromisoformat(day), kind, note)
        for kind, notes in kinds
        for note, listed in notes.items()
        for day in listed
    ]


def calendar(*sessions: tuple[str, str]) -> Calendar:
    """Return the 2025–2027 calendar with the same ``sessions`` from Monday to Friday."""
    rows = [
        (weekday, time.fromisoformat(start), time.fromisoformat(end))
        for weekday in range(5)
        for start, end in sessions
    ]
    return Calendar.from_rows(rows, days(), date(2025, 1, 1), date(2027, 12, 31))


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
