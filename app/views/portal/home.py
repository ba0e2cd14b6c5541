"""The portal's first page."""

from flask import render_template
from flask_appbuilder import IndexView, expose

from app.extensions import db
from app.models.life_events import LIFE_EVENTS
from app.services.catalog import sectors_in_use
from app.services.directory import level_counts


class PortalHomeView(IndexView):
    """Home: search, look-up by code, life events, sectors, agencies."""

    public = True

    @expose("/")
    def index(self) -> str:
        """The first page of the portal."""
        session = db.session()
        return render_template(
            "portal/home.html",
            life_events=LIFE_EVENTS.values(),
            sectors=sectors_in_use(session),
            levels=level_counts(session),
        )
