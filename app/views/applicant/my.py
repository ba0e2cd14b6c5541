"""My dossiers: where they stand, what I must do now, answer, withdraw, receive, rate."""

from typing import Any

from flask import flash, redirect, request, url_for
from flask_appbuilder import expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _

from app.errors import Conflict, DomainError, Invalid, NotAllowed, NotFound
from app.extensions import db
from app.models import Dossier
from app.permissions import current_actor
from app.services import drafts, eforms, files, lifecycle, my_dossiers, ratings, results, suggestions
from app.services.notices import notify_transition
from app.services.paging import page_number
from app.services.submission import answer_supplement, asked_keys
from app.transactions import transaction
from app.views.applicant import my_pages as pages
from app.views.applicant.base import ApplicantView, login_first, page, problems_of
from app.views.applicant.uploads import take_plain_files
from app.workflows.states import State


class MyView(ApplicantView):
    """The applicant's own dossiers; anyone else's do not exist here."""

    route_base = "/my"
    default_view = "list"

    @expose("/")
    @login_first
    @has_access
    @permission_name("use")
    def list(self) -> Any:
        """Cards of dossiers and drafts."""
        session, actor = db.session(), current_actor()
        group = request.args.get("loc", "")
        group = group if group in my_dossiers.FILTERS else ""
        found = my_dossiers.list_own(session, actor, group, page_number(request.args.get("trang")))
        unsent = drafts.list_drafts(session, actor)
        return page(
            "my", found=found, group=group, counts=my_dossiers.count_groups(session, actor, len(unsent)),
            drafts=unsent if group in {"", "todo"} and found.page == 1 else [],
            sentence=my_dossiers.sentence, to_do=my_dossiers.to_do, rateable=ratings.is_rateable,
            waiting=[one for one in found.rows if State(one.state) in my_dossiers.WAITING_FOR_ME],
            suggested=suggestions.suggested(session, actor) if group == "" else [],
        )  # fmt: skip

    @expose("/<code>")
    @login_first
    @has_access
    @permission_name("use")
    def show(self, code: str) -> Any:
        """One dossier: what to do now on top, its course below."""
        session = db.session()
        return pages.dossier_page(session, my_dossiers.get_own(session, code, current_actor()))

    @expose("/<code>/bo-sung", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def supplement(self, code: str) -> Any:
        """Answer a supplement request: the asked fields and papers, nothing else."""
        session, actor = db.session(), current_actor()
        dossier = my_dossiers.get_own(session, code, actor)
        asked = files.open_request(dossier, actor)
        if asked is None:
            flash(_("Nothing is asked of you at present."), "info")
            return redirect(url_for("MyView.show", code=dossier.code))
        if request.method == "GET":
            return pages.supplement_page(session, dossier, asked, None, {})
        form, values = dossier.version.form, {}
        if form is not None:
            values = eforms.read_data(form, request.form, only=asked_keys(dossier, asked))
        if request.form.get("add_row"):
            return pages.supplement_page(session, dossier, asked, values, {})
        faults, message = self._answer(code, values)
        if not faults and not message:
            flash(_("Your supplement has been sent. The code stays the same."), "success")
            return redirect(url_for("MyView.show", code=code))
        dossier = my_dossiers.get_own(db.session(), code, actor)
        asked = dossier.supplements[-1]
        return pages.supplement_page(session, dossier, asked, values, faults, message, 422)

    def _answer(self, code: str, values: dict[str, Any]) -> tuple[dict[str, str], str]:
        actor = current_actor()
        try:
            with transaction() as unit:
                self._take_files(unit, my_dossiers.get_own(unit, code, actor, to_change=True))
            with transaction() as unit:
                dossier = my_dossiers.get_own(unit, code, actor, to_change=True)
                answer_supplement(unit, dossier, _with_files(dossier, values), actor)
        except (Invalid, Conflict) as exc:
            return problems_of(exc), str(exc)
        return {}, ""

    def _take_files(self, unit: Any, dossier: Dossier) -> None:
        asked = files.open_request(dossier, current_actor())
        if asked is None:
            raise NotAllowed(_("Nothing is asked of you at present."))

        keys = asked_keys(dossier, asked)

        def place(name: str) -> dict[str, Any]:
            component = drafts.find_component(dossier.version, name.removeprefix("component-"))
            if component is not None and component.id in asked.component_ids:
                return {"dossier": dossier, "component": component}
            key = name.removeprefix(eforms.PREFIX)
            if key in keys:
                return {"dossier": dossier, "field_key": key}
            raise NotFound(_("This paper does not belong to the procedure."))

        limit = files.max_upload_mb(unit)
        take_plain_files(unit, request.files, place, current_actor(), limit)

    @expose("/<code>/rut", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def withdraw(self, code: str) -> Any:
        """Ask to withdraw the dossier; an officer decides."""
        reason = (request.form.get("reason") or "").strip()[:2000]
        try:
            with transaction() as unit:
                dossier = my_dossiers.get_own(unit, code, current_actor(), to_change=True)
                row = lifecycle.move(unit, dossier, "request_withdrawal", current_actor(),
                                     remark=reason)  # fmt: skip
                notify_transition(unit, dossier, row)
            flash(_("Your request to withdraw has been sent."), "success")
        except DomainError as exc:
            _refuse_unknown(exc)
            flash(str(exc), "danger")
        return redirect(url_for("MyView.show", code=code))

    @expose("/<code>/nhan-ket-qua", methods=["POST"])
    @login_first
    @has_access
    @permission_name("use")
    def collect(self, code: str) -> Any:
        """Receive the electronic result: the receipt is recorded, then the file opens."""
        try:
            with transaction() as unit:
                dossier = my_dossiers.get_own(unit, code, current_actor(), to_change=True)
                results.collect_online(unit, dossier, current_actor())
            flash(_("The receipt is recorded. Your result can be downloaded below."), "success")
        except DomainError as exc:
            _refuse_unknown(exc)
            flash(str(exc), "danger")
        return redirect(url_for("MyView.show", code=code, _anchor="ket-qua"))

    @expose("/<code>/danh-gia", methods=["GET", "POST"])
    @login_first
    @has_access
    @permission_name("use")
    def rate(self, code: str) -> Any:
        """Rate how the dossier was handled, once."""
        dossier = my_dossiers.get_own(db.session(), code, current_actor())
        if not ratings.is_rateable(dossier):
            flash(pages.why_not_rateable(dossier), "info")
            return redirect(url_for("MyView.show", code=dossier.code))
        if request.method == "GET":
            return pages.rating_page(dossier, {})
        try:
            with transaction() as unit:
                own = my_dossiers.get_own(unit, code, current_actor(), to_change=True)
                score, comment = request.form.get("score", ""), request.form.get("comment")
                ratings.rate(unit, own, current_actor(), score=score, criteria=request.form,
                             comment=comment)  # fmt: skip
        except Invalid as exc:
            fresh = my_dossiers.get_own(db.session(), code, current_actor())
            return pages.rating_page(fresh, problems_of(exc), exc.status)
        flash(_("Thank you for your rating."), "success")
        return redirect(url_for("MyView.show", code=code))


def _with_files(dossier: Dossier, values: dict[str, Any]) -> dict[str, Any]:
    """Add what was attached to asked file fields: known by rows, never by the page."""
    asked = dossier.supplements[-1]
    fresh = [a for a in dossier.attachments if a.field_key and a.created_at >= asked.asked_at]
    keys = {attachment.field_key for attachment in fresh}
    return values | {key: [a.name for a in fresh if a.field_key == key] for key in keys}


def _refuse_unknown(exc: DomainError) -> None:
    if isinstance(exc, NotFound):
        raise exc
