"""The floor of a step: one UPDATE and two INSERTs in a transaction, written by hand, nothing else."""

from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from flask import Flask
from werkzeug.middleware.dispatcher import DispatcherMiddleware

from app.clock import now
from app.extensions import db

PREFIX = "/floor-step"
_UPDATE = "UPDATE task SET row_version = row_version + 1 WHERE dossier_id = :pk AND state = 'open'"
_MOVEMENT = (
    "INSERT INTO movement (dossier_id, at, transition, source, target, actor_name, row_version)"
    " VALUES (:pk, :at, 'bench', 4, 4, 'bench', 1)"
)
_OUTBOX = (
    "INSERT INTO outbox_event (name, payload, created_at, due_at, done_at, attempts)"
    " VALUES ('bench', '{}', :at, :at, :at, 0)"
)


def beside(app: Flask) -> Callable[..., Any]:
    """Return ``app`` with the hand-written step beside it, on the same database and in the same processes."""
    small = Flask("bench.floor_moves")

    @small.post("/<int:pk>")
    def step(pk: int) -> str:
        with app.app_context():
            engine = db.engine
        with engine.begin() as connection:
            for sql in (_UPDATE, _MOVEMENT, _OUTBOX):
                statement = sa.text(sql)
                names = {name: value for name, value in (("pk", pk), ("at", now())) if f":{name}" in sql}
                connection.execute(statement, names)
        return "ok"

    return DispatcherMiddleware(app.wsgi_app, {PREFIX: small.wsgi_app})
