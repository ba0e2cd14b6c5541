"""The directory of agencies (HUE25 Đ6.1a)."""

from flask import render_template
from flask_appbuilder import BaseView, expose

from app.extensions import db
from app.models.agency import AGENCY_LEVELS
from app.services import procedure_words
from app.services.catalog import ProcedureSearch, find_procedures
from app.services.directory import (
    by_level,
    get_agency,
    hours_of,
    list_agencies,
    related,
    special_day,
)
from app.views.portal.links import typed

SHOWN_PROCEDURES = 15


class PortalAgencyView(BaseView):
    """Public pages of agencies."""

    public = True
    route_base = "/co-quan"
    default_view = "index"

    @expose("/")
    @expose("")
    def index(self) -> str:
        """Today's agencies by level, or those that fit the words typed."""
        q, level = typed("q"), typed("cap", 20)
        groups = by_level(list_agencies(db.session(), q, level))
        return render_template(
            "portal/agencies.html",
            q=q,
            level=level,
            groups=groups,
            levels=AGENCY_LEVELS,
            nav_active="agencies",
        )

    @expose("/<code>")
    def show(self, code: str) -> str:
        """One agency: how to reach it, when it is open, what it handles."""
        session = db.session()
        agency = get_agency(session, code)
        below, served = related(session, agency)
        handled = find_procedures(session, ProcedureSearch(agency=agency.code), 1, SHOWN_PROCEDURES)
        return render_template(
            "portal/agency.html",
            agency=agency,
            hours=hours_of(session, agency),
            below=below,
            served=served,
            handled=handled,
            special_day=special_day,
            levels=AGENCY_LEVELS,
            words=procedure_words,
            nav_active="agencies",
        )
