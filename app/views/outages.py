"""After an incident: decide about its time, and approve what was received on paper meanwhile."""

from typing import Any

from flask import Response, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose, has_access
from flask_appbuilder.security.decorators import permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import Conflict, DomainError, Invalid
from app.extensions import db
from app.lowcode.values import as_id
from app.models.dossier import PAPER_KINDS
from app.models.menus import WORK
from app.permissions import Role, current_actor
from app.services import catch_up, catch_up_scans, incidents, outage_notices, outages
from app.services.submission import new_key
from app.transactions import transaction
from app.views.files import send_file
from app.views.officers.base import sent


class OutageView(BaseView):
    """Incidents that were declared, and the decision about their time."""

    route_base = "/outages"
    class_permission_name = "Outages"
    default_view = "index"
    roles = {"use": incidents.DECIDERS | {Role.system_admin}}  # noqa: RUF012 - read by the permission sync
    menu_items = ((WORK, _l("Incidents and their time"), "alert-triangle", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The latest incidents."""
        session = db.session()
        rows = incidents.recent(session)
        decided = outages.decisions_of(session, rows)
        return render_template("outages/index.html", rows=[(row, decided.get(row.id)) for row in rows])

    @expose("/<int:number>", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def show(self, number: int) -> Any:
        """One incident with its preview; POST decides."""
        form = sent()
        if form.get("do") == "tell":
            return _tell(number)
        if form.get("do") not in {"credit", "leave"}:
            return _page(number)
        try:
            with transaction() as unit:
                outages.decide(
                    unit, number, current_actor(), is_credited=form["do"] == "credit",
                    reason=form.get("reason", ""), clause=form.get("clause", ""),
                )  # fmt: skip
        except (Invalid, Conflict) as exc:
            return _page(number, exc), exc.status
        flash(_("The decision is recorded."), "success")
        return redirect(url_for("OutageView.show", number=number))


def _tell(number: int) -> Any:
    """Send the guidance once; a refusal keeps what was typed."""
    try:
        with transaction() as unit:
            notice = outage_notices.send(
                unit, number, current_actor(), text=sent().get("text", ""), key=sent().get("key", "")
            )  # fmt: skip
            wanted = notice.wanted
    except (Invalid, Conflict) as exc:
        return _page(number, exc), exc.status
    words = ngettext(
        "The applicant of %(num)d dossier is being told.", "The applicants of %(num)d dossiers are being told.", wanted
    )  # fmt: skip
    flash(words, "success")
    return redirect(url_for("OutageView.show", number=number))


def _page(number: int, error: Any = None) -> str:
    session = db.session()
    incident = incidents.get_incident(session, number)
    place = outage_notices.place_of(session, incident, current_actor())
    decision = outages.decision_of(session, incident)
    may_decide = incidents.may_decide(session, incident, current_actor())
    is_ready = decision is None and incident.ended_at is not None and may_decide
    return render_template(
        "outages/show.html", incident=incident, decision=decision, may_decide=may_decide, error=error,
        effect=outages.effect_of(session, incident) if is_ready else None, shown=outages.SHOWN,
        faults=error.fields if isinstance(error, Invalid) else {}, given=sent(),
        place=place, reach=outage_notices.reach_of(session, place) if place else None,
        key=sent().get("key") or new_key(),
        notices=outage_notices.notices_of(session, incident),
    )  # fmt: skip


class CatchUpView(BaseView):
    """Late entries of dossiers received on paper."""

    route_base = "/late-entries"
    class_permission_name = "LateEntries"
    default_view = "index"
    roles = {"use": frozenset({Role.desk_officer, Role.centre_director})}  # noqa: RUF012 - as above
    menu_items = ((WORK, _l("Late entries from paper"), "history", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The late entries of one's desks."""
        return _papers()

    @expose("/<int:number>", methods=["POST"])
    @has_access
    @permission_name("use")
    def decide(self, number: int) -> Any:
        """Approve or refuse one."""
        try:
            with transaction() as unit:
                if sent().get("do") == "approve":
                    message = _("Approved: %(code)s.", code=catch_up.approve(unit, number, current_actor()).code)
                else:
                    catch_up.refuse(unit, number, current_actor(), sent().get(f"reason-{number}", ""))
                    message = _("The entry was not approved.")
        except (Invalid, Conflict) as exc:
            return _papers(exc, number), exc.status
        flash(message, "success")
        return redirect(url_for("CatchUpView.index"))


    @expose("/<int:number>/scans", methods=["POST"])
    @has_access
    @permission_name("use")
    def add_scans(self, number: int) -> Any:
        """Attach scans to an entry that waits for approval."""
        chosen = [one for one in request.files.getlist("scan_file") if one.filename]
        try:
            with transaction() as unit:
                if not chosen:
                    raise Invalid(_("Choose a file first."))
                for one in chosen:
                    catch_up_scans.add_scan(unit, number, current_actor(), name=one.filename or "", data=one.stream,
                                            component_id=as_id(sent().get("component", "")))  # fmt: skip
        except (Invalid, Conflict) as exc:
            return _papers(exc, number), exc.status
        flash(_("The scans are attached."), "success")
        return redirect(url_for("CatchUpView.index"))

    @expose("/<int:number>/scans/<int:place>")
    @has_access
    @permission_name("use")
    def scan(self, number: int, place: int) -> Response:
        """One scan, to be looked at before approving."""
        with transaction() as unit:
            data, name, media_type = catch_up_scans.scan_of(unit, number, place, current_actor())
        return send_file(data, name, media_type, is_inline=True)


def _papers(error: DomainError | None = None, failed: int = 0) -> str:
    actor = current_actor()
    listed = catch_up.listed(db.session(), actor)
    rows = [
        (row, row.state == "pending" and catch_up.may_approve(row, actor),
         catch_up_scans.papers_of(db.session(), row) if catch_up_scans.may_add(row, actor) else None)
        for row in listed
    ]  # fmt: skip
    faults = error.fields if isinstance(error, Invalid) else {}
    return render_template("outages/papers.html", rows=rows, error=error, faults=faults, failed=failed,
                           handed_in=catch_up_scans.handed_in(db.session(), listed), kinds=PAPER_KINDS)  # fmt: skip


OUTAGE_VIEWS = (OutageView, CatchUpView)
