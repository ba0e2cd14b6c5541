"""Files by right: uploads, downloads, previews; letters and results as PDF (design 3.12)."""

import re
import unicodedata
from typing import Any
from urllib.parse import quote

from flask import Response, jsonify, redirect, request
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _

from app.documents.preview import page_preview
from app.errors import Invalid, NotAllowed, NotFound
from app.filetypes import PICTURES
from app.models import Attachment
from app.models.form import FieldKind
from app.permissions import Role, current_actor
from app.services import drafts, eforms, files, my_dossiers
from app.services.letters import letter_pdf
from app.services.results import get_result, result_pdf
from app.services.submission import asked_keys
from app.transactions import transaction
from app.views.applicant.base import json_errors, login_first
from app.views.hooks import same_site_referrer

INLINE = PICTURES | {"application/pdf"}
# Whatever a file holds, it runs nothing and reaches nothing of ours.
_SANDBOX = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; sandbox"
# Chromium shows no PDF inside a sandbox.
_PDF_POLICY = "default-src 'none'; style-src 'unsafe-inline'; object-src 'self'"


def send_file(data: bytes, name: str, media_type: str, *, is_inline: bool = False) -> Response:
    """Return a file as an answer: its own type, a safe name, nothing in it may run."""
    way = "inline" if is_inline and media_type in INLINE else "attachment"
    is_pdf = media_type == "application/pdf"
    names = f"filename=\"{_ascii(name)}\"; filename*=UTF-8''{quote(name, safe='')}"
    response = Response(data, mimetype=media_type)
    response.headers["Content-Disposition"] = f"{way}; {names}"
    response.headers["X-Content-Type-Options"] = "nosniff"
    response.headers["Content-Security-Policy"] = _PDF_POLICY if is_pdf else _SANDBOX
    response.headers["Cache-Control"] = "private, no-store"
    return response


def _ascii(name: str) -> str:
    """Return a name for browsers that read no UTF-8: "Giấy tờ.pdf" gives "Giay to.pdf"."""
    bare = unicodedata.normalize("NFD", name.replace("Đ", "D").replace("đ", "d"))
    return re.sub(r'[^\x20-\x7e]|["\\]', "", bare) or "file"


def described(attachment: Attachment) -> Response:
    """Return an attachment as ``ui.upload``'s script reads it."""
    return jsonify(my_dossiers.file_item(attachment))


