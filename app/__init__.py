"""Một Cửa: the application factory."""

import gc
import logging
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

from flask import Flask, current_app
from werkzeug.middleware.proxy_fix import ProxyFix

import config as settings_module
from app.i18n import compile_catalogues


class Unusable(RuntimeError):
    """The application cannot start; the message names what is missing or wrongly declared."""


def create_app(settings: Any = None) -> Flask:
    """Return the application for ``settings`` (default: what the environment says).

    Raises Unusable when a required setting is missing or a declaration is wrong.
    """
    settings = settings if settings is not None else settings_module.load()
    absent = settings_module.missing(settings)
    if absent:
        raise Unusable(f"not set: {', '.join(absent)}")
    with _uncollected():
        return _build(settings)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Let nobody look for garbage meanwhile: a start makes a million objects, and nearly all of them stay."""
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()


def _build(settings: Any) -> Flask:
    from app.views.lazy_rules import LazyRule

    compile_catalogues()
    app = Flask(__name__)
    app.url_rule_class = LazyRule
    app.config.from_object(settings)
    if app.config["PROXY_COUNT"]:
        count = app.config["PROXY_COUNT"]
        app.wsgi_app = ProxyFix(app.wsgi_app, x_for=count, x_proto=count, x_host=count)  # type: ignore[method-assign]
    _init_extensions(app)
    _refuse_faults()
    return app


def _init_extensions(app: Flask) -> None:
    from flask_appbuilder import AppBuilder

    from app import models, tasks  # noqa: F401 - registers every table and task
    from app.extensions import celery, csrf, db
    from app.integrations.logs import configure_logs
    from app.lowcode.security import SecurityManager
    from app.services import agency_levels  # noqa: F401 - a rule of agencies that rests on the regulation in force
    from app.views import register_views
    from app.views.hooks import add_hooks
    from app.views.portal.home import PortalHomeView
    from app.views.translating import quicken

    configure_logs(app)
    db.init_app(app)
    csrf.init_app(app)
    _bind_celery(app, celery)
    add_hooks(app)
    with app.app_context():
        builder = AppBuilder(
            security_manager_class=SecurityManager, indexview=PortalHomeView,
            base_template="base.html", update_perms=False,
        )  # fmt: skip
        builder.init_app(app, db.session)
        quicken(app)
        register_views(builder)


def _bind_celery(app: Flask, celery: Any) -> None:
    """Run every task inside the application's context."""
    celery.config_from_object(app.config["CELERY"])
    celery.set_default()
    base = celery.Task

    class ContextTask(base):  # type: ignore[misc, valid-type]
        """A task with the application around it: the one it is called in, else the worker's."""

        def __call__(self, *args: Any, **kwargs: Any) -> Any:
            around = current_app._get_current_object() if current_app else app  # type: ignore[attr-defined]
            with around.app_context():
                return super().__call__(*args, **kwargs)

    celery.Task = ContextTask


def _refuse_faults() -> None:
    from app.checks import problems

    found = problems()
    if found:
        logging.getLogger(__name__).critical("wrong declarations:\n  %s", "\n  ".join(found))
        raise Unusable("wrong declarations: " + "; ".join(found))
