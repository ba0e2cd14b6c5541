"""Removing reports of rehearsals whose time is over."""

from celery import shared_task

from app.services import rehearsing
from app.transactions import transaction


@shared_task(name="rehearsals.clean", acks_late=True)
def clean() -> int:
    """Remove rehearsals of long ago with their reports; returns how many. Safe to run twice."""
    with transaction() as session:
        return rehearsing.forget(session)
