"""Celery tasks: an id in, one service call, safe to run twice."""

from app.tasks import deadlines, history, outbox, publication

__all__ = ["deadlines", "history", "outbox", "publication"]
