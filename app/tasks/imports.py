"""Long imports: worked out and written by the worker, as the person who sent the file."""

from collections.abc import Iterator
from contextlib import contextmanager

from celery import shared_task
from flask_babel import force_locale
from sqlalchemy.orm import Session

from app.extensions import db
from app.lowcode.exchange import runs
from app.lowcode.exchange.progress import forget, reporter
from app.lowcode.exchange.run import ImportRun
from app.models import User
from app.permissions import acting_as
from app.services.actors import build_actor
from app.transactions import transaction


def check_import(run_id: int) -> None:
    """Work out what a file would do; a run that is gone or already worked out is left alone."""
    run = db.session.get(ImportRun, run_id)
    if run is not None:
        with _as_sender(db.session(), run):
            runs.check(run_id, reporter(run_id))


def apply_import(session: Session, run_id: int) -> None:
    """Write what was planned, or tell in the run why not."""
    run = session.get(ImportRun, run_id)
    if run is not None:
        forget(run_id)
        with _as_sender(session, run):
            runs.apply_or_tell(session, run_id, reporter(run_id, is_writing=True))
        forget(run_id)


@contextmanager
def _as_sender(session: Session, run: ImportRun) -> Iterator[None]:
    """His roles of today count: who lost the right meanwhile imports nothing."""
    actor = build_actor(session, session.get(User, run.user_id))
    with acting_as(actor), force_locale(run.locale):
        yield


@shared_task(name="imports.clean", acks_late=True)
def clean() -> int:
    """Remove files and plans of long ago; returns how many."""
    with transaction() as session:
        return runs.clean(session)
