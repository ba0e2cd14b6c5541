"""Setting up a new province or commune from one workbook."""

from typing import Any

from flask import Response, flash, redirect, render_template, send_file, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict
from app.extensions import db
from app.filetypes import XLSX
from app.lowcode.exchange import pages
from app.lowcode.exchange.exchanges import register_exchange
from app.lowcode.exchange.views import ImportView
from app.models.menus import ORGANISATION, SYSTEM
from app.permissions import Role, current_actor
from app.services.setup_workbook.exchange import VIEW, SetupExchange
from app.services.setup_workbook.headings import PARTS
from app.services.setup_workbook.passwords import give_passwords, waiting_runs
from app.services.setup_workbook.template import write_setup_template
from app.transactions import transaction

_TARGET = "setup"
register_exchange(_TARGET, SetupExchange())


class SetupView(ImportView):
    """Agencies with officers, procedures and processes, from one file to a working system."""

    route_base = "/admin/setup"
    class_permission_name = VIEW
    target = _TARGET
    title = _l("Set up a new commune or province")
    done_template = "admin/setup_done.html"
    roles = {"import": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((ORGANISATION, _l("Set up a new commune or province"), "building-community", "start", "import"),)

    def heading(self) -> str:
        """Return the title of the pages."""
        return str(self.title)

    def back(self) -> tuple[str, str]:
        """Return the list of agencies."""
        return _("Agencies"), url_for("AgencyView.list")

    def _parts(self) -> Any:
        return PARTS

    def _render(self, template: str, **context: Any) -> str:
        may_release = current_actor().may("can_operate", SetupPasswordsView.class_permission_name)
        return super()._render(template, may_release=may_release, **context)

    @expose("/import/template.xlsx")
    @has_access
    @permission_name("import")
    def template(self) -> Response:
        """The workbook to fill in."""
        file = write_setup_template(db.session(), self.heading())
        name = pages.file_name(self.heading(), "xlsx")
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=name)


class SetupPasswordsView(BaseView):
    """First passwords of officers made by workbooks: released by a second person, shown once."""

    route_base = "/admin/first-passwords"
    class_permission_name = "SetupPasswords"
    default_view = "index"
    title = _l("First passwords")
    roles = {"operate": frozenset({Role.system_admin})}  # noqa: RUF012 - read only
    menu_items = ((SYSTEM, _l("First passwords"), "key", "index", "operate"),)

    @expose("/")
    @has_access
    @permission_name("operate")
    def index(self) -> str:
        """The workbooks whose officers wait for a password."""
        rows = waiting_runs(db.session(), _TARGET)
        return render_template("admin/first_passwords.html", rows=rows, title=self.title)

    @expose("/<int:number>", methods=["POST"])
    @has_access
    @permission_name("operate")
    def release(self, number: int) -> Any:
        """One-time passwords of the new officers, shown this once."""
        try:
            with transaction() as session:
                slips = give_passwords(session, _TARGET, number)
        except Conflict as exc:
            flash(str(exc), "danger")
            return redirect(url_for(".index"))
        answer = Response(render_template("admin/setup_passwords.html", slips=slips))
        answer.headers["Cache-Control"] = "no-store"
        return answer


SETUP_VIEWS = (SetupView, SetupPasswordsView)
