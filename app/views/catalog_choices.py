"""What a form's field offers from a shared catalog."""

from typing import Any

from flask import abort, request
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name

from app.extensions import db
from app.lowcode.values import as_id
from app.models import SharedCatalog
from app.models.form import FieldKind
from app.permissions import Role, current_actor
from app.services import shared_listing as listing
from app.services.eform_columns import columns_of
from app.services.form_editions import open_field


class CatalogChoicesView(BaseView):
    """What a form's field offers from a shared catalog, for the applicants' pages."""

    route_base = "/catalog-choices"
    class_permission_name = "CatalogChoices"
    roles = {"use": frozenset(Role)}  # noqa: RUF012 - read only

    @expose("/<int:number>")
    @expose("/<int:number>/<column>")
    @has_access
    @permission_name("use")
    def of_field(self, number: int, column: str = "") -> dict[str, Any]:
        """Items that may be chosen today for form field ``number``, or a column of it, by code.

        Forms nobody published yet are answered for only to who designs them.
        """
        session = db.session()
        found = open_field(session, number, may_edit=current_actor().may("can_design", "FormDesigner"))
        cells = {cell.key: cell for cell in columns_of(found)} if found is not None else {}
        field = cells.get(column) if column else found
        if field is None or field.kind != FieldKind.catalog:
            abort(404)
        catalog = session.query(SharedCatalog).filter_by(code=field.catalog_code, is_active=True).one_or_none()
        if catalog is None:
            return {"results": [], "more": False}
        page = as_id(request.args.get("page")) or 1
        return listing.find_choices(session, catalog, request.args.get("q", ""), page, by_code=True)
