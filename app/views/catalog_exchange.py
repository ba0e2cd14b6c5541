"""Items of a shared catalog to and from Excel: the pages of an import, below the catalog's own address."""

from collections.abc import Mapping
from typing import IO, Any

from flask import Blueprint, Response, g, send_file, url_for
from flask_appbuilder import AppBuilder, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from sqlalchemy.orm import Session

from app.errors import NotAllowed
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
from app.models import SharedCatalog, SharedCatalogItem
from app.permissions import current_actor
from app.services import shared_catalogs as catalogs
from app.services.shared_listing import parse
from app.services.shared_sheets import count_items, typed_sheet, write_items, write_template
from app.services.shared_workbook import FAMILY, CatalogExchange

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


class CatalogItemsExchange(TakingView, ImportView):
    """One workbook for each catalog, with a column for each of its fields."""

    route_base = "/catalogs/<code>"
    class_permission_name = "SharedCatalogItem"

    def create_blueprint(self, appbuilder: AppBuilder, *args: Any, **kwargs: Any) -> Blueprint:
        """Keep the catalog's code of the address aside: every page of an import is about one catalog."""
        blueprint: Blueprint = super().create_blueprint(appbuilder, *args, **kwargs)

        @blueprint.url_value_preprocessor
        def keep(_endpoint: str | None, values: dict[str, Any] | None) -> None:
            g.shared_catalog = (values or {}).pop("code", "")

        @blueprint.url_defaults
        def give(_endpoint: str, values: dict[str, Any]) -> None:
            values.setdefault("code", g.get("shared_catalog", ""))

        return blueprint

    def run_target(self) -> str:
        """Return what runs are kept under; raises NotFound, NotAllowed where one may not import."""
        catalogs.require(db.session(), self._catalog(), "import")
        return f"{FAMILY}:{g.shared_catalog}"

    def _catalog(self) -> SharedCatalog:
        return catalogs.get_catalog(db.session(), g.shared_catalog, current_actor())

    def _parts(self) -> list[Sheet]:
        return [typed_sheet(self._catalog())]

    def heading(self) -> str:
        """Return the title of the pages."""
        return _("Import: %(what)s", what=self._catalog().name)

    def file_stem(self) -> str:
        """Return how files of the catalog are called."""
        return self._catalog().name

    def back(self) -> tuple[str, str]:
        """Return the list of items."""
        return self._catalog().name, url_for("SharedCatalogItemsView.items", code=g.shared_catalog)

    @expose("/import/template.xlsx")
    @has_access
    @permission_name("import")
    def template(self) -> Response:
        """The workbook to fill in."""
        catalog = self._catalog()
        catalogs.require(db.session(), catalog, "import")
        file = write_template(db.session(), catalog, self.heading())
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=pages.file_name(catalog.name, "xlsx"))

    @expose("/export.xlsx")
    @has_access
    @permission_name("export")
    def export(self) -> Any:
        """The list as it is filtered and searched, ready to be imported again."""
        return self.take()

    def taking_target(self) -> str:
        """Return what exports are kept under; raises NotFound where one may not read the catalog."""
        return f"{FAMILY}:{self._catalog().code}"

    def taking_title(self) -> str:
        """Return the name of the catalog."""
        return self._catalog().name


CATALOG_EXCHANGES = (CatalogItemsExchange,)
