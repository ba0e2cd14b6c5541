"""Long lists: written by the worker, as the person who asked for them, and removed after some days."""

import contextlib
import time

import sqlalchemy as sa
from celery import shared_task
from flask import current_app
from flask_babel import force_locale
from flask_babel import gettext as _
from sqlalchemy.exc import OperationalError

from app.contents import discard
from app.extensions import db
from app.lowcode.exchange import taking
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.taking import ExportRun
from app.models import User
from app.permissions import acting_as
from app.services.actors import build_actor
from app.services.notices import notice_users
from app.transactions import transaction

_TOLD_EVERY = 1.0  # seconds between two reports


def write_export(run_id: int) -> None:
    """Write the file of a run and tell who asked for it; his roles of today count."""
    session = db.session()
    run = session.get(ExportRun, run_id)
    if run is None:
        return
    with acting_as(build_actor(session, session.get(User, run.user_id))), force_locale(run.locale):
        made = taking.make(run_id, _reporter(run_id))
    if made is not None:
        with transaction() as session, force_locale(made.locale):
            is_done = made.state == "done"
            title = _("The file is ready: %(what)s", what=made.title) if is_done else _(
                "The file could not be made: %(what)s", what=made.title)  # fmt: skip
            body = made.message or _("It can be fetched for %(days)d days.", days=taking.KEPT.days)
            notice_users(session, [made.user_id], None, taking.notice_key(run_id), title, body)


def _reporter(number: int) -> Report:
    last = [time.monotonic()]

    def report(done: int, total: int) -> None:
        if time.monotonic() - last[0] < _TOLD_EVERY:
            return
        last[0] = time.monotonic()
        with contextlib.suppress(OperationalError), db.engine.begin() as connection:  # busy: told next time
            query = sa.update(ExportRun).where(ExportRun.id == number)
            connection.execute(query.values(done=done, total=total))

    return report


@shared_task(name="exports.clean", acks_late=True)
def clean() -> int:
    """Remove lists whose time is over, with their files; returns how many."""
    with transaction() as session:
        gone = taking.old(session)
        contents = {run.sha256 for run in gone if run.sha256}
        for run in gone:
            session.delete(run)
    for content in sorted(contents):
        with transaction() as session:
            discard(session, content)
    current_app.logger.info("exports: %s removed", len(gone))
    return len(gone)
