"""Translation on the short way: a page asks for hundreds of words, always in one language."""

from types import SimpleNamespace
from typing import Any

import flask_babel
from flask import Flask, g
from flask_babel import Domain, get_domain, get_locale
from jinja2 import pass_eval_context
from markupsafe import Markup


def _context() -> SimpleNamespace | None:
    """Return what Flask-Babel keeps with the request or command, None outside of both.

    Its own function goes through Flask's proxies five times for each word.
    """
    try:
        kept = g._get_current_object()  # type: ignore[attr-defined]
    except RuntimeError:
        return None
    found: SimpleNamespace | None = kept.__dict__.get("_flask_babel")
    if found is None:
        found = kept._flask_babel = SimpleNamespace()
    return found


def _catalogue() -> Any:
    """Return the catalogue of the present language, looked up once while the language stays."""
    context = _context()
    known = context.__dict__.get("catalogue") if context is not None else None
    if known is not None and known[0] is context.__dict__.get("babel_locale"):
        return known[1]
    return get_domain().get_translations()


class RequestDomain(Domain):
    """The words of the application; the catalogue of the request's language is looked up once."""

    def get_translations(self) -> Any:
        """Return the catalogue for the present language, which a block may force to another one."""
        context = _context()
        if context is None:
            return super().get_translations()
        locale = context.__dict__.get("babel_locale") or get_locale()
        known = context.__dict__.get("catalogue")
        if known is None or known[0] is not locale:
            known = context.catalogue = locale, super().get_translations()
        return known[1]


@pass_eval_context
def translate(context: Any, text: str, /, **values: Any) -> str:
    """Return ``text`` in the reader's language as templates write it: values are escaped."""
    found: str = _catalogue().ugettext(text)
    if context.autoescape:
        found = Markup(found)
    # Always a pattern, with values or without: %% stands for a per cent sign.
    return found % values if values or "%" in found else found


def quicken(app: Flask) -> None:
    """Let pages and code of ``app`` translate this way."""
    flask_babel._get_current_context = _context
    babel = app.extensions["babel"].instance
    known = babel.domain_instance
    babel.domain_instance = RequestDomain(known.translation_directories, ";".join(known.domain))
    app.jinja_env.globals.update(_=translate, gettext=translate)
