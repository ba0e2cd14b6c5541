"""Publishing on its day what the Office scheduled; a worker that stood still catches up."""

import logging

from celery import shared_task

from app.errors import DomainError
from app.extensions import db
from app.i18n import N_
from app.official import officially
from app.services import publication_decisions as decisions
from app.services.official import official
from app.services.publication_notices import tell_fault, tell_published
from app.transactions import transaction

log = logging.getLogger(__name__)


@shared_task(name="publication.due", acks_late=True)
def publish_due() -> int:
    """Publish every scheduled decision whose day has come; returns how many were published.

    Each in a transaction of its own: one that cannot be published holds up no other.
    """
    waiting = decisions.due_decisions(db.session())
    return sum(_publish(number) for number in waiting)


def _publish(number: int) -> bool:
    try:
        with officially(), transaction() as session:
            decision = decisions.publish_scheduled(session, number)
            if decision is not None:
                tell_published(session, decision)
        return decision is not None
    except DomainError as exc:
        _keep(number, str(exc))
    except Exception:
        log.exception("publication failed", extra={"decision": number})
        _keep(number, official(N_("A fault of the system; it is tried again by itself.")))
    return False


def _keep(number: int, text: str) -> None:
    with transaction() as session:
        decision = decisions.note_fault(session, number, text)
        if decision is not None:
            tell_fault(session, decision)
