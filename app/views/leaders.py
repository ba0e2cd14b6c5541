"""The leader's dashboard, and the list of dossiers behind each of its figures."""

from typing import Any

from flask import current_app, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import lazy_gettext as _l

from app.extensions import db
from app.lowcode.registry import link_to
from app.models import Dossier
from app.models.menus import WORK
from app.permissions import OVERSEERS, Role, current_actor
from app.services import dashboard
from app.services.dashboard_period import (
    PERIOD_GROUPS,
    PERIODS,
    RUNNING_GROUPS,
    Wanted,
    month_wanted,
    wanted_of,
)

LEADERS = OVERSEERS | {Role.division_head, Role.agency_head, Role.centre_director}
GROUP_LABELS = {
    "received": _l("Received"),
    "finished": _l("Finished in all"),
    "on_time": _l("Finished on time"),
    "late": _l("Finished late"),
    "in_progress": _l("In progress"),
    "in_time": _l("Within the limit"),
    "near_due": _l("Nearly due"),
    "overdue": _l("Overdue"),
    "waiting": _l("Waiting for the applicant"),
}
PERIOD_LABELS = {
    "week": _l("This week"),
    "month": _l("This month"),
    "quarter": _l("This quarter"),
    "year": _l("This year"),
    "custom": _l("Other dates"),
}


class DashboardView(BaseView):
    """What happens in one's own part of the agency tree, and where it is late."""

    route_base = "/dashboard"
    class_permission_name = "Dashboard"
    default_view = "index"
    title = _l("Dashboard")
    roles = {"read": LEADERS}  # noqa: RUF012 - read only, as FAB's own class attributes
    menu_items = ((WORK, _l("Dashboard"), "chart-bar", "index", "read"),)

    @expose("/")
    @has_access
    @permission_name("read")
    def index(self) -> str:
        """The figures of a period, by agency, sector and month."""
        wanted = wanted_of(request.args)
        actor = current_actor()
        return _render(
            "dashboard", wanted, found=dashboard.overview(db.session(), wanted, actor),
            period_tabs=[_period_tab(wanted, key) for key in PERIODS if key != "custom"],
        )  # fmt: skip

    @expose("/dossiers")
    @has_access
    @permission_name("read")
    def dossiers(self) -> str:
        """The dossiers behind one figure, the earliest due first."""
        wanted, session, actor = wanted_of(request.args), db.session(), current_actor()
        page = dashboard.find_dossiers(
            session, wanted, actor,
            after=request.args.get("after", ""), before=request.args.get("before", ""),
        )  # fmt: skip
        near = dashboard.near_until(session, actor)
        return _render(
            "dossiers", wanted, page=page,
            urgency=lambda row: dashboard.urgency_of(session, row, near), dossier_url=dossier_url,
            previous=_page_url(wanted, before=page.previous),
            following=_page_url(wanted, after=page.next),
        )  # fmt: skip


def _render(template: str, wanted: Wanted, **context: Any) -> str:
    """Render with what both pages need: labels, the filter's choices and the links."""
    return render_template(
        f"leaders/{template}.html", wanted=wanted, labels=GROUP_LABELS,
        period_labels=PERIOD_LABELS, period_groups=PERIOD_GROUPS, running_groups=RUNNING_GROUPS,
        agencies=dashboard.agency_choices(db.session(), current_actor()),
        sectors=dashboard.sector_choices(db.session()), link=_linker(wanted),
        month_link=lambda month, group: _linker(month_wanted(wanted, month))(group),
        home=url_for("DashboardView.index", **wanted.args()), **context,
    )  # fmt: skip


def dossier_url(dossier: Dossier) -> str | None:
    """Return the dossier's page for people at work; its plain record where there is none."""
    if "DossierPageView.show" in current_app.view_functions:
        return url_for("DossierPageView.show", code=dossier.code)
    return link_to(dossier)


def _linker(wanted: Wanted) -> Any:
    """Return the function that gives the address of the dossiers behind a figure."""

    def link(group: str, **narrow: Any) -> str:
        return url_for("DashboardView.dossiers", **wanted.args(group=group, **narrow))

    return link


def _period_tab(wanted: Wanted, key: str) -> dict[str, Any]:
    args = {"period": key, "agency": wanted.agency_id, "sector": wanted.sector_id}
    url = url_for("DashboardView.index", **{k: v for k, v in args.items() if v is not None})
    return {"title": PERIOD_LABELS[key], "url": url, "active": wanted.period == key}


def _page_url(wanted: Wanted, **cursor: str | None) -> str | None:
    if not any(cursor.values()):
        return None
    return url_for("DashboardView.dossiers", **wanted.args(group=wanted.group, **cursor))


LEADER_VIEWS = (DashboardView,)