class FileView(BaseView):
    """Attachments: who may see one is decided by its draft or dossier."""

    route_base = "/files"
    class_permission_name = "File"
    roles = {"use": frozenset(Role)}  # noqa: RUF012 - read by the permission sync
    default_view = "show"

    @expose("/<int:pk>")
    @login_first
    @has_access
    @permission_name("use")
    def show(self, pk: int) -> Response:
        """Show a PDF or picture, download anything else; ``?tai=1`` always downloads."""
        data, name, media_type = _open(pk)
        return send_file(data, name, media_type, is_inline="tai" not in request.args)

    @expose("/<int:pk>/preview/<int:page>.png")
    @login_first
    @has_access
    @permission_name("use")
    def preview(self, pk: int, page: int) -> Response:
        """One page as a picture, to be looked at beside the data it proves."""
        data, name, media_type = _open(pk)
        try:
            picture = page_preview(data, media_type, page)
        except Invalid as exc:
            raise NotFound(str(exc)) from exc
        return send_file(picture, f"{name}-{page}.png", "image/png", is_inline=True)

    @expose("/draft/<key>", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    @json_errors
    def add_to_draft(self, key: str) -> Any:
        """Keep one uploaded file at a paper (?component=) or a field (?field=) of a draft."""
        name, stream = _sent_file()
        with transaction() as unit:
            draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
            drafts.refuse_sent(draft)
            place = _place(draft.version, set(), None)
            stored = files.store_upload(unit, name, stream, max_mb=files.max_upload_mb(unit))
            attachment = files.attach(unit, stored, name, current_actor(), draft=draft, **place)
            return described(attachment)

    @expose("/supplement/<code>", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    @json_errors
    def add_to_supplement(self, code: str) -> Any:
        """Keep one uploaded file of the answer to a supplement request: asked papers only."""
        name, stream = _sent_file()
        with transaction() as unit:
            dossier = my_dossiers.get_own(unit, code, current_actor(), to_change=True)
            request_ = files.open_request(dossier, current_actor())
            if request_ is None:
                raise NotAllowed(_("Nothing is asked of you at present."))
            place = _place(dossier.version, set(request_.component_ids), asked_keys(dossier, request_))
            stored = files.store_upload(unit, name, stream, max_mb=files.max_upload_mb(unit))
            attachment = files.attach(unit, stored, name, current_actor(), dossier=dossier, **place)
            return described(attachment)

    @expose("/<int:pk>/remove", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    @json_errors
    def remove(self, pk: int) -> Any:
        """Take back a file that was not sent yet."""
        with transaction() as unit:
            files.remove(unit, pk, current_actor())
        if "X-CSRFToken" in request.headers:  # our script only asks whether it worked
            return "", 204
        return redirect(same_site_referrer() or "/my")


def _open(pk: int) -> tuple[bytes, str, str]:
    """Read an attachment; the reading of officers is kept in the same unit of work."""
    with transaction() as unit:
        attachment = files.get_attachment(unit, pk, current_actor())
        stored = files.ensure_scanned(unit, attachment.file)
        name, media_type = attachment.name, stored.media_type
    return files.file_bytes(stored), name, media_type


def _sent_file() -> tuple[str, Any]:
    chosen = request.files.get("file")
    if chosen is None or not chosen.filename:
        raise Invalid(_("No file was sent. Please choose a file."))
    return chosen.filename, chosen.stream


def _place(version: Any, asked_papers: set[int], asked_keys: set[str] | None) -> dict[str, Any]:
    """Return where an upload belongs; asked_keys None: any paper or file field of the version."""
    component = drafts.find_component(version, request.args.get("component"))
    if component is not None and (asked_keys is None or component.id in asked_papers):
        return {"component": component}
    key = request.args.get("field")
    fields = eforms.fields_of(version.form) if version.form is not None and key else []
    is_known = any(f.key == key and f.kind == FieldKind.file for f in fields)
    if is_known and (asked_keys is None or key in asked_keys):
        return {"field_key": key}
    raise NotFound(_("This paper does not belong to the procedure."))


class PaperView(BaseView):
    """Letters and results as PDF, for the applicant and the officers in scope."""

    route_base = ""
    class_permission_name = "File"
    roles = {"use": frozenset(Role)}  # noqa: RUF012 - read by the permission sync
    default_view = "letter"

    @expose("/letters/<int:pk>.pdf")
    @login_first
    @has_access
    @permission_name("use")
    def letter(self, pk: int) -> Response:
        """A letter or slip."""
        with transaction() as unit:
            letter = files.get_letter(unit, pk, current_actor())
            data, code = letter_pdf(unit, letter), letter.dossier.code
        return send_file(data, f"{code}-{letter.kind}.pdf", "application/pdf", is_inline=True)

    @expose("/letters/<int:pk>/preview.png")
    @login_first
    @has_access
    @permission_name("use")
    def letter_preview(self, pk: int) -> Response:
        """The first page of a letter as a picture, to be looked at without leaving the dossier."""
        with transaction() as unit:
            letter = files.get_letter(unit, pk, current_actor())
            data, code = letter_pdf(unit, letter), letter.dossier.code
        picture = page_preview(data, "application/pdf", 1)
        return send_file(picture, f"{code}-{letter.kind}.png", "image/png", is_inline=True)

    @expose("/results/<int:pk>.pdf")
    @login_first
    @has_access
    @permission_name("use")
    def result(self, pk: int) -> Any:
        """An issued result; the applicant first says that he receives it."""
        with transaction() as unit:
            result = get_result(unit, pk, current_actor())
            files.note_read(unit, result.dossier, result.title, current_actor())
            refusal = my_dossiers.why_not_received(result.dossier, current_actor())
            data, code = b"" if refusal else result_pdf(result), result.dossier.code
        if refusal:
            raise NotAllowed(refusal)
        return send_file(data, f"{code}-ket-qua.pdf", "application/pdf", is_inline=True)
