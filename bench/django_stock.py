"""Django's admin and its REST framework as they come, on the same table and database.

Views are called without middleware or log-in: what is missing favours Django. Needs Django and
djangorestframework, which only the bench uses; without them the baseline is left out.
"""

import importlib.util
import logging
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from urllib.parse import urlsplit

from sqlalchemy.engine import make_url

from bench.measure import Answer, timed

PAGE_SIZE = 25
_COLUMNS = ("code", "procedure", "applicant_name", "state", "agency", "step_name", "due_at")


def is_there() -> bool:
    """Return whether Django and its REST framework are installed."""
    return all(importlib.util.find_spec(name) is not None for name in ("django", "rest_framework"))


def serve(link: Any, settings: dict[str, Any]) -> None:
    """Answer paths until the other end is closed; runs in a process of its own."""
    logging.disable(logging.CRITICAL)
    views, count = make_django(settings["SQLALCHEMY_DATABASE_URI"])
    while True:
        try:
            path = link.recv()
        except EOFError:
            return
        before = count()
        answer = timed(lambda: views[urlsplit(path).path](path))  # noqa: B023 - called before the next path
        link.send(replace(answer, statements=count() - before))


def make_django(url: str) -> tuple[dict[str, Callable[[str], Any]], Callable[[], int]]:
    """Return {path: ask(path with query)} and a counter of statements."""
    import django
    from django.conf import settings

    settings.configure(
        DEBUG=False, SECRET_KEY="bench", ALLOWED_HOSTS=["*"], USE_TZ=True, DATABASES={"default": _database(url)},
        INSTALLED_APPS=["django.contrib.admin", "django.contrib.auth", "django.contrib.contenttypes",
                        "django.contrib.sessions", "django.contrib.messages", "rest_framework", "bench"],
        ROOT_URLCONF=__name__ + "_urls", STATIC_URL="/static/", DEFAULT_AUTO_FIELD="django.db.models.AutoField",
        TEMPLATES=[{"BACKEND": "django.template.backends.django.DjangoTemplates", "APP_DIRS": True, "OPTIONS": {
            "context_processors": ["django.template.context_processors.request"]}}],
    )  # fmt: skip
    django.setup()
    from bench import django_stock_models as stock

    return stock.make_views(_COLUMNS, PAGE_SIZE), stock.counter()


def _database(url: str) -> dict[str, Any]:
    """Return Django's settings for a database named by an SQLAlchemy address."""
    given = make_url(url)
    if given.get_backend_name() == "sqlite":
        return {"ENGINE": "django.db.backends.sqlite3", "NAME": given.database}
    return {"ENGINE": "django.db.backends.postgresql", "NAME": given.database, "USER": given.username or "",
            "PASSWORD": given.password or "", "HOST": given.host or "", "PORT": given.port or "",
            "CONN_MAX_AGE": None}  # fmt: skip


def ask_of(view: Callable[..., Any], request_of: Callable[[str], Any], *arguments: str) -> Callable[[str], Answer]:
    """Return ask(path): the view's rendered answer, as the bench reads it."""

    def ask(path: str) -> Any:
        response = view(request_of(path), *arguments)
        response.render()
        response.data = response.content  # what a test client of Flask calls it
        return response

    return ask
