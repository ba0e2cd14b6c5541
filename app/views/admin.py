"""The administrators' hand-made screens: home and health, users, publication, rights."""

from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode.actions import WRITES, may
from app.lowcode.generate import declared_models
from app.lowcode.registry import view_of
from app.lowcode.sync import wanted_rights
from app.models.menus import PROCEDURES, SYSTEM
from app.models.procedure import VERSION_STATES, VersionState
from app.permissions import ROLE_LABELS, Role, current_actor
from app.services import health, publication, rights, user_admin
from app.services.publication_checks import checks
from app.text import fold
from app.transactions import transaction

_ADMINS = frozenset({Role.system_admin, Role.catalog_admin})
_SYSTEM = frozenset({Role.system_admin})


def _number(text: str | None) -> int | None:
    is_id = text is not None and text.isascii() and text.isdigit() and len(text) < 10
    return int(text) if is_id else None  # type: ignore[arg-type]


def _do(act: Any, success: str) -> bool:
    """Run ``act(session, actor)`` as one unit and say how it went; 404 for what is not there."""
    try:
        with transaction() as session:
            act(session, current_actor())
    except NotFound:
        abort(404)
    except DomainError as exc:
        flash(str(exc), "danger")
        return False
    flash(success, "success")
    return True


class AdminView(BaseView):
    """What is there to configure, and how the system is."""

    route_base = "/admin"
    class_permission_name = "Administration"
    default_view = "index"
    title = _l("Administration")
    roles = {"read": _ADMINS, "operate": _SYSTEM}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Administration"), "settings", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """Counts and links of everything one may configure; health for system administrators."""
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
            "admin/index.html", groups=groups, versions=publication.count_versions(session),
            health=health.health_of(session) if may_operate else None,
            failed=health.failed_events(session) if may_operate else [],
        )  # fmt: skip

    @expose("/outbox/<int:number>/retry", methods=["POST"])
    @has_access
    @permission_name("operate")
    def retry(self, number: int) -> Any:
        """Let a failed side effect run again."""
        _do(lambda session, actor: health.retry(session, number, actor),
            _("The task will run again at once."))  # fmt: skip
        return redirect(url_for("AdminView.index", _anchor="health"))


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
        after = _number(request.args.get("after")) or 0
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
        _do(lambda session, actor: user_admin.unlock(session, number, actor),
            _("The account is unlocked."))  # fmt: skip
        return redirect(url_for("UserAdminView.show", number=number))

    @expose("/<int:number>/end-sessions", methods=["POST"])
    @has_access
    @permission_name("operate")
    def end_sessions(self, number: int) -> Any:
        """End every session and token of a user."""
        _do(lambda session, actor: user_admin.end_sessions(session, number, actor),
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


class PublicationView(BaseView):
    """Procedure versions: checked, published, ended, drafted anew."""

    route_base = "/admin/versions"
    class_permission_name = "Publication"
    default_view = "index"
    title = _l("Publication of procedures")
    roles = {"publish": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((PROCEDURES, _l("Publication of procedures"), "certificate", "index", "publish"),)

    @expose("/")
    @has_access
    @permission_name("publish")
    def index(self) -> str:
        """Versions by state, drafts first."""
        session = db.session()
        state = request.args.get("state", str(VersionState.draft))
        q = request.args.get("q", "").replace("\x00", "").strip()[:200]
        cursor = _number(request.args.get("after"))
        rows, after = publication.list_versions(session, state, q, cursor)
        url = url_for("PublicationView.index", state=state, q=q or None, after=after)
        return render_template(
            "admin/versions.html", rows=rows, q=q, state=state, state_labels=VERSION_STATES,
            counts=publication.count_versions(session), following=url if after else None,
        )  # fmt: skip

    @expose("/<int:number>")
    @has_access
    @permission_name("publish")
    def show(self, number: int) -> str:
        """One version: what it still needs, and what can be done with it."""
        session = db.session()
        try:
            version = publication.get_version(session, number)
        except NotFound:
            abort(404)
        return render_template(
            "admin/version.html", version=version, state_labels=VERSION_STATES,
            points=checks(session, version), others=publication.siblings(session, version),
        )  # fmt: skip

    @expose("/<int:number>/publish", methods=["POST"])
    @has_access
    @permission_name("publish")
    def publish(self, number: int) -> Any:
        """Put the draft in force; the version before it ends."""
        _do(lambda session, actor: publication.publish(session, _locked(session, number), actor),
            _("The version is published and in force."))  # fmt: skip
        return redirect(url_for("PublicationView.show", number=number))

    @expose("/<int:number>/retire", methods=["POST"])
    @has_access
    @permission_name("publish")
    def retire(self, number: int) -> Any:
        """End the version in force."""
        reason = request.form.get("reason", "")[:1000]
        _do(lambda session, actor: publication.retire(
            session, _locked(session, number), reason, actor),
            _("The version is ended."))  # fmt: skip
        return redirect(url_for("PublicationView.show", number=number))

    @expose("/<int:number>/draft", methods=["POST"])
    @has_access
    @permission_name("publish")
    def draft(self, number: int) -> Any:
        """Draft the next version from this one."""
        made: list[Any] = []
        _do(lambda session, actor: made.append(
            publication.draft_from(session, _locked(session, number), actor)),
            _("The draft is made. Change it, then publish it."))  # fmt: skip
        return redirect(url_for("PublicationView.show", number=made[0].id if made else number))


def _locked(session: Any, number: int) -> Any:
    return publication.get_version(session, number, to_change=True)


class RightsView(BaseView):
    """Who may do what, read from the declarations."""

    route_base = "/admin/rights"
    class_permission_name = "Rights"
    default_view = "index"
    title = _l("Rights by role")
    roles = {"read": frozenset({Role.system_admin, Role.auditor})}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("Rights by role"), "lock", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """Roles across, screens down; nothing can be changed here."""
        lines = rights.overview(wanted_rights(), _titles())
        return render_template(
            "admin/rights.html", lines=sorted(lines, key=lambda line: fold(line.title)),
            roles=[(role, _(ROLE_LABELS[role])) for role in Role],
        )  # fmt: skip


# Screens that stand in no menu and so have no title.
_TITLES = {
    "Applicant": _l("Pages of applicants"),
    "DossierPage": _l("Dossier page"),
    "File": _l("Files of dossiers"),
    "Notices": _l("Notices"),
}


def _titles() -> dict[str, str]:
    """Return what each screen is called, by the name its rights stand under."""
    from flask import current_app

    titles = {model.__name__: str(model.screen.title) for model in declared_models()}
    for view in current_app.appbuilder.baseviews:
        if getattr(view, "roles", None):
            items = getattr(view, "menu_items", ())
            name = view.class_permission_name
            title = getattr(view, "title", None) or (items[0][1] if items else _TITLES.get(name))
            titles.setdefault(name, str(title or name))
    return titles


ADMIN_VIEWS = (AdminView, UserAdminView, PublicationView, RightsView)
