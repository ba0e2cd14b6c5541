"""Refusals of the API, told as problem details (RFC 9457): one shape for every error."""

from collections.abc import Mapping
from math import ceil
from time import time
from typing import Any

from flask import Response, current_app, jsonify
from flask_babel import gettext as _
from flask_limiter import RateLimitExceeded
from werkzeug.exceptions import HTTPException
from werkzeug.http import HTTP_STATUS_CODES

from app.errors import DomainError, Invalid
from app.i18n import N_

MEDIA_TYPE = "application/problem+json"
# What a status means, where nobody said more.
_TEXTS = {
    400: N_("The request was refused."),
    401: N_("Sign in, or send a valid access token."),
    403: N_("You may not do this."),
    404: N_("There is no such record, or you may not see it."),
    405: N_("This address does not offer that method."),
    413: N_("The file is too large."),
    415: N_("Send the body as application/json."),
    429: N_("Too many attempts. Please wait a moment."),
    500: N_("The system could not do this. Nothing was changed. Please report the request number."),
}


def refusal(
    status: int, detail: str = "", errors: Mapping[str, str] | None = None,
    headers: Mapping[str, str] | None = None,
) -> Response:  # fmt: skip
    """Return the answer ``status`` as application/problem+json.

    detail: for people, in their language (default: what the status means). errors: attribute
    → message.
    """
    text = detail or _(_TEXTS.get(status, _TEXTS[400]))
    title = HTTP_STATUS_CODES.get(status, "Error")
    body: dict[str, Any] = {"type": "about:blank", "title": title, "status": status, "detail": text}
    response = jsonify(body | ({"errors": dict(errors)} if errors else {}))
    response.status_code, response.content_type = status, MEDIA_TYPE
    if status == 401:
        response.headers["WWW-Authenticate"] = "Bearer"
    response.headers.update(headers or {})
    return response


def refusal_of(exc: DomainError | HTTPException) -> Response:
    """Return the answer that ``exc`` stands for; an HTTP error keeps its headers (Allow …)."""
    if isinstance(exc, DomainError):
        return refusal(exc.status, str(exc), exc.fields if isinstance(exc, Invalid) else None)
    status = exc.code or 500
    # The limiter describes its limit for programmers: "20 per 1 minute".
    is_limit = isinstance(exc, RateLimitExceeded)
    is_own = exc.description not in (None, type(exc).description) and not is_limit
    return refusal(status, str(exc.description) if is_own else "", headers=kept_headers(exc))


def kept_headers(exc: HTTPException) -> dict[str, str]:
    """Return what the headers of an HTTP error say besides its page: what is allowed, when to come again."""
    kept = {name: value for name, value in exc.get_headers() if name in ("Allow", "Retry-After")}
    seconds = _seconds_left() if isinstance(exc, RateLimitExceeded) else None
    return kept if seconds is None else kept | {"Retry-After": str(seconds)}


def _seconds_left() -> int | None:
    """Return after how many seconds the limit that stopped this request lets through again; None if there is none."""
    app: Any = current_app
    limit = app.appbuilder.sm.limiter.current_limit
    return None if limit is None else max(1, ceil(limit.reset_at - time()))


class ProblemAnswers:
    """The refusals of Flask-AppBuilder's API classes, as problem details."""

    def response_400(self, message: str | None = None) -> Response:
        """The request cannot be understood."""
        return refusal(400, message or "")

    def response_401(self) -> Response:
        """Nobody is signed in."""
        return refusal(401)

    def response_403(self) -> Response:
        """The roles of the user, or the scopes of the token, do not grant it."""
        return refusal(403)

    def response_404(self) -> Response:
        """Nothing is there."""
        return refusal(404)

    def response_422(self, message: str | None = None) -> Response:
        """A value breaks a rule."""
        return refusal(422, message or "")

    def response_500(self, message: str | None = None) -> Response:
        """Our fault."""
        return refusal(500, message or "")
