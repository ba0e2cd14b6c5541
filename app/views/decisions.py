"""Publication decisions: their procedures, everything still missing, and the single act."""

from collections.abc import Callable
from typing import Any

from flask import Response, abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import DomainError, NotFound
from app.extensions import db
from app.lowcode.history_pages import told_of
from app.models.publication import ITEM_KINDS
from app.permissions import EVERY_OFFICER, Actor, Role, current_actor
from app.services import files
from app.services import publication_decisions as decisions
from app.services.publication_choosing import candidates
from app.services.publication_files import keep_file, signed_file
from app.services.publication_findings import findings
from app.transactions import transaction
from app.views.acts import act, asked_number, searched, typed
from app.views.files import send_file
from app.views.publication import mend_url
from app.workflows.publication import DecisionState

Act = Callable[[Any, Any, Actor], Any]
ACTS: dict[str, Act] = {
    "schedule": decisions.schedule,
    "publish": decisions.publish,
    "unschedule": lambda session, decision, actor: decisions.unschedule(
        session, decision, typed("reason"), actor),
}  # fmt: skip


class DecisionView(BaseView):
    """One publication decision at work; its facts have generated screens."""

    route_base = "/admin/decisions"
    class_permission_name = "PublicationDecisionWork"
    default_view = "show"
    title = _l("Work on publication decisions")
    roles = {"read": EVERY_OFFICER, "publish": frozenset({Role.catalog_admin})}  # noqa: RUF012 - read only

    @expose("/<int:number>")
    @has_access
    @permission_name("read")
    def show(self, number: int) -> str:
        """Procedures with their points, what may be added, and the acts open to the reader."""
        session, actor = db.session(), current_actor()
        decision = _found(session, number)
        may_change = decision.state == DecisionState.draft and actor.has(Role.catalog_admin)
        return render_template(
            "admin/decision.html", decision=decision, state=DecisionState(decision.state),
            found=None if decision.state == DecisionState.published else findings(session, decision),
            kinds=ITEM_KINDS, offered=decisions.offered(decision, actor), mend_url=mend_url,
            may_change=may_change, told=told_of(session, decision),
        )  # fmt: skip

    @expose("/<int:number>/choose")
    @has_access
    @permission_name("publish")
    def choose(self, number: int) -> str:
        """Drafts, or versions in force to repeal, that may be added."""
        session, q = db.session(), searched()
        is_repeal = "repeal" in request.args
        after = asked_number(request.args.get("after")) or 0
        rows, following = candidates(session, q, is_repeal=is_repeal, after=after)
        link = url_for("DecisionView.choose", number=number, q=q or None, after=following,
                       repeal=1 if is_repeal else None)  # fmt: skip
        return render_template(
            "admin/decision_choose.html", decision=_found(session, number), rows=rows, q=q,
            is_repeal=is_repeal, following=link if following else None,
        )  # fmt: skip

    @expose("/<int:number>/add", methods=["POST"])
    @has_access
    @permission_name("publish")
    def add(self, number: int) -> Any:
        """Add the versions ticked; what could not be added is named with the reason."""
        ids = [n for text in request.form.getlist("version")[:2000] if (n := asked_number(text))]
        try:
            with transaction() as session:
                decision = decisions.get_decision(session, number, to_change=True)
                told = decisions.add_versions(session, decision, ids, current_actor())
                _say(told)
        except NotFound:
            abort(404)
        except DomainError as exc:
            flash(str(exc), "danger")
        return _back(number)

    @expose("/<int:number>/remove/<int:item>", methods=["POST"])
    @has_access
    @permission_name("publish")
    def remove(self, number: int, item: int) -> Any:
        """Take one procedure out."""
        act(lambda session, actor: decisions.remove_item(session, _locked(session, number), item, actor),
            _("The procedure is taken out of the decision."))  # fmt: skip
        return _back(number)

    @expose("/<int:number>/<name>", methods=["POST"])
    @has_access
    @permission_name("publish")
    def move(self, number: int, name: str) -> Any:
        """Schedule, publish, or take back to preparation."""
        if name not in ACTS:
            abort(404)
        act(lambda session, actor: ACTS[name](session, _locked(session, number), actor), _("Done."))
        return _back(number)

    @expose("/<int:number>/file", methods=["GET"])
    @has_access
    @permission_name("read")
    def file(self, number: int) -> Response:
        """The signed decision."""
        with transaction() as session:
            data, name, media_type = signed_file(session, _found(session, number))
        return send_file(data, name, media_type, is_inline=True)

    @expose("/<int:number>/file", methods=["POST"])
    @has_access
    @permission_name("publish")
    def upload(self, number: int) -> Any:
        """Keep the signed decision, in place of the one before."""
        sent = request.files.get("file")
        if sent is None or not sent.filename:
            flash(_("No file was sent. Please choose a file."), "danger")
            return _back(number)
        name, stream = sent.filename, sent.stream

        def keep(session: Any, actor: Actor) -> None:
            decision = _locked(session, number)
            stored = files.store_upload(session, name, stream, max_mb=files.max_upload_mb(session))
            keep_file(session, decision, stored, files.safe_name(name), actor)

        act(keep, _("The signed file is kept."))
        return _back(number)


def _found(session: Any, number: int) -> Any:
    try:
        return decisions.get_decision(session, number)
    except NotFound:
        abort(404)


def _locked(session: Any, number: int) -> Any:
    return decisions.get_decision(session, number, to_change=True)


def _back(number: int) -> Any:
    return redirect(url_for("DecisionView.show", number=number))


def _say(told: list[decisions.Added]) -> None:
    """Tell how many were added, and of each that was not, why."""
    count = sum(not one.refusal for one in told)
    if count or not told:
        text = ngettext("%(num)d procedure was added.", "%(num)d procedures were added.", count)
        flash(text if told else _("Nothing was chosen."), "success" if count else "warning")
    for one in [one for one in told if one.refusal][:20]:
        flash(f"{one.version.procedure.code}: {one.refusal}", "warning")
