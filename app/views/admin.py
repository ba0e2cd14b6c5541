"""The administrators' hand-made screens: home and health, users, publication, rights."""

from typing import Any

from flask import abort, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.errors import DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode.actions import WRITES, may
from app.lowcode.generate import declared_models
from app.lowcode.registry import view_of
from app.models.menus import SYSTEM
from app.permissions import ADMINISTRATORS, ROLE_LABELS, Role, current_actor
from app.services import health, publication, rights, user_admin
from app.services.moves import waiting_at_office
from app.transactions import transaction
from app.views.acts import act, asked_number
from app.views.calendar_year import CalendarYearView
from app.views.rights import RIGHTS_VIEWS

_SYSTEM = frozenset({Role.system_admin})


class AdminView(BaseView):
    """What is there to configure, and how the system is."""

    route_base = "/admin"
    class_permission_name = "Administration"
    default_view = "index"
    title = _l("Administration")
    roles = {"read": ADMINISTRATORS, "operate": _SYSTEM}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Administration"), "settings", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """What waits for the actor, counts and links of everything one may configure; health for who operates it."""
        session, actor = db.session(), current_actor()
        models = [m for m in declared_models() if m.screen.menu and may(m, *WRITES)]
        counts = rights.count_rows(session, models)
        groups: dict[str, list[dict[str, Any]]] = {}
        for model in models:
            groups.setdefault(str(model.screen.menu.title), []).append(
                {"title": str(model.screen.title), "icon": model.screen.icon,
                 "count": counts[model], "url": url_for(f"{view_of(model).endpoint}.list")}
            )  # fmt: skip
        may_operate = actor.may("can_operate", self.class_permission_name)
        return render_template(
            "admin/index.html", groups=groups, waiting=_waiting(session), versions=publication.count_versions(session),
            health=health.health_of(session) if may_operate else None,
            failed=health.failed_events(session) if may_operate else [],
        )  # fmt: skip

    @expose("/outbox/<int:number>/retry", methods=["POST"])
    @has_access
    @permission_name("operate")
    def retry(self, number: int) -> Any:
        """Let a failed side effect run again."""
        act(lambda session, actor: health.retry(session, number, actor),
            _("The task will run again at once."))  # fmt: skip
        return redirect(url_for("AdminView.index", _anchor="health"))


def _waiting(session: Session) -> list[dict[str, Any]]:
    """Return what waits for the actor: [{"title", "count", "note", "url"}]."""
    return [
        {"title": _(one.state.label), "count": one.count, "note": str(one.model.screen.title),
         "icon": one.model.screen.icon,
         "url": url_for(f"{view_of(one.model).endpoint}.list", **{"f.state": one.state})}
        for one in waiting_at_office(session, current_actor())
    ]  # fmt: skip


class UserAdminView(BaseView):
    """Temporary passwords, locks and sessions of users."""

    route_base = "/admin/users"
    class_permission_name = "UserAdministration"
    default_view = "index"
    title = _l("User accounts")
    roles = {"operate": _SYSTEM}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("User accounts"), "key", "index", "operate"),)

    @expose("/")
    @has_access
    @permission_name("operate")
    def index(self) -> str:
        """Users by name, with their posts and whether they are locked out."""
        q = request.args.get("q", "").replace("\x00", "").strip()[:200]
        after = asked_number(request.args.get("after")) or 0
        rows, following = user_admin.list_users(db.session(), q, after)
        url = url_for("UserAdminView.index", q=q or None, after=following) if following else None
        return render_template("admin/users.html", rows=rows, q=q, following=url,
                               role_labels=ROLE_LABELS)  # fmt: skip

    @expose("/<int:number>")
    @has_access
    @permission_name("operate")
    def show(self, number: int) -> str:
        """One user and what can be done for him."""
        return _user_page(number)

    @expose("/<int:number>/password", methods=["GET", "POST"])
    @has_access
    @permission_name("operate")
    def password(self, number: int) -> Any:
        """Give a temporary password, shown once to be handed on; his sessions end."""
        if request.method == "GET":
            return _user_page(number)
        given = request.form.get("password", "")
        try:
            with transaction() as session:
                user_admin.give_password(session, number, given, current_actor())
        except NotFound:
            abort(404)
        except Invalid as exc:
            return _user_page(number, errors=list(exc.fields.values())), 422
        except DomainError as exc:
            return _user_page(number, errors=[str(exc)]), exc.status
        return _user_page(number, given=given)

    @expose("/<int:number>/unlock", methods=["POST"])
    @has_access
    @permission_name("operate")
    def unlock(self, number: int) -> Any:
        """Let a locked user try again now."""
        act(lambda session, actor: user_admin.unlock(session, number, actor),
            _("The account is unlocked."))  # fmt: skip
        return redirect(url_for("UserAdminView.show", number=number))

    @expose("/<int:number>/end-sessions", methods=["POST"])
    @has_access
    @permission_name("operate")
    def end_sessions(self, number: int) -> Any:
        """End every session and token of a user."""
        act(lambda session, actor: user_admin.end_sessions(session, number, actor),
            _("All sessions of this user are ended."))  # fmt: skip
        return redirect(url_for("UserAdminView.show", number=number))


def _user_page(number: int, errors: list[str] | None = None, given: str = "") -> str:
    try:
        row = user_admin.get_user_row(db.session(), number)
    except NotFound:
        abort(404)
    return render_template(
        "admin/user.html", row=row, errors=errors or [], given=given, role_labels=ROLE_LABELS,
        suggestion=user_admin.new_password(),
    )  # fmt: skip


ADMIN_VIEWS = (AdminView, UserAdminView, *RIGHTS_VIEWS, CalendarYearView)
