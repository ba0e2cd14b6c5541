"""The items of shared catalogs on screen: list, page, history, form, out of use."""

from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from flask import abort, flash, redirect, render_template, request, url_for
from flask_appbuilder import BaseView, expose
from flask_appbuilder.security.decorators import has_access, permission_name
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from app.errors import Conflict, DomainError, Invalid, NotFound
from app.extensions import db
from app.lowcode import choosing
from app.lowcode.actions import may
from app.lowcode.bulk import Offer, Outcome, chosen, do_one
from app.lowcode.history_pages import told_of
from app.lowcode.list_views import LIST_PERMISSIONS, ListActions
from app.lowcode.saved_views import views_of
from app.lowcode.saving import remove
from app.lowcode.table import table_body
from app.lowcode.values import as_id, inside_sentence
from app.models import AdministrativeUnit, Agency, SharedCatalog, SharedCatalogItem
from app.models.menus import CATALOGS
from app.models.shared_field import ValueKind
from app.permissions import EVERY_OFFICER, Role, current_actor
from app.services import shared_catalogs as catalogs
from app.services import shared_listing as listing
from app.transactions import transaction
from app.views.catalog_address import OneCatalog, this_catalog
from app.views.catalog_list import act_of, list_context, offers, views_name
from app.views.catalog_pages import inputs, item_lines


class SharedCatalogsView(BaseView):
    """The catalogs; which ones an officer sees or changes, each definition says."""

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


