"""Officers handling feedback: what waits, one item with its possible moves, entering by hand."""

from collections.abc import Callable
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from sqlalchemy.orm import Session

from app import history
from app.errors import DomainError, Invalid, NotFound
from app.extensions import db
from app.history import HIDDEN
from app.lowcode.forms import clean
from app.lowcode.saving import get_row
from app.models import Feedback
from app.models.feedback import CATEGORIES, FEEDBACK_CHANNELS, HANDLERS
from app.models.menus import QUALITY
from app.permissions import Actor, Role, current_actor
from app.services import feedback as service
from app.services.directory import agency_choices
from app.services.feedback_reading import public_view, waiting_for
from app.services.feedback_redaction import PARTS
from app.transactions import transaction
from app.views.portal.feedback_form import RecordForm
from app.views.portal.links import asked_page, pager
from app.workflows.feedback import FeedbackState


def _text(form: Any, name: str) -> str:
    """Return what was typed, without control characters."""
    return clean(form.get(name, "")) or ""


# What the button of each transition does; the words come from the workflow's table.
MOVES: dict[str, Callable[[Session, Feedback, Actor, Any], None]] = {
    "accept": lambda session, item, actor, form: service.accept_feedback(
        session, item, actor, agency_code=_text(form, "agency")
    ),
    "answer": lambda session, item, actor, form: service.answer_feedback(
        session, item, actor, text=_text(form, "answer")
    ),
    "publish": lambda session, item, actor, form: service.publish_feedback(
        session, item, actor, is_read=form.get("is_read") == "y",
        hidden={name: _text(form, f"public_{name}") for name in PARTS if f"public_{name}" in form},
    ),  # fmt: skip
    "refuse": lambda session, item, actor, form: service.refuse_feedback(
        session, item, actor, reason=_text(form, "reason")
    ),
}


class FeedbackDeskView(BaseView):
    """Handling feedback by the FEEDBACK table; rows within the actor's part of the tree."""

    route_base = "/feedback-desk"
    default_view = "index"
    class_permission_name = "FeedbackDesk"
    roles = {
        "use": HANDLERS,
        "record": frozenset({Role.desk_officer, Role.control_focal_point}),
    }
    menu_items = (
        (QUALITY, _l("Feedback to answer"), "messages", "index", "use"),
        (QUALITY, _l("Enter feedback"), "message", "record", "record"),
    )

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """What is to be accepted, answered or published, the most urgent first."""
        found = waiting_for(db.session(), current_actor(), asked_page())
        return render_template(
            "feedback_desk/index.html", found=found, pager=pager(found), categories=CATEGORIES
        )

    @expose("/<int:pk>")
    @has_access
    @permission_name("use")
    def show(self, pk: int) -> str:
        """One item; that its sender's particulars were read is recorded."""
        with transaction() as session:
            history.record(session, history.owner_key(_get(session, pk)), "read")
        return self._page(pk, {})

    @expose("/<int:pk>/<step>", methods=["POST"])
    @has_access
    @permission_name("use")
    def move(self, pk: int, step: str) -> Any:
        """Make one move; what was typed is kept when it is refused."""
        if step not in MOVES:
            abort(404)
        try:
            with transaction() as session:
                MOVES[step](session, _get(session, pk), current_actor(), request.form)
        except NotFound:
            raise
        except Invalid as exc:
            return self._page(pk, exc.fields), exc.status
        except DomainError as exc:
            flash(str(exc), "warning")
        else:
            flash(_("Done."), "success")
        return redirect(url_for(f"{self.endpoint}.show", pk=pk))

    @expose("/record", methods=["GET", "POST"])
    @has_access
    @permission_name("record")
    def record(self) -> Any:
        """Enter what came by phone, post or at the counter (HCM24 Đ14.3)."""
        form = RecordForm(data=None if request.method == "POST" else {"is_public": True})
        if form.validate_on_submit():
            try:
                _record(form)
                return redirect(url_for(f"{self.endpoint}.record"))
            except Invalid as exc:
                form.add_errors(exc.fields)
            except DomainError as exc:  # what was typed stays, whatever stands in the way
                form.form_errors.append(str(exc))
        page = render_template("feedback_desk/record.html", form=form)
        return page, 422 if form.errors else 200

    def _page(self, pk: int, errors: dict[str, str]) -> str:
        session, actor = db.session(), current_actor()
        item = _get(session, pk)
        moves = service.offered(item, actor)
        limits = {row.name: service.step_due(session, item, row.name) for row in moves}
        may_choose = any(row.name == "accept" for row in moves)
        return render_template(
            "feedback_desk/show.html",
            item=item,
            state=FeedbackState(item.state),
            moves=moves,
            limits=limits,
            public=public_view(item, as_published=True) if any(row.name == "publish" for row in moves) else None,
            hidden_sign=HIDDEN,
            errors=errors,
            typed=request.form,
            categories=CATEGORIES,
            channels=FEEDBACK_CHANNELS,
            agencies=agency_choices(session) if may_choose else [],
        )


def _get(session: Session, pk: int) -> Feedback:
    found: Feedback = get_row(session, Feedback, pk)
    return found


def _record(form: RecordForm) -> None:
    with transaction() as session:
        item = service.record_feedback(
            session,
            form.given(),
            current_actor(),
            channel=form.channel.data,
            arrived_at=form.arrived_at.data,
            key=form.key.data,
        )
        is_late = service.is_entered_late(session, item)
    flash(
        _("Feedback %(code)s is entered. Please give this code to the sender.", code=item.code),
        "success",
    )
    if is_late:
        flash(
            _("It was entered more than 8 working hours after its arrival (HCM24 Đ14.3)."),
            "warning",
        )
