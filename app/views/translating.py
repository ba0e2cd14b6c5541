"""Translation on the short way: a page asks for hundreds of words, always in one language."""

from typing import Any

from flask import Flask, g
from flask_babel import Domain, get_domain, get_locale
from jinja2 import pass_eval_context
from markupsafe import Markup


class RequestDomain(Domain):
    """The words of the application; the catalogue of the request's language is looked up once."""

    def get_translations(self) -> Any:
        """Return the catalogue for the present language, which a block may force to another one."""
        context = g.get("_flask_babel") if g else None
        if context is None:
            return super().get_translations()
        locale = getattr(context, "babel_locale", None) or get_locale()
        known = getattr(context, "catalogue", None)
        if known is None or known[0] is not locale:
            known = context.catalogue = locale, super().get_translations()
        return known[1]


@pass_eval_context
def translate(context: Any, text: str, /, **values: Any) -> str:
    """Return ``text`` in the reader's language as templates write it: values are escaped."""
    found: str = get_domain().get_translations().ugettext(text)
    if context.autoescape:
        found = Markup(found)
    # Always a pattern, with values or without: %% stands for a per cent sign.
    return found % values if values or "%" in found else found


def quicken(app: Flask) -> None:
    """Let pages and code of ``app`` translate this way."""
    babel = app.extensions["babel"].instance
    known = babel.domain_instance
    babel.domain_instance = RequestDomain(known.translation_directories, ";".join(known.domain))
    app.jinja_env.globals.update(_=translate, gettext=translate)
