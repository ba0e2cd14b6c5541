"""How often something is done in a while, counted beyond the addresses: by the store of the rate limits."""

import logging

from flask import current_app
from limits import RateLimitItem
from limits.storage import MemoryStorage
from limits.strategies import FixedWindowRateLimiter

log = logging.getLogger(__name__)
# Counts for this process while Redis does not answer.
_own_counts = FixedWindowRateLimiter(MemoryStorage())


def count(limit: RateLimitItem, *names: str) -> bool:
    """Count one more for ``names``; return whether it is within ``limit``."""
    return _ask("hit", limit, *names)


def is_free(limit: RateLimitItem, *names: str) -> bool:
    """Return whether one more for ``names`` would be within ``limit``."""
    return _ask("test", limit, *names)


def _ask(question: str, limit: RateLimitItem, *names: str) -> bool:
    limiter = current_app.appbuilder.sm.limiter
    if not limiter.enabled:
        return True
    try:
        return bool(getattr(limiter.limiter, question)(limit, *names))
    except Exception as exc:  # whatever the store's driver raises
        log.warning("rate limits are counted here: %s", type(exc).__name__)
        return bool(getattr(_own_counts, question)(limit, *names))
