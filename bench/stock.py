"""Flask-AppBuilder as it comes: its ModelView and its API on the same table and database."""

import logging
import multiprocessing
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from flask_appbuilder import AppBuilder, ModelRestApi, ModelView
from flask_appbuilder.models.sqla.interface import SQLAInterface
from flask_appbuilder.security.sqla.models import Role
from flask_babel import force_locale

from app.extensions import db
from app.models import Dossier, ProcedureVersion
from bench.measure import Answer, counting, timed

_COLUMNS = ["code", "procedure", "applicant_name", "state", "agency", "step_name", "due_at"]
FORM_COLUMNS = ["procedure", "form", "number", "name", "valid_from", "valid_to", "agency_level", "time_limit_value"]
SETTINGS = ("SECRET_KEY", "SQLALCHEMY_DATABASE_URI", "SQLALCHEMY_ENGINE_OPTIONS", "TESTING")
_USER, _ROLE = "stock", "stock_admin"


class StockDossierView(ModelView):
    """The list a programmer gets from FAB's documentation."""

    datamodel = SQLAInterface(Dossier)
    list_columns = _COLUMNS
    search_columns = ["code", "applicant_name", "state", "agency", "sector", "procedure"]
    show_columns = _COLUMNS
    base_order = ("id", "desc")
    page_size = 25
    route_base = "/stock"


class StockDossierApi(ModelRestApi):
    """The API of the same table."""

    datamodel = SQLAInterface(Dossier)
    list_columns = ["code", "procedure.name", "applicant_name", "state", "agency.name", "step_name"]
    resource_name = "stock"
    allow_browser_login = True
    page_size = 25


class StockVersionView(ModelView):
    """The form of a record with relations: a control for each of them."""

    datamodel = SQLAInterface(ProcedureVersion)
    add_columns = FORM_COLUMNS
    route_base = "/stock-version"


def make_stock(settings: dict[str, Any]) -> Flask:
    """Return stock FAB on our database, with a user who may do everything.

    settings: those named in SETTINGS.
    """
    app = Flask("bench.stock")
    app.config.update(settings, AUTH_TYPE=1, AUTH_ROLE_ADMIN=_ROLE, AUTH_ROLE_PUBLIC="stock_public",
                      FAB_CREATE_DB=False, WTF_CSRF_ENABLED=True)  # fmt: skip
    db.init_app(app)
    with app.app_context(), force_locale("en"):
        if db.session.scalar(sa.select(Role).where(Role.name == _ROLE)) is None:
            db.session.add(Role(name=_ROLE))
            db.session.commit()
        builder = AppBuilder(app, db.session)
        builder.add_view(StockDossierView, "Dossiers")
        builder.add_view(StockVersionView, "Versions")
        builder.add_api(StockDossierApi)
        if builder.sm.find_user(_USER) is None:
            role = builder.sm.find_role(_ROLE)
            builder.sm.add_user(_USER, "Stock", "Admin", "stock@example.vn", role, "stock")
        db.session.commit()
    return app


def log_in(app: Flask) -> FlaskClient:
    """Return a client logged in as the stock administrator."""
    client = app.test_client()
    with app.app_context():
        user = app.appbuilder.sm.find_user(_USER)  # type: ignore[attr-defined]
        with client.session_transaction() as kept:
            kept["_user_id"], kept["_fresh"] = str(user.id), True
    return client


class Stock:
    """A framework as it comes in a process of its own: two in one would share what is global."""

    def __init__(self, settings: dict[str, Any], serve: Callable[[Any, dict[str, Any]], None]) -> None:
        context = multiprocessing.get_context("spawn")
        self._link, other = context.Pipe()
        self._process = context.Process(target=serve, args=(other, settings), daemon=True)
        self._process.start()
        other.close()

    def ask(self, path: str) -> Answer:
        """Return what the process measured of a GET of ``path``."""
        self._link.send(path)
        return self._link.recv()

    def close(self) -> None:
        """End the process."""
        self._link.close()
        self._process.join(10)
        self._process.kill()


def serve(link: Any, settings: dict[str, Any]) -> None:
    """Answer paths with stock FAB until the other end is closed."""
    logging.disable(logging.CRITICAL)
    client = log_in(make_stock(settings))
    with counting() as seen:
        while True:
            try:
                path = link.recv()
            except EOFError:
                return
            seen.clear()
            answer = timed(lambda: client.get(path))  # noqa: B023 - called before the next path
            link.send(replace(answer, statements=len(seen)))
