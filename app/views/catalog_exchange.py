"""Items of a shared catalog to and from Excel: the pages of an import, below the catalog's own address."""

from collections.abc import Mapping
from typing import IO, Any

from flask import Response, g, request, send_file, url_for
from flask_appbuilder import expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotAllowed, NotFound
from app.extensions import db
from app.filetypes import XLSX
from app.lowcode.actions import may
from app.lowcode.exchange import pages
from app.lowcode.exchange.exchanges import register_family
from app.lowcode.exchange.layout import Sheet
from app.lowcode.exchange.planner import Report
from app.lowcode.exchange.taking import register_taking_family
from app.lowcode.exchange.taking_view import TakingView
from app.lowcode.exchange.views import ImportView
from app.models import SharedCatalogItem
from app.permissions import current_actor
from app.services import shared_catalogs as catalogs
from app.services.shared_listing import parse
from app.services.shared_sheets import count_items, csv_items, typed_sheet, write_items, write_template
from app.services.shared_workbook import FAMILY, CatalogExchange
from app.views.catalog_address import OneCatalog, this_catalog

register_family(FAMILY, CatalogExchange)


class CatalogTaking:
    """The items of one catalog as a workbook."""

    def __init__(self, code: str) -> None:
        self._code = code

    def count(self, session: Session, asked: Mapping[str, str], most: int) -> int:
        """Return how many items fit, at most ``most``."""
        catalog = catalogs.get_catalog(session, self._code, current_actor())
        return count_items(session, catalog, parse(catalog, asked), most)

    def write(self, session: Session, asked: Mapping[str, str], report: Report | None) -> IO[bytes]:
        """Return the workbook; raises NotFound, NotAllowed for who may not export any more."""
        if not may(SharedCatalogItem, "export"):
            raise NotAllowed(_("You may not export here."))
        catalog = catalogs.get_catalog(session, self._code, current_actor())
        return write_items(session, catalog, parse(catalog, asked), report)


register_taking_family(FAMILY, CatalogTaking)


class CatalogItemsExchange(OneCatalog, TakingView, ImportView):
    """One workbook for each catalog, with a column for each of its fields."""

    route_base = "/catalogs/<code>"
    class_permission_name = "SharedCatalogItem"

    def run_target(self) -> str:
        """Return what runs are kept under; raises NotFound, NotAllowed where one may not import."""
        catalogs.require(db.session(), this_catalog(), "import")
        return f"{FAMILY}:{g.shared_catalog}"

    def _parts(self) -> list[Sheet]:
        return [typed_sheet(this_catalog())]

    def heading(self) -> str:
        """Return the title of the pages."""
        return _("Import: %(what)s", what=this_catalog().name)

    def file_stem(self) -> str:
        """Return how files of the catalog are called."""
        return this_catalog().name

    def back(self) -> tuple[str, str]:
        """Return the list of items."""
        return this_catalog().name, url_for("SharedCatalogItemsView.list")

    @expose("/import/template.xlsx")
    @has_access
    @permission_name("import")
    def template(self) -> Response:
        """The workbook to fill in."""
        catalog = this_catalog()
        catalogs.require(db.session(), catalog, "import")
        file = write_template(db.session(), catalog, self.heading())
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=pages.file_name(catalog.name, "xlsx"))

    @expose("/export.<kind>")
    @has_access
    @permission_name("export")
    def export(self, kind: str) -> Any:
        """The list as it is filtered and searched, ready to be imported again (.xlsx), or .csv."""
        if kind == "xlsx":
            return self.take()
        if kind != "csv":
            raise NotFound(_("There is no such record, or you may not see it."))
        catalog = this_catalog()
        return pages.csv_answer(csv_items(db.session(), catalog, parse(catalog, request.args)), catalog.name)

    def taking_target(self) -> str:
        """Return what exports are kept under; raises NotFound where one may not read the catalog."""
        return f"{FAMILY}:{this_catalog().code}"

    def taking_title(self) -> str:
        """Return the name of the catalog."""
        return this_catalog().name


CATALOG_EXCHANGES = (CatalogItemsExchange,)
