"""Applying step by step: where, form, papers, review, sent (HCM24 Đ10, QN20 Đ11–12)."""

from typing import Any

from flask import flash, jsonify, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _

from app.clock import now, to_local
from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.models import Agency, Draft
from app.permissions import current_actor
from app.services import accounts, draft_answers, drafts, eforms, files
from app.services.submission import submit, technical_faults
from app.transactions import transaction
from app.views.applicant import submit_pages as pages
from app.views.applicant.base import ApplicantView, json_errors, login_first, problems_of
from app.views.applicant.fee_choices import read_choices
from app.views.applicant.uploads import take_plain_files


class SubmitView(ApplicantView):
    """From the first question to the acknowledgement; every page works without scripts."""

    route_base = "/nop-ho-so"
    default_view = "start"

    @expose("/<code>", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def start(self, code: str) -> Any:
        """Who handles it; begins a draft or goes on with the one there is."""
        error, status = "", 200
        if request.method == "POST":
            try:
                return redirect(self._resume(self._begin(code).key))
            except Invalid as exc:
                error, status = str(exc), exc.status
        session, actor = db.session(), current_actor()
        version = drafts.published_version(session, code)
        draft = drafts.find_open_draft(session, version, actor)
        account = accounts.own_account(session, actor)
        return pages.start_page(session, version, account, draft, error, status)

    def _begin(self, code: str) -> Draft:
        with transaction() as unit:
            version = drafts.published_version(unit, code)
            chosen = request.form.get("agency", "")
            is_id = chosen.isascii() and chosen.isdigit() and len(chosen) < 10
            agency = unit.get(Agency, int(chosen)) if is_id else None
            return drafts.begin_draft(unit, version, current_actor(), agency)

    @expose("/<key>/lam-tiep")
    @login_first
    @has_access
    @permission_name("use")
    def go_on(self, key: str) -> Any:
        """Where the applicant stopped."""
        return redirect(self._resume(key))

    def _resume(self, key: str) -> str:
        return pages.unfinished_page(drafts.get_draft(db.session(), key, current_actor()))

    @expose("/<key>/to-khai", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def form(self, key: str) -> Any:
        """One section of the electronic form."""
        session, actor = db.session(), current_actor()
        draft = drafts.get_draft(session, key, actor)
        if draft.dossier is not None:
            return redirect(url_for("SubmitView.done", code=draft.dossier.code))
        if request.method == "GET" and drafts.is_outdated(session, draft):
            return _to_version_in_force(draft)
        if draft.version.form is None:
            return redirect(url_for("SubmitView.papers", key=key))
        part = pages.part_of(draft, request.args.get("phan"))
        if request.method == "GET":
            answers = draft_answers.answers_of(draft)
            faults = eforms.data_problems(draft.version.form, answers, only=part.keys)
            return pages.form_page(draft, part, answers, faults if request.args.get("kiem-tra") else {})
        return self._save_part(draft, part)

    def _save_part(self, draft: Draft, part: pages.Part) -> Any:
        form, key = draft.version.form, draft.key
        values = eforms.read_data(form, request.form, only=part.keys)
        try:
            with transaction() as unit:
                fresh = drafts.get_draft(unit, key, current_actor(), to_change=True)
                _take_files(unit, fresh)
                drafts.save_answers(fresh, values, part=part.number, base=request.form.get("base"),
                                    tab=request.form.get("tab", ""))  # fmt: skip
        except Conflict as exc:
            return pages.conflict_page(key, part, values, str(exc))
        except DomainError as exc:
            draft = drafts.get_draft(db.session(), key, current_actor())
            return pages.form_page(draft, part, values, {}, exc.status, message=str(exc))
        fresh = drafts.get_draft(db.session(), key, current_actor())
        if request.form.get("add_row"):
            return redirect(part.url(key, them=request.form["add_row"]))
        if request.form.get("go") == "later":
            return _later()
        answers = draft_answers.answers_of(fresh)
        faults = eforms.data_problems(form, answers, only=part.keys)
        if faults:
            return pages.form_page(fresh, part, answers, faults, 422)
        if pages.newly_shown(form, answers, part, request.form.get("shown")):
            more = _("Your answers ask for something more on this page. Please look through it.")
            return pages.form_page(fresh, part, answers, {}, message=more)
        # Asked again: what was answered here decides which pages follow.
        return redirect(pages.part_of(fresh, str(part.number)).next_url(key))

    @expose("/<key>/autosave", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    @json_errors
    def autosave(self, key: str) -> Any:
        """Keep what is typed so far: a page's inputs, or JSON {base, tab, data}."""
        sent: Any = request.get_json(silent=True) if request.is_json else request.form
        if not hasattr(sent, "get"):
            raise Invalid(_("What was sent cannot be read. Please reload the page."))
        with transaction() as unit:
            draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
            part, values = pages.sent_values(draft, sent, request.args.get("phan"))
            drafts.save_answers(draft, values, part=part, base=str(sent.get("base")),
                                tab=str(sent.get("tab") or ""))  # fmt: skip
            revision, computed = drafts.page_revision(draft, part), draft_answers.computed_texts(draft)
        return jsonify(saved_at=f"{to_local(now()):%H:%M}", base=revision, computed=computed)

    @expose("/<key>/giay-to", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def papers(self, key: str) -> Any:
        """The papers: each with its files."""
        faults: dict[str, str] = {}
        if request.method == "POST":
            faults = self._save_papers(key)
            if not faults and request.form.get("go") == "later":
                return _later()
        draft = drafts.get_draft(db.session(), key, current_actor())
        if draft.dossier is not None:
            return redirect(url_for("SubmitView.done", code=draft.dossier.code))
        if drafts.is_outdated(db.session(), draft):
            return _to_version_in_force(draft)
        if request.method == "POST" and not faults:
            missing = technical_faults(draft, draft_answers.judged_of(draft))
            faults = {name: text for name, text in missing.items() if name.startswith("component-")}
            if not faults:
                return redirect(url_for("SubmitView.review", key=key))
        return pages.papers_page(draft, faults, 422 if faults else 200)

    def _save_papers(self, key: str) -> dict[str, str]:
        try:
            with transaction() as unit:
                draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
                _take_files(unit, draft)
        except Invalid as exc:
            return problems_of(exc)
        return {}

    @expose("/<key>/xem-lai", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def review(self, key: str) -> Any:
        """Everything on one page, with fees and the way of return; then send."""
        message, faults, status, refusal = "", {}, 200, None
        if request.method == "POST":
            try:
                if request.form.get("go") == "later":
                    return self._keep_result_choice(key)
                return redirect(url_for("SubmitView.done", code=self._send(key)))
            except (Invalid, Conflict) as exc:
                message, faults, status = str(exc), problems_of(exc), exc.status
            except NotAllowed as exc:
                refusal = exc
        draft = drafts.get_draft(db.session(), key, current_actor())
        if draft.dossier is not None:
            return redirect(url_for("SubmitView.done", code=draft.dossier.code))
        if drafts.is_outdated(db.session(), draft):
            return _to_version_in_force(draft)
        if refusal is not None:
            raise refusal
        return pages.review_page(draft, message, faults, status)

    def _keep_result_choice(self, key: str) -> Any:
        with transaction() as unit:
            draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
            drafts.keep_result_choice(draft, request.form.get("result_way"), request.form.get("address"))
        return _later()

    def _send(self, key: str) -> str:
        with transaction() as unit:
            draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
            if draft.dossier is None:
                drafts.refuse_stale(draft, request.form.get("row_version"))
                drafts.set_result_way(draft, request.form.get("result_way"))
                _refuse_without_consent()
                draft_answers.settle(draft)
            return submit(unit, draft, current_actor(), request.form.get("address")).code

    @expose("/<key>/phi", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def fees(self, key: str) -> Any:
        """Keep what was chosen about fees, and show the amounts computed anew."""
        try:
            with transaction() as unit:
                draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
                drafts.refuse_sent(draft)
                draft.fee_choices = read_choices(draft, request.form).stored()
        except (Invalid, Conflict) as exc:
            draft = drafts.get_draft(db.session(), key, current_actor())
            if draft.dossier is not None:
                return redirect(url_for("SubmitView.done", code=draft.dossier.code))
            return pages.review_page(draft, str(exc), problems_of(exc), exc.status)
        return redirect(url_for("SubmitView.review", key=key, _anchor="phi"))

    @expose("/<key>/xoa", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def discard(self, key: str) -> Any:
        """Give up a draft."""
        with transaction() as unit:
            draft = drafts.get_draft(unit, key, current_actor(), to_change=True)
            drafts.discard_draft(unit, draft)
        flash(_("The unsent dossier has been deleted."), "success")
        return redirect("/my")

    @expose("/xong/<code>")
    @login_first
    @has_access
    @permission_name("use")
    def done(self, code: str) -> Any:
        """The acknowledgement: code, QR, what happens next and by when."""
        return pages.done_page(db.session(), code, current_actor())


def _later() -> Any:
    flash(_("Saved. You can go on at any time, on any device."), "success")
    return redirect("/my")


def _refuse_without_consent() -> None:
    if not request.form.get("consent"):
        message = _("Please confirm that what you declare is true.")
        raise Invalid(message, {"consent": message})


def _to_version_in_force(draft: Draft) -> Any:
    """Lead to the first step, which brings answers and papers to the version now in force."""
    flash(_("The procedure has changed since you began. Press “Go on filling in”: what you filled in and "
            "attached is brought along; then please look through it and send."), "info")  # fmt: skip
    return redirect(url_for("SubmitView.start", code=draft.version.procedure.code))


def _take_files(session: Any, draft: Draft) -> None:
    """Keep files sent by a page without scripts: inputs "<name>_file"."""
    if not request.files:
        return
    drafts.refuse_sent(draft)
    limit = files.max_upload_mb(session)

    def place(name: str) -> dict[str, Any]:
        component = drafts.find_component(draft.version, name.removeprefix("component-"))
        if name.startswith("component-") and component is not None:
            return {"draft": draft, "component": component}
        form = draft.version.form
        known = {field.key for field in eforms.fields_of(form)} if form is not None else set()
        if name.removeprefix(eforms.PREFIX) in known:
            return {"draft": draft, "field_key": name.removeprefix(eforms.PREFIX)}
        raise NotFound(_("This paper does not belong to the procedure."))

    take_plain_files(session, request.files, place, current_actor(), limit)
