"""The officers' screens: inbox, counter, dossier page, search."""

from app.views.officers.desk_login import DeskLoginView
from app.views.officers.dossier import DossierPageView
from app.views.officers.extensions import ExtensionsView
from app.views.officers.inbox import InboxView
from app.views.officers.inbox_bulk import InboxBulkView
from app.views.officers.officer_part import OfficerPartView
from app.views.officers.reception import ReceptionView
from app.views.officers.search import SearchView
from app.views.officers.slips import SlipView

OFFICER_VIEWS = (InboxView, InboxBulkView, ReceptionView, DeskLoginView, DossierPageView, OfficerPartView,
                 SearchView, ExtensionsView, SlipView)  # fmt: skip

__all__ = ["OFFICER_VIEWS"]
