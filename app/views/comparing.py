"""Two versions side by side as sentences, and a whole decision as the text of its annex."""

from typing import Any

from flask import abort, flash, redirect, render_template, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.errors import Invalid, NotFound
from app.extensions import db
from app.models.publication import ITEM_KINDS
from app.permissions import EVERY_OFFICER
from app.services.version_annex import annex_of, annex_pdf, annex_text, get_pair
from app.services.version_diff import as_text, compare
from app.views.files import send_file


class ComparingView(BaseView):
    """Differences between versions, to be read, printed and copied."""

    route_base = "/admin/compare"
    class_permission_name = "VersionComparison"
    default_view = "versions"
    title = _l("Comparison of versions")
    roles = {"read": EVERY_OFFICER}  # noqa: RUF012 - read only

    @expose("/versions/<int:old>/<int:new>")
    @has_access
    @permission_name("read")
    def versions(self, old: int, new: int) -> str:
        """What changes from one version of a procedure to another."""
        before, after = _pair(old, new)
        sections = compare(before, after)
        return render_template("admin/compare.html", old=before, new=after, sections=sections,
                               text=as_text(sections))  # fmt: skip

    @expose("/decisions/<int:number>")
    @has_access
    @permission_name("read")
    def annex(self, number: int) -> str:
        """The annex of a decision: each procedure with what is new, changed or repealed."""
        try:
            decision, entries = annex_of(db.session(), number)
        except NotFound:
            abort(404)
        return render_template("admin/annex.html", decision=decision, entries=entries, kinds=ITEM_KINDS,
                               text=annex_text(entries))  # fmt: skip

    @expose("/decisions/<int:number>.pdf")
    @has_access
    @permission_name("read")
    def annex_file(self, number: int) -> Any:
        """The same annex as a PDF, to go with the decision."""
        try:
            content = annex_pdf(db.session(), number)
        except NotFound:
            abort(404)
        except Invalid as exc:
            flash(str(exc), "danger")
            return redirect(url_for("ComparingView.annex", number=number))
        return send_file(content, f"phu-luc-{number}.pdf", "application/pdf", is_inline=True)


def _pair(old: int, new: int) -> tuple[Any, Any]:
    try:
        return get_pair(db.session(), old, new)
    except NotFound:
        abort(404)
