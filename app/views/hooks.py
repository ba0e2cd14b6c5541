"""What happens around every request: identity, headers, log line, error pages, health."""

import logging
import secrets
import time
from typing import Any

import sqlalchemy as sa
from flask import Flask, Response, abort, flash, g, jsonify, redirect, render_template, request, session
from flask.json.provider import DefaultJSONProvider
from flask_babel import gettext as _
from flask_login import current_user
from flask_wtf.csrf import CSRFError
from redis import Redis
from sqlalchemy.exc import DataError
from werkzeug.exceptions import HTTPException
from werkzeug.exceptions import NotFound as HttpNotFound
from werkzeug.routing import IntegerConverter

from app.errors import DomainError, NotFound
from app.extensions import db
from app.i18n import N_
from app.lowcode.refusals import kept_headers, refusal, refusal_of
from app.lowcode.security import refused_right, set_authentication
from app.lowcode.values import MAX_ID
from app.permissions import Actor, current_actor, set_actor_loader
from app.services.actors import actor_as, build_actor, find_identity
from app.services.needed_roles import refusal_words
from app.services.timing import calendar_ends
from app.views.api_access import use_token
from app.views.confirming import ask_first
from app.views.shell import add_shell
from app.views.signing_in import sign_in
from app.workflows.working_time import CalendarExhausted

log = logging.getLogger("app.requests")
_QUIET = ("/static/", "/healthz", "/readyz")
_OPEN_WITH_TEMPORARY = ("/password", "/logout", "/preferences", "/static/", "/healthz", "/readyz")
_NUL = "NUL (0x00)"  # as psycopg words it
_DEEPEST_JSON = 100
_REFUSED = N_("The request was refused.")
_PROGRAM_TEXTS = {413: N_("The file is too large."), 429: N_("Too many attempts. Please wait a moment.")}
_PORTAL_ERRORS = {400, 403, 404, 413, 429, 500}


class RecordNumber(IntegerConverter):
    """A number in an address: none larger than a key column holds, which databases refuse."""

    def to_python(self, value: str) -> int:
        """Return the number; raises NotFound for one that no record can have."""
        number = int(super().to_python(value))
        if number > (self.max or MAX_ID):
            raise HttpNotFound
        return number


class PlainJson(DefaultJSONProvider):
    """JSON nested deeper than anybody means it is malformed, not a fault of ours: much walks through it."""

    def loads(self, s: str | bytes, **kwargs: Any) -> Any:
        """Return the value in ``s``; raises ValueError, as for any malformed JSON."""
        try:
            found = super().loads(s, **kwargs)
        except RecursionError as exc:
            raise ValueError("nested too deeply") from exc
        level, depth = [found], 0
        while level := [part for one in level if isinstance(one, dict | list)
                        for part in (one.values() if isinstance(one, dict) else one)]:  # fmt: skip
            depth += 1
            if depth > _DEEPEST_JSON:
                raise ValueError("nested too deeply")
        return found


def add_hooks(app: Flask) -> None:
    """Bind everything that is not one page's business to ``app``."""
    app.url_map.converters["int"] = RecordNumber
    app.json = PlainJson(app)
    app.before_request(_begin)
    app.before_request(_ask_for_own_password)
    app.before_request(ask_first)
    app.after_request(_finish)
    app.add_url_rule("/healthz", "healthz", healthz)
    app.add_url_rule("/readyz", "readyz", readyz)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(DomainError, _domain_error)
    app.register_error_handler(CalendarExhausted, _calendar_ends)
    app.register_error_handler(sa.exc.DataError, _unstorable)
    app.register_error_handler(Exception, _fault)
    app.jinja_env.globals["csp_nonce"] = csp_nonce
    set_actor_loader(_request_actor)
    set_authentication(_authenticate, _find_user, use_token)
    add_shell(app)


def csp_nonce() -> str:
    """Return this request's nonce for our own script tags."""
    if "csp_nonce" not in g:
        g.csp_nonce = secrets.token_urlsafe(16)
    return g.csp_nonce


def _begin() -> None:
    g.started = time.perf_counter()
    g.request_id = secrets.token_hex(8)
    if request.path.startswith("/static/appbuilder/"):
        abort(404)  # Bootstrap 3 and its scripts are not part of this product


def _ask_for_own_password() -> Any:
    """Let nobody work under a temporary password: only changing it, or leaving, is open."""
    if session.get("must_change") and not request.path.startswith(_OPEN_WITH_TEMPORARY):
        return redirect("/password")
    return None


def _find_user(pk: int, session_key: str) -> tuple[Any, int]:
    """Return (user, version of his sessions); what came along serves the rest of the request."""
    g.identity = identity = find_identity(db.session(), pk, session_key)
    if identity is None or identity.is_ended:
        return None, 0
    return identity.user, identity.session_version


def _request_actor() -> Actor:
    user = g.get("user") or current_user
    found = user._get_current_object() if hasattr(user, "_get_current_object") else user
    if found is None or not getattr(found, "is_authenticated", False):
        return build_actor(db.session(), None, ip=request.remote_addr)
    identity = g.pop("identity", None)  # asked again, his posts may have changed meanwhile
    if identity is None or identity.user is not found:
        return build_actor(db.session(), found, ip=request.remote_addr)
    g.shell_facts = identity.unread, identity.stamps
    return actor_as(db.session(), identity, ip=request.remote_addr)


