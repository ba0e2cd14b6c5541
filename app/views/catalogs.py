"""The items of shared catalogs on screen: list, page, history, form, out of use."""

from typing import Any
from urllib.parse import urlencode

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode import choosing
from app.lowcode.actions import may
from app.lowcode.listing import SIZES
from app.lowcode.saving import remove
from app.lowcode.telling import history_of, tell
from app.lowcode.values import as_id
from app.models import AdministrativeUnit, Agency, FormField, SharedCatalog, SharedCatalogItem
from app.models.form import FieldKind
from app.models.menus import CATALOGS
from app.models.shared_field import ValueKind
from app.permissions import EVERY_OFFICER, Role, current_actor
from app.services import shared_catalogs as catalogs
from app.services import shared_listing as listing
from app.services.eform_columns import columns_of
from app.transactions import transaction
from app.views.catalog_pages import cells, columns, filters, inputs, item_lines


class SharedCatalogItemsView(BaseView):
    """Catalogs and their items; which ones an officer sees or changes, each definition says."""

    route_base = "/catalogs"
    class_permission_name = "SharedCatalogs"
    default_view = "index"
    title = _l("Shared catalogs")
    roles = {"use": EVERY_OFFICER}  # noqa: RUF012 - read only
    menu_items = ((CATALOGS, _l("Shared catalogs"), "database", "index", "use"),)

    @expose("/")
    @has_access
    @permission_name("use")
    def index(self) -> str:
        """The catalogs one may read."""
        actor = current_actor()
        rows = catalogs.list_catalogs(db.session(), actor)
        return render_template("catalogs/index.html", rows=rows, may_define=actor.has(Role.catalog_admin))

    @expose("/<code>/")
    @has_access
    @permission_name("use")
    def items(self, code: str) -> str:
        """One page of a catalog: search, filters of its own fields, sort."""
        session, catalog = db.session(), _catalog(code)
        wanted = listing.parse(catalog, request.args)
        page = listing.find_items(session, catalog, wanted)
        names = catalogs.names_for(session, catalog, page.rows)
        count = (_("more than %(count)s records", count="1.000") if page.is_capped
                 else ngettext("%(num)d record", "%(num)d records", page.count))  # fmt: skip
        return _render(
            "items", catalog, wanted=wanted, page=page, here=_here, sizes=SIZES, summary=count,
            columns=columns(catalog, wanted, _here), filters=filters(session, catalog, wanted),
            rows=[(row, cells(catalog, row, names)) for row in page.rows], files=_files(session, catalog),
        )  # fmt: skip

    @expose("/<code>/<int:number>")
    @has_access
    @permission_name("use")
    def show(self, code: str, number: int) -> str:
        """One item, or its history."""
        session, catalog = db.session(), _catalog(code)
        row = _item(catalog, number)
        has_history = current_actor().may("can_read", "RecordHistory")
        tab = "history" if has_history and request.args.get("tab") == "history" else "record"
        entries = history_of(session, row) if tab == "history" else []
        tales = catalogs.told(session, catalog, tell(session, entries))
        lines = item_lines(catalog, row, catalogs.names_for(session, catalog, [row]))
        return _render("item", catalog, row=row, tab=tab, tales=tales, lines=lines, has_history=has_history)

    @expose("/<code>/add", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def add(self, code: str) -> Any:
        """The form of a new item; ?like=<id> starts from a copy."""
        catalog = _opened(code, "add")
        if request.method == "POST":
            return self._submit(catalog, None)
        like = as_id(request.args.get("like"))
        source = _item(catalog, like) if like else None
        return _form(catalog, None, source=source)

    @expose("/<code>/<int:number>/edit", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def edit(self, code: str, number: int) -> Any:
        """The form of an item."""
        catalog = _opened(code, "change")
        row = _item(catalog, number)
        return self._submit(catalog, number) if request.method == "POST" else _form(catalog, row, source=row)

    @expose("/<code>/<int:number>/use", methods=["POST"])
    @has_access
    @permission_name("use")
    def use(self, code: str, number: int) -> Any:
        """Take an item out of use, or back."""
        is_active = request.form.get("is_active") == "1"
        with transaction() as session:
            catalog = _opened(code, "change")
            catalogs.set_use(session, _item(catalog, number, "change"), is_active=is_active)
        flash(_("Saved."), "success")
        return redirect(url_for(".show", code=code, number=number))

    @expose("/<code>/<int:number>/delete", methods=["POST"])
    @has_access
    @permission_name("use")
    def delete(self, code: str, number: int) -> Any:
        """Remove an item that nothing refers to."""
        try:
            with transaction() as session:
                catalog = _opened(code, "remove")
                remove(session, _item(catalog, number, "remove"))
        except NotFound:
            raise
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for(".show", code=code, number=number))
        flash(_("Deleted."), "success")
        return redirect(url_for(".items", code=code))

    @expose("/<code>/choices/<key>")
    @has_access
    @permission_name("use")
    def choices(self, code: str, key: str) -> dict[str, Any]:
        """Records one may choose for a reference field, or ``parent``."""
        catalog = _catalog(code)
        text, page = request.args.get("q", ""), as_id(request.args.get("page")) or 1
        if key == "parent" and catalog.is_tree:
            return listing.find_choices(db.session(), catalog, text, page)
        field = next((one for one in catalog.fields if one.key == key), None)
        if field is not None and field.kind == ValueKind.item and field.target is not None:
            return listing.find_choices(db.session(), field.target, text, page)
        models: dict[str, Any] = {ValueKind.agency: Agency, ValueKind.unit: AdministrativeUnit}
        if field is None or field.kind not in models:
            abort(404)
        return choosing.find_choices(db.session(), models[field.kind], text, page)

    def _submit(self, catalog: SharedCatalog, number: int | None) -> Any:
        code = catalog.code
        given: dict[str, Any] = {name: request.form.get(name) for name in request.form}
        given["is_active"] = "is_active" in request.form
        try:
            with transaction() as session:
                catalog = _catalog(code)
                row = _item(catalog, number, "change") if number is not None else None
                keys = {*catalogs.COMMON, "row_version", *(field.key for field in catalog.fields)}
                sent = {name: given.get(name) or None for name in keys} | {"is_active": given["is_active"]}
                row = catalogs.save_item(session, catalog, sent, row)
                target = url_for(".show", code=code, number=row.id)
        except NotFound:
            raise
        except DomainError as exc:
            catalog = _catalog(code)
            row = _item(catalog, number) if number is not None else None
            if isinstance(exc, Conflict) and row is not None:
                given["row_version"] = str(row.row_version)
            errors = exc.fields if isinstance(exc, Invalid) else {}
            return _form(catalog, row, given=given, errors=errors, error=str(exc)), exc.status
        flash(_("Saved."), "success")
        return redirect(url_for(".add", code=code) if "again" in request.form else target)


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
        """Items that may be chosen today for form field ``number``, or a column of it, by code."""
        session = db.session()
        found = session.get(FormField, number)
        cells = {cell.key: cell for cell in columns_of(found)} if found is not None else {}
        field = cells.get(column) if column else found
        if field is None or field.kind != FieldKind.catalog:
            abort(404)
        catalog = session.query(SharedCatalog).filter_by(code=field.catalog_code, is_active=True).one_or_none()
        if catalog is None:
            return {"results": [], "more": False}
        page = as_id(request.args.get("page")) or 1
        return listing.find_choices(session, catalog, request.args.get("q", ""), page, by_code=True)


def _catalog(code: str) -> SharedCatalog:
    return catalogs.get_catalog(db.session(), code, current_actor())


def _opened(code: str, action: str) -> SharedCatalog:
    catalog = _catalog(code)
    catalogs.require(db.session(), catalog, action)
    return catalog


def _item(catalog: SharedCatalog, number: int, action: str = "read") -> SharedCatalogItem:
    return catalogs.get_item(db.session(), catalog, number, action)


def _files(session: Any, catalog: SharedCatalog) -> dict[str, str]:
    """Return the addresses of export and import, as far as one may."""
    asked = {key: text for key, text in request.args.items() if key == "q" or key.startswith("f.")}
    links: dict[str, str] = {}
    if may(SharedCatalogItem, "export"):
        links["export"] = url_for("CatalogItemsExchange.export", code=catalog.code, **asked)
    if may(SharedCatalogItem, "import") and catalogs.may_write(session, catalog, current_actor()):
        links["import"] = url_for("CatalogItemsExchange.start", code=catalog.code)
    return links


def _here(**changes: Any) -> str:
    """Return the address of the present list with some arguments changed; None removes one."""
    kept = {key: text for key, text in request.args.items() if text and key not in ("after", "before")}
    kept |= {key: str(value) for key, value in changes.items() if value is not None}
    for key in [key for key, value in changes.items() if value is None]:
        kept.pop(key, None)
    return f"{request.path}?{urlencode(kept)}" if kept else request.path


def _form(
    catalog: SharedCatalog, row: Any, *, source: Any = None, given: Any = None, errors: Any = None, error: str = ""
) -> str:
    names = catalogs.names_for(db.session(), catalog, [one for one in (row, source) if one is not None])
    fields = inputs(catalog, source, given, errors or {}, names, is_copy=row is None and source is not None)
    version = (given or {}).get("row_version") or (row.row_version if row is not None else "")
    return _render("form", catalog, row=row, fields=fields, errors=errors or {}, error=error, version=version)


def _render(template: str, catalog: SharedCatalog, **context: Any) -> str:
    actor = current_actor()
    return render_template(
        f"catalogs/{template}.html", catalog=catalog, may_write=catalogs.may_write(db.session(), catalog, actor),
        may_define=actor.has(Role.catalog_admin), **context,
    )  # fmt: skip


CATALOG_VIEWS = (SharedCatalogItemsView, CatalogChoicesView)
