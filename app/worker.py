"""The Celery application for worker and beat: ``celery -A app.worker:celery_app worker``."""

from pathlib import Path

from celery.signals import worker_process_init

import config
from app import create_app
from app.cli.processes import die_with_parent
from app.extensions import celery as celery_app
from app.extensions import db

__all__ = ["app", "celery_app"]

app = create_app(config.load())
# Beat keeps the moments of its last runs here and does not make the folder itself.
Path(celery_app.conf.beat_schedule_filename).parent.mkdir(parents=True, exist_ok=True)


@worker_process_init.connect
def _begin_alone(**_kwargs: object) -> None:
    """Leave the parent's database connections to the parent, and end when it ends."""
    die_with_parent()
    with app.app_context():
        db.engine.dispose(close=False)
