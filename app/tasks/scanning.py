"""Scanning files that came while the virus scanner was away, and removing scans that nobody ever received."""

import logging
from time import monotonic

from celery import shared_task

from app.contents import discard
from app.extensions import db
from app.services import kept_scans
from app.services.files import scan_again, waiting_for_scan
from app.transactions import transaction

log = logging.getLogger(__name__)
_SECONDS = 40.0  # below the time limit of a task; the rest waits for the next look


@shared_task(name="files.scan", acks_late=True)
def scan_waiting() -> int:
    """Ask the scanner about every file that waits; returns how many got their answer. Safe to run twice.

    Each in a transaction of its own: one that cannot be read holds up no other.
    """
    until, count = monotonic() + _SECONDS, 0
    for number in waiting_for_scan(db.session()):
        if monotonic() > until:
            break
        try:
            with transaction() as session:
                count += scan_again(session, number)
        except Exception:
            log.exception("a file could not be scanned", extra={"file_id": number})
    return count


@shared_task(name="scans.clean", acks_late=True)
def clean() -> int:
    """Remove scans kept at the counter and never received, with their contents; returns how many. Safe to run twice."""
    until, count, found = monotonic() + _SECONDS, 0, 1
    while found and monotonic() < until:
        with transaction() as session:
            found, contents = kept_scans.forget(session)
        for content in sorted(contents):
            with transaction() as session:
                discard(session, content)
        count += found
    log.info("scans: %s forgotten", count)
    return count
