"""Celery tasks: an id in, one service call, safe to run twice."""

from app.tasks import deadlines, history, imports, outbox, publication, rehearsals, scanning

__all__ = ["deadlines", "history", "imports", "outbox", "publication", "rehearsals", "scanning"]
