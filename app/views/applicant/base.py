"""What the applicants' screens share: who may use them, logging in first, answers to scripts."""

import functools
from collections.abc import Callable
from typing import Any

from flask import flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import BaseView
from flask_babel import gettext as _

from app.errors import DomainError, Invalid
from app.permissions import Role, current_actor
from app.views.hooks import wants_json


class ApplicantView(BaseView):
    """A screen of citizens and organisations; rows are gated by the account."""

    class_permission_name = "Applicant"
    roles = {"use": frozenset({Role.citizen})}  # noqa: RUF012 - read by the permission sync


def login_first(view: Callable[..., Any]) -> Callable[..., Any]:
    """Send visitors to the log-in and back here, instead of telling them "access denied"."""

    @functools.wraps(view)
    def guarded(*args: Any, **kwargs: Any) -> Any:
        if current_actor().is_known:
            return view(*args, **kwargs)
        if wants_json():
            return jsonify(error=_("You have been logged out. Please log in again.")), 401
        flash(_("Please log in or register to go on."), "info")
        target = request.full_path.rstrip("?") if request.method == "GET" else "/my"
        return redirect(url_for("AuthView.login", next=target))

    return guarded


def page(template: str, status: int = 200, **context: Any) -> tuple[str, int]:
    """Return a page of the applicants' part of the portal."""
    return render_template(f"applicant/{template}.html", nav_active="account", **context), status


def json_errors(view: Callable[..., Any]) -> Callable[..., Any]:
    """Answer refusals as {"error": message} with their status: the caller is our own script."""

    @functools.wraps(view)
    def answering(*args: Any, **kwargs: Any) -> Any:
        try:
            return view(*args, **kwargs)
        except DomainError as exc:
            if "X-CSRFToken" not in request.headers and not wants_json():
                raise  # a page without scripts: it gets a page
            return jsonify(error=str(exc)), exc.status

    return answering


def problems_of(exc: DomainError) -> dict[str, str]:
    """Return {field: message} of a refusal; {} when it names no field."""
    return dict(exc.fields) if isinstance(exc, Invalid) else {}
