"""Signing in by API: /api/v1/security/login and /refresh, for programs that act as a user."""

from typing import Any

from flask import Response, request
from flask_appbuilder.api import expose
from flask_appbuilder.security.api import SecurityApi as FabSecurityApi
from flask_babel import gettext as _
from flask_jwt_extended import create_access_token, create_refresh_token
from werkzeug.exceptions import HTTPException

from app.errors import Invalid
from app.lowcode import openapi
from app.lowcode.api_writing import MAX_BODY, json_object
from app.lowcode.refusals import ProblemAnswers, refusal_of

_TEXTS = ("username", "password")


class SecurityApi(ProblemAnswers, FabSecurityApi):
    """Access and refresh tokens of users, under the limit of the login form."""

    @expose("/login", methods=["POST"])
    def login(self) -> Response:
        """200 {"access_token", "refresh_token"?}; 401 without saying what was wrong."""
        request.max_content_length = MAX_BODY
        try:
            given = _credentials(json_object())
        except (Invalid, HTTPException) as exc:
            return refusal_of(exc)
        user = self.appbuilder.sm.auth_user_db(given["username"], given["password"])
        if not user:
            return self.response_401()
        tokens = {"access_token": create_access_token(identity=str(user.id), fresh=True)}
        if given.get("refresh"):
            tokens["refresh_token"] = create_refresh_token(identity=str(user.id))
        return self.response(200, **tokens)

    def add_api_spec(self, api_spec: Any) -> None:
        """Describe both operations."""
        openapi.describe_login(api_spec)


def _credentials(body: dict[str, Any]) -> dict[str, Any]:
    """Return what was sent; raises Invalid naming what is missing or of the wrong kind."""
    wrong = {name: _("This field is required.") for name in _TEXTS
             if not isinstance(body.get(name), str) or not body[name]}  # fmt: skip
    if body.get("provider", "db") != "db":
        wrong["provider"] = _("Choose one of the offered records.")
    if not isinstance(body.get("refresh", False), bool):
        wrong["refresh"] = _("This is not a single value.")
    if wrong:
        raise Invalid(_("Please correct the marked fields."), wrong)
    return body
