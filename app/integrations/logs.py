"""Structured logs: one JSON object a line, without personal data."""

import json
import logging
import sys
from typing import Any

from flask import Flask, g, has_request_context

_EXTRA = ("method", "path", "status", "duration_ms", "task", "event")


class JsonLines(logging.Formatter):
    """Formats a record as JSON with request id and actor id; never names or addresses."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "at": self.formatTime(record, "%Y-%m-%dT%H:%M:%S%z"), "level": record.levelname,
            "logger": record.name, "message": record.getMessage(),
        }  # fmt: skip
        if has_request_context():
            actor = g.get("actor")
            line |= {
                "request_id": g.get("request_id"),
                "actor_id": actor.user_id if actor else None,
            }
        line |= {key: getattr(record, key) for key in _EXTRA if hasattr(record, key)}
        if record.exc_info:
            line["exception"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False)


def configure_logs(app: Flask) -> None:
    """Send the application's logs to standard error as JSON lines."""
    handler = logging.StreamHandler(sys.stderr)
    handler.setFormatter(JsonLines())
    logger = logging.getLogger("app")
    logger.handlers[:] = [handler]
    logger.setLevel(app.config["LOG_LEVEL"])
    logger.propagate = app.testing
    logging.getLogger("flask_appbuilder").setLevel(logging.ERROR)
