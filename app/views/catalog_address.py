"""The address of one shared catalog: its code stands before every page about its items."""

from typing import Any

from flask import Blueprint, g
from flask_appbuilder import AppBuilder

from app.extensions import db
from app.models import SharedCatalog
from app.permissions import current_actor
from app.services import shared_catalogs as catalogs


class OneCatalog:
    """Mixed into views below /catalogs/<code>: their pages take no code, their addresses need none."""

    menu_home = "SharedCatalogsView"

    def create_blueprint(self, appbuilder: AppBuilder, *args: Any, **kwargs: Any) -> Blueprint:
        """Keep the catalog's code of the address aside: every page here is about one catalog."""
        blueprint: Blueprint = super().create_blueprint(appbuilder, *args, **kwargs)  # type: ignore[misc]

        @blueprint.url_value_preprocessor
        def keep(_endpoint: str | None, values: dict[str, Any] | None) -> None:
            g.shared_catalog = (values or {}).pop("code", "")

        @blueprint.url_defaults
        def give(_endpoint: str, values: dict[str, Any]) -> None:
            values.setdefault("code", g.get("shared_catalog", ""))

        return blueprint


def this_catalog() -> SharedCatalog:
    """Return the catalog of the address if the actor may read it; raises NotFound, NotAllowed."""
    return catalogs.get_catalog(db.session(), g.shared_catalog, current_actor())
