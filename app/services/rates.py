"""How often something is done in a while, counted beyond the addresses: by the store of the rate limits."""

import logging
from math import ceil
from time import time
from typing import Any

from flask import current_app
from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

log = logging.getLogger(__name__)
# Counts for this process while Redis does not answer.
_own_counts = FixedWindowRateLimiter(MemoryStorage())


def count(limit: RateLimitItem, *names: str) -> bool:
    """Count one more for ``names``; return whether it is within ``limit``."""
    return not _is_counting() or bool(_ask("hit", limit, *names))


def seconds_left(limit: RateLimitItem, *names: str) -> int:
    """Return after how many seconds one more for ``names`` is within ``limit``; 0 for now."""
    if not _is_counting() or _ask("test", limit, *names):
        return 0
    return max(1, ceil(_ask("get_window_stats", limit, *names).reset_time - time()))


def clear(limit: RateLimitItem, *names: str) -> None:
    """Count for ``names`` from the beginning."""
    if _is_counting():
        _own_counts.clear(limit, *names)
        _ask("clear", limit, *names)


def _is_counting() -> bool:
    return bool(_limiter().enabled)


def _limiter() -> Any:
    app: Any = current_app
    return app.appbuilder.sm.limiter


def _ask(question: str, limit: RateLimitItem, *names: str) -> Any:
    try:
        return getattr(_limiter().limiter, question)(limit, *names)
    except Exception as exc:  # whatever the store's driver raises
        log.warning("rate limits are counted here: %s", type(exc).__name__)
        return getattr(_own_counts, question)(limit, *names)
