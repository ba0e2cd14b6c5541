"""At the desk: a login for an applicant who has none, a temporary password for who forgot his."""

from typing import Any

from flask import flash, redirect, render_template, request, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import DomainError, Invalid
from app.extensions import db
from app.models import Account
from app.models.account import ID_KINDS
from app.models.menus import WORK
from app.permissions import Role, current_actor
from app.services import desk_logins
from app.services.user_admin import new_password
from app.transactions import transaction
from app.views.officers.base import OfficerView, sent
from app.views.officers.reception_page import LOGIN_ANSWERS


class DeskLoginView(OfficerView):
    """Find the applicant by his exact number, compare his identity card, hand over a temporary password."""

    route_base = "/desk-login"
    class_permission_name = "ApplicantLogin"
    roles = {"use": frozenset({Role.desk_officer})}  # noqa: RUF012 - read by the permission sync
    default_view = "index"
    menu_items = ((WORK, _l("Logins of applicants"), "key", "index", "use"),)

    @expose("/", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def index(self) -> Any:
        """First the number, then the applicant and the box to tick; ``do`` tells which button was pressed."""
        if request.method == "GET":
            return _page()
        account, form = None, sent()
        try:
            with transaction() as unit:
                account = desk_logins.find(unit, current_actor(), form.get("id_kind", ""), form.get("id_number", ""))
            acts = {"give": self._give, "confirm": self._confirm}
            act = acts.get(form.get("do", ""))
            return act(account.id) if act is not None else _page(account)
        except DomainError as exc:
            return _page(account, exc), exc.status

    def _confirm(self, pk: int) -> Any:
        with transaction() as unit:
            account = unit.get_one(Account, pk)
            level, name = desk_logins.confirm(unit, current_actor(), account, _said()), account.name
        flash(_("%(name)s: electronic identity level %(level)d.", name=name, level=level), "success")
        return redirect(url_for("DeskLoginView.index"))

    def _give(self, pk: int) -> Any:
        said = _said()
        with transaction() as unit:
            account = unit.get_one(Account, pk)
            user = desk_logins.give(unit, current_actor(), account, said)
            given = {"name": account.name, "username": user.username, "password": said.password}
        return render_template("officers/desk_login_given.html", given=given)


def _said() -> desk_logins.Comparing:
    form = sent()
    return desk_logins.Comparing(
        password=form.get("password", ""), is_compared=form.get("is_compared") == "y",
        login_check=form.get("login_check", ""),
    )  # fmt: skip


def _page(account: Account | None = None, error: DomainError | None = None) -> str:
    session, form = db.session(), sent()
    faults = error.fields if isinstance(error, Invalid) else {}
    if account is not None:
        account = session.get_one(Account, account.id)
    return render_template(
        "officers/desk_login.html", account=account, error=error, given=form,
        faults=faults,
        id_kinds=[(str(key), _(text)) for key, text in ID_KINDS.items()],
        answers=[(key, _(text)) for key, text in LOGIN_ANSWERS.items()],
        why_not=desk_logins.why_not(session, account, current_actor()) if account is not None else "",
        may_raise=account is not None and desk_logins.may_raise(session, account, current_actor()),
        asks_whose=account is not None and desk_logins.asks_whose(account),
        password=new_password() if "password" in faults else form.get("password") or new_password(),
    )  # fmt: skip
