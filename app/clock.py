"""Time as the product sees it: instants are UTC and aware, civil dates are Vietnam's."""

from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

VIETNAM = ZoneInfo("Asia/Ho_Chi_Minh")
_frozen: ContextVar[datetime | None] = ContextVar("frozen", default=None)
_recorded: ContextVar[datetime | None] = ContextVar("recorded", default=None)


def now() -> datetime:
    """Return the present instant, aware, in UTC (or the one a block was told to act at)."""
    return _frozen.get() or datetime.now(UTC)


@contextmanager
def acting_at(instant: datetime) -> Iterator[None]:
    """Run a block as if it were ``instant``: demo data of the past, and tests."""
    token = _frozen.set(instant.astimezone(UTC))
    try:
        yield
    finally:
        _frozen.reset(token)


@contextmanager
def entering_late(instant: datetime) -> Iterator[None]:
    """Run a block as of ``instant``, while the history tells when it was really entered."""
    token = _recorded.set(recorded_now())
    try:
        with acting_at(instant):
            yield
    finally:
        _recorded.reset(token)


def recorded_now() -> datetime:
    """Return the instant that history entries carry: the present, also of a late entry."""
    return _recorded.get() or now()


def to_local(instant: datetime) -> datetime:
    """Return ``instant`` on the Vietnamese wall clock."""
    return instant.astimezone(VIETNAM)


def today() -> date:
    """Return the civil date in Vietnam now."""
    return to_local(now()).date()
