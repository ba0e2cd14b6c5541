"""The form designer: forms as lists of questions, edited, tried out and saved without code."""

import json
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app.errors import Invalid, NotFound
from app.extensions import db
from app.models import Form
from app.models.menus import PROCEDURES
from app.permissions import Actor, Role, current_actor
from app.services import form_design, form_editions
from app.services.form_diff import sentences
from app.services.form_problems import definition_problems, offered_catalogs
from app.transactions import transaction
from app.views.acts import save_design
from app.views.form_designer_spec import designer_spec, designer_words
from app.views.form_preview import preview_page


def _form(number: int) -> Form:
    try:
        return form_design.get_form(db.session(), number)
    except NotFound:
        abort(404)


class FormDesignerView(BaseView):
    """Design of electronic forms; only catalog administrators."""

    route_base = "/form-designer"
    class_permission_name = "FormDesigner"
    default_view = "index"
    title = _l("Form designer")
    roles = {"design": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only
    menu_items = ((PROCEDURES, _l("Form designer"), "adjustments", "index", "design"),)

    @expose("/")
    @has_access
    @permission_name("design")
    def index(self, faults: dict[str, str] | None = None, status: int = 200) -> Any:
        """Forms by name: how many questions, which procedures rest on them."""
        q = request.args.get("q", "").replace("\x00", "").strip()[:200]
        text = request.args.get("after", "")
        after = int(text) if text.isascii() and text.isdigit() and len(text) < 7 else 0
        rows, following = form_editions.list_forms(db.session(), q, after)
        url = url_for("FormDesignerView.index", q=q or None, after=following) if following else None
        return render_template("form_designer/index.html", rows=rows, q=q, following=url,
                               faults=faults or {}, given=request.form), status  # fmt: skip

    @expose("/new", methods=["POST"])
    @has_access
    @permission_name("design")
    def create(self) -> Any:
        """Begin an empty form."""
        code, name = (request.form.get(part, "").replace("\x00", "")[:300] for part in ("code", "name"))
        try:
            with transaction() as session:
                number = form_editions.create(session, code, name, current_actor()).id
        except Invalid as exc:
            return self.index(dict(exc.fields), 422)
        return redirect(url_for("FormDesignerView.design", number=number))

    @expose("/<int:number>")
    @has_access
    @permission_name("design")
    def design(self, number: int) -> str:
        """One form: outline, properties, preview. A frozen one is only looked at."""
        form = _form(number)
        return render_template(
            "form_designer/design.html", form=form, is_frozen=form_editions.is_frozen(db.session(), form),
            data={"definition": form_design.definition(form), "base": form_design.revision(form),
                  "spec": designer_spec(db.session()), "words": designer_words(),
                  "blank": form_design.new_field("text", "", "")},
        )  # fmt: skip

    @expose("/<int:number>/save", methods=["POST"])
    @has_access
    @permission_name("design")
    def save(self, number: int) -> Any:
        """Take the whole form as JSON {base, definition}, in one transaction."""

        def keep(session: Session, definition: Any, base: str, actor: Actor) -> None:
            form = form_design.get_form(session, number, to_change=True)
            form_design.save(session, form, definition, base, actor)

        return save_design(keep, lambda: form_design.revision(_form(number)), "problems")

    @expose("/<int:number>/preview", methods=["POST"])
    @has_access
    @permission_name("design")
    def preview(self, number: int) -> Any:
        """Show a definition as the portal would, or try it out with answers; nothing is kept."""
        form = _form(number)
        locale = "en" if request.form.get("lang") == "en" else "vi"
        try:
            given = form_design.tidied(json.loads(request.form.get("definition", "")))
        except (ValueError, RecursionError, Invalid):
            abort(422)
        with force_locale(locale):
            return preview_page(form, given, locale)

    @expose("/<int:number>/check", methods=["POST"])
    @has_access
    @permission_name("design")
    def check(self, number: int) -> Any:
        """Return the faults of a definition by property; nothing is kept."""
        form = _form(number)
        try:
            given = form_design.tidied(request.get_json(silent=True))
        except Invalid as exc:
            return jsonify(error=str(exc)), exc.status
        return jsonify(problems=definition_problems(form_design.built(given), offered_catalogs(form)))

    @expose("/<int:number>/edition", methods=["POST"])
    @has_access
    @permission_name("design")
    def edition(self, number: int) -> Any:
        """Draft the next edition of a form that must not change."""
        try:
            with transaction() as session:
                form = form_design.get_form(session, number, to_change=True)
                fresh = form_editions.next_edition(session, form, current_actor()).id
        except NotFound:
            abort(404)
        flash(_("The new edition is made. It is used once a procedure version names it."), "success")
        return redirect(url_for("FormDesignerView.design", number=fresh))

    @expose("/<int:number>/editions")
    @has_access
    @permission_name("design")
    def editions(self, number: int) -> str:
        """The editions of a form, each with what it changed against the one before."""
        form = _form(number)
        rows = form_editions.editions(db.session(), form)
        texts = [form_design.definition(form_design.get_form(db.session(), row.form.id)) for row in rows]
        changes = [[], *(sentences(old, new) for old, new in zip(texts, texts[1:], strict=False))]
        pairs = list(zip(rows, changes, strict=True))
        return render_template("form_designer/editions.html", form=form, rows=pairs[::-1])


FORM_DESIGNER_VIEWS = (FormDesignerView,)
