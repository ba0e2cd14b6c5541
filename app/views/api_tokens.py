"""Access tokens of connected systems: issued, shown once, revoked."""

from datetime import date, timedelta
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import today
from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode.actions import ACTIONS, Action
from app.lowcode.collation import key_of
from app.models.menus import SYSTEM
from app.permissions import EVERY_OFFICER, Role, current_actor
from app.services import api_tokens
from app.transactions import transaction

_MAX_SCOPES = 1000


class ApiTokenAdminView(BaseView):
    """What each connected system may do, until when; for system administrators."""

    route_base = "/admin/api-tokens"
    class_permission_name = "ApiTokenAdministration"
    default_view = "index"
    title = _l("Access tokens")
    roles = {"operate": frozenset({Role.system_admin})}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Access tokens"), "key", "index", "operate"),)

    @expose("/")
    @has_access
    @permission_name("operate")
    def index(self) -> str:
        """Connected systems with their owners and the number of tokens that work."""
        return render_template("admin/api_clients.html", rows=api_tokens.list_clients(db.session()))

    @expose("/<int:number>")
    @has_access
    @permission_name("operate")
    def show(self, number: int) -> str:
        """The tokens of one system, and the form of a new one."""
        return _page(number)

    @expose("/<int:number>/issue", methods=["GET", "POST"])
    @has_access
    @permission_name("operate")
    def issue(self, number: int) -> Any:
        """Make a token; its text is on this page and nowhere else, ever."""
        if request.method == "GET":
            return redirect(url_for("ApiTokenAdminView.show", number=number))
        scopes = request.form.getlist("scope")[:_MAX_SCOPES]
        try:
            with transaction() as session:
                client = api_tokens.get_client(session, number)
                text = api_tokens.issue(session, client, scopes, _day(request.form.get("expires_on", "")))
        except NotFound:
            abort(404)
        except DomainError as exc:
            errors = exc.fields if isinstance(exc, Invalid) else {}
            return _page(number, chosen=scopes, errors=errors or {"": str(exc)}), exc.status
        return _page(number, issued=text)

    @expose("/token/<int:number>/revoke", methods=["POST"])
    @has_access
    @permission_name("operate")
    def revoke(self, number: int) -> Any:
        """End a token at once."""
        try:
            with transaction() as session:
                client_id = api_tokens.revoke(session, number).client_id
        except NotFound:
            abort(404)
        flash(_("The token is revoked. It opens nothing any more."), "success")
        return redirect(url_for("ApiTokenAdminView.show", number=client_id))


class OwnApiTokensView(BaseView):
    """Tokens that act for oneself: confirmed or ended by the person they act for."""

    route_base = "/account/api-tokens"
    class_permission_name = "OwnApiTokens"
    default_view = "index"
    title = _l("Tokens on my account")
    roles = {"use": EVERY_OFFICER}  # noqa: RUF012 - read only

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The tokens of programs that act, or ask to act, in one's name."""
        rows = api_tokens.waiting_tokens(db.session(), current_actor())
        return render_template("admin/own_tokens.html", rows=rows, title=self.title)

    @expose("/<int:number>/<any(confirm, refuse):act>", methods=["POST"])
    @has_access
    @permission_name("use")
    def decide(self, number: int, act: str) -> Any:
        """Let the program act, or end its token."""
        done = {"confirm": api_tokens.confirm, "refuse": api_tokens.refuse}
        words = {"confirm": _("The token is confirmed. It acts within its scopes."),
                 "refuse": _("The token is revoked. It opens nothing any more.")}  # fmt: skip
        try:
            with transaction() as session:
                done[act](session, number, current_actor())
        except Conflict as exc:
            flash(str(exc), "danger")
        else:
            flash(words[act], "success")
        return redirect(url_for(".index"))


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return None


def _page(number: int, *, issued: str = "", chosen: Any = (), errors: Any = None) -> str:
    session = db.session()
    try:
        client = api_tokens.get_client(session, number)
    except NotFound:
        abort(404)
    offered = api_tokens.scopes_of(api_tokens.owner_actor(session, client))
    kinds = [{"name": api_tokens.entity_name(model), "title": str(model.screen.title), "actions": actions}
             for model, actions in offered.items()]  # fmt: skip
    words = [(one, _(ACTIONS[one])) for one in Action]
    last = today() + timedelta(days=api_tokens.MAX_DAYS)
    return render_template(
        "admin/api_client.html", client=client, tokens=api_tokens.list_tokens(session, number),
        kinds=sorted(kinds, key=lambda kind: key_of(str(kind["title"]))), issued=issued,
        waits=current_actor().user_id != client.owner_id,
        chosen=set(chosen),
        heads=[{"label": word.capitalize()} for _one, word in words], errors=errors or {}, actions=words,
        today=today(), last=last,
        expires_on=request.form.get("expires_on", "") if errors else "",
    )  # fmt: skip


API_TOKEN_VIEWS = (ApiTokenAdminView, OwnApiTokensView)
