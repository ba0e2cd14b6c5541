"""The days off of 2024–2028 in Vietnam, and two offices' hours: a calendar to measure and test with.

2024–2026 as decided by the Government each year; 2027–2028 by the rules of Labour Code 2019
Art. 112, their Tết windows and swaps not being decided yet. 24/11 is a holiday since 2026.
"""

from datetime import date, time

from app.workflows.calendars import Calendar

HOLIDAYS = {
    "Tết Dương lịch": ["2024-01-01", "2025-01-01", "2026-01-01", "2027-01-01"],
    "Tết Nguyên đán": [
        *("2024-02-08", "2024-02-09", "2024-02-12", "2024-02-13", "2024-02-14"),
        *("2025-01-27", "2025-01-28", "2025-01-29", "2025-01-30", "2025-01-31"),
        *("2026-02-16", "2026-02-17", "2026-02-18", "2026-02-19", "2026-02-20"),
        *("2027-02-05", "2027-02-08", "2027-02-09", "2027-02-10", "2027-02-11"),
        *("2028-01-24", "2028-01-25", "2028-01-26", "2028-01-27", "2028-01-28"),
    ],
    "Giỗ Tổ Hùng Vương": ["2024-04-18", "2025-04-07", "2026-04-26", "2027-04-16", "2028-04-04"],
    "Ngày Chiến thắng": ["2024-04-30", "2025-04-30", "2026-04-30", "2027-04-30"],
    "Quốc tế Lao động": ["2024-05-01", "2025-05-01", "2026-05-01", "2027-05-01", "2028-05-01"],
    "Quốc khánh": [
        *("2024-09-02", "2024-09-03", "2025-09-01", "2025-09-02", "2026-09-01", "2026-09-02"),
        *("2027-09-02", "2027-09-03", "2028-09-01"),
    ],
    "Ngày Văn hóa Việt Nam": ["2026-11-24", "2027-11-24", "2028-11-24"],
}
COMPENSATORY = {
    "Nghỉ bù Tết Dương lịch": ["2028-01-03"],
    "Nghỉ bù Giỗ Tổ": ["2026-04-27"],
    "Nghỉ bù Ngày Chiến thắng": ["2028-05-02"],
    "Nghỉ bù Quốc tế Lao động": ["2027-05-03"],
    "Nghỉ bù Quốc khánh": ["2028-09-04"],
    "Hoán đổi": ["2024-04-29", "2025-05-02", "2026-01-02", "2026-08-31"],
}
MAKE_UP = {"Làm bù": ["2024-05-04", "2025-04-26", "2026-01-10", "2026-08-22"]}


def days(first: int, last: int) -> list[tuple[date, str, str]]:
    """Return the special days of the years ``first``–``last`` as stored rows."""
    kinds = (("holiday", HOLIDAYS), ("compensatory", COMPENSATORY), ("make_up", MAKE_UP))
    return [
        (date.fromisoformat(day), kind, note)
        for kind, notes in kinds
        for note, listed in notes.items()
        for day in listed
        if first <= int(day[:4]) <= last
    ]


def calendar(*sessions: tuple[str, str], first: int = 2024, last: int = 2028) -> Calendar:
    """Return the calendar of those years with the same ``sessions`` from Monday to Friday."""
    rows = [
        (weekday, time.fromisoformat(start), time.fromisoformat(end))
        for weekday in range(5)
        for start, end in sessions
    ]
    return Calendar.from_rows(rows, days(first, last), date(first, 1, 1), date(last, 12, 31))
