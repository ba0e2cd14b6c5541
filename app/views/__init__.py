"""Hand-made screens, and the registration of all screens with Flask-AppBuilder."""

from flask import current_app
from flask_appbuilder import AppBuilder

from app.lowcode.generate import add_screens
from app.views.act_tables import ActTableView
from app.views.admin import ADMIN_VIEWS
from app.views.agency_calendar import AgencyCalendarView
from app.views.api_docs import API_DOCS_VIEWS
from app.views.api_tokens import API_TOKEN_VIEWS
from app.views.applicant import APPLICANT_VIEWS
from app.views.applicant.account import RegisterView
from app.views.audit import AUDIT_VIEWS
from app.views.auth import AuthView
from app.views.calendar_week import CalendarWeekView
from app.views.catalog_api import CATALOG_APIS
from app.views.catalog_choices import CatalogChoicesView
from app.views.catalog_exchange import CATALOG_EXCHANGES
from app.views.catalogs import CATALOG_VIEWS
from app.views.decisions import DecisionView
from app.views.delegations import DELEGATION_VIEWS
from app.views.feedback_desk import FeedbackDeskView
from app.views.form_designer import FORM_DESIGNER_VIEWS
from app.views.form_import import FORM_IMPORT_VIEWS
from app.views.form_print import FORM_PRINT_VIEWS
from app.views.leaders import LEADER_VIEWS
from app.views.letter_texts import LETTER_TEXT_VIEWS
from app.views.officers import OFFICER_VIEWS
from app.views.outages import OUTAGE_VIEWS
from app.views.packs import PackView
from app.views.panels import add_panels
from app.views.portal import PORTAL_VIEWS
from app.views.process_designer import PROCESS_DESIGNER_VIEWS
from app.views.process_import import PROCESS_IMPORT_VIEWS
from app.views.process_trials import PROCESS_TRIAL_VIEWS
from app.views.profiles import ProfilesView
from app.views.publication import PublicationView
from app.views.reorganise import REORGANISATION_VIEWS
from app.views.setup import SETUP_VIEWS
from app.views.shell import build_menu, locale

VIEWS: tuple[type, ...] = (
    *PORTAL_VIEWS, *APPLICANT_VIEWS, FeedbackDeskView, *LEADER_VIEWS, *AUDIT_VIEWS, *ADMIN_VIEWS,
    *FORM_DESIGNER_VIEWS, *FORM_IMPORT_VIEWS, *FORM_PRINT_VIEWS,
    *REORGANISATION_VIEWS, PublicationView, DecisionView, *API_DOCS_VIEWS, *OFFICER_VIEWS,
    *API_TOKEN_VIEWS, *CATALOG_VIEWS, PackView,
    *CATALOG_EXCHANGES,
    CatalogChoicesView,
    *LETTER_TEXT_VIEWS,
    AgencyCalendarView,
    CalendarWeekView,
    *DELEGATION_VIEWS,
    *OUTAGE_VIEWS,
    *PROCESS_DESIGNER_VIEWS, *PROCESS_IMPORT_VIEWS, *PROCESS_TRIAL_VIEWS,
    ProfilesView,
    ActTableView,
)  # fmt: skip


def register_views(appbuilder: AppBuilder) -> None:
    """Add every screen: log-in, hand-made views, then those generated from declarations."""
    auth = appbuilder.add_view_no_menu(AuthView)
    appbuilder.sm.auth_view = auth
    appbuilder.sm.limit_logins(auth.blueprint)
    for view in (*VIEWS, *SETUP_VIEWS):
        added = appbuilder.add_view_no_menu(view)
        if view is RegisterView:
            appbuilder.sm.limit_logins(added.blueprint)
    add_screens(appbuilder)
    for api in CATALOG_APIS:
        appbuilder.add_api(api)
    add_panels(current_app)
    build_menu(appbuilder)
    # FAB's selector writes the language into every visitor's session; ours only reads it.
    current_app.extensions["babel"].locale_selector = locale
