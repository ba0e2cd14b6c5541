"""From declarations to Flask-AppBuilder: one view and one API per declared model."""

from typing import Any

from flask import current_app
from flask_appbuilder import AppBuilder, Model

from app.lowcode.actions import Action, declared, possible
from app.lowcode.api import CrudApi
from app.lowcode.exchange.exchanges import register_exchange
from app.lowcode.exchange.taking import register_taking
from app.lowcode.exchange.taking_view import ModelTaking
from app.lowcode.exchange.views import ExchangeView, ModelExchange, exchange_links
from app.lowcode.openapi import OpenApiDocument
from app.lowcode.registry import register_view
from app.lowcode.screen import Screen
from app.lowcode.views import CrudView
from app.permissions import OVERSEERS, Role

_IMPORTS = {"start", "template", "upload", "run", "progress", "correct", "again", "apply"}
# Who sees the history of the records he may see.
HISTORY_READERS = OVERSEERS | {Role.system_admin, Role.catalog_admin}


def declared_models() -> list[type[Any]]:
    """Return every model with a Screen, by class name."""
    models = {
        m.class_
        for m in Model.registry.mappers
        if isinstance(getattr(m.class_, "screen", None), Screen)
    }
    return sorted(models, key=lambda model: model.__name__)


def add_screens(appbuilder: AppBuilder) -> None:
    """Register the view and the API of every declared model with Flask-AppBuilder.

    All carry the same permission name, the model's, so a right on one is a right on both.
    """
    for model in declared_models():
        view = appbuilder.add_view_no_menu(_view_class(model))
        register_view(model, view)
        appbuilder.add_api(_api_class(model))
        appbuilder.add_view_no_menu(_exchange_class(model))
        register_exchange(model.__name__, ModelExchange(model))
        register_taking(model.__name__, ModelTaking(model))
    current_app.jinja_env.globals["exchange_links"] = exchange_links
    appbuilder.add_api(OpenApiDocument)


def _view_class(model: type[Any]) -> type[CrudView]:
    name = model.__name__
    slug = model.__tablename__.removeprefix("ab_").replace("_", "-")
    return type(f"{name}View", (CrudView,), {
        "model": model, "route_base": f"/{slug}", "class_permission_name": name,
    })  # fmt: skip


def _api_class(model: type[Any]) -> type[CrudApi]:
    name = model.__name__
    return type(f"{name}Api", (CrudApi,), {
        "model": model, "resource_name": model.__tablename__.removeprefix("ab_"),
        "class_permission_name": name,
    })  # fmt: skip


def _exchange_class(model: type[Any]) -> type[ExchangeView]:
    """The import stands there only where rows may come from a file at all."""
    name = model.__name__
    slug = model.__tablename__.removeprefix("ab_").replace("_", "-")
    left_out = {} if Action.import_ in possible(model) else {"exclude_route_methods": _IMPORTS}
    return type(f"{name}Exchange", (ExchangeView,), {
        "model": model, "target": name, "route_base": f"/{slug}", "class_permission_name": name, **left_out,
    })  # fmt: skip


def declared_rights() -> dict[tuple[str, str], frozenset[Any]]:
    """Return {(permission, view): roles} of every declared model."""
    rights: dict[tuple[str, str], frozenset[Any]] = {("can_read", "RecordHistory"): HISTORY_READERS}
    for model in declared_models():
        for action in possible(model):
            rights[f"can_{action}", model.__name__] = declared(model, action)
    return rights
