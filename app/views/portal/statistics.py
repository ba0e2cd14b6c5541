"""Public statistics of handling (HUE25 Đ14.4, Đ15; HCM24 Đ13.2)."""

from flask import render_template
from flask_appbuilder import BaseView, expose
from flask_babel import gettext as _

from app.clock import today
from app.extensions import db
from app.models.agency import AGENCY_LEVELS
from app.models.rating import SCORES
from app.services import statistics
from app.views.portal.links import typed


class PortalStatisticsView(BaseView):
    """How many dossiers, and how many of them in time."""

    public = True
    route_base = "/thong-ke"
    default_view = "index"

    @expose("/")
    @expose("")
    def index(self) -> str:
        """The figures of a month, a year or the last twelve months."""
        session, period = db.session(), statistics.period_of(typed("ky", 10))
        agencies = statistics.by_agency(session, period)
        return render_template(
            "portal/statistics.html",
            period=period,
            periods=_periods(),
            agencies=agencies,
            total=statistics.totals(session, period),
            months=statistics.by_month(session, period),
            sectors=statistics.by_sector(session, period),
            levels=statistics.by_level(agencies),
            ratings=statistics.ratings(session, period),
            level_names=AGENCY_LEVELS,
            scores=SCORES,
            nav_active="statistics",
        )


def _periods() -> list[tuple[str, str]]:
    """Return the periods to choose from: the last twelve months, this and last year, each month."""
    day = today()
    years = [(str(year), _("Year %(year)s", year=year)) for year in (day.year, day.year - 1)]
    starts = [statistics.month_start(day, back) for back in range(statistics.MONTHS)]
    months = [(f"{start:%Y-%m}", _("Month %(month)s", month=f"{start:%m/%Y}")) for start in starts]
    return [("", _("The last twelve months")), *years, *months]
