"""Signing in and out, the password, and what each user sets for themselves."""

from datetime import UTC, datetime
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, flash, redirect, render_template, request, session, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.forms import LoginForm_db
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from flask_login import current_user, login_user, logout_user
from wtforms import PasswordField
from wtforms.validators import EqualTo, InputRequired

from app import history
from app.errors import DomainError, Invalid
from app.extensions import db
from app.lowcode.forms import BaseForm
from app.models import User
from app.permissions import current_actor, forget_actor
from app.services import guesses
from app.services.api_tokens import revoke_own
from app.services.sessions import begin_session, end_all_sessions, end_session
from app.services.users import change_password
from app.transactions import transaction
from app.views.hooks import same_site_referrer
from app.views.shell import LOCALES, THEMES, home_of, remember, take_settings
from app.views.signing_in import refuse_many_guesses, sign_in

_REQUIRED = InputRequired(_l("This field is required."))


class LoginForm(BaseForm, LoginForm_db):
    """FAB's login form with our messages."""


class PasswordForm(BaseForm):
    """Changing one's own password."""

    current = PasswordField(_l("Current password"), validators=[_REQUIRED])
    password = PasswordField(
        _l("New password"), validators=[_REQUIRED],
        description=_l("At least 10 characters, with letters and digits."),
    )  # fmt: skip
    again = PasswordField(
        _l("New password again"),
        validators=[_REQUIRED, EqualTo("password", _l("The two passwords are not the same."))],
    )


def safe_next(target: str | None) -> str | None:
    """Return ``target`` if it is an address of this site, else None (no open redirect)."""
    if not target or "\\" in target or target.startswith("//"):
        return None
    parts = urlsplit(target)
    if parts.netloc and parts.netloc != request.host:
        return None
    # "http://our.host//evil.vn" leads, without its host, to //evil.vn: another site.
    is_ours = parts.path.startswith("/") and not parts.path.startswith("//")
    return parts.path + (f"?{parts.query}" if parts.query else "") if is_ours else None


class AuthView(BaseView):
    """Log in, log out, password, preferences."""

    route_base = ""
    default_view = "login"

    @expose("/login/", methods=["GET", "POST"])
    def login(self) -> Any:
        """The login page; a refused login says what may be wrong and keeps the user name."""
        if current_user.is_authenticated:
            return redirect(home_of(current_actor()))
        form = LoginForm()
        status = 200
        if form.validate_on_submit():
            found = sign_in(form.username.data.strip(), form.password.data)
            if not isinstance(found, str):
                return self._begin(*found)
            flash(found, "danger")
            status = 401
        return render_template("appbuilder/general/security/login_db.html", form=form), status

    def _begin(self, user: User, settings: Any) -> Any:
        target = safe_next(request.args.get("next"))
        kept = {name: session[name] for name in ("locale", "theme") if name in session}
        session.clear()  # a session id from before the login is worth nothing after it
        session.update(kept)
        session.update(begin_session(settings.session_version, current_app.permanent_session_lifetime))
        session.permanent = True
        take_settings(settings)
        login_user(user)
        forget_actor()
        if settings.must_change_password:
            session["must_change"] = True
            flash(_("Please replace the temporary password by one of your own."), "info")
            return redirect(url_for("AuthView.password"))
        return redirect(target or home_of(current_actor()))

    @expose("/logout", methods=["POST"])
    def logout(self) -> Any:
        """End this session: a copy of its cookie is worth nothing either."""
        actor = current_actor()
        if actor.user_id is not None and "key" in session:
            with transaction() as unit:
                until = datetime.fromtimestamp(session["until"], UTC)
                end_session(unit, actor.user_id, session["key"], until)
        return self._leave(_("You are logged out."))

    @expose("/logout/everywhere", methods=["POST"])
    def logout_everywhere(self) -> Any:
        """End every session of the user, on whatever device, and the tokens he fetched with his password.

        Those of connected systems on his account end along with it where he leaves that ticked.
        """
        actor, count = current_actor(), 0
        if actor.user_id is not None:
            with transaction() as unit:
                count = revoke_own(unit, actor) if request.form.get("tokens") else 0
                history.record(unit, ("ab_user", actor.user_id), "logout_everywhere")
                end_all_sessions(unit, unit.get_one(User, actor.user_id))
        ended = ngettext("%(num)d access token is revoked.", "%(num)d access tokens are revoked.", count)
        return self._leave(f"{_('You are logged out on all devices.')} {ended if count else ''}".strip())

    def _leave(self, message: str) -> Any:
        logout_user()
        session.clear()
        flash(message, "success")
        return redirect("/")

    @expose("/password", methods=["GET", "POST"])
    def password(self) -> Any:
        """Change one's own password; all other sessions end. Who found an open session does not guess it here."""
        if not current_user.is_authenticated:
            return redirect(url_for("AuthView.login", next=request.path))
        form = PasswordForm()
        if form.validate_on_submit():
            place = guesses.at_change(current_user.id)
            refuse_many_guesses(place)
            try:
                with transaction() as unit:
                    user = unit.get_one(User, current_actor().user_id)
                    session["sv"] = change_password(
                        unit, user, form.current.data, form.password.data
                    )
                session.pop("must_change", None)
                flash(_("The password is changed. All other sessions are ended."), "success")
                return redirect(home_of(current_actor()))
            except DomainError as exc:
                fields = exc.fields if isinstance(exc, Invalid) else {}
                if "current" in fields:
                    guesses.count(place)
                form.add_errors(fields)
        base = "base.html" if current_actor().is_officer else "portal/base.html"
        return render_template("password.html", form=form, base=base), 422 if form.errors else 200

    @expose("/preferences", methods=["POST"])
    def preferences(self) -> Any:
        """Remember language or theme, and go back."""
        wanted = {
            "locale": (request.form.get("locale"), LOCALES),
            "theme": (request.form.get("theme"), THEMES),
        }
        chosen = {name: value for name, (value, known) in wanted.items() if value in known}
        if chosen:
            remember(current_actor(), **chosen)
        target = safe_next(request.form.get("next")) or same_site_referrer() or "/"
        response = redirect(target)
        if "theme" in chosen:
            response.set_cookie("theme", chosen["theme"], max_age=31536000, samesite="Lax")
        db.session.rollback()
        return response
