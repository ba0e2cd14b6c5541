"""The public portal and the applicants' own pages."""

from app.views.portal.agencies import PortalAgencyView
from app.views.portal.feedback import PortalFeedbackView
from app.views.portal.lookup import PortalLookupView
from app.views.portal.pages import PortalPagesView
from app.views.portal.procedures import PortalProcedureView
from app.views.portal.statistics import PortalStatisticsView

# PortalHomeView is the index view of the application itself.
PORTAL_VIEWS: tuple[type, ...] = (
    PortalProcedureView, PortalAgencyView, PortalLookupView, PortalFeedbackView,
    PortalStatisticsView, PortalPagesView,
)  # fmt: skip
