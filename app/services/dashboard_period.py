"""What a dashboard's address asks for: which period, which part, which figure."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from app.clock import today
from app.services.statistics import midnight, month_start

PERIODS = ("week", "month", "quarter", "year", "custom")
# Figures of the period, and of what runs now; see dashboard.groups for what each counts.
PERIOD_GROUPS = ("received", "finished", "on_time", "late")
RUNNING_GROUPS = ("in_progress", "in_time", "near_due", "overdue", "waiting")
GROUPS = PERIOD_GROUPS + RUNNING_GROUPS
_FIRST_DAY, _LONGEST = date(2000, 1, 1), timedelta(days=3 * 366)


@dataclass(frozen=True)
class Wanted:
    """What the address bar asks for: civil dates (both included) and how to narrow down."""

    period: str
    first: date
    last: date
    agency_id: int | None = None
    sector_id: int | None = None
    group: str = "in_progress"
    is_corrected: bool = False

    @property
    def bounds(self) -> tuple[datetime, datetime]:
        """The period as instants: from the first, up to but without the second."""
        return midnight(self.first), midnight(self.last + timedelta(days=1))

    def args(self, **changes: Any) -> dict[str, Any]:
        """Return the address parameters that lead here again, with ``changes``."""
        found: dict[str, Any] = {"period": self.period}
        if self.period == "custom":
            found |= {"from": self.first.isoformat(), "to": self.last.isoformat()}
        found |= {"agency": self.agency_id, "sector": self.sector_id} | changes
        return {key: value for key, value in found.items() if value not in (None, "")}


def wanted_of(args: Mapping[str, str]) -> Wanted:
    """Return what ``args`` ask for; what makes no sense is replaced and marked corrected."""
    key, day = args.get("period") or "month", today()
    group = args.get("group", "in_progress")
    is_known = key in PERIODS and group in GROUPS
    first, last = _standard(key if key in PERIODS else "month", day)
    if key == "custom":
        dates = _date(args.get("from")), _date(args.get("to"))
        is_sound = None not in dates and _is_sound(*dates)  # type: ignore[arg-type]
        first, last = dates if is_sound else (first, last)  # type: ignore[assignment]
        is_known, key = is_known and is_sound, "custom" if is_sound else "month"
    return Wanted(
        key if key in PERIODS else "month", first, last, _number(args.get("agency")),
        _number(args.get("sector")), group if group in GROUPS else "in_progress", not is_known,
    )  # fmt: skip


def _standard(key: str, day: date) -> tuple[date, date]:
    """Return the period that ``day`` lies in, as it is on the calendar, up to its end."""
    if key == "week":
        monday = day - timedelta(days=day.weekday())
        return monday, monday + timedelta(days=6)
    if key == "year":
        return date(day.year, 1, 1), date(day.year, 12, 31)
    start = month_start(day, (day.month - 1) % 3 if key == "quarter" else 0)
    return start, month_start(start, -3 if key == "quarter" else -1) - timedelta(days=1)


def _date(text: str | None) -> date | None:
    try:
        return date.fromisoformat(text or "")
    except ValueError:
        return None


def _is_sound(first: date, last: date) -> bool:
    return _FIRST_DAY <= first <= last and last - first <= _LONGEST and last.year < 2200


def _number(text: str | None) -> int | None:
    is_id = text is not None and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_id else None  # type: ignore[arg-type]


def month_wanted(wanted: Wanted, month: date) -> Wanted:
    """Return the same question about one whole month."""
    last = month_start(month, -1) - timedelta(days=1)
    return replace(wanted, period="custom", first=month, last=last)