def _authenticate(username: str, password: str) -> Any:
    """Check a password for the login API, which only refuses."""
    found = sign_in(username, password)
    # A temporary password opens nothing but the form in which it is replaced.
    return None if isinstance(found, str) or found[1].must_change_password else found[0]


def _finish(response: Response) -> Response:
    headers = response.headers
    headers.setdefault("Content-Security-Policy", _policy())
    headers.setdefault("X-Content-Type-Options", "nosniff")
    headers.setdefault("X-Frame-Options", "SAMEORIGIN")
    headers.setdefault("Referrer-Policy", "same-origin")
    headers.setdefault("Permissions-Policy", "camera=(self), geolocation=(), microphone=()")
    headers["X-Request-Id"] = g.get("request_id", "")
    if request.is_secure:
        headers.setdefault("Strict-Transport-Security", "max-age=31536000")
    if not request.path.startswith("/static/") and "Cache-Control" not in headers:
        # A program is known by its token, not by the cookie.
        is_known = current_user.is_authenticated or request.path.startswith("/api/")
        headers["Cache-Control"] = "no-store" if is_known else "no-cache"
    if not request.path.startswith(_QUIET):
        spent = round((time.perf_counter() - g.get("started", time.perf_counter())) * 1000, 1)
        log.info("request", extra={"method": request.method, "path": request.path,
                                   "status": response.status_code, "duration_ms": spent})  # fmt: skip
    return response


def _policy() -> str:
    nonce = csp_nonce()
    return (
        f"default-src 'self'; script-src 'self' 'nonce-{nonce}'; style-src 'self'; "
        "img-src 'self' data: blob:; font-src 'self'; connect-src 'self'; object-src 'none'; "
        "frame-src 'self'; base-uri 'self'; form-action 'self'; frame-ancestors 'self'"
    )


def wants_json() -> bool:
    """Return whether the caller is a program."""
    return request.path.startswith("/api/") or request.accept_mimetypes.best == "application/json"


def error_page(code: int, message: str = "") -> tuple[Any, int]:
    """Return the error answer for ``code``: JSON for programs, else the layout one was in."""
    if request.path.startswith("/api/"):
        return refusal(code, message), code
    if wants_json():
        text = message or _(_PROGRAM_TEXTS.get(code, _REFUSED))
        return jsonify({"error": text, "status": code}), code  # as the upload script reads it
    side = "errors" if current_actor().is_officer else "errors/portal"
    name = code if code in _PORTAL_ERRORS else (400 if code < 500 else 500)
    return render_template(
        f"{side}/{name}.html", message=message, request_id=g.get("request_id")
    ), code


def _http_error(exc: HTTPException) -> Any:
    if exc.response is not None or exc.code is None or exc.code < 400:
        return exc
    if isinstance(exc, CSRFError):
        return error_page(
            400, _("The form has expired. Please go back, reload the page and send it again.")
        )
    if request.path.startswith("/api/"):
        return refusal_of(exc)
    said = exc.description if getattr(exc, "retry_after", None) else ""  # ours: how long to wait
    right = refused_right() if exc.code == 403 and not wants_json() else None
    if right is not None:
        said = refusal_words(db.session(), current_actor(), *right)
    return *error_page(exc.code, said or ""), kept_headers(exc)


def _domain_error(exc: DomainError) -> Any:
    """A refusal no view has shown: back to the page with the message, nothing was written."""
    if isinstance(exc, NotFound) or wants_json() or request.method == "GET":
        return error_page(exc.status, str(exc))
    flash(str(exc), "danger")
    return redirect(same_site_referrer() or "/")


def _calendar_ends(_exc: CalendarExhausted) -> Any:
    """Something had to be counted beyond the working calendar: a refusal, wherever it came up."""
    return _domain_error(calendar_ends())


def same_site_referrer() -> str | None:
    """Return the page the request came from if it is one of ours."""
    referrer = request.referrer or ""
    return referrer if referrer.startswith(request.host_url) else None


def _unstorable(exc: sa.exc.DataError) -> Any:
    """Something typed that no column holds: too long, too large, a character of no text."""
    db.session.rollback()
    log.warning("unstorable input: %s", type(exc.orig).__name__)
    return error_page(400)


def _fault(exc: Exception) -> Any:
    db.session.rollback()
    if isinstance(exc, DataError | ValueError) and _NUL in str(exc):
        return error_page(400)  # a NUL no form has cleaned away; PostgreSQL stores none
    log.exception("unexpected fault", exc_info=exc)
    return error_page(500)


def healthz() -> tuple[str, int]:
    """The process answers."""
    return "ok", 200


def readyz() -> tuple[Response, int]:
    """The process can serve: database reachable; the broker may be down, work then waits."""
    from flask import current_app

    state = {"database": _answers(lambda: db.session.execute(sa.text("SELECT 1"))),
             "broker": _answers(lambda: _ping(current_app.config["REDIS_URL"]))}  # fmt: skip
    return jsonify(state), 200 if state["database"] else 503


def _ping(url: str) -> None:
    client = Redis.from_url(url, socket_connect_timeout=1, socket_timeout=1)
    try:
        client.ping()
    finally:
        client.close()


def _answers(question: Any) -> bool:
    try:
        question()
    except Exception:  # any fault of a service means that it does not answer
        return False
    return True