class SharedCatalogItemsView(OneCatalog, ListActions, BaseView):
    """The items of one catalog: the common list, page, history, form."""

    route_base = "/catalogs/<code>"
    class_permission_name = "SharedCatalogs"
    default_view = "list"
    model = SharedCatalogItem
    roles = {"use": EVERY_OFFICER}  # noqa: RUF012 - read only
    method_permission_name = dict.fromkeys(LIST_PERMISSIONS, "use")

    def list_name(self) -> str:
        """What one's views of this catalog's list are kept under."""
        return views_name(this_catalog())

    def bulk_offers(self) -> list[Offer]:
        """Return what the actor may do with many items of the catalog."""
        catalog = this_catalog()
        return offers(catalog, may_write=catalogs.may_write(db.session(), catalog, current_actor()))

    def carry_out(self, key: str, pks: Iterable[int]) -> list[Outcome]:
        """Do the act ``key`` with each item; raises Invalid for what is not offered."""
        wanted, act = chosen(self.bulk_offers(), key, pks), act_of(this_catalog(), key)
        action = "remove" if key == "remove" else "change"
        return [do_one(pk, lambda _session, pk: _item(this_catalog(), pk, action), act) for pk in wanted]

    @expose("/")
    @has_access
    @permission_name("use")
    def list(self) -> Any:
        """One page of a catalog: search, filters of its own fields, sort, chosen columns."""
        session, catalog = db.session(), this_catalog()
        saved = views_of(session, views_name(catalog), current_actor())
        other = self.other_url(saved)
        if other is not None:
            return redirect(other)
        wanted = listing.parse(catalog, request.args)
        page = listing.find_items(session, catalog, wanted)
        may_write = catalogs.may_write(session, catalog, current_actor())
        add_url = url_for(".add") if may_write and may(SharedCatalogItem, "add") else None
        return self._render(
            "list", catalog, saved=saved, add_url=add_url, files=_files(may_write=may_write), table_body=table_body,
            may_write=may_write, **list_context(session, catalog, wanted, page, may_write=may_write),
        )  # fmt: skip

    def _render(self, template: str, catalog: SharedCatalog | None = None, **context: Any) -> str:
        """Render a page of the common list; it knows a catalog by what it knows of a declared screen."""
        catalog = catalog or this_catalog()
        screen = {"title": catalog.name, "singular": _("Item"), "help": catalog.description, "icon": "database"}
        crumbs = [{"title": SharedCatalogsView.title, "url": url_for("SharedCatalogsView.index")}]
        place = "catalogs" if template == "list" else "lowcode"
        return _render(
            f"{place}/{template}", catalog, view=self, screen=screen, what=inside_sentence(screen["singular"]),
            crumbs=[*crumbs, {"title": catalog.name}], **context,
        )  # fmt: skip

    @expose("/<int:pk>")
    @has_access
    @permission_name("use")
    def show(self, pk: int) -> str:
        """One item, or its history."""
        session, catalog = db.session(), this_catalog()
        row = _item(catalog, pk)
        has_history = current_actor().may("can_read", "RecordHistory")
        tab = "history" if has_history and request.args.get("tab") == "history" else "record"
        told = None
        if tab == "history":
            page = told_of(session, row)
            told = replace(page, tales=catalogs.told(session, catalog, page.tales))
        lines = item_lines(catalog, row, catalogs.names_for(session, catalog, [row]))
        return _render("catalogs/item", catalog, row=row, tab=tab, told=told, lines=lines, has_history=has_history)

    @expose("/add", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def add(self) -> Any:
        """The form of a new item; ?like=<id> starts from a copy."""
        catalog = _opened("add")
        if request.method == "POST":
            return self._submit(None)
        like = as_id(request.args.get("like"))
        source = _item(catalog, like) if like else None
        return _form(catalog, None, source=source)

    @expose("/<int:pk>/edit", methods=["GET", "POST"])
    @has_access
    @permission_name("use")
    def edit(self, pk: int) -> Any:
        """The form of an item."""
        catalog = _opened("change")
        row = _item(catalog, pk)
        return self._submit(pk) if request.method == "POST" else _form(catalog, row, source=row)

    @expose("/<int:pk>/use", methods=["POST"])
    @has_access
    @permission_name("use")
    def use(self, pk: int) -> Any:
        """Take an item out of use, or back."""
        is_active = request.form.get("is_active") == "1"
        with transaction() as session:
            catalog = _opened("change")
            catalogs.set_use(session, _item(catalog, pk, "change"), is_active=is_active)
        flash(_("Saved."), "success")
        return redirect(url_for(".show", pk=pk))

    @expose("/<int:pk>/delete", methods=["POST"])
    @has_access
    @permission_name("use")
    def delete(self, pk: int) -> Any:
        """Remove an item that nothing refers to."""
        try:
            with transaction() as session:
                catalog = _opened("remove")
                remove(session, _item(catalog, pk, "remove"))
        except NotFound:
            raise
        except DomainError as exc:
            flash(str(exc), "danger")
            return redirect(url_for(".show", pk=pk))
        flash(_("Deleted."), "success")
        return redirect(url_for(".list"))

    @expose("/choices/<key>")
    @has_access
    @permission_name("use")
    def choices(self, key: str) -> dict[str, Any]:
        """Records one may choose for a reference field, or ``parent``."""
        catalog = this_catalog()
        text, page = request.args.get("q", ""), as_id(request.args.get("page")) or 1
        if key == "parent" and catalog.is_tree:
            return listing.find_choices(db.session(), catalog, text, page)
        field = next((one for one in catalog.fields if one.key == key), None)
        if field is not None and field.kind == ValueKind.item and field.target is not None:
            target = catalogs.get_catalog(db.session(), field.target.code, current_actor())
            return listing.find_choices(db.session(), target, text, page)
        models: dict[str, Any] = {ValueKind.agency: Agency, ValueKind.unit: AdministrativeUnit}
        if field is None or field.kind not in models:
            abort(404)
        if not choosing.may_choose(models[field.kind]):
            abort(403)
        return choosing.find_choices(db.session(), models[field.kind], text, page)

    def _submit(self, pk: int | None) -> Any:
        given: dict[str, Any] = {name: request.form.get(name) for name in request.form}
        given["is_active"] = "is_active" in request.form
        try:
            with transaction() as session:
                catalog = this_catalog()
                row = _item(catalog, pk, "change") if pk is not None else None
                keys = {*catalogs.COMMON, "row_version", *(field.key for field in catalog.fields)}
                sent = {name: given.get(name) or None for name in keys} | {"is_active": given["is_active"]}
                row = catalogs.save_item(session, catalog, sent, row)
                target = url_for(".show", pk=row.id)
        except NotFound:
            raise
        except DomainError as exc:
            catalog = this_catalog()
            row = _item(catalog, pk) if pk is not None else None
            if isinstance(exc, Conflict) and row is not None:
                given["row_version"] = str(row.row_version)
            errors = exc.fields if isinstance(exc, Invalid) else {}
            return _form(catalog, row, given=given, errors=errors, error=str(exc)), exc.status
        flash(_("Saved."), "success")
        return redirect(url_for(".add") if "again" in request.form else target)


def _opened(action: str) -> SharedCatalog:
    catalog = this_catalog()
    catalogs.require(db.session(), catalog, action)
    return catalog


def _item(catalog: SharedCatalog, pk: int, action: str = "read") -> SharedCatalogItem:
    return catalogs.get_item(db.session(), catalog, pk, action)


def _files(*, may_write: bool) -> dict[str, str]:
    """Return the addresses of exports and import, as far as one may: {"xlsx", "csv", "import"}."""
    asked = {key: text for key, text in request.args.items() if key == "q" or key.startswith("f.")}
    links: dict[str, str] = {}
    if may(SharedCatalogItem, "export"):
        links |= {kind: url_for("CatalogItemsExchange.export", kind=kind, **asked) for kind in ("xlsx", "csv")}
    if may(SharedCatalogItem, "import") and may_write:
        links["import"] = url_for("CatalogItemsExchange.start")
    return links


def _form(
    catalog: SharedCatalog, row: Any, *, source: Any = None, given: Any = None, errors: Any = None, error: str = ""
) -> str:
    names = catalogs.names_for(db.session(), catalog, [one for one in (row, source) if one is not None])
    fields = inputs(catalog, source, given, errors or {}, names, is_copy=row is None and source is not None)
    version = (given or {}).get("row_version") or (row.row_version if row is not None else "")
    return _render("catalogs/form", catalog, row=row, fields=fields, errors=errors or {}, error=error, version=version)


def _render(template: str, catalog: SharedCatalog, **context: Any) -> str:
    actor = current_actor()
    if "may_write" not in context:
        context["may_write"] = catalogs.may_write(db.session(), catalog, actor)
    may_define = actor.has(Role.catalog_admin)
    return render_template(f"{template}.html", catalog=catalog, may_define=may_define, **context)


CATALOG_VIEWS = (SharedCatalogsView, SharedCatalogItemsView)
