"""Sealing the history once a day, so that a cut end shows."""

from celery import shared_task

from app.services.history import seal_history, settled_id
from app.transactions import transaction


@shared_task(name="history.seal", acks_late=True)
def seal() -> int:
    """Seal what is new; returns how many entries. A second run finds nothing to do.

    Two transactions: the first waits for all writers, the second signs without holding them up.
    """
    with transaction() as session:
        bound = settled_id(session)
    with transaction() as session:
        made = seal_history(session, bound)
    return made.count if made is not None else 0
