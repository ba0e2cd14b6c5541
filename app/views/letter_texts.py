"""The office's own words of letters: every kind with its editions, edited beside what will be printed."""

from base64 import b64encode
from datetime import date
from typing import Any

from flask import abort, flash, jsonify, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.clock import today
from app.documents.preview import page_count, page_preview
from app.documents.titles import form_number
from app.documents.wording import BLOCK_LABELS, ONE_LINE, names_of
from app.errors import DomainError, Invalid, NotFound
from app.extensions import db
from app.models import LetterTemplate
from app.models.letter_template import TEMPLATE_KINDS
from app.models.menus import CATALOGS
from app.permissions import Role, current_actor
from app.services import letter_templates
from app.services.profiles import profile_value
from app.transactions import transaction
from app.views.acts import act, asked_number
from app.views.files import send_file
from app.views.officers.base import asked, sent
from app.workflows.parameters import FORM_SETS

_WIDTH = 800  # pixels of a page looked at beside the form
_MAX_PAGES = 4
STATUSES = {"draft": _l("Draft"), "planned": _l("Waits for its day"), "in_force": _l("In use"),
            "retired": _l("Replaced")}  # fmt: skip


class LetterTextView(BaseView):
    """Texts of letters; administrators of catalogs edit, who oversees the system looks."""

    route_base = "/letter-texts"
    class_permission_name = "LetterTexts"
    default_view = "index"
    roles = {  # noqa: RUF012 - read by the permission sync
        "read": frozenset({Role.catalog_admin, Role.system_admin, Role.auditor}),
        "change": letter_templates.EDITORS,
    }  # fmt: skip
    menu_items = ((CATALOGS, _l("Texts of letters"), "file-text", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """Every kind of letter in one set of forms: what is printed today, what is planned or drafted."""
        session = db.session()
        form_set = _set_of(asked().get("bo", ""), str(profile_value(session, "form_set")))
        rows = [(row, form_number(_letter(row.kind), form_set)) for row in
                letter_templates.standings(session, form_set)]  # fmt: skip
        return render_template(
            "letters/index.html", rows=rows, form_set=form_set, form_sets=FORM_SETS, kinds=TEMPLATE_KINDS,
            used=profile_value(session, "form_set"),
        )  # fmt: skip

    @expose("/<form_set>/<kind>")
    @has_access
    @permission_name("read")
    def editions(self, form_set: str, kind: str) -> Any:
        """One kind: its editions, and what is printed today with made-up data."""
        session = db.session()
        rows = _found(letter_templates.editions, session, kind, form_set)
        valid = letter_templates.in_force(session, kind, form_set, today())
        return render_template(
            "letters/editions.html", kind=kind, form_set=form_set, kinds=TEMPLATE_KINDS, form_sets=FORM_SETS,
            rows=[(row, letter_templates.status(row, valid)) for row in rows], valid=valid, statuses=STATUSES,
            pages=_pictures(kind, form_set, letter_templates.texts_of(valid) if valid else {}),
        )  # fmt: skip

    @expose("/<form_set>/<kind>/draft", methods=["POST"])
    @has_access
    @permission_name("change")
    def begin(self, form_set: str, kind: str) -> Any:
        """Begin a draft, or go on with the one there is."""
        made: list[int] = []
        act(lambda session, actor: made.append(
            letter_templates.start_draft(session, kind, form_set, actor).id), _("This is the draft."))  # fmt: skip
        if not made:
            return redirect(url_for("LetterTextView.editions", form_set=form_set, kind=kind))
        return redirect(url_for("LetterTextView.edit", number=made[0]))

    @expose("/edition/<int:number>", methods=["GET", "POST"])
    @has_access
    @permission_name("change")
    def edit(self, number: int) -> Any:
        """A draft beside its preview; POST saves, publishes, restores or drops it."""
        row = _found(letter_templates.get_template, db.session(), number)
        if request.method == "GET":
            return _draft_page(row, letter_templates.texts_of(row))
        kind, typed = row.kind, dict(sent())
        try:
            message = _apply(number, typed)
        except DomainError as exc:
            row = _found(letter_templates.get_template, db.session(), number)
            texts = letter_templates.tidied(kind, typed)
            return _draft_page(row, texts, exc, version=typed.get("row_version", "")), exc.status
        flash(message, "success")
        if typed.get("do") in {"publish", "discard"}:
            return redirect(url_for("LetterTextView.editions", form_set=row.form_set, kind=kind))
        return redirect(url_for("LetterTextView.edit", number=number))

    @expose("/edition/<int:number>/withdraw", methods=["POST"])
    @has_access
    @permission_name("change")
    def withdraw(self, number: int) -> Any:
        """Take a planned edition back before its day."""
        row = _found(letter_templates.get_template, db.session(), number)
        place = {"form_set": row.form_set, "kind": row.kind}
        act(lambda session, actor: letter_templates.withdraw(session, number, actor), _("It is a draft again."))
        return redirect(url_for("LetterTextView.editions", **place))

    @expose("/edition/<int:number>.pdf")
    @has_access
    @permission_name("read")
    def printed(self, number: int) -> Any:
        """An edition as PDF, with made-up data."""
        row = _found(letter_templates.get_template, db.session(), number)
        data = letter_templates.preview(row.kind, row.form_set, letter_templates.texts_of(row))
        return send_file(data, f"{row.kind}-{row.edition}.pdf", "application/pdf", is_inline=True)

    @expose("/<form_set>/<kind>/preview", methods=["POST"])
    @has_access
    @permission_name("change")
    def preview(self, form_set: str, kind: str) -> Any:
        """Return the pages of what is typed as pictures, or what is wrong by block; nothing is kept."""
        try:
            return jsonify(pages=_pages(letter_templates.preview(kind, form_set, dict(sent()))), faults={})
        except NotFound:
            abort(404)
        except Invalid as exc:
            return jsonify(pages=[], faults=exc.fields)


def _apply(number: int, typed: dict[str, str]) -> str:
    """Do what the pressed button says, in one unit; return what to tell."""
    version, actor = asked_number(typed.get("row_version")) or 0, current_actor()
    with transaction() as session:
        match typed.get("do"):
            case "restore":
                letter_templates.restore(session, number, version, actor)
                return _("The built-in text is back in the draft. It is printed once you publish it.")
            case "discard":
                letter_templates.discard(session, number, version, actor)
                return _("The draft is dropped.")
            case "publish":
                row = letter_templates.save(session, number, typed, version, actor)
                letter_templates.publish(session, number, _day(typed), row.row_version, actor)
                return _("The edition is published. Letters issued before keep their text.")
            case _:
                letter_templates.save(session, number, typed, version, actor)
                return _("The draft text is saved.")


def _day(typed: dict[str, str]) -> date | None:
    try:
        return date.fromisoformat(typed.get("valid_from", ""))
    except ValueError:
        return None


def _draft_page(row: LetterTemplate, texts: dict[str, str], error: Any = None, version: str = "") -> str:
    blocks = [{"name": name, "label": _(BLOCK_LABELS[name]), "text": text, "is_line": name in ONE_LINE}
              for name, text in texts.items()]  # fmt: skip
    return render_template(
        "letters/edit.html", row=row, blocks=blocks, error=error, version=version or row.row_version,
        faults=error.fields if isinstance(error, Invalid) else {}, kinds=TEMPLATE_KINDS, form_sets=FORM_SETS,
        names=[(name, _(spec.label)) for name, spec in names_of(row.kind).items()], today=today().isoformat(),
        valid_from=sent().get("valid_from", ""), labels=BLOCK_LABELS,
        pages=_pictures(row.kind, row.form_set, texts),
    )  # fmt: skip


def _pictures(kind: str, form_set: str, texts: dict[str, str]) -> list[str]:
    """Return the pages as pictures; none while a text cannot be printed."""
    try:
        return _pages(letter_templates.preview(kind, form_set, texts or letter_templates.original(kind, form_set)))
    except Invalid:
        return []


def _pages(pdf: bytes) -> list[str]:
    count = min(page_count(pdf, "application/pdf"), _MAX_PAGES)
    pictures = (page_preview(pdf, "application/pdf", number, _WIDTH) for number in range(1, count + 1))
    return [f"data:image/png;base64,{b64encode(one).decode()}" for one in pictures]


def _set_of(wanted: str, default: str) -> str:
    return next((one for one in (wanted, default) if one in FORM_SETS), "tt03_2025")


def _letter(kind: str) -> str:
    """Return the kind of letter a wording belongs to; an apology for guidance has no form."""
    return {"apology_overdue": "apology", "apology_extension": "apology"}.get(kind, kind)


def _found(find: Any, *wanted: Any) -> Any:
    try:
        return find(*wanted)
    except NotFound:
        abort(404)


LETTER_TEXT_VIEWS = (LetterTextView,)
