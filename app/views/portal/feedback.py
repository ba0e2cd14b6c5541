"""Feedback of visitors: sending it, following it, reading what was answered (HCM24 Đ14)."""

from typing import Any

from flask import redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.utils.limit import Limit
from flask_babel import gettext as _
from flask_limiter.util import get_remote_address

from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.models.feedback import CATEGORIES
from app.permissions import current_actor
from app.services.feedback import send_feedback
from app.services.feedback_reading import find_published, get_public
from app.transactions import transaction
from app.views.portal.feedback_form import FeedbackForm
from app.views.portal.links import asked_page, pager, typed


class PortalFeedbackView(BaseView):
    """Public pages of feedback. Sending is limited per address."""

    public = True
    route_base = "/phan-anh"
    default_view = "index"
    limits = [
        Limit("10 per minute;60 per hour", get_remote_address, methods=("POST",)),
        Limit("120 per minute", get_remote_address, methods=("GET",)),
    ]

    @expose("/")
    @expose("")
    def index(self) -> Any:
        """Published answers, the way to send feedback and to follow one's own."""
        code = typed("ma", 60)
        if code:
            return redirect(url_for(f"{self.endpoint}.show", code=code.replace("/", "-")))
        q = typed("q")
        found = find_published(db.session(), q, asked_page())
        return render_template(
            "portal/feedback.html",
            q=q,
            found=found,
            pager=pager(found),
            categories=CATEGORIES,
            nav_active="feedback",
        )

    @expose("/gui", methods=["GET", "POST"])
    def send(self) -> Any:
        """The form; what was typed is kept when something is missing."""
        form = FeedbackForm(data=None if request.method == "POST" else _prefilled())
        if form.validate_on_submit():
            if form.website.data:
                return redirect(url_for(f"{self.endpoint}.index"))
            try:
                code = _send(form)
                return redirect(url_for(f"{self.endpoint}.thanks", code=code))
            except Invalid as exc:
                form.add_errors(exc.fields)
            except DomainError as exc:  # what was typed stays, whatever stands in the way
                form.form_errors.append(str(exc))
        status = 422 if form.errors else 200
        return render_template(
            "portal/feedback_send.html", form=form, nav_active="feedback"
        ), status

    @expose("/<code>/cam-on")
    def thanks(self, code: str) -> str:
        """What the sender takes with him: the code, and by when he is answered."""
        item = get_public(db.session(), code)
        return render_template("portal/feedback_thanks.html", item=item, nav_active="feedback")

    @expose("/<code>")
    def show(self, code: str) -> str:
        """Question and answer once published; before that the state only."""
        item = get_public(db.session(), code)
        return render_template(
            "portal/feedback_item.html", item=item, categories=CATEGORIES, nav_active="feedback"
        )


def _send(form: FeedbackForm) -> str:
    """Send once, however often the button was pressed; returns the code."""
    for last_try in (False, True):
        try:
            with transaction() as session:
                return send_feedback(session, form.given(), current_actor(), key=form.key.data).code
        except Conflict:
            # The same form arrived twice at one moment: the other one has it by now.
            if last_try:
                raise
    raise AssertionError("unreachable")


def _prefilled() -> dict[str, Any]:
    """Return what the link that led here says: a procedure with a mistake, an agency, a dossier."""
    actor, data = current_actor(), {"is_public": True, "agency": typed("co_quan", 60)}
    if actor.account_id is not None:
        data["sender_name"] = actor.name
    if typed("ho_so", 60):
        data["dossier_code"] = typed("ho_so", 60)
    if typed("thu_tuc", 60):
        data |= {
            "category": "regulation",
            "title": _("Mistake in the published procedure %(code)s", code=typed("thu_tuc", 60)),
        }
    return data
