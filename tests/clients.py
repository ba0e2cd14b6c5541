"""A browser without a screen: keeps cookies, sends the CSRF token, sees committed data."""

from datetime import timedelta
from typing import Any

from flask import Flask
from flask.testing import FlaskClient
from itsdangerous import URLSafeTimedSerializer

_TOKEN = "the-token-of-this-test"


class Client(FlaskClient):
    """Each request gets an application context, and so a database session, of its own."""

    def open(self, *args: Any, csrf: bool = True, match: bool = True, **kwargs: Any) -> Any:
        """Send a request; unsafe methods carry the CSRF header unless ``csrf`` is False.

        Changes by API carry ``If-Match: *`` (whatever the present version) unless ``match`` is False.
        """
        settle()
        if match and kwargs.get("method") in {"PUT", "PATCH", "DELETE"}:
            kwargs["headers"] = {"If-Match": "*", **dict(kwargs.get("headers") or {})}
        if csrf and kwargs.get("method", "GET") not in {"GET", "HEAD", "OPTIONS"}:
            kwargs["headers"] = {"X-CSRFToken": self.token(), **dict(kwargs.get("headers") or {})}
        with self.application.app_context():
            response = super().open(*args, **kwargs)
        renew()
        return response

    def token(self) -> str:
        """Return the CSRF token that belongs to this client's session."""
        with self.application.app_context():
            with self.session_transaction() as kept:
                kept.setdefault("csrf_token", _TOKEN)
                raw = kept["csrf_token"]
            secret = self.application.secret_key
            return URLSafeTimedSerializer(secret, salt="wtf-csrf-token").dumps(raw)  # type: ignore[arg-type]

    def begin_as(self, user: Any) -> None:
        """Give this client the session that the login of ``user`` would give."""
        from app.services.sessions import begin_session
        from app.services.users import settings_of

        with self.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"] = str(user.id), True
            kept.update(begin_session(settings_of(_session(), user).session_version, timedelta(days=3650)))


def make_client(app: Flask, user: Any | None = None) -> Client:
    """Return a new client, logged in as ``user`` if given."""
    app.test_client_class = Client
    client: Client = app.test_client()  # type: ignore[assignment]
    if user is not None:
        client.begin_as(user)
    return client


def _session() -> Any:
    from app.extensions import db

    return db.session()


def settle() -> None:
    """Commit what the test prepared, so that the request finds it and may roll back freely."""
    from flask import has_app_context

    if has_app_context():
        session = _session()
        session.commit()
        session.info.clear()


def renew() -> None:
    """Let the test see what the request wrote."""
    from flask import has_app_context

    if has_app_context():
        _session().expire_all()
