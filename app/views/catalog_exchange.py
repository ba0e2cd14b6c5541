"""Items of a shared catalog to and from Excel: the pages of an import, below the catalog's own address."""

from typing import Any

from flask import Blueprint, Response, g, request, send_file, url_for
from flask_appbuilder import AppBuilder, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _

from app.extensions import db
from app.filetypes import XLSX
from app.lowcode.exchange import pages
from app.lowcode.exchange.exchanges import register_family
from app.lowcode.exchange.layout import Sheet
from app.lowcode.exchange.views import ImportView
from app.models import SharedCatalog
from app.permissions import current_actor
from app.services import shared_catalogs as catalogs
from app.services.shared_listing import parse
from app.services.shared_sheets import typed_sheet, write_items, write_template
from app.services.shared_workbook import FAMILY, CatalogExchange

register_family(FAMILY, CatalogExchange)


class CatalogItemsExchange(ImportView):
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
    def export(self) -> Response:
        """The list as it is filtered and searched, ready to be imported again."""
        catalog = self._catalog()
        file = write_items(db.session(), catalog, parse(catalog, request.args))
        return send_file(file, mimetype=XLSX, as_attachment=True, download_name=pages.file_name(catalog.name, "xlsx"))


CATALOG_EXCHANGES = (CatalogItemsExchange,)
