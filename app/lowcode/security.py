"""Flask-AppBuilder's security manager with its faults mended (fab.md, Security)."""

import time
from collections.abc import Callable
from typing import Any

from flask import current_app, g, request, session
from flask_appbuilder.const import PERMISSION_PREFIX
from flask_appbuilder.security.sqla.manager import SecurityManager as FabSecurityManager

from app.lowcode.login_api import SecurityApi
from app.lowcode.refusals import refusal
from app.permissions import Actor, current_actor, forget_actor

Authenticate = Callable[[str, str], Any]
# user id, key of his session ("" with a token) → (user or None, the version session or token must carry)
FindUser = Callable[[int, str], tuple[Any, int]]
# the text of an access token → (user, the actor with its rights only), or None
FindToken = Callable[[str], tuple[Any, Actor] | None]
TOKEN_PREFIX = "mc_"

_hooks: dict[str, Any] = {}


def set_authentication(
    authenticate: Authenticate, find_user: FindUser, find_token: FindToken
) -> None:
    """Install who checks a password, finds a user with his session version, or a token."""
    _hooks.update(authenticate=authenticate, find_user=find_user, find_token=find_token)


def refused_right() -> tuple[str, str] | None:
    """Return the (permission, screen) by which the requested page is closed to the actor; None if it is open to him.

    Menus and pages ask for further rights: that one of those is missing does not explain why a page refuses.
    """
    view = current_app.view_functions.get(request.endpoint or "")
    screen, name = getattr(view, "__self__", None), getattr(view, "_permission_name", None)
    if screen is None or name is None:
        return None
    name = (screen.method_permission_name or {}).get(view.__name__) or name  # as FAB's ``has_access`` works it out
    right = f"{PERMISSION_PREFIX}{name}", str(screen.class_permission_name)
    return None if current_actor().may(*right) else right


class SecurityManager(FabSecurityManager):
    """Rights come from one cached query per request; logins pass our own checks.

    FAB's own security screens are not registered: users and roles are declared models.
    """

    def register_views(self) -> None:
        """Register only the login API; it gets the same limit as the login form."""
        self.limit_logins(self.appbuilder.add_api(SecurityApi).blueprint)

    def limit_logins(self, blueprint: Any) -> None:
        """Limit how often an address may try passwords on ``blueprint``."""
        if self.is_auth_limited:
            self.limiter.limit(self.auth_rate_limit, methods=["POST"])(blueprint)

    def has_access(self, permission_name: str, view_name: str) -> bool:
        """Return whether the actor's roles grant it: no query beyond the request's first."""
        return current_actor().may(permission_name, view_name)

    def is_item_public(self, permission_name: str, view_name: str) -> bool:
        """Nothing that asks for a permission is public."""
        return False

    def auth_user_db(self, username: str, password: str) -> Any:
        """Return the user if the password is right and the account not locked, else None."""
        return _hooks["authenticate"](username, password)

    def load_user(self, pk: Any) -> Any:
        """Return the session's user unless he is inactive, or the session was ended or has run out."""
        key, ends_at = session.get("key"), session.get("until", 0)
        # Flask renews the cookie with every answer: only what it holds limits how long it opens anything.
        if not key or ends_at < time.time():
            return None
        user, version = _hooks["find_user"](int(pk), key)
        return user if user is not None and session.get("sv") == version else None

    @staticmethod
    def extract_api_key_from_request() -> str | None:
        """Return the access token of a connected system, None if the request has another one."""
        scheme, _space, text = request.headers.get("Authorization", "").partition(" ")
        is_ours = scheme.lower() == "bearer" and text.strip().startswith(TOKEN_PREFIX)
        return text.strip() if is_ours else None

    def validate_api_key(self, api_key_string: str) -> Any:
        """Return the token's owner if it may be used now; the actor gets its rights and no more."""
        found = _hooks["find_token"](api_key_string)
        if found is None:
            return None
        g.user, g.actor = found
        return g.user

    def load_user_jwt(self, _jwt_header: Any, jwt_data: Any) -> Any:
        """Return the token's user unless the token was ended by a password change."""
        forget_actor()
        user, version = _hooks["find_user"](int(jwt_data["sub"]), "")
        if user is None or jwt_data.get("sv") != version:
            return None
        g.user = user
        return user

    def create_jwt_manager(self, app: Any) -> Any:
        """Put the session version into every token; a token that is none of ours is a 401."""
        manager = super().create_jwt_manager(app)
        manager.additional_claims_loader(
            lambda identity: {"sv": _hooks["find_user"](int(identity), "")[1]}
        )
        for refused in (manager.unauthorized_loader, manager.invalid_token_loader):
            refused(lambda _reason: refusal(401))
        for refused in (manager.expired_token_loader, manager.user_lookup_error_loader,
                        manager.needs_fresh_token_loader, manager.revoked_token_loader):  # fmt: skip
            refused(lambda _header, _payload: refusal(401))
        return manager
